"""A throw-away office for a run: its own database with pack, roster, open campaign and accounts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from bench.machine import parent
from cli.db import upgrade
from models.campaign import Campaign, CampaignStatus
from models.engine import make_engine
from models.people import Role
from models.roster import Monitor, Target
from packs.pack import Pack, load_pack
from services.accounts import Passwords, create_account
from services.actor import Actor
from services.packs import create_campaign, load_roster, publish_pack, set_campaign_status
from settings import ROOT

PASSWORD = "基准测量专用的一句话"  # noqa: S105  # of a database that lives as long as the run
INSTALLER = Actor(user_id=None, name="基准测量", roles=frozenset({"admin"}))
#: Cheap passwords: logging in is not what is measured.
CHEAP = {"PINGDU_ARGON2_MEMORY_KIB": "64", "PINGDU_ARGON2_ROUNDS": "1", "PINGDU_WORKER": "no"}


@dataclass(frozen=True)
class Place:
    """A database of its own. process: of its server, whose CPU counts; None for SQLite."""

    kind: str
    url: str
    process: int | None


@contextmanager
def database(kind: str, folder: Path, server: str) -> Iterator[Place]:
    """A new database, gone after the block. server: PostgreSQL on which databases may be made."""
    name = f"pingdu_bench_{uuid4().hex[:10]}"
    if kind == "sqlite":
        yield Place(kind, f"sqlite:///{folder / name}.db", None)
        return
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
            backend = int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
        try:
            yield Place(kind, url, parent(backend) or None)
        finally:
            with admin.connect() as connection:
                connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    finally:
        admin.dispose()


@dataclass(frozen=True)
class Office:
    """What measures hold on to."""

    place: Place
    engine: Engine
    data: Path
    campaign_id: int
    #: Logins of accounts that report, of different monitors.
    monitors: tuple[str, ...]
    target_keys: tuple[str, ...]
    target_ids: tuple[int, ...]

    @property
    def settings(self) -> dict[str, object]:
        """For an application in this process."""
        return {
            "PINGDU_DATA": str(self.data),
            "PINGDU_DATABASE_URL": self.place.url,
            "PINGDU_ARGON2_MEMORY_KIB": 64,
            "PINGDU_ARGON2_ROUNDS": 1,
            "PINGDU_WORKER": False,
        }

    @property
    def environment(self) -> dict[str, str]:
        """For a server on this office."""
        return {**CHEAP, "PINGDU_DATA": str(self.data), "PINGDU_DATABASE_URL": self.place.url}


@contextmanager
def office(kind: str, folder: Path, server: str, *, monitors: int = 8) -> Iterator[Office]:
    """A new office; everything of it is gone after the block."""
    data = folder / f"data_{uuid4().hex[:8]}"
    data.mkdir()
    with database(kind, data, server) as place:
        engine = make_engine(place.url)
        try:
            upgrade(engine)
            with Session(engine, expire_on_commit=False) as session:
                yield _founded(session, place, data, monitors)
        finally:
            engine.dispose()


def _founded(session: Session, place: Place, data: Path, monitors: int) -> Office:
    now = datetime.now(UTC)
    pack = load_pack(ROOT / "packs" / "district-2012")
    publish_pack(session, INSTALLER, pack, now=now)
    load_roster(session, INSTALLER, pack, now=now)
    campaign = _opened(session, pack, now)
    reporting = session.execute(select(Monitor.id).order_by(Monitor.id).limit(monitors)).scalars().all()
    passwords = Passwords(memory_kib=64, rounds=1)
    roles = {"officer": Role.OFFICER, "reviewer": Role.REVIEWER, "head": Role.HEAD, "leader": Role.LEADER}
    for login, role in roles.items():
        _hired(session, login, role, passwords, now)
    logins = []
    for number in range(monitors):
        logins.append(f"monitor{number}")
        _hired(session, logins[-1], Role.MONITOR, passwords, now, reporting[number % len(reporting)])
    targets = session.execute(select(Target.key, Target.id).order_by(Target.id)).all()
    session.commit()
    engine = session.get_bind()
    if not isinstance(engine, Engine):
        raise TypeError("an office stands on an engine of its own")
    return Office(place, engine, data, campaign.id, tuple(logins), *zip(*targets, strict=True))


def _opened(session: Session, pack: Pack, now: datetime) -> Campaign:
    campaign = create_campaign(
        session,
        INSTALLER,
        pack,
        key=str(now.year),
        name=f"{now.year}年度测评活动",
        starts_on=date(now.year, 1, 1),
        ends_on=date(now.year, 12, 31),
        public_url="http://127.0.0.1:8000",
        demonstration=True,
        now=now,
    )
    set_campaign_status(session, INSTALLER, campaign.id, CampaignStatus.OPEN, now=now)
    return campaign


def _hired(
    session: Session,
    login: str,
    role: Role,
    passwords: Passwords,
    now: datetime,
    monitor_id: int | None = None,
) -> None:
    create_account(
        session,
        INSTALLER,
        login=login,
        name=f"基准{login}",
        password=PASSWORD,
        roles=frozenset({role}),
        passwords=passwords,
        monitor_id=monitor_id,
        password_expired=False,
        now=now,
    )

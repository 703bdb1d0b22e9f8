"""The demonstration: everything happens through the services, and the books are in order afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from models.campaign import Campaign
from models.case import Case, Deadline, Deduction
from models.history import HistoryEntry, HistorySeal
from models.job import Job
from models.people import Role, RoleGrant, User
from models.rating import BallotRound, Rating
from services.accounts import Passwords, enter
from services.attachments import FileStore
from services.demonstration import Setting, load_demonstration
from services.demonstration_staff import PASSWORD, demonstration_accounts
from services.refusal import Refusal
from services.results import latest_published
from services.scores import current_ranking
from services.verification import verify
from tests.conftest import database_of, sqlite_copy
from tests.integration.office import district_pack

#: A Tuesday, 07:00 in the office.
NOW = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database in which there is nothing yet; once on each kind."""
    if request.param == "sqlite":
        yield sqlite_copy(request.getfixturevalue("sqlite_template"), tmp_path)
        return
    server, template = (
        request.getfixturevalue("postgresql_server"),
        request.getfixturevalue("postgresql_template"),
    )
    with database_of(server, f"pingdu_{uuid4().hex[:12]}", template) as url:
        yield url.render_as_string(hide_password=False)


def setting(folder: Path) -> Setting:
    """Played up to the working day before 24 November 2026."""
    return Setting(
        pack=district_pack(),
        passwords=Passwords(memory_kib=64, rounds=1),
        store=FileStore(folder / "files"),
        public_url="http://127.0.0.1:8000",
        today=date(2026, 11, 24),
        now=NOW,
    )


def test_a_half_year_is_played_and_all_of_it_verifies(
    engine: Engine, session: Session, tmp_path: Path
) -> None:
    load_demonstration(session, setting(tmp_path))
    session.close()
    with Session(engine) as reading:
        assert verify(reading) == []
        campaign = reading.execute(select(Campaign)).scalar_one()
        assert campaign.demonstration
        assert campaign.name.startswith("（演示）")

        states = set(reading.execute(select(Case.state)).scalars())
        assert states == {state.key for state in district_pack().workflows["rectification"].states}
        assert reading.execute(select(func.count()).select_from(Case)).scalar_one() >= 60
        assert {"booked", "reversed"} == set(reading.execute(select(Deduction.kind)).scalars())
        stopped = reading.execute(select(func.count()).where(Deadline.status == "stopped")).scalar_one()
        assert stopped >= 2, "extensions wait to be answered"
        due = reading.execute(select(Deadline.due_at).where(Deadline.status == "running")).scalars().all()
        assert sum(NOW < at < datetime(2026, 11, 24, 16, tzinfo=UTC) for at in due) >= 3

        ranking = current_ranking(reading, campaign)
        provisional = [line for line in ranking.lines.values() if line.score.provisional]
        assert 1 <= len(provisional) <= 5
        assert any("rectify" in line.score.outcomes for line in ranking.lines.values())
        held = reading.execute(select(BallotRound)).scalar_one()
        assert held.closed_at is not None
        assert {"instant", "comprehensive", "inspection", "concentrated"} == set(
            reading.execute(select(Rating.method).distinct()).scalars()
        )
        assert latest_published(reading, campaign.id) is not None

        entries = reading.execute(select(func.count()).select_from(HistoryEntry)).scalar_one()
        assert reading.execute(select(func.max(HistorySeal.position))).scalar_one() == entries
        left = reading.execute(select(Job.kind).where(Job.done_at.is_(None), Job.due_at <= NOW)).scalars()
        assert set(left) == {"draw_notice"}
        assert reading.execute(select(Job.error).where(Job.error != "")).all() == []

        roles = set(reading.execute(select(RoleGrant.role)).scalars())
        assert roles == set(Role)
        shown = demonstration_accounts(reading)
        assert {account.role for account in shown} >= {"督办专员", "测评对象", "监测点", "领导小组"}
        passwords = Passwords(memory_kib=64, rounds=1)
        for account in shown:
            user = enter(
                reading, login=account.login, password=PASSWORD, address="", passwords=passwords, now=NOW
            )
            assert not user.password_expired
    with Session(engine) as again, pytest.raises(Refusal, match="已有账号"):
        load_demonstration(again, setting(tmp_path))


def test_a_story_that_fails_leaves_nothing(sqlite_url: str, tmp_path: Path) -> None:
    from models.engine import make_engine

    made = make_engine(sqlite_url)
    with made.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER broken BEFORE INSERT ON ballot_round BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    with Session(made) as session, pytest.raises(Exception, match="disk full"):
        load_demonstration(session, setting(tmp_path))
    with Session(made) as reading:
        for noun in (User, Campaign, Case, Rating, HistoryEntry):
            assert reading.execute(select(func.count()).select_from(noun)).scalar_one() == 0
    made.dispose()

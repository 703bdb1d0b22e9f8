"""A small office for tests: pack, roster, one open campaign, one person per role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.campaign import Campaign, CampaignStatus
from models.people import Role, RoleGrant, User
from models.roster import Monitor, Target
from packs.pack import Pack, load_pack
from services.actor import Actor, actor_of
from services.packs import create_campaign, load_roster, publish_pack, set_campaign_status

#: Thursday 9 April 2026, 09:00 in the office.
START = datetime(2026, 4, 9, 1, 0, tzinfo=UTC)
PACK = Path(__file__).resolve().parents[2] / "packs" / "district-2012"
INSTALLER = Actor(user_id=None, name="安装程序", roles=frozenset({"admin"}))


@lru_cache
def district_pack() -> Pack:
    """The shipped pack, read once."""
    return load_pack(PACK)


@dataclass
class Office:
    """Handles to what the tests act on."""

    campaign: Campaign
    target: Target
    other_target: Target
    people: dict[str, Actor]

    def __getattr__(self, name: str) -> Actor:
        return self.people[name]


def person(session: Session, login: str, *roles: Role, **more: int) -> Actor:
    """An account with roles, as an actor."""
    user = User(
        login=login, name=f"演示{login}", password_hash="-", created_at=START, password_expired=False, **more
    )
    session.add(user)
    session.flush()
    for role in roles:
        user.grants.append(RoleGrant(role=role, granted_at=START))
    session.flush()
    return actor_of(user)


def build_office(session: Session) -> Office:
    """Publish the pack, load its roster, open a campaign, hire people; an office that is there is used."""
    from models.engine import writing

    if session.execute(select(Campaign.id).limit(1)).first():
        return find_office(session)
    pack = district_pack()
    publish_pack(session, INSTALLER, pack, now=START)
    load_roster(session, INSTALLER, pack, now=START)
    campaign = create_campaign(
        session,
        INSTALLER,
        pack,
        key="2026",
        name="2026年度测评活动",
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 12, 31),
        public_url="http://127.0.0.1:8000",
        demonstration=True,
        now=START,
    )
    set_campaign_status(session, INSTALLER, campaign.id, CampaignStatus.OPEN, now=START)
    targets = session.execute(select(Target).order_by(Target.id).limit(2)).scalars().all()
    monitors = session.execute(select(Monitor).order_by(Monitor.id).limit(2)).scalars().all()
    session.commit()
    with writing():
        person(session, "officer", Role.OFFICER)
        person(session, "officer2", Role.OFFICER)
        person(session, "reviewer", Role.REVIEWER)
        person(session, "head", Role.HEAD)
        person(session, "admin", Role.ADMIN)
        person(session, "monitor", Role.MONITOR, monitor_id=monitors[0].id)
        person(session, "monitor2", Role.MONITOR, monitor_id=monitors[1].id)
        person(session, "inspector", Role.INSPECTOR)
        person(session, "owner", Role.TARGET, target_id=targets[0].id)
        person(session, "stranger", Role.TARGET, target_id=targets[1].id)
        person(session, "leader", Role.LEADER)
        person(session, "auditor", Role.AUDITOR)
        session.commit()
    return find_office(session)


def find_office(session: Session) -> Office:
    """The office that `build_office` made in this database."""
    campaign = session.execute(select(Campaign)).scalar_one()
    targets = session.execute(select(Target).order_by(Target.id).limit(2)).scalars().all()
    users = session.execute(select(User)).scalars().all()
    office = Office(campaign, targets[0], targets[1], {user.login: actor_of(user) for user in users})
    session.commit()
    return office


def days(count: int) -> timedelta:
    """So many days."""
    return timedelta(days=count)

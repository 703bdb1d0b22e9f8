"""Rounds of secret ballots as the office sees them: counts, never a ballot."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.campaign import Campaign
from models.people import Role
from models.rating import BallotRound
from models.roster import Category, Delegate, Target, Unit
from services.actor import OFFICE, Actor
from services.choices import StoredChoices
from services.refusal import not_found


@dataclass(frozen=True)
class DelegateGroup:
    """A delegate group with how many delegates it has on the roster."""

    key: str
    name: str
    delegates: int


@dataclass(frozen=True)
class TargetChoice:
    """A set of targets a round can be over. key: of a category, or `all`."""

    key: str
    name: str
    target_ids: tuple[int, ...]


def ballot_round(session: Session, actor: Actor, round_id: int) -> BallotRound:
    """One round, for the office."""
    actor.require(Role.ADMIN, Role.AUDITOR, *OFFICE, to="查看集中测评")
    held = session.get(BallotRound, round_id)
    if held is None:
        raise not_found("集中测评轮次")
    return held


def delegate_groups(session: Session) -> list[DelegateGroup]:
    """The groups cards are dealt in, in the dictionary's order."""
    rows = session.execute(
        select(Delegate.group, func.count()).where(Delegate.active).group_by(Delegate.group)
    )
    counts: dict[str, int] = {row[0]: row[1] for row in rows}
    entries = StoredChoices(session).entries("dictionary:delegate_groups")
    return [DelegateGroup(entry.key, entry.label, counts.get(entry.key, 0)) for entry in entries]


def target_choices(session: Session) -> list[TargetChoice]:
    """All targets, and those of each category, in roster order."""
    rows = session.execute(
        select(Category.key, Category.name, Target.id)
        .join(Unit, Unit.category_id == Category.id)
        .join(Target, Target.unit_id == Unit.id)
        .where(Unit.active, Target.active)
        .order_by(Category.position, Category.id, Unit.position, Unit.id, Target.position, Target.id)
    ).all()
    names = {row[0]: row[1] for row in rows}
    sets = [
        TargetChoice(key, name, tuple(row[2] for row in rows if row[0] == key)) for key, name in names.items()
    ]
    return [TargetChoice("all", "", tuple(row[2] for row in rows)), *sets]


def secret_methods(campaign: Campaign) -> list[tuple[str, str]]:
    """(key, name) of the methods that are voted by one-time code."""
    return [(method["key"], method["name"]) for method in campaign.settings["methods"] if method["secret"]]

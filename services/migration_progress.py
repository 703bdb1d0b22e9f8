"""How far a 流程变更 is, and which cases moved, were left, or went on since."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from models.calendar_change import DeadlineMove
from models.campaign import Campaign
from models.case import Case
from models.case_move import CaseMigration, MigratedCase
from models.people import Role
from models.roster import Target
from services.actor import OFFICE, Actor
from services.migration_plan import elsewhere
from services.refusal import not_found

READERS = (*OFFICE, Role.ADMIN, Role.AUDITOR)


@dataclass(frozen=True)
class Progress:
    """How far a migration is: how many cases moved, were left, were put back, went on since; and still to do."""

    moved: int
    left: int
    put_back: int
    went_on: int
    to_do: int


def migrations(session: Session, actor: Actor, campaign: Campaign) -> list[CaseMigration]:
    """All migrations of a campaign, newest first."""
    actor.require(*READERS, to="查看流程变更")
    query = (
        select(CaseMigration)
        .where(CaseMigration.campaign_id == campaign.id)
        .order_by(CaseMigration.id.desc())
    )
    return list(session.execute(query).scalars())


def migration_for(session: Session, actor: Actor, migration_id: int) -> CaseMigration:
    """One migration."""
    actor.require(*READERS, to="查看流程变更")
    row = session.get(CaseMigration, migration_id)
    if row is None:
        raise not_found("流程变更")
    return row


def progress_of(session: Session, migration: CaseMigration) -> Progress:
    """How far it is now."""
    counts = dict(
        session.execute(
            select(MigratedCase.status, func.count())
            .where(MigratedCase.migration_id == migration.id)
            .group_by(MigratedCase.status)
        ).all()
    )
    to_do = counts.get("moved", 0) if migration.status == "putting_back" else 0
    if migration.status == "running":
        query = elsewhere(migration.campaign, migration.to_workflow)
        seen = select(MigratedCase.case_id).where(MigratedCase.migration_id == migration.id)
        waiting = select(func.count()).select_from(query.where(Case.id.not_in(seen)).subquery())
        to_do = session.execute(waiting).scalar_one()
    return Progress(
        counts.get("moved", 0),
        counts.get("left", 0),
        counts.get("put_back", 0),
        counts.get("went_on", 0),
        to_do,
    )


def cases_of(
    session: Session, migration: CaseMigration, status: str, *, limit: int = 200
) -> list[MigratedCase]:
    """Cases of a migration that stand so, by id."""
    return list(
        session.execute(
            select(MigratedCase)
            .where(MigratedCase.migration_id == migration.id, MigratedCase.status == status)
            .options(joinedload(MigratedCase.case).joinedload(Case.target).joinedload(Target.unit))
            .order_by(MigratedCase.case_id)
            .limit(limit)
        ).scalars()
    )


def moves_of(session: Session, migration: CaseMigration, *, limit: int = 300) -> list[DeadlineMove]:
    """The deadlines it moved, and gave back, in order."""
    return list(
        session.execute(
            select(DeadlineMove)
            .where(
                DeadlineMove.cause.in_(("migration", "migration_back")), DeadlineMove.cause_id == migration.id
            )
            .options(joinedload(DeadlineMove.case))
            .order_by(DeadlineMove.id)
            .limit(limit)
        ).scalars()
    )

"""Cases moved by the office past the steps of their procedure: to another version, or by the head."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Json, JsonObject, UtcDateTime
from models.campaign import Campaign, Definition
from models.case import Case
from models.people import User


class CaseMigration(Base):
    """流程变更: all running cases of a campaign brought to another version of their procedure by one act."""

    __tablename__ = "case_migration"
    __table_args__ = (
        CheckConstraint("status IN ('running', 'done', 'putting_back', 'put_back')", "status"),
        CheckConstraint("policy IN ('keep', 'recompute', 'shift')", "policy"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    #: What new cases ran under before.
    from_workflow_id: Mapped[int] = mapped_column(ForeignKey("definition.id"))
    to_workflow_id: Mapped[int] = mapped_column(ForeignKey("definition.id"))
    #: State of an older version to one of the new.
    state_map: Mapped[JsonObject] = mapped_column(Json)
    policy: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(20), default="running")
    started_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    put_back_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    put_back_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    put_back_reason: Mapped[str] = mapped_column(Text, default="")
    row_version: Mapped[int] = mapped_column(default=1)

    campaign: Mapped[Campaign] = relationship()
    from_workflow: Mapped[Definition] = relationship(foreign_keys=[from_workflow_id])
    to_workflow: Mapped[Definition] = relationship(foreign_keys=[to_workflow_id])
    started_by: Mapped[User] = relationship(foreign_keys=[started_by_id])
    put_back_by: Mapped[User | None] = relationship(foreign_keys=[put_back_by_id])

    __mapper_args__ = {"version_id_col": row_version}


class MigratedCase(Base):
    """One case of a migration: moved, left where it was with the reason, put back, or gone on since."""

    __tablename__ = "migrated_case"
    __table_args__ = (
        UniqueConstraint("migration_id", "case_id"),
        CheckConstraint("status IN ('moved', 'left', 'put_back', 'went_on')", "status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    migration_id: Mapped[int] = mapped_column(ForeignKey("case_migration.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("rectification_case.id"))
    from_workflow_id: Mapped[int] = mapped_column(ForeignKey("definition.id"))
    #: Position of its entry in the case's history; None for a case that was left.
    position: Mapped[int | None]
    #: Open clocks as they were, by id, to be given back.
    clocks: Mapped[JsonObject] = mapped_column(Json)
    status: Mapped[str] = mapped_column(String(20))
    why: Mapped[str] = mapped_column(Text, default="")

    migration: Mapped[CaseMigration] = relationship()
    case: Mapped[Case] = relationship()


class ForcedMove(Base):
    """负责人调整状态: proposed by the head for a stuck case, approved by a second person; counted in public."""

    __tablename__ = "forced_move"
    __table_args__ = (
        CheckConstraint("status IN ('proposed', 'approved', 'refused', 'withdrawn')", "status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("rectification_case.id"), index=True)
    #: Steps the case had when the move was proposed: another step since, and it is proposed anew.
    seen_steps: Mapped[int]
    from_state: Mapped[str] = mapped_column(String(40))
    to_state: Mapped[str] = mapped_column(String(40))
    #: Whether the tier of the state is booked; said explicitly, never by default.
    book: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(20), default="proposed")
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decision: Mapped[str] = mapped_column(Text, default="")

    case: Mapped[Case] = relationship()
    proposed_by: Mapped[User] = relationship(foreign_keys=[proposed_by_id])
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])

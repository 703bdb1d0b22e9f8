"""A change of the working calendar that two persons make, and every date of a clock that was moved by an act."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Json, UtcDateTime
from models.case import Case, Deadline
from models.people import User


class CalendarChange(Base):
    """日历变更: proposed by one, shown with every deadline it moves, approved by another."""

    __tablename__ = "calendar_change"
    __table_args__ = (
        CheckConstraint("status IN ('proposed', 'approved', 'refused', 'withdrawn')", "status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    calendar_key: Mapped[str] = mapped_column(String(60))
    reason: Mapped[str] = mapped_column(Text)
    #: Each: day (ISO), kind (None: back to its weekday), note.
    days: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    #: Each: year, provisional, source.
    years: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    status: Mapped[str] = mapped_column(String(20), default="proposed")
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decision: Mapped[str] = mapped_column(Text, default="")
    row_version: Mapped[int] = mapped_column(default=1)

    proposed_by: Mapped[User] = relationship(foreign_keys=[proposed_by_id])
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])

    __mapper_args__ = {"version_id_col": row_version}


class DeadlineMove(Base):
    """期限调整: a clock's date moved by an act of the office, old and new. Only added to."""

    __tablename__ = "deadline_move"
    __table_args__ = (Index("ix_deadline_move_cause", "cause", "cause_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    deadline_id: Mapped[int] = mapped_column(ForeignKey("deadline.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("rectification_case.id"), index=True)
    #: `calendar`, `migration` or `migration_back`, with the id of the change or migration.
    cause: Mapped[str] = mapped_column(String(20))
    cause_id: Mapped[int]
    old_due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    new_due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    old_explanation: Mapped[str] = mapped_column(Text)
    new_explanation: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    moved_by: Mapped[str] = mapped_column(String(60))
    moved_at: Mapped[datetime] = mapped_column(UtcDateTime)

    deadline: Mapped[Deadline] = relationship()
    case: Mapped[Case] = relationship()

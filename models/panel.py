"""会签: the panels that decide about steps, what was done on them, and who stands in for whom."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Json, JsonObject, UtcDateTime
from models.case import Case
from models.people import User


class Panel(Base):
    """会签: one step of a case that several persons decide about together.

    It belongs to the case as it stood: when the case moves on by another step, an open panel lapses.
    """

    __tablename__ = "panel"
    __table_args__ = (
        Index(
            "uq_panel_open",
            "case_id",
            "trigger",
            unique=True,
            sqlite_where=text("status = 'open'"),
            postgresql_where=text("status = 'open'"),
        ),
        CheckConstraint(
            "status IN ('open', 'agreed', 'refused', 'returned', 'withdrawn', 'lapsed')", "status"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("rectification_case.id"), index=True)
    trigger: Mapped[str] = mapped_column(String(40))
    #: What the step's form was told.
    asked: Mapped[JsonObject] = mapped_column(Json)
    #: Seats and rules when it was convened, as plain data (`workflow.panel`).
    convened: Mapped[JsonObject] = mapped_column(Json)
    #: The same as they stand now; equals what the acts lead to from `convened`.
    standing: Mapped[JsonObject] = mapped_column(Json)
    status: Mapped[str] = mapped_column(String(20), default="open", index=True)
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    row_version: Mapped[int] = mapped_column(default=1)

    case: Mapped[Case] = relationship()
    proposed_by: Mapped[User] = relationship()
    acts: Mapped[list[PanelEntry]] = relationship(back_populates="panel", order_by="PanelEntry.position")

    __mapper_args__ = {"version_id_col": row_version}


class PanelEntry(Base):
    """One act on a panel: who, for whom, what, with which words. Only added to."""

    __tablename__ = "panel_entry"
    __table_args__ = (UniqueConstraint("panel_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    panel_id: Mapped[int] = mapped_column(ForeignKey("panel.id"))
    position: Mapped[int]
    act: Mapped[str] = mapped_column(String(20))
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    #: Whose seat it is about; another than `by_id` when a substitute acted.
    seat_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    to_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    before: Mapped[bool] = mapped_column(default=False)
    words: Mapped[str] = mapped_column(Text, default="")
    #: The absence that made the act of a substitute possible.
    absence_id: Mapped[int | None] = mapped_column(ForeignKey("absence.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    panel: Mapped[Panel] = relationship(back_populates="acts")
    by: Mapped[User] = relationship(foreign_keys=[by_id])
    seat: Mapped[User] = relationship(foreign_keys=[seat_id])
    to: Mapped[User | None] = relationship(foreign_keys=[to_id])


class Absence(Base):
    """外出代理: for some days one person acts for another. Never deleted, only ended early."""

    __tablename__ = "absence"
    __table_args__ = (
        CheckConstraint("person_id <> substitute_id", "two_persons"),
        CheckConstraint("last_day >= first_day", "days"),
        Index("ix_absence_substitute_last_day", "substitute_id", "last_day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    substitute_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    reason: Mapped[str] = mapped_column(String(200))
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[User] = relationship(foreign_keys=[person_id])
    substitute: Mapped[User] = relationship(foreign_keys=[substitute_id])

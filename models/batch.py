"""批次: filled forms that the office takes in together: a stack of paper typed in by keyboard, or one workbook."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Json, UtcDateTime
from models.campaign import Campaign, Definition
from models.collection import Answer, Collection
from models.people import User
from models.rating import Rating


class Batch(Base):
    """批次: what was taken in, as which form, by whom, and whether it was taken back as a whole.

    The form is one version: paper lies for weeks, and is read as it was printed.
    """

    __tablename__ = "batch"
    __table_args__ = (
        CheckConstraint("source IN ('paper', 'excel')", "source"),
        CheckConstraint("check_percent BETWEEN 0 AND 100", "check_percent"),
        CheckConstraint("undo_approved_by_id IS NULL OR undo_approved_by_id <> undo_by_id", "two_persons"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    source: Mapped[str] = mapped_column(String(20))
    #: The method its forms are ratings by; empty for those of a collection.
    method: Mapped[str] = mapped_column(String(40), default="")
    collection_id: Mapped[int | None] = mapped_column(ForeignKey("collection.id"), index=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("definition.id"))
    title: Mapped[str] = mapped_column(String(200))
    #: The day the forms reached the office: whether they were in time is judged by it.
    received_on: Mapped[date]
    #: How many in a hundred are typed a second time, by another person.
    check_percent: Mapped[int] = mapped_column(default=0)
    file_name: Mapped[str] = mapped_column(String(200), default="")
    #: Of the workbook; empty for paper.
    sha256: Mapped[str] = mapped_column(String(64), default="")
    opened_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: Taken back as a whole: the reason, who asked, and for ratings who agreed.
    undo_reason: Mapped[str] = mapped_column(Text, default="")
    undo_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    undo_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undo_approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    undo_approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    campaign: Mapped[Campaign] = relationship()
    form: Mapped[Definition] = relationship()
    collection: Mapped[Collection | None] = relationship()
    opened_by: Mapped[User] = relationship(foreign_keys=[opened_by_id])
    undo_by: Mapped[User | None] = relationship(foreign_keys=[undo_by_id])
    undo_approved_by: Mapped[User | None] = relationship(foreign_keys=[undo_approved_by_id])

    @property
    def of(self) -> str:
        """The key of what it takes forms for: of the method, or `collection-12`."""
        return self.method or f"collection-{self.collection_id}"

    def __str__(self) -> str:
        return self.title


class BatchLine(Base):
    """One form of a batch: its serial, who typed it, what it became, and what a second typing found."""

    __tablename__ = "batch_line"
    __table_args__ = (
        Index(
            "uq_batch_line_serial",
            "scope",
            "serial",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), index=True)
    #: Within what the serial is one: `method:2026:instant` or `collection:12`.
    scope: Mapped[str] = mapped_column(String(80))
    serial: Mapped[str] = mapped_column(String(40))
    rating_id: Mapped[int | None] = mapped_column(ForeignKey("rating.id"), unique=True)
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("answer.id"), unique=True)
    typed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    typed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: Chosen to be typed a second time.
    sampled: Mapped[bool] = mapped_column(default=False)
    checked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: [label, first typing, second typing] of each field that differs.
    differences: Mapped[list[Any]] = mapped_column(Json, default=list)
    #: `{monitor, answers}` of the second typing, kept where it differs, so that either can be found right; None for
    #: what was checked before that was kept.
    second: Mapped[dict[str, Any] | None] = mapped_column(Json)
    #: How many answers the two typings were compared in.
    compared: Mapped[int] = mapped_column(default=0)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    withdrawn_reason: Mapped[str] = mapped_column(Text, default="")

    batch: Mapped[Batch] = relationship()
    rating: Mapped[Rating | None] = relationship()
    answer: Mapped[Answer | None] = relationship()
    typed_by: Mapped[User] = relationship(foreign_keys=[typed_by_id])
    checked_by: Mapped[User | None] = relationship(foreign_keys=[checked_by_id])
    settlement: Mapped[BatchSettlement | None] = relationship(back_populates="line")

    @property
    def stands(self) -> bool:
        """Whether what it became still counts."""
        if self.withdrawn_at is not None or (
            self.answer is not None and self.answer.withdrawn_at is not None
        ):
            return False
        return self.rating is None or self.rating.counted

    @property
    def open(self) -> bool:
        """Whether somebody has still to find which typing is right."""
        return bool(self.differences) and self.second is not None and self.settlement is None and self.stands


class BatchSettlement(Base):
    """核定: which of two typings was found right, difference by difference, by whom, and what was corrected for it.

    Only added to; the line goes on with the corrected revision.
    """

    __tablename__ = "batch_settlement"
    __table_args__ = (UniqueConstraint("line_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("batch_line.id"))
    #: [label, `first` or `second`] of each difference.
    found: Mapped[list[Any]] = mapped_column(Json)
    #: How many of them the first typing had wrong.
    wrong: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    #: What stood before, where something was wrong; no foreign keys, for answers are purged in their time.
    earlier_rating: Mapped[int | None]
    earlier_answer: Mapped[int | None]
    settled_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    settled_at: Mapped[datetime] = mapped_column(UtcDateTime)

    line: Mapped[BatchLine] = relationship(back_populates="settlement")
    settled_by: Mapped[User] = relationship()

"""Issued documents, their numbers, their service, the files kept."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    and_,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Json, JsonObject, UtcDateTime
from models.campaign import Campaign, Definition
from models.case import Case
from models.people import User
from models.roster import Target


class NumberSeries(Base):
    """The last number taken of a series in a year; the row is locked while a number is taken.

    series: of numbers that are printed the 机关代字 before them, so that every organ counts from one.
    """

    __tablename__ = "number_series"

    series: Mapped[str] = mapped_column(String(60), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class Notice(Base):
    """文书: a numbered document issued by a step of a case or by a result.

    Its values are frozen at issue; a voided one keeps its number, its values and its file.
    """

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("series", "year", "position"),
        CheckConstraint("status IN ('issued', 'served', 'voided')", "status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: 机关代字 of the issuing organ (of a joint issue, the lead's) and kind, as printed before the year: 效整改.
    series: Mapped[str] = mapped_column(String(60))
    year: Mapped[int]
    position: Mapped[int]
    #: As printed: 效整〔2026〕12号.
    number: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[str] = mapped_column(String(60))
    kind_id: Mapped[int] = mapped_column(ForeignKey("definition.id"))
    title: Mapped[str] = mapped_column(String(300))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("rectification_case.id"), index=True)
    step_id: Mapped[int | None] = mapped_column(ForeignKey("case_step.id"))
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("ranking_edition.id"))
    target_id: Mapped[int | None] = mapped_column(ForeignKey("target.id"), index=True)
    #: Frozen at issue; `sha256` is of their canonical JSON together with the kind's version.
    frozen: Mapped[JsonObject] = mapped_column("frozen_values", Json)
    sha256: Mapped[str] = mapped_column(String(64))
    #: Unguessable part of the address that confirms number and hash.
    verify_code: Mapped[str] = mapped_column(String(32), unique=True)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    issued_on: Mapped[date]
    issued_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    #: Whether it must reach somebody who signs for it; a receipt or a circular need not.
    needs_service: Mapped[bool] = mapped_column(default=True)
    status: Mapped[str] = mapped_column(String(20), default="issued")
    #: The seal image that it bears (`seal`), None where its place was left empty.
    seal_id: Mapped[int | None]
    #: Of a joint issue, the images of the organs after the lead in their order, None for each with an empty place.
    joint_seals: Mapped[list[int | None]] = mapped_column(Json, default=list, server_default="[]")
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    void_reason: Mapped[str] = mapped_column(Text, default="")
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id"))

    definition: Mapped[Definition] = relationship(foreign_keys=[kind_id])
    campaign: Mapped[Campaign] = relationship()
    case: Mapped[Case | None] = relationship()
    target: Mapped[Target | None] = relationship()
    issued_by: Mapped[User | None] = relationship()
    file: Mapped[NoticeFile | None] = relationship(back_populates="notice", uselist=False)
    service: Mapped[ServiceRecord | None] = relationship(back_populates="notice", uselist=False)
    #: The one that took its place, and the one whose place it took.
    replaced_by: Mapped[Notice | None] = relationship(
        foreign_keys=[replaced_by_id], remote_side="Notice.id", back_populates="replaces"
    )
    replaces: Mapped[Notice | None] = relationship(
        foreign_keys=[replaced_by_id], back_populates="replaced_by", uselist=False
    )
    voidings: Mapped[list[NoticeVoiding]] = relationship(
        back_populates="notice", order_by="NoticeVoiding.id", viewonly=True
    )

    @property
    def superseded(self) -> bool:
        """Whether another notice took its place without its being voided."""
        return self.replaced_by_id is not None and self.status != "voided"

    @hybrid_property
    def waits(self) -> bool:
        """Whether it still has to reach its addressee."""
        return self.status == "issued" and self.needs_service and self.replaced_by_id is None

    @waits.inplace.expression
    @classmethod
    def _waits(cls) -> ColumnElement[bool]:
        return and_(cls.status == "issued", cls.needs_service, cls.replaced_by_id.is_(None))

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class NoticeVoiding(Base):
    """作废 of a notice: proposed with a reason, decided by another person where the office wants two."""

    __tablename__ = "notice_voiding"
    __table_args__ = (
        CheckConstraint("decided_by_id IS NULL OR decided_by_id <> proposed_by_id", "two_persons"),
        CheckConstraint("(decided_at IS NULL) = (approved IS NULL)", "decided"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: Both None while it waits; the decider stays None where one person may void alone.
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved: Mapped[bool | None]
    remark: Mapped[str] = mapped_column(Text, default="")

    notice: Mapped[Notice] = relationship(back_populates="voidings")
    proposed_by: Mapped[User] = relationship(foreign_keys=[proposed_by_id])
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])


class NoticeDraft(Base):
    """送核: what a step would issue, put before a second person who checks it (核稿) before it is issued.

    status: waiting, checked, returned, or issued once the step was taken with just these words.
    """

    __tablename__ = "notice_draft"
    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'checked', 'returned', 'issued', 'withdrawn')", "status"),
        CheckConstraint("checked_by_id IS NULL OR checked_by_id <> drafted_by_id", "two_persons"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("rectification_case.id"), index=True)
    trigger: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(60))
    kind_id: Mapped[int] = mapped_column(ForeignKey("definition.id"))
    title: Mapped[str] = mapped_column(String(300))
    #: What the step was told, and what the notice would print, at the time.
    asked: Mapped[JsonObject] = mapped_column(Json)
    values: Mapped[JsonObject] = mapped_column("drafted_values", Json)
    status: Mapped[str] = mapped_column(String(20), default="waiting")
    drafted_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    drafted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    checked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    remark: Mapped[str] = mapped_column(Text, default="")
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id"))

    case: Mapped[Case] = relationship()
    drafted_by: Mapped[User] = relationship(foreign_keys=[drafted_by_id])
    checked_by: Mapped[User | None] = relationship(foreign_keys=[checked_by_id])
    notice: Mapped[Notice | None] = relationship()


class NoticeFile(Base):
    """The PDF of a notice: rendered once, kept, never rendered again."""

    __tablename__ = "notice_file"

    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"), primary_key=True)
    pdf: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    sha256: Mapped[str] = mapped_column(String(64))
    rendered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: 电子签名: in whose name the file is signed; None for one that bears no signature.
    signed_by: Mapped[str | None] = mapped_column(String(200))
    #: SHA-256 of the certificate it is signed with; None also where a program signed.
    certificate: Mapped[str | None] = mapped_column(String(64))

    notice: Mapped[Notice] = relationship(back_populates="file")


class ServiceRecord(Base):
    """送达: how, when and by whom a notice was received; the clock starts here."""

    __tablename__ = "service_record"

    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"), primary_key=True)
    #: Key of the dictionary `service_ways`.
    way: Mapped[str] = mapped_column(String(60))
    served_at: Mapped[datetime] = mapped_column(UtcDateTime)
    receiver: Mapped[str] = mapped_column(String(60))
    remark: Mapped[str] = mapped_column(Text, default="")
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)

    notice: Mapped[Notice] = relationship(back_populates="service")


class Attachment(Base):
    """A file someone handed in: photo, report, the plan as a document. Stored by its hash, never overwritten."""

    __tablename__ = "attachment"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: `rating`, `step`, `plan` …
    owner_kind: Mapped[str] = mapped_column(String(20))
    owner_id: Mapped[int]
    field: Mapped[str] = mapped_column(String(60), default="")
    file_name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    uploaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RankingEdition(Base):
    """结果: one frozen edition of the ranking with its inputs; corrections are new editions."""

    __tablename__ = "ranking_edition"
    __table_args__ = (
        UniqueConstraint("campaign_id", "edition"),
        CheckConstraint("approved_by_id IS NULL OR approved_by_id <> proposed_by_id", "two_persons"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    edition: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    as_of: Mapped[datetime] = mapped_column(UtcDateTime)
    scheme_id: Mapped[int] = mapped_column(ForeignKey("definition.id"))
    #: Inputs (tallies, cases) and scores.
    frozen: Mapped[JsonObject] = mapped_column(Json)
    sha256: Mapped[str] = mapped_column(String(64))
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    proposed_by: Mapped[User] = relationship(foreign_keys=[proposed_by_id])
    approved_by: Mapped[User | None] = relationship(foreign_keys=[approved_by_id])

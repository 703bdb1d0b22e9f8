"""Ratings, their voiding, the tallies kept beside them, and the rounds of secret ballots."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Json, JsonObject, UtcDateTime
from models.campaign import Definition
from models.people import User
from models.roster import Monitor, Target


class Rating(Base):
    """一次测评: one filled form that counts as one evaluation of one target by one method.

    Answers are never edited: a correction is a new revision that takes the place of the old one.
    Ratings of a secret ballot carry no person, no code and no time finer than the round's day.
    """

    __tablename__ = "rating"
    __table_args__ = (
        UniqueConstraint("revises_id"),
        Index("ix_rating_campaign_target_method", "campaign_id", "target_id", "method", "grade"),
        Index("ix_rating_form_submitted", "form_id", "submitted_at", "id"),
        Index(
            "uq_rating_monthly",
            "campaign_id",
            "monitor_id",
            "target_id",
            "period",
            unique=True,
            sqlite_where=text("counted AND period <> ''"),
            postgresql_where=text("counted AND period <> ''"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    target_id: Mapped[int] = mapped_column(ForeignKey("target.id"))
    method: Mapped[str] = mapped_column(String(40))
    grade: Mapped[str] = mapped_column(String(40))
    form_id: Mapped[int] = mapped_column(ForeignKey("definition.id"))
    answers: Mapped[JsonObject] = mapped_column(Json)
    #: Who rated, for methods that are confidential but not secret.
    monitor_id: Mapped[int | None] = mapped_column(ForeignKey("monitor.id"), index=True)
    rater_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    #: Secret ballots only.
    round_id: Mapped[int | None] = mapped_column(ForeignKey("ballot_round.id"), index=True)
    delegate_group: Mapped[str] = mapped_column(String(60), default="")
    #: Month of a comprehensive rating, `2026-09`; else empty.
    period: Mapped[str] = mapped_column(String(7), default="")
    #: The day it speaks of.
    happened_on: Mapped[date]
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revision: Mapped[int] = mapped_column(default=1)
    revises_id: Mapped[int | None] = mapped_column(ForeignKey("rating.id"))
    #: Whether it counts now: false once revised or voided. The one column that ever changes.
    counted: Mapped[bool] = mapped_column(default=True)

    target: Mapped[Target] = relationship()
    monitor: Mapped[Monitor | None] = relationship()
    rater: Mapped[User | None] = relationship()
    form: Mapped[Definition] = relationship()


class RatingVoid(Base):
    """A rating proposed to be voided by one person and voided by another, with a reason."""

    __tablename__ = "rating_void"
    __table_args__ = (
        CheckConstraint("approved_by_id IS NULL OR approved_by_id <> proposed_by_id", "two_persons"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rating_id: Mapped[int] = mapped_column(ForeignKey("rating.id"), unique=True)
    reason: Mapped[str] = mapped_column(Text)
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    rating: Mapped[Rating] = relationship()
    proposed_by: Mapped[User] = relationship(foreign_keys=[proposed_by_id])
    approved_by: Mapped[User | None] = relationship(foreign_keys=[approved_by_id])


class Tally(Base):
    """How many counted ratings of a target by a method gave a grade; kept with each rating, proved by verify."""

    __tablename__ = "tally"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    target_id: Mapped[int] = mapped_column(ForeignKey("target.id"), primary_key=True)
    method: Mapped[str] = mapped_column(String(40), primary_key=True)
    grade: Mapped[str] = mapped_column(String(40), primary_key=True)
    count: Mapped[int]


class Standing(Base):
    """Raised in every transaction that can move a target's score, so that a kept ranking knows it is stale."""

    __tablename__ = "standing"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    target_id: Mapped[int] = mapped_column(ForeignKey("target.id"), primary_key=True)
    version: Mapped[int]


class BallotRound(Base):
    """集中测评: one round of secret ballots over chosen targets, opened and closed by the office."""

    __tablename__ = "ballot_round"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    title: Mapped[str] = mapped_column(String(200))
    form_id: Mapped[int] = mapped_column(ForeignKey("definition.id"))
    #: Ids of the targets on the ballot, in order.
    target_ids: Mapped[list[int]] = mapped_column(Json)
    held_on: Mapped[date]
    opens_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    issued: Mapped[int] = mapped_column(default=0)
    #: Ballots counted; never above `issued`.
    returned: Mapped[int] = mapped_column(default=0)

    form: Mapped[Definition] = relationship()


class BallotCode(Base):
    """A one-time code on a card. Only its hash is kept; which ballot it brought is kept nowhere."""

    __tablename__ = "ballot_code"
    __table_args__ = (UniqueConstraint("round_id", "code_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("ballot_round.id"))
    code_hash: Mapped[str] = mapped_column(String(64))
    delegate_group: Mapped[str] = mapped_column(String(60))
    spent: Mapped[bool] = mapped_column(default=False)


class Submission(Base):
    """The token of a form once shown; its unique key makes a double click one record."""

    __tablename__ = "submission"

    token: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: What it made, e.g. `rating:12`.
    made: Mapped[str] = mapped_column(String(80))
    #: Of what was sent, so that the same token with other content is refused.
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

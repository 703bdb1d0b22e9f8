"""收集: a published form sent out to people under rules, the codes for it, the answers, what is half-filled."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Json, JsonObject, UtcDateTime
from models.campaign import Campaign, Definition
from models.people import User
from models.rating import Rating
from models.roster import Monitor, Target


class Collection(Base):
    """收集: one published form given out by link, by one-time code or to accounts, and what came back counted."""

    __tablename__ = "collection"
    __table_args__ = (
        CheckConstraint("access IN ('open', 'code', 'account')", "access"),
        # Whoever logs in is known: nobody may be told that such an answer is anonymous.
        CheckConstraint("NOT (anonymous AND access = 'account')", "anonymous_without_account"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    form_key: Mapped[str] = mapped_column(String(60))
    #: The version given out now; a newer one is taken on purpose. Each answer keeps its own.
    form_id: Mapped[int] = mapped_column(ForeignKey("definition.id"))
    title: Mapped[str] = mapped_column(String(200))
    #: open: anyone with the link; code: one-time codes; account: people with one of `roles` log in.
    access: Mapped[str] = mapped_column(String(20))
    roles: Mapped[list[str]] = mapped_column(Json, default=list)
    #: Nothing kept tells who answered or when; no figure is shown before the close.
    anonymous: Mapped[bool] = mapped_column(default=False)
    #: Unguessable part of the address.
    slug: Mapped[str] = mapped_column(String(32), unique=True)
    opens_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: None: open until it is closed by hand. Anonymous ones always have it.
    closes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: So long after `closes_at` an answer is still taken from whoever was filling it in.
    grace_minutes: Mapped[int] = mapped_column(default=0)
    #: How many answers may stand; None: any number.
    quota: Mapped[int | None]
    #: One answer per person; kept by a unique key of the database.
    one_each: Mapped[bool] = mapped_column(default=False)
    #: Field key → answer that is fixed, whatever was sent.
    prefill: Mapped[JsonObject] = mapped_column(Json, default=dict)
    #: After so many days an answer is purged; None: kept with the campaign.
    retention_days: Mapped[int | None]
    #: Said above the form, and on the receipt.
    words_before: Mapped[str] = mapped_column(Text, default="")
    words_after: Mapped[str] = mapped_column(Text, default="")
    #: Codes printed so far; anonymous ones are destroyed at the close.
    issued: Mapped[int] = mapped_column(default=0)
    #: Answers ever taken, of them withdrawn, of them purged. Changed with each answer, not by the office:
    #: apart from `row_version`, so that an answer that arrives disturbs no one who edits.
    taken: Mapped[int] = mapped_column(default=0)
    withdrawn: Mapped[int] = mapped_column(default=0)
    purged: Mapped[int] = mapped_column(default=0)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: Simulated: said on every page that shows it.
    demonstration: Mapped[bool] = mapped_column(default=False)
    row_version: Mapped[int] = mapped_column(default=1)

    campaign: Mapped[Campaign] = relationship()
    form: Mapped[Definition] = relationship()
    created_by: Mapped[User | None] = relationship()

    __mapper_args__ = {"version_id_col": row_version}

    @property
    def standing(self) -> int:
        """Answers that count: taken and not withdrawn, purged ones among them."""
        return self.taken - self.withdrawn

    def __str__(self) -> str:
        return self.title


class CollectionCode(Base):
    """A one-time code on a card. Only its hash is kept; of an anonymous collection no answer knows its code."""

    __tablename__ = "collection_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    #: For whom the card is, as printed on it; empty on anonymous cards.
    label: Mapped[str] = mapped_column(String(120), default="")
    group: Mapped[str] = mapped_column("group_name", String(60), default="")
    #: Whom the code stands for.
    monitor_id: Mapped[int | None] = mapped_column(ForeignKey("monitor.id"))
    target_id: Mapped[int | None] = mapped_column(ForeignKey("target.id"))
    spent: Mapped[bool] = mapped_column(default=False)

    monitor: Mapped[Monitor | None] = relationship()
    target: Mapped[Target | None] = relationship()


class Answer(Base):
    """答卷: one filled form that was received. It opens for ever in the version it was given in.

    Never edited. Withdrawn ones stay to be read; only the end of the retention removes them, as an act in the log.
    """

    __tablename__ = "answer"
    __table_args__ = (
        CheckConstraint("source IN ('web', 'paper', 'excel', 'api')", "source"),
        UniqueConstraint("collection_id", "position"),
        Index(
            "uq_answer_respondent",
            "collection_id",
            "respondent_key",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        Index("ix_answer_form_submitted", "form_id", "submitted_at", "id"),
        Index("ix_answer_collection_submitted", "collection_id", "submitted_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"))
    form_id: Mapped[int] = mapped_column(ForeignKey("definition.id"))
    answers: Mapped[JsonObject] = mapped_column(Json)
    #: Which in its collection it is, from 1; None when anonymous.
    position: Mapped[int | None]
    #: Who answered: the account, or the code. Both None when anonymous, or open to everyone.
    respondent_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    code_id: Mapped[int | None] = mapped_column(ForeignKey("collection_code.id"))
    #: Makes it one answer per person; None where any number may come, and when anonymous.
    respondent_key: Mapped[str | None] = mapped_column(String(80))
    #: The group on the code's card; emptied at the close where the group is small.
    group: Mapped[str] = mapped_column("group_name", String(60), default="")
    source: Mapped[str] = mapped_column(String(20), default="web")
    #: The import or the stack of paper it came with.
    batch_id: Mapped[int | None] = mapped_column(index=True)
    #: Who typed it in, of paper and imports.
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    #: The rating it is, when the form is bound to a method.
    rating_id: Mapped[int | None] = mapped_column(ForeignKey("rating.id"), unique=True)
    #: When anonymous: noon of the day; after the close, of the day of the close for all.
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: Number on the receipt, unguessable; None when anonymous.
    receipt: Mapped[str | None] = mapped_column(String(20), unique=True)
    #: Of the page it was sent from, so that sent twice it is one; dropped at the close when anonymous.
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    withdrawn_reason: Mapped[str] = mapped_column(Text, default="")

    collection: Mapped[Collection] = relationship()
    form: Mapped[Definition] = relationship()
    respondent: Mapped[User | None] = relationship(foreign_keys=[respondent_id])
    entered_by: Mapped[User | None] = relationship(foreign_keys=[entered_by_id])
    withdrawn_by: Mapped[User | None] = relationship(foreign_keys=[withdrawn_by_id])
    code: Mapped[CollectionCode | None] = relationship()
    rating: Mapped[Rating | None] = relationship()


class AnswerDraft(Base):
    """填写草稿: what was typed so far, exactly as it was typed. Never of an anonymous collection."""

    __tablename__ = "answer_draft"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: Whose it is and of what, as one key: `account:5|collection:3`, `account:5|campaign:1|instant`, `code:7`,
    #: `resume:HASH`.
    place: Mapped[str] = mapped_column(String(160), unique=True)
    collection_id: Mapped[int | None] = mapped_column(ForeignKey("collection.id"), index=True)
    #: Of a rating by a method, where it is of no collection.
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    method: Mapped[str] = mapped_column(String(40), default="")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    code_id: Mapped[int | None] = mapped_column(ForeignKey("collection_code.id"))
    form_id: Mapped[int] = mapped_column(ForeignKey("definition.id"), index=True)
    #: [name, value] of every control, in the order of the page; files are attachments of the draft.
    typed: Mapped[list[Any]] = mapped_column(Json)
    #: The version it was typed in before it was lifted to `form_id`; None where it was not, or was put back.
    lifted_from_id: Mapped[int | None]
    #: What was typed in another version and does not fit this one, field by field (`forms.lifting.Unfit`).
    aside: Mapped[list[Any]] = mapped_column(Json, default=list)
    #: Of the page: sent from two devices it is still one answer.
    token: Mapped[str] = mapped_column(String(64))
    #: Raised with each saving; a page that saw an older one is told.
    seen: Mapped[int] = mapped_column(default=1)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    collection: Mapped[Collection | None] = relationship()
    form: Mapped[Definition] = relationship()


class TrialAnswer(Base):
    """试填答卷: an answer to a draft form, for its designer's eyes; gone when the draft is published or discarded."""

    __tablename__ = "trial_answer"

    id: Mapped[int] = mapped_column(primary_key=True)
    definition_id: Mapped[int] = mapped_column(ForeignKey("definition.id"), index=True)
    #: [label, text] as the form stood when it was tried.
    printed: Mapped[list[Any]] = mapped_column(Json)
    answers: Mapped[JsonObject] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

"""A case, its steps, its deadlines, its deductions."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Json, JsonObject, UtcDateTime
from models.campaign import Campaign, Definition
from models.people import User
from models.roster import Target


class Case(Base):
    """整改事项（起）: one problem found at one target; one case, one number."""

    __tablename__ = "rectification_case"
    __table_args__ = (Index("ix_rectification_case_campaign_state", "campaign_id", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(60), unique=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    target_id: Mapped[int] = mapped_column(ForeignKey("target.id"), index=True)
    workflow_id: Mapped[int] = mapped_column(ForeignKey("definition.id"))
    #: Keys of the dictionary `channels`.
    channel: Mapped[str] = mapped_column(String(60))
    #: Keys of the dictionary `problems`.
    problem: Mapped[str] = mapped_column(String(60), default="")
    title: Mapped[str] = mapped_column(String(200))
    facts: Mapped[str] = mapped_column(Text)
    requirement: Mapped[str] = mapped_column(Text, default="")
    basis: Mapped[str] = mapped_column(Text, default="")
    found_on: Mapped[date]
    grave: Mapped[bool] = mapped_column(default=False)
    #: The rating it came from, never shown to the rated.
    rating_id: Mapped[int | None] = mapped_column(ForeignKey("rating.id"))
    state: Mapped[str] = mapped_column(String(40))
    #: The rest of the workflow's situation as plain data; equals a replay of the steps.
    situation: Mapped[JsonObject] = mapped_column(Json)
    opened_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: When its state last changed.
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    row_version: Mapped[int] = mapped_column(default=1)

    campaign: Mapped[Campaign] = relationship()
    target: Mapped[Target] = relationship()
    workflow: Mapped[Definition] = relationship()
    opened_by: Mapped[User] = relationship()

    __mapper_args__ = {"version_id_col": row_version}

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class CaseItem(Base):
    """What of a rating a case was opened for: one line of its repeating rows, or one row of a matrix."""

    __tablename__ = "case_item"

    case_id: Mapped[int] = mapped_column(ForeignKey("rectification_case.id"), primary_key=True)
    #: `FIELD:LINE` of the rating's answers.
    item: Mapped[str] = mapped_column(String(130), primary_key=True)
    rating_id: Mapped[int] = mapped_column(ForeignKey("rating.id"), index=True)


class CaseStep(Base):
    """One entry of a case's history: who, when, what, from, to, under which rule. Only added to."""

    __tablename__ = "case_step"
    __table_args__ = (UniqueConstraint("case_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("rectification_case.id"))
    #: 1, 2, 3 … within the case.
    position: Mapped[int]
    trigger: Mapped[str] = mapped_column(String(40))
    from_state: Mapped[str] = mapped_column(String(40))
    to_state: Mapped[str] = mapped_column(String(40))
    #: None for a timer.
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    actor_name: Mapped[str] = mapped_column(String(60))
    #: When it took effect (for a timer: the due time), and when it was written down.
    effective_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, default="")
    #: What the step's form asked.
    asked: Mapped[JsonObject] = mapped_column(Json)
    #: The facts its rules saw and the roles the actor had in the case: with them the step can be taken again.
    facts: Mapped[JsonObject] = mapped_column(Json)
    roles: Mapped[list[str]] = mapped_column(Json)
    #: Ids of those who agreed to it in a panel (会签); empty for a step of one person.
    cosigners: Mapped[list[str]] = mapped_column(Json, default=list)
    #: For whom the actor acted as a substitute, and the absence that made it possible; no foreign keys, because
    #: the table is only added to and adding them would rebuild it.
    acting_for_id: Mapped[int | None]
    absence_id: Mapped[int | None]
    source: Mapped[str] = mapped_column(String(200), default="")
    workflow_id: Mapped[int] = mapped_column(ForeignKey("definition.id"))

    case: Mapped[Case] = relationship()
    actor: Mapped[User | None] = relationship()


class Deadline(Base):
    """A running, stopped or ended clock of a case, with the reason of its date in words."""

    __tablename__ = "deadline"
    __table_args__ = (
        Index("ix_deadline_status_due", "status", "due_at"),
        # What lists ask of each case; without it SQLite looks through every clock that runs.
        Index("ix_deadline_case_id_status_due_at", "case_id", "status", "due_at"),
        CheckConstraint("status IN ('running', 'stopped', 'ended', 'fired')", "status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("rectification_case.id"))
    step_id: Mapped[int] = mapped_column(ForeignKey("case_step.id"))
    #: Clock of the workflow's state.
    name: Mapped[str] = mapped_column(String(40))
    #: Trigger fired when it runs out; empty when it only reminds.
    then: Mapped[str] = mapped_column(String(40), default="")
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: How many of `unit`; the column is older than months.
    length: Mapped[int] = mapped_column("working_days")
    #: As `workflow.vocabulary.ClockUnit` has it: working_days or months.
    unit: Mapped[str] = mapped_column(String(20), default="working_days")
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    explanation: Mapped[str] = mapped_column(Text)
    calendar_version: Mapped[str] = mapped_column(String(120))
    provisional: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(String(20), default="running")
    #: While stopped: whole working days still left.
    remaining_working_days: Mapped[int | None]
    #: From when and how many of `unit` the standing date was counted; since a stop, from when it ran on and how
    #: many working days, whatever the unit.
    #: None in rows that were stopped before this was kept: their date cannot be counted anew.
    counted_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    counted_days: Mapped[int | None]

    case: Mapped[Case] = relationship()


class Deduction(Base):
    """扣分: one entry of the append-only ledger; taken back only by a reversing entry.

    The sum of `points` over a case is what the case costs its target. A higher tier under the ladder
    “highest” reverses the lower entry and books the higher one, in one step.
    """

    __tablename__ = "deduction"
    __table_args__ = (
        UniqueConstraint("case_id", "tier", "occurrence", "kind"),
        UniqueConstraint("reverses_id"),
        CheckConstraint("(kind = 'booked' AND points > 0) OR (kind = 'reversed' AND points < 0)", "sign"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("rectification_case.id"))
    target_id: Mapped[int] = mapped_column(ForeignKey("target.id"), index=True)
    step_id: Mapped[int] = mapped_column(ForeignKey("case_step.id"))
    #: Tier of the scheme, named like the state that brings it.
    tier: Mapped[str] = mapped_column(String(40))
    #: How often this tier has been booked in this case: 1, after a reversal and a new miss 2 …
    occurrence: Mapped[int] = mapped_column(default=1)
    kind: Mapped[str] = mapped_column(String(10))
    #: Positive when booked, negative when reversed.
    points: Mapped[int]
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("deduction.id"))
    reason: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(200))
    booked_at: Mapped[datetime] = mapped_column(UtcDateTime)

    case: Mapped[Case] = relationship()
    target: Mapped[Target] = relationship()

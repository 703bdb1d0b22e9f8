"""Clocks whose date is moved by an act of the office: counted anew, shown beforehand, kept old and new."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.calendar_change import DeadlineMove
from models.case import Case, Deadline
from services.actor import Actor
from services.case_effects import reminders_of, tell
from services.deadlines import move_clock
from services.definitions import workflow_of
from workflow.calendar import Due, WorkCalendar, deadline, not_sooner, resumed_deadline
from workflow.vocabulary import ClockUnit

LOCAL = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Cause:
    """Which act moves a date. kind: `calendar`, `migration`, `migration_back`; reason: for the case's file."""

    kind: str
    id: int
    reason: str


def counted_from_start(row: Deadline) -> bool:
    """Whether the standing date was counted from the start, and not from where the clock ran on after a stop."""
    return row.counted_from == row.starts_at and row.counted_days == row.length


def counted_anew(row: Deadline, calendar: WorkCalendar, *, now: datetime) -> Due | None:
    """When the clock runs out by this calendar, never sooner than `not_sooner` allows.

    None where it was not kept from when the date was counted. Raises CalendarTooShort.
    """
    if row.counted_from is None or row.counted_days is None:
        return None
    if counted_from_start(row):
        due = deadline(row.starts_at, row.length, calendar, event=_event(row), unit=ClockUnit(row.unit))
    else:
        due = resumed_deadline(row.counted_from, row.counted_days, calendar)
    return not_sooner(due, row.due_at, now, calendar)


def _event(row: Deadline) -> str:
    """The word for the start that the explanation began with: 9月28日送达，5个工作日."""
    head = row.explanation.partition("，")[0]
    return head.rpartition("日")[2] or "起算"


def move_by_act(
    session: Session,
    actor: Actor,
    case: Case,
    row: Deadline,
    due: Due,
    cause: Cause,
    *,
    calendar: WorkCalendar,
    now: datetime,
) -> None:
    """Give a running clock this date, and keep old and new where the date or its standing moved."""
    if row.due_at != due.due_at or row.provisional != due.provisional:
        session.add(
            DeadlineMove(
                deadline_id=row.id,
                case_id=case.id,
                cause=cause.kind,
                cause_id=cause.id,
                old_due_at=row.due_at,
                new_due_at=due.due_at,
                old_explanation=row.explanation,
                new_explanation=due.explanation,
                reason=cause.reason,
                moved_by=actor.name,
                moved_at=now,
            )
        )
    if row.due_at != due.due_at:
        text = f"期限由{_words(row.due_at)}调整为{_words(due.due_at)}。{cause.reason}"
        tell(session, case, ("target", "officer"), text, now=now)
    reminders = reminders_of(workflow_of(session, case.workflow_id)).get(row.name, ())
    move_clock(session, row, due, reminders=reminders, calendar=calendar)


def _words(at: datetime) -> str:
    local = at.astimezone(LOCAL)
    return f"{local.year}年{local.month}月{local.day}日{local:%H:%M}"


def moves_of_case(session: Session, case_id: int) -> list[DeadlineMove]:
    """Every move of the case's clocks, newest first."""
    return list(
        session.execute(
            select(DeadlineMove).where(DeadlineMove.case_id == case_id).order_by(DeadlineMove.id.desc())
        ).scalars()
    )

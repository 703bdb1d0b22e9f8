"""Clocks of cases: started, stopped, resumed, ended; each with the reason of its date in words."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from models.case import Case, CaseStep, Deadline
from services.jobs import reopen, schedule
from services.refusal import Refusal
from workflow.calendar import (
    CalendarTooShort,
    Due,
    WorkCalendar,
    deadline,
    remaining_working_days,
    resumed_deadline,
)
from workflow.effects import Reminder, StartClock


def start_clock(
    session: Session,
    case: Case,
    step: CaseStep,
    clock: StartClock,
    *,
    calendar: WorkCalendar,
    at: datetime,
) -> Deadline:
    """A clock that runs from `at`, with the job that fires it and those that remind.

    Refused when the calendar does not reach.
    """
    try:
        due = deadline(at, clock.length, calendar, event=clock.event, unit=clock.unit)
    except CalendarTooShort as short:
        raise Refusal(short.code, f"{short.sentence}。") from short
    row = Deadline(
        case_id=case.id,
        step_id=step.id,
        name=clock.name,
        then=clock.then or "",
        starts_at=at,
        length=clock.length,
        unit=clock.unit.value,
        due_at=due.due_at,
        explanation=due.explanation,
        calendar_version=due.calendar_version,
        provisional=due.provisional,
        status="running",
        counted_from=at,
        counted_days=clock.length,
    )
    session.add(row)
    session.flush()
    _schedule(session, row, clock.reminders, calendar)
    return row


def _schedule(
    session: Session, row: Deadline, reminders: tuple[Reminder, ...], calendar: WorkCalendar
) -> None:
    stamp = int(row.due_at.timestamp())
    if row.then:
        schedule(
            session,
            "deadline",
            key=_fire_key(row),
            payload={"deadline": row.id, "case": row.case_id, "due": row.due_at.isoformat()},
            due_at=row.due_at,
        )
    for reminder in reminders:
        at = calendar.opens_before(row.due_at, reminder.working_days_before)
        if at <= row.starts_at:
            continue
        schedule(
            session,
            "reminder",
            key=f"reminder:{row.id}:{stamp}:{reminder.working_days_before}",
            payload={
                "deadline": row.id,
                "due": row.due_at.isoformat(),
                "days": reminder.working_days_before,
                "notice": reminder.notice,
                "tell": list(reminder.tell),
                "text": reminder.text,
            },
            due_at=at,
        )


def _fire_key(row: Deadline) -> str:
    return f"deadline:{row.id}:{int(row.due_at.timestamp())}"


def clocks_of(session: Session, case_id: int) -> list[Deadline]:
    """Every clock a case ever had, in order of start; locked, for whoever is about to move one."""
    query = select(Deadline).where(Deadline.case_id == case_id).order_by(Deadline.id).with_for_update()
    return list(session.execute(query.execution_options(populate_existing=True)).scalars())


def open_deadlines(session: Session, case_id: int) -> list[Deadline]:
    """Running and stopped clocks of a case, soonest first, to be shown."""
    query = (
        select(Deadline)
        .where(Deadline.case_id == case_id, Deadline.status.in_(("running", "stopped")))
        .order_by(Deadline.due_at)
    )
    return list(session.execute(query).scalars())


def stop_clocks(rows: list[Deadline], *, calendar: WorkCalendar, at: datetime) -> None:
    """All running clocks stand still; what remained is kept in whole working days."""
    for row in rows:
        if row.status == "running":
            row.remaining_working_days = remaining_working_days(at, row.due_at, calendar)
            row.status = "stopped"


def resume_clocks(
    session: Session,
    rows: list[Deadline],
    *,
    extra_working_days: int,
    calendar: WorkCalendar,
    at: datetime,
    reminders: dict[str, tuple[Reminder, ...]],
) -> None:
    """Stopped clocks run on with what remained plus the days granted. reminders: by clock name."""
    for row in rows:
        if row.status != "stopped":
            continue
        remaining = (row.remaining_working_days or 0) + extra_working_days
        try:
            due = resumed_deadline(at, remaining, calendar)
        except CalendarTooShort as short:
            raise Refusal(short.code, f"{short.sentence}。") from short
        row.due_at = due.due_at
        row.explanation = due.explanation
        row.calendar_version = due.calendar_version
        row.provisional = due.provisional
        row.status = "running"
        row.remaining_working_days = None
        row.counted_from, row.counted_days = at, remaining
        _schedule(session, row, reminders.get(row.name, ()), calendar)


def move_alike(rows: list[Deadline]) -> None:
    """Have the clocks that a step has moved written as one statement, which needs the same columns of each."""
    names = {
        attribute.key for row in rows for attribute in inspect(row).attrs if attribute.history.has_changes()
    }
    for row in rows:
        if inspect(row).modified:
            for name in names:
                flag_modified(row, name)


def move_clock(
    session: Session,
    row: Deadline,
    due: Due,
    *,
    reminders: tuple[Reminder, ...],
    calendar: WorkCalendar,
) -> None:
    """Give a running clock another date, by a recorded act alone; the jobs of the old date then do nothing."""
    moved = row.due_at != due.due_at
    row.due_at = due.due_at
    row.explanation = due.explanation
    row.calendar_version = due.calendar_version
    row.provisional = due.provisional
    session.flush()
    if moved:
        _schedule(session, row, reminders, calendar)
        # A date that is given back: its job may have been done in vain meanwhile.
        reopen(session, _fire_key(row))


def end_clocks(rows: list[Deadline], names: tuple[str, ...]) -> None:
    """Clocks that no longer matter. names: empty for all."""
    for row in rows:
        if row.status in ("running", "stopped") and (not names or row.name in names):
            row.status = "ended"

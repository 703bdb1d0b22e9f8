"""A row of the working calendar as the administrator saw it, changed or taken out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from models.campaign import CalendarDay, CalendarYear, DayKind
from services.actor import Actor
from services.calendars import set_day, set_year
from services.refusal import not_found
from services.roster_changes import refuse_stale
from services.transaction import transaction


def change_day(
    session: Session,
    actor: Actor,
    day_id: int,
    *,
    kind: DayKind | None,
    note: str,
    row_version: int | None,
    now: datetime,
) -> None:
    """Another kind or note for a day, or (None) leave the day to its weekday. See `calendars.set_day`."""
    with transaction(session):
        row = session.get(CalendarDay, day_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise not_found("日期")
        refuse_stale(row, row_version, f"{row.day.isoformat()} 的安排")
        set_day(session, actor, calendar_key=row.calendar_key, day=row.day, kind=kind, note=note, now=now)


def change_year(
    session: Session,
    actor: Actor,
    year_id: int,
    *,
    provisional: bool,
    source: str,
    row_version: int | None,
    now: datetime,
) -> None:
    """Published or provisional, with its source. See `calendars.set_year`."""
    with transaction(session):
        row = session.get(CalendarYear, year_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise not_found("年份")
        refuse_stale(row, row_version, f"{row.year}年的安排")
        set_year(
            session,
            actor,
            calendar_key=row.calendar_key,
            year=row.year,
            provisional=provisional,
            source=source,
            now=now,
        )

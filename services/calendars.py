"""The working calendar as the rules want it, and the recorded act of changing it."""

from __future__ import annotations

from datetime import date, datetime, time
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, select
from sqlalchemy.orm import Session

from models.campaign import CalendarDay, CalendarYear, Campaign, DayKind
from models.people import Role
from services.actor import Actor
from services.history import record
from services.transaction import transaction
from workflow.calendar import DayKind as RuleDayKind
from workflow.calendar import WorkCalendar

_known: WeakKeyDictionary[Engine | Connection, dict[str, WorkCalendar]] = WeakKeyDictionary()


def work_calendar(session: Session, campaign: Campaign) -> WorkCalendar:
    """The calendar the campaign's deadlines run on; kept in memory until a year's edition moves."""
    settings = campaign.settings["calendar"]
    key = settings["key"]
    years = session.execute(
        select(CalendarYear.year, CalendarYear.edition, CalendarYear.provisional)
        .where(CalendarYear.calendar_key == key)
        .order_by(CalendarYear.year)
    ).all()
    version = f"{key}：" + "，".join(f"{year}年第{edition}版" for year, edition, _ in years)
    known = _known.setdefault(session.get_bind(), {})
    if version in known:
        return known[version]
    days = session.execute(
        select(CalendarDay.day, CalendarDay.kind).where(CalendarDay.calendar_key == key)
    ).all()
    calendar = WorkCalendar(
        key=key,
        version=version,
        days={day: RuleDayKind(kind.value) for day, kind in days},
        published_years=frozenset(year for year, _, provisional in years if not provisional),
        provisional_years=frozenset(year for year, _, provisional in years if provisional),
        day_starts=time.fromisoformat(settings["day_starts"]),
        day_ends=time.fromisoformat(settings["day_ends"]),
        timezone=settings["timezone"],
    )
    known[version] = calendar
    return calendar


def set_day(
    session: Session,
    actor: Actor,
    *,
    calendar_key: str,
    day: date,
    kind: DayKind | None,
    note: str,
    now: datetime,
) -> None:
    """Mark a day as holiday, make-up workday or local closure, or (None) leave it to its weekday.

    Raises the year's edition; deadlines already running keep their date until they are recomputed by an act.
    """
    actor.require(Role.ADMIN, to="修改工作日历")
    with transaction(session):
        year = _year(session, calendar_key, day.year)
        row = session.execute(
            select(CalendarDay).where(CalendarDay.calendar_key == calendar_key, CalendarDay.day == day)
        ).scalar_one_or_none()
        if kind is None:
            if row is not None:
                session.delete(row)
        elif row is None:
            session.add(CalendarDay(calendar_key=calendar_key, day=day, kind=kind, note=note))
        else:
            row.kind, row.note = kind, note
        year.edition += 1
        record(
            session,
            actor,
            "calendar.day_set",
            object_kind="calendar",
            object_id=day.isoformat(),
            payload={"kind": kind.value if kind else None, "note": note, "edition": year.edition},
            now=now,
        )


def set_year(
    session: Session,
    actor: Actor,
    *,
    calendar_key: str,
    year: int,
    provisional: bool,
    source: str,
    now: datetime,
) -> None:
    """Say that a year's arrangement is published (with its source) or still provisional."""
    actor.require(Role.ADMIN, to="修改工作日历")
    with transaction(session):
        row = _year(session, calendar_key, year)
        row.provisional, row.source = provisional, source
        row.edition += 1
        record(
            session,
            actor,
            "calendar.year_set",
            object_kind="calendar",
            object_id=year,
            payload={"provisional": provisional, "source": source, "edition": row.edition},
            now=now,
        )


def _year(session: Session, calendar_key: str, year: int) -> CalendarYear:
    row = session.execute(
        select(CalendarYear)
        .where(CalendarYear.calendar_key == calendar_key, CalendarYear.year == year)
        .with_for_update()
    ).scalar_one_or_none()
    if row is None:
        row = CalendarYear(calendar_key=calendar_key, year=year, provisional=True, source="", edition=0)
        session.add(row)
    return row

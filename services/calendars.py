"""The working calendar as the rules want it. How it is changed: `services.calendar_changes`."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, String, case, cast, func, select
from sqlalchemy.orm import Session

from models.campaign import CalendarDay, CalendarYear, Campaign, DayKind
from workflow.calendar import DayKind as RuleDayKind
from workflow.calendar import WorkCalendar

_known: WeakKeyDictionary[Engine | Connection, dict[str, WorkCalendar]] = WeakKeyDictionary()


#: Of a campaign's calendar: `year:edition:provisional` of each year, with commas; None where there is no year.
#: To be asked with the campaign, so that a step that has just locked its case need not ask once more.
YEAR_EDITIONS = (
    select(
        func.aggregate_strings(
            cast(CalendarYear.year, String)
            + ":"
            + cast(CalendarYear.edition, String)
            + ":"
            + case((CalendarYear.provisional, "1"), else_="0"),
            ",",
        )
    )
    .where(CalendarYear.calendar_key == Campaign.settings["calendar"]["key"].as_string())
    .correlate(Campaign)
    .scalar_subquery()
)


def year_editions(session: Session, campaign: Campaign) -> str | None:
    """`YEAR_EDITIONS` of one campaign."""
    return session.execute(select(YEAR_EDITIONS).where(Campaign.id == campaign.id)).scalar_one()


def work_calendar(session: Session, campaign: Campaign, editions: str | None = None) -> WorkCalendar:
    """The calendar the campaign's deadlines run on; kept in memory until a year's edition moves.

    editions: `YEAR_EDITIONS`, if whoever asks has them.
    """
    settings = campaign.settings["calendar"]
    key = settings["key"]
    told = editions or year_editions(session, campaign) or ""
    years = sorted(
        (int(year), int(edition), provisional == "1")
        for year, edition, provisional in (item.split(":") for item in told.split(",") if item)
    )
    version = edition_words(key, {year: edition for year, edition, _ in years})
    known = _known.setdefault(session.get_bind(), {})
    kept = f"{version} {sorted(settings.items())}"
    if kept in known:
        return known[kept]
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
        # A pack that says nothing of half days lets a deadline end on them as on any other day.
        half_day_ends=time.fromisoformat(settings.get("half_day_ends") or settings["day_ends"]),
        timezone=settings["timezone"],
    )
    known[kept] = calendar
    return calendar


def edition_words(key: str, editions: dict[int, int]) -> str:
    """The edition of a calendar as each deadline keeps it. editions: year to its edition."""
    return f"{key}：" + "，".join(f"{year}年第{edition}版" for year, edition in sorted(editions.items()))


def changed_calendar(
    calendar: WorkCalendar,
    version: str,
    days: dict[date, DayKind | None],
    years: dict[int, bool],
) -> WorkCalendar:
    """The calendar as a change would make it. days: None gives a day back to its weekday. years: provisional?"""
    kept = {day: kind for day, kind in calendar.days.items() if day not in days}
    kept |= {day: RuleDayKind(kind.value) for day, kind in days.items() if kind is not None}
    published = (calendar.published_years - years.keys()) | {
        year for year, later in years.items() if not later
    }
    provisional = (calendar.provisional_years - years.keys()) | {
        year for year, later in years.items() if later
    }
    return replace(
        calendar, version=version, days=kept, published_years=published, provisional_years=provisional
    )

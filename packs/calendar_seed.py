"""The work calendar that a pack brings: holidays and make-up workdays as published, day by day."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from pydantic import Field, field_validator

from definitions.base import Definition, Key, Text
from definitions.fault import DefinitionFaults, Fault
from workflow.calendar import DayKind, WorkCalendar

_CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"


class SeedDay(Definition):
    """One day that differs from its weekday."""

    date: date
    kind: DayKind
    name: Text

    @field_validator("date", mode="before")
    @classmethod
    def _written_out(cls, value: object) -> object:
        # A bare number would silently become a day of 1970.
        if isinstance(value, str):
            try:
                return date.fromisoformat(value)
            except ValueError as error:
                raise ValueError("应为日期，如 2026-10-01") from error
        raise ValueError('应为日期，如 "2026-10-01"')


class OfficeHours(Definition):
    """One stretch of a working day."""

    starts: str = Field(pattern=_CLOCK)
    ends: str = Field(pattern=_CLOCK)


class CalendarSeed(Definition):
    """A work calendar as data. Administrators' own days win over it once it is loaded."""

    key: Key
    name: Text
    version: int
    source: Text
    timezone: Text
    day_ends: str = Field(pattern=_CLOCK)
    office_hours: tuple[OfficeHours, ...] = ()
    #: Years whose arrangement the State Council has published.
    published_years: tuple[int, ...]
    #: Years reckoned by weekday alone; every deadline in them is shown as provisional.
    provisional_years: tuple[int, ...] = ()
    days: tuple[SeedDay, ...]

    #: When a deadline ends on a half day; needed where `days` has one.
    half_day_ends: str | None = Field(default=None, pattern=_CLOCK)

    def work_calendar(self) -> WorkCalendar:
        """The calendar as deadlines count on it, in the edition of this file."""
        starts = self.office_hours[0].starts if self.office_hours else "00:00"
        half_day_ends = time.fromisoformat(self.half_day_ends) if self.half_day_ends else None
        return WorkCalendar(
            key=self.key,
            version=f"{self.key}：第{self.version}版",
            days={day.date: day.kind for day in self.days},
            published_years=frozenset(self.published_years),
            provisional_years=frozenset(self.provisional_years),
            day_ends=time.fromisoformat(self.day_ends),
            timezone=self.timezone,
            day_starts=time.fromisoformat(starts),
            half_day_ends=half_day_ends,
        )


def load_calendar_seed(data: Any, *, root: str = "") -> CalendarSeed:
    """The checked calendar, or DefinitionFaults with every fault and its place."""
    seed = CalendarSeed.read(data, root=root)
    prefix = f"{root}." if root else ""
    faults = [Fault(prefix + place, what) for place, what in _faults(seed)]
    if faults:
        raise DefinitionFaults(faults)
    return seed


def _faults(seed: CalendarSeed) -> list[tuple[str, str]]:
    faults: list[tuple[str, str]] = []
    both = sorted(set(seed.published_years) & set(seed.provisional_years))
    faults += [("provisional_years", f"{year}年不能既已公布又是暂定") for year in both]
    if not seed.published_years:
        faults.append(("published_years", "至少要有一个已公布的年度"))
    seen: set[date] = set()
    for index, day in enumerate(seed.days):
        place = f"days[{index}]"
        if day.date in seen:
            faults.append((f"{place}.date", f"{day.date}重复"))
        seen.add(day.date)
        if day.date.year not in seed.published_years:
            faults.append((f"{place}.date", f"{day.date.year}年不在已公布年度之中"))
        if day.kind is DayKind.MAKEUP and day.date.weekday() < 5:
            faults.append((f"{place}.kind", f"{day.date}本来就是工作日，不能作调休上班日"))
        if day.kind is DayKind.HALF_DAY and seed.half_day_ends is None:
            faults.append(("half_day_ends", "日历中有半日办公，请写明半日的截止时刻"))
    for index, hours in enumerate(seed.office_hours):
        if hours.starts >= hours.ends:
            faults.append((f"office_hours[{index}]", "上班时间应早于下班时间"))
    return faults

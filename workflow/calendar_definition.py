"""A calendar as the office writes it in a pack, and the calendar to count with that it becomes."""

from __future__ import annotations

from datetime import date, time
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, PositiveInt, field_validator, model_validator

from definitions.base import Definition, Key, Text
from definitions.fault import DefinitionFaults, Fault
from workflow.calendar import DayKind, WorkCalendar


class SpecialDay(Definition):
    """A day that is not what its weekday says. name: 国庆节, 调休上班 …"""

    date: date
    kind: DayKind
    name: Text


class OfficeHours(Definition):
    """One stretch of a working day, local time; reminders go out when the first one begins."""

    starts: time
    ends: time


class CalendarDefinition(Definition):
    """工作日历."""

    key: Key
    name: Text
    version: PositiveInt
    source: Text
    timezone: str
    day_ends: time
    half_day_ends: time | None = None
    office_hours: tuple[OfficeHours, ...] = Field(min_length=1)
    published_years: tuple[int, ...]
    provisional_years: tuple[int, ...] = ()
    days: tuple[SpecialDay, ...] = ()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"没有时区“{value}”") from error
        return value

    @model_validator(mode="after")
    def _half_days_end(self) -> Self:
        if self.half_day_ends is None and any(day.kind is DayKind.HALF_DAY for day in self.days):
            raise ValueError("有半日办公的日子，须写明 half_day_ends")
        return self


def load_calendar(data: Any) -> WorkCalendar:
    """The calendar to count with.

    data: what `definitions.source.read_yaml` gives for a calendar file.
    Raises DefinitionFaults: a day named twice, or in a year that is neither published nor provisional, a year
    in both lists, a make-up working day that is a working day anyway.
    """
    definition = CalendarDefinition.read(data)
    faults = _faults_of(definition)
    if faults:
        raise DefinitionFaults(faults)
    return WorkCalendar(
        key=definition.key,
        version=f"{definition.key}：第{definition.version}版",
        days={day.date: day.kind for day in definition.days},
        published_years=frozenset(definition.published_years),
        provisional_years=frozenset(definition.provisional_years),
        day_ends=definition.day_ends,
        timezone=definition.timezone,
        day_starts=min(hours.starts for hours in definition.office_hours),
        half_day_ends=definition.half_day_ends,
    )


def _faults_of(definition: CalendarDefinition) -> list[Fault]:
    published, provisional = set(definition.published_years), set(definition.provisional_years)
    faults = [
        Fault("provisional_years", f"{year}年既已公布又列为暂定") for year in sorted(published & provisional)
    ]
    seen: set[date] = set()
    for index, day in enumerate(definition.days):
        place = f"days[{index}]"
        if day.date in seen:
            faults.append(Fault(f"{place}.date", f"{day.date}重复"))
        seen.add(day.date)
        if day.date.year not in published | provisional:
            faults.append(
                Fault(f"{place}.date", f"{day.date.year}年没有列入 published_years 或 provisional_years")
            )
        if day.kind is DayKind.MAKEUP and day.date.weekday() < 5:
            faults.append(Fault(f"{place}.kind", f"{day.date}不是星期六、星期日，不用调休上班"))
    return faults

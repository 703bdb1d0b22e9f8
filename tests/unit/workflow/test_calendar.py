"""Working days: the office's table, what must always hold, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from definitions.fault import DefinitionFaults
from definitions.source import load_yaml
from workflow.calendar import (
    CalendarTooShort,
    DayKind,
    WorkCalendar,
    deadline,
    remaining_working_days,
    resumed_deadline,
)
from workflow.calendar_definition import load_calendar
from workflow.vocabulary import ClockUnit

ROOT = Path(__file__).parents[3]
TABLE: list[dict[str, Any]] = load_yaml(ROOT / "tests/cases/workflow/deadlines.yaml")
WEEKDAYS = "一二三四五六日"

#: Any pattern of odd days over one spring; half days included.
odd_days = st.dictionaries(
    st.dates(date(2025, 3, 1), date(2025, 6, 30)), st.sampled_from(DayKind), max_size=40
)
moments = st.datetimes(datetime(2025, 3, 1), datetime(2025, 4, 30), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis wants naive bounds


def calendar_with(days: dict[date, DayKind], *, provisional: frozenset[int] = frozenset()) -> WorkCalendar:
    return WorkCalendar(
        "test",
        "test：第1版",
        days,
        frozenset({2025}) - provisional,
        provisional,
        time(17, 30),
        day_starts=time(8, 30),
        half_day_ends=time(12),
    )


@pytest.fixture(scope="module")
def published() -> WorkCalendar:
    return load_calendar(load_yaml(ROOT / "packs/district-2012/calendar.yaml"))


def at(calendar: WorkCalendar, day: str, clock: str = "10:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=calendar.zone)


@pytest.mark.parametrize("case", TABLE, ids=lambda case: f"{case['served']} + {case['working_days']}")
def test_the_office_s_table(case: dict[str, Any], published: WorkCalendar) -> None:
    due = deadline(at(published, case["served"]), case["working_days"], published)
    local = due.due_at.astimezone(published.zone)
    assert local.isoformat() == f"{case['due']}T17:30:00+08:00"
    assert WEEKDAYS[date.fromisoformat(case["served"]).weekday()] == case["weekday"]
    assert WEEKDAYS[local.weekday()] == case["due_weekday"]
    assert due.due_at.tzinfo is UTC
    assert not due.provisional


@pytest.mark.parametrize("year", [2025, 2026])
def test_every_day_agrees_with_an_independent_source(year: int, published: WorkCalendar) -> None:
    independent = holidays.country_holidays("CN", years=year)
    day = date(year, 1, 1)
    while day.year == year:
        assert published.is_working_day(day) == independent.is_working_day(day), day
        day += timedelta(days=1)


def test_the_explanation_names_every_counted_day(published: WorkCalendar) -> None:
    assert deadline(at(published, "2025-09-28"), 5, published).explanation == (
        "9月28日送达，5个工作日：29、30日，10月9、10、11日（调休上班）→ 10月11日17:30前"
    )
    assert deadline(at(published, "2025-12-31"), 2, published, event="起算").explanation == (
        "12月31日起算，2个工作日：2026年1月4日（调休上班）、5日→ 2026年1月5日17:30前"
    )


def test_service_late_at_night_in_utc_counts_by_the_office_s_day(published: WorkCalendar) -> None:
    late_on_the_28th = datetime(2025, 9, 27, 16, 30, tzinfo=UTC)
    assert deadline(late_on_the_28th, 1, published) == deadline(at(published, "2025-09-28"), 1, published)


def test_an_unpublished_year_is_refused_with_its_first_day() -> None:
    calendar = calendar_with({})
    with pytest.raises(CalendarTooShort, match="2026年") as refused:
        deadline(at(calendar, "2025-12-25"), 10, calendar)
    assert refused.value.first_uncovered == date(2026, 1, 1)


def test_a_provisional_year_is_counted_and_said_to_be_so(published: WorkCalendar) -> None:
    due = deadline(at(published, "2026-12-25"), 10, published)
    assert due.provisional
    assert due.explanation.endswith("（暂定：2027年放假安排尚未公布，暂按星期推算）")


def test_a_deadline_on_a_half_day_ends_at_noon() -> None:
    calendar = calendar_with({date(2025, 3, 5): DayKind.HALF_DAY})
    due = deadline(at(calendar, "2025-03-03"), 2, calendar)
    assert due.due_at == at(calendar, "2025-03-05", "12:00")
    assert "5日（半日）→ 3月5日12:00前" in due.explanation


def test_a_local_closure_moves_the_deadline() -> None:
    closed = calendar_with({date(2025, 3, 4): DayKind.CLOSURE})
    assert deadline(at(closed, "2025-03-03"), 1, closed).due_at == at(closed, "2025-03-05", "17:30")


@pytest.mark.parametrize("working_days", [0, -1])
def test_a_deadline_needs_a_working_day(working_days: int, published: WorkCalendar) -> None:
    with pytest.raises(ValueError, match="at least one"):
        deadline(at(published, "2025-03-03"), working_days, published)


def test_a_naive_moment_is_refused(published: WorkCalendar) -> None:
    with pytest.raises(ValueError, match="time zone"):
        deadline(datetime(2025, 3, 3), 1, published)  # noqa: DTZ001  # the point of the test


def test_reminders_go_out_at_opening_that_many_working_days_before(published: WorkCalendar) -> None:
    due = deadline(at(published, "2025-09-28"), 5, published)
    assert published.opens_before(due.due_at, 0) == at(published, "2025-10-11", "08:30")
    assert published.opens_before(due.due_at, 3) == at(published, "2025-09-30", "08:30")


def test_stopping_on_the_last_day_leaves_that_day_s_end_or_the_next_working_day() -> None:
    calendar = calendar_with({})
    assert resumed_deadline(at(calendar, "2025-03-05"), 0, calendar).due_at == at(
        calendar, "2025-03-05", "17:30"
    )
    evening = at(calendar, "2025-03-07", "18:00")
    assert resumed_deadline(evening, 0, calendar).due_at == at(calendar, "2025-03-10", "17:30")


@given(odd_days, moments, st.integers(1, 25))
def test_exactly_that_many_working_days_lie_in_the_span(
    days: dict[date, DayKind], start: datetime, count: int
) -> None:
    calendar = calendar_with(days)
    due = deadline(start, count, calendar)
    first, last = calendar.local_day(start), calendar.local_day(due.due_at)
    span = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]
    assert sum(calendar.is_working_day(day) for day in span) == count
    assert calendar.is_working_day(last)
    assert remaining_working_days(start, due.due_at, calendar) == count


@given(odd_days, moments, st.integers(1, 20))
def test_one_day_more_is_never_sooner(days: dict[date, DayKind], start: datetime, count: int) -> None:
    calendar = calendar_with(days)
    assert deadline(start, count + 1, calendar).due_at > deadline(start, count, calendar).due_at


@given(odd_days, moments, st.integers(1, 20), st.data())
def test_stopping_and_resuming_at_once_changes_nothing(
    days: dict[date, DayKind], start: datetime, count: int, data: st.DataObject
) -> None:
    calendar = calendar_with(days)
    due = deadline(start, count, calendar).due_at
    now = data.draw(
        st.datetimes(start.replace(tzinfo=None), due.replace(tzinfo=None), timezones=st.just(UTC))
    )
    left = remaining_working_days(now, due, calendar)
    assert resumed_deadline(now, left, calendar).due_at == due


@given(odd_days, moments, st.integers(1, 15), st.integers(0, 20))
def test_a_stopped_clock_never_loses_a_working_day(
    days: dict[date, DayKind], start: datetime, count: int, pause: int
) -> None:
    calendar = calendar_with(days)
    due = deadline(start, count, calendar).due_at
    later = start + timedelta(days=pause)
    resumed = resumed_deadline(later, remaining_working_days(start, due, calendar), calendar).due_at
    assert resumed >= due
    assert remaining_working_days(later, resumed, calendar) == count


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"days": [{"date": "2025-03-03", "kind": "makeup", "name": "调休上班"}]}, "days[0].kind"),
        ({"days": [{"date": "2024-03-03", "kind": "holiday", "name": "假"}]}, "days[0].date"),
        ({"days": [{"date": "2025-03-08", "kind": "holiday", "name": "假"}] * 2}, "days[1].date"),
        ({"provisional_years": [2025]}, "provisional_years"),
        ({"timezone": "Asia/Nowhere"}, "timezone"),
        ({"days": [{"date": "20250303", "kind": "sunny", "name": "假"}]}, "days[0].kind"),
    ],
)
def test_faults_of_a_calendar_name_their_place(change: dict[str, Any], place: str) -> None:
    sound = {
        "key": "calendar",
        "name": "工作日历",
        "version": 1,
        "source": "通知",
        "timezone": "Asia/Shanghai",
        "day_ends": "17:30",
        "office_hours": [{"starts": "08:30", "ends": "17:30"}],
        "published_years": [2025],
    }
    assert load_calendar(sound).key == "calendar"
    with pytest.raises(DefinitionFaults) as refused:
        load_calendar(sound | change)
    assert place in {fault.place for fault in refused.value.faults}


@pytest.mark.parametrize(
    ("start", "months", "due", "words"),
    [
        ("2026-03-09", 1, "2026-04-09", "3月9日送达，1个月：至4月9日→ 4月9日17:30前"),
        ("2026-01-31", 1, "2026-02-28", "1月31日送达，1个月：至2月28日→ 2月28日17:30前"),
        ("2025-11-30", 3, "2026-02-28", "11月30日送达，3个月：至2026年2月28日→ 2026年2月28日17:30前"),
        (
            "2025-09-04",
            1,
            "2025-10-09",
            "9月4日送达，1个月：至10月4日（休息日，顺延至其后第一个工作日）→ 10月9日17:30前",
        ),
        (
            "2026-01-20",
            1,
            "2026-02-24",
            "1月20日送达，1个月：至2月20日（休息日，顺延至其后第一个工作日）→ 2月24日17:30前",
        ),
        ("2025-12-09", 1, "2026-01-09", "12月9日送达，1个月：至2026年1月9日→ 2026年1月9日17:30前"),
    ],
)
def test_months_run_to_the_same_day_or_the_last_and_never_end_on_a_rest_day(
    start: str, months: int, due: str, words: str, published: WorkCalendar
) -> None:
    found = deadline(at(published, start), months, published, unit=ClockUnit.MONTHS)
    assert found.due_at.astimezone(published.zone).isoformat() == f"{due}T17:30:00+08:00"
    assert found.explanation == words


def test_a_month_into_an_unpublished_year_is_provisional_or_refused(published: WorkCalendar) -> None:
    months = ClockUnit.MONTHS
    calendar = calendar_with({}, provisional=frozenset({2026}))
    found = deadline(at(calendar, "2025-12-25"), 1, calendar, unit=months)
    assert found.provisional
    assert "2026年放假安排尚未公布" in found.explanation
    with pytest.raises(CalendarTooShort):
        deadline(at(calendar, "2025-12-25"), 14, calendar, unit=months)


@given(moments, st.integers(1, 8))
def test_a_longer_length_in_months_never_ends_sooner(start: datetime, months: int) -> None:
    calendar = calendar_with({})
    one, more = (deadline(start, n, calendar, unit=ClockUnit.MONTHS) for n in (months - 1 or 1, months))
    assert one.due_at <= more.due_at
    assert calendar.is_working_day(calendar.local_day(more.due_at))

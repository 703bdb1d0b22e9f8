"""The data of district-2012 says what the plan says."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from definitions.fault import DefinitionFaults
from definitions.source import load_yaml
from packs import workbook
from packs.calendar_seed import load_calendar_seed
from packs.dictionary import Dictionary, load_dictionary
from packs.roster import Roster, load_roster
from packs.roster_sheets import sheets_of
from workflow.calendar import CalendarTooShort, WorkCalendar

PACK = Path(__file__).resolve().parents[3] / "packs" / "district-2012"

#: 方案第二条第（一）项, letter for letter.
ENFORCEMENT = "公安、消防、交通、林业、国土、计生、工商、国税、地税、质监、司法、安监、环保、药监"
MANAGEMENT = (
    "商务、财政、民政、文化广播电影电视新闻出版、教育、城建、卫生、科技、人保、环卫、工信、水利、农业、"
    "工业园区管委会、粮食、旅游、发改、国资"
)
#: 方案第五条第（四）项.
DELEGATES = "重点项目代表、工业园区代表、人大代表、政协委员、特邀监察员、发展环境监督员、服务对象代表"
#: 方案第六条第五款.
CHANNELS = "受理效能投诉、发展环境监测、明察暗访、专项效能监察、网上审批电子监察、电子视频监察"


@pytest.fixture(scope="module")
def roster() -> Roster:
    return load_roster(load_yaml(PACK / "roster.yaml"))


@pytest.fixture(scope="module")
def calendar() -> WorkCalendar:
    return load_calendar_seed(load_yaml(PACK / "calendar.yaml")).work_calendar()


def dictionary(key: str) -> Dictionary:
    return load_dictionary(load_yaml(PACK / "dictionaries" / f"{key}.yaml"))


@pytest.mark.parametrize(
    ("category", "units"), [("enforcement", ENFORCEMENT), ("management", MANAGEMENT)], ids=["14", "18"]
)
def test_units_are_spelled_and_ordered_as_in_the_plan(roster: Roster, category: str, units: str) -> None:
    assert "、".join(unit.name for unit in roster.units if unit.category == category) == units


def test_each_unit_has_two_to_four_targets(roster: Roster) -> None:
    for unit in roster.units:
        count = sum(target.unit == unit.key for target in roster.targets)
        assert 2 <= count <= 4, unit.name


def test_each_category_is_larger_than_its_quotas(roster: Roster) -> None:
    assert min(len(roster.targets_in(category.key)) for category in roster.categories) > 6 + 3


def test_the_roster_names_no_person_and_says_it_is_a_demonstration(roster: Roster) -> None:
    assert roster.demonstration
    assert all(target.person_in_charge == "" for target in roster.targets)
    assert all(monitor.contact == "" and monitor.phone == "" for monitor in roster.monitors)
    assert all(delegate.name == f"代表{number:03d}" for number, delegate in enumerate(roster.delegates, 1))


def test_delegates_belong_to_the_groups_of_the_plan(roster: Roster) -> None:
    groups = dictionary("delegate_groups")
    assert "、".join(entry.name for entry in groups.entries) == DELEGATES
    assert {delegate.group for delegate in roster.delegates} == set(groups.names())


def test_the_workbook_holds_the_same_roster(roster: Roster) -> None:
    groups = dictionary("delegate_groups").names()
    stored = workbook.read((PACK / "roster.xlsx").read_bytes())
    assert stored == sheets_of(roster, groups=groups)


def test_channels_are_the_six_of_the_plan_and_ratings() -> None:
    assert "、".join(entry.name for entry in dictionary("channels").entries) == CHANNELS + "、测评"


def test_problems_are_five_aspects_with_fifteen_entries_marked_as_demonstration() -> None:
    problems = dictionary("problems")
    assert problems.demonstration
    assert [len(aspect.entries) for aspect in problems.entries] == [3] * 5
    assert len(problems.leaves()) == 15


def test_calendar_knows_published_working_days_of_2026(calendar: WorkCalendar) -> None:
    # State Council arrangement for 2026: days off and the weekend days worked in exchange.
    assert [str(day) for day, kind in calendar.days.items() if day.year == 2026 and kind == "makeup"] == [
        "2026-01-04",  # Sunday
        "2026-02-14",  # Saturday
        "2026-02-28",  # Saturday
        "2026-05-09",  # Saturday
        "2026-09-20",  # Sunday
        "2026-10-10",  # Saturday
    ]
    assert not calendar.is_working_day(date(2026, 10, 7))  # Wednesday
    assert calendar.is_working_day(date(2026, 10, 8))  # Thursday
    assert not calendar.is_working_day(date(2026, 10, 11))  # Sunday


@pytest.mark.parametrize(("year", "working_days"), [(2024, 251), (2025, 248), (2026, 248)])
def test_calendar_has_the_working_days_of_the_year(
    calendar: WorkCalendar, year: int, working_days: int
) -> None:
    days = (date(year, 1, 1) + timedelta(days=offset) for offset in range(366))
    assert sum(calendar.is_working_day(day) for day in days if day.year == year) == working_days


def test_an_unpublished_year_is_provisional_and_an_unknown_one_refused(calendar: WorkCalendar) -> None:
    assert calendar.provisional_years == {2027}
    with pytest.raises(CalendarTooShort):
        calendar.is_working_day(date(2028, 1, 3))


CALENDAR = {
    "key": "calendar",
    "name": "日历",
    "version": 1,
    "source": "示例",
    "timezone": "Asia/Shanghai",
    "day_ends": "17:30",
    "published_years": [2026],
    "days": [],
}


@pytest.mark.parametrize(
    ("override", "place"),
    [
        ({"day_ends": "25:00"}, "day_ends"),
        ({"published_years": []}, "published_years"),
        ({"provisional_years": [2026]}, "provisional_years"),
        ({"days": [{"date": "2026-13-01", "kind": "holiday", "name": "节"}]}, "days[0].date"),
        ({"days": [{"date": 20260101, "kind": "holiday", "name": "节"}]}, "days[0].date"),
        ({"days": [{"date": "2027-01-01", "kind": "holiday", "name": "节"}]}, "days[0].date"),
        ({"days": [{"date": "2026-01-05", "kind": "makeup", "name": "班"}]}, "days[0].kind"),
        ({"days": [{"date": "2026-01-01", "kind": "holiday", "name": "节"}] * 2}, "days[1].date"),
        ({"days": [{"date": "2026-02-13", "kind": "half_day", "name": "半日"}]}, "half_day_ends"),
        ({"office_hours": [{"starts": "12:00", "ends": "08:00"}]}, "office_hours[0]"),
    ],
)
def test_a_wrong_calendar_is_refused_at_its_place(override: dict[str, object], place: str) -> None:
    with pytest.raises(DefinitionFaults) as caught:
        load_calendar_seed(CALENDAR | override)
    assert [fault.place for fault in caught.value.faults] == [place]


def test_a_local_closure_is_no_working_day() -> None:
    data = CALENDAR | {"days": [{"date": "2026-03-02", "kind": "closure", "name": "停电检修"}]}
    assert not load_calendar_seed(data).work_calendar().is_working_day(date(2026, 3, 2))

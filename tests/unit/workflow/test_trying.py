"""Usual courses, made-up years and replayed cases: the engine and calendar that run, on other questions."""

from __future__ import annotations

import time
from copy import deepcopy
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from definitions.source import load_yaml
from workflow.calendar import WorkCalendar
from workflow.calendar_definition import load_calendar
from workflow.courses import COURSES, Answering, Course, script_of, walked
from workflow.definition import Workflow, load_workflow
from workflow.edit import new_document
from workflow.replaying import Recorded, replayed_through
from workflow.sandbox import Assumptions, drawn_year
from workflow.simulation import Script, simulate, story_of
from workflow.virtual_case import Happening

PACK = Path(__file__).parents[3] / "packs" / "district-2012"
PLAIN: dict[str, Any] = load_yaml(PACK / "workflows" / "rectification.yaml")


@pytest.fixture(scope="module")
def workflow() -> Workflow:
    return load_workflow(PLAIN)


@pytest.fixture(scope="module")
def calendar() -> WorkCalendar:
    return load_calendar(load_yaml(PACK / "calendar.yaml"))


def begun(calendar: WorkCalendar, day: str = "2026-09-14") -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), calendar.zone) + timedelta(hours=9)


@pytest.mark.parametrize(
    ("course", "end", "tiers"),
    [
        ("in_time", "closed", ()),
        ("never", "refused", ("overdue", "supervised_twice", "refused")),
        ("late", "closed", ("overdue",)),
        ("rejected_twice", "closed", ("overdue",)),
    ],
)
def test_the_usual_courses_end_where_the_plan_says(
    course: str, end: str, tiers: tuple[str, ...], workflow: Workflow, calendar: WorkCalendar
) -> None:
    case = walked(workflow, calendar, COURSES[course], facts={}, at=begun(calendar))
    assert (case.situation.state, case.situation.tiers) == (end, tiers)
    again = simulate(workflow, calendar, Script.read(script_of(case, "再走一遍")))
    assert again.lines == story_of(case).lines


def test_a_question_stops_the_clock_and_is_answered(workflow: Workflow, calendar: WorkCalendar) -> None:
    course = Course("延期", Answering.IN_TIME, asks=("extension",), grants=True)
    case = walked(workflow, calendar, course, facts={}, at=begun(calendar))
    taken = [event.trigger for event in case.events if event.what is Happening.STEP]
    assert taken[:4] == ["issue", "serve", "request_extension", "grant_extension"]
    assert case.situation.state == "closed"


def test_a_procedure_that_nobody_has_described_takes_its_course_too(calendar: WorkCalendar) -> None:
    small = load_workflow(new_document("complaint", "效能投诉", calendar="calendar"))
    case = walked(small, calendar, COURSES["in_time"], facts={}, at=begun(calendar))
    assert case.situation.visited == ("registered", "closed")


def test_a_course_beyond_the_calendar_ends_with_it(workflow: Workflow, calendar: WorkCalendar) -> None:
    case = walked(workflow, calendar, COURSES["never"], facts={}, at=begun(calendar, "2027-12-20"))
    assert not case.ended


# -- a year


def cost(tiers: tuple[str, ...]) -> int:
    return 3 * len(tiers)


def test_a_year_is_the_same_for_the_same_seed(workflow: Workflow, calendar: WorkCalendar) -> None:
    assumed = Assumptions(2026, cases=60, seed=5)
    one, other = (drawn_year(workflow, calendar, assumed, cost) for _ in range(2))
    assert (one.notices, one.expired, one.points) == (other.notices, other.expired, other.points)
    different = drawn_year(workflow, calendar, Assumptions(2026, cases=60, seed=6), cost)
    assert different.opened != one.opened


def test_a_year_counts_everything_once(workflow: Workflow, calendar: WorkCalendar) -> None:
    year = drawn_year(workflow, calendar, Assumptions(2026, cases=80, targets=10), cost)
    assert sum(year.opened) == 80 == sum(year.points.values()) == sum(year.ends.values())
    assert sum(year.per_target.values()) == 10
    assert sum(year.notices) == sum(year.kinds.values())
    assert {wave.name for wave in year.waves} == {"春节", "劳动节", "国庆"}
    spring = next(wave for wave in year.waves if wave.name == "春节")
    assert (spring.first, spring.last) == (date(2026, 2, 15), date(2026, 2, 23))


def test_a_shorter_deadline_makes_more_of_them_late(workflow: Workflow, calendar: WorkCalendar) -> None:
    data = deepcopy(PLAIN)
    data["states"][1]["clocks"][0]["working_days"] = 4
    assumed = Assumptions(2026, cases=60, in_time=0, late=100)
    before = drawn_year(workflow, calendar, assumed, cost)
    after = drawn_year(load_workflow(data), calendar, assumed, cost)
    assert sum(after.expired) > sum(before.expired)


def test_a_thousand_cases_take_seconds(workflow: Workflow, calendar: WorkCalendar) -> None:
    started = time.process_time()
    drawn_year(workflow, calendar, Assumptions(2026, cases=1000), cost)
    assert time.process_time() - started < 30


# -- replayed


def recorded(at: datetime, trigger: str, actor: str, role: str, **asked: Any) -> Recorded:
    return Recorded(at, trigger, actor, frozenset({role}), {}, asked)


def test_a_real_case_under_a_shorter_deadline_is_late(workflow: Workflow, calendar: WorkCalendar) -> None:
    at = begun(calendar, "2026-04-09")
    steps = [
        recorded(at, "issue", "1", "officer"),
        recorded(at, "serve", "1", "officer", service_way="direct", receiver="收发室"),
        recorded(at + timedelta(days=12), "answer", "9", "target", measures="已整改"),
        recorded(
            at + timedelta(days=13), "accept", "2", "reviewer", verification="documents", conclusion="到位"
        ),
    ]
    told: dict[str, Any] = {"facts": {}, "opened_at": at, "until": at + timedelta(days=20)}
    same = replayed_through(workflow, calendar, steps, **told)
    assert (same.state, same.tiers, same.left_out, same.complete) == ("rectified", (), (), True)
    data = deepcopy(PLAIN)
    data["states"][1]["clocks"][0]["working_days"] = 5
    shorter = replayed_through(load_workflow(data), calendar, steps, **told)
    assert (shorter.state, shorter.tiers) == ("rectified", ("overdue",))


def test_a_step_that_was_not_possible_is_told(workflow: Workflow, calendar: WorkCalendar) -> None:
    at = begun(calendar, "2026-04-09")
    found = replayed_through(
        workflow, calendar, [recorded(at, "close", "1", "officer")], facts={}, opened_at=at, until=at
    )
    assert found.left_out == ("2026-04-09 当前状态是“已立案”，不能办理“销号归档”",)

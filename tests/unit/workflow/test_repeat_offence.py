"""屡查屡犯 as a setting: said in words, checked against the ladder, told in differences, tried by the simulator."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from definitions.source import load_yaml
from packs.diff import changes_between
from tests.unit.workflow.conftest import PACK
from workflow.calendar import WorkCalendar
from workflow.calendar_definition import load_calendar
from workflow.checks import faults_of
from workflow.definition import Workflow
from workflow.repeat_offence import days_that_count, grounds_in_words, words_of_document
from workflow.script import Script
from workflow.simulation import live
from workflow.soundness import soundness_faults

RULE = {
    "within_months": 12,
    "counts": {"supervisions": 1},
    "not_counting": ["withdrawn", "exempted"],
    "source": "实施口径",
}
WORDS = (
    "同一测评对象在12个月内再次发生同一问题的，为屡查屡犯，新立事项的督办次数自1次起计。"
    "以前的事项处于“误立撤销”或者“理由成立，不予扣分”的，不计。"
)


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    return dict(load_yaml(PACK / "workflows" / "rectification.yaml"))


@pytest.fixture(scope="module")
def calendar() -> WorkCalendar:
    return load_calendar(load_yaml(PACK / "calendar.yaml"))


def ruled(plain: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**deepcopy(plain), "repeat_offence": {**RULE, **changes}}


def found(data: dict[str, Any]) -> list[str]:
    workflow = Workflow.read(data)
    return [str(fault) for fault in (*faults_of(workflow), *soundness_faults(workflow, known={}))]


def test_a_rule_that_fits_the_ladder_is_sound(plain: dict[str, Any]) -> None:
    assert found(ruled(plain)) == []


@pytest.mark.parametrize(
    ("changes", "place", "words"),
    [
        ({"counts": {"rounds": 1}}, "repeat_offence.counts.rounds", "流程没有计数“rounds”"),
        ({"not_counting": ["gone"]}, "repeat_offence.not_counting[0]", "没有状态“gone”"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_a_fault(
    plain: dict[str, Any], changes: dict[str, Any], place: str, words: str
) -> None:
    assert any(line.startswith(f"{place}: ") and words in line for line in found(ruled(plain, **changes)))


def test_a_beginning_beyond_the_ladder_is_a_fault(plain: dict[str, Any]) -> None:
    for number, reached in ((1, True), (7, False)):
        data = ruled(plain, counts={"supervisions": number})
        for trigger in data["triggers"]:
            if ">=" in str(trigger.get("guard")):
                trigger["guard"] = {"==": [{"var": "supervisions"}, 1]}
        faults = [line for line in found(data) if line.startswith("repeat_offence")]
        assert bool(faults) is not reached
    assert "屡查屡犯自7次起计" in faults[0]
    assert "都不能办理" in faults[0]


def test_a_count_that_no_condition_looks_at_is_a_fault(plain: dict[str, Any]) -> None:
    data = ruled(plain, counts={"visits": 1})
    data["counts"] = [*data["counts"], {"key": "visits", "label": "走访次数"}]
    data["states"][0]["effects"] = [{"do": "count", "name": "visits"}]
    assert any("没有条件看“走访次数”" in line for line in found(data))


def test_the_difference_tells_the_rule_in_words(plain: dict[str, Any]) -> None:
    assert changes_between(plain, ruled(plain)) == [f"屡查屡犯 （无） → “{WORDS}”"]
    changed = changes_between(ruled(plain), ruled(plain, within_months=6))
    assert changed == [f"屡查屡犯 “{WORDS}” → “{WORDS.replace('12', '6')}”"]
    assert changes_between(ruled(plain), ruled(plain, source="方案第五条")) == [
        "屡查屡犯的依据 “实施口径” → “方案第五条”"
    ]
    assert words_of_document(plain) == ""


@pytest.mark.parametrize(
    ("before", "supervisions"),
    [
        ([], 0),
        (["2025-04-08"], 0),
        (["2025-04-09"], 1),
        (["2026-04-09"], 1),
        (["2026-04-10"], 0),
        (["2025-04-08", "2025-12-01"], 1),
    ],
)
def test_the_simulator_takes_earlier_cases_as_grounds(
    plain: dict[str, Any], calendar: WorkCalendar, before: list[str], supervisions: int
) -> None:
    workflow = Workflow.read(ruled(plain))
    script = {
        "name": "再犯",
        "registered_at": "2026-04-09T09:00",
        "found_before": before,
        "steps": [{"at": "2026-04-09T10:00"}],
    }
    case = live(workflow, calendar, Script.read(script))
    assert case.situation.counts.get("supervisions", 0) == supervisions
    grounds = days_that_count(workflow, map(date.fromisoformat, before), date(2026, 4, 9))
    assert case.events[0].sentence == grounds_in_words(workflow, grounds)
    assert bool(case.events[0].sentence) == bool(supervisions)


def test_without_a_rule_earlier_cases_are_no_grounds(rectification: Workflow) -> None:
    assert days_that_count(rectification, [date(2026, 4, 1)], date(2026, 4, 9)) == ()

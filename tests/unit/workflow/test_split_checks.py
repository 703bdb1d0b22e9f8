"""Conditions that divide a question: overlaps and gaps are found with a value, sound divisions are left alone."""

from __future__ import annotations

from typing import Any

import pytest

from packs.check_procedures import known_values
from packs.pack import load_pack
from tests.unit.workflow.conftest import PACK
from workflow.definition import Workflow, load_workflow
from workflow.soundness import cautions, soundness_faults

KNOWN = {
    "category": {"enforcement": "行政执法类", "management": "综合管理类"},
    "channel": {"hotline": "热线", "inspection": "明察暗访", "media": "媒体"},
}
GRAVE: dict[str, Any] = {"var": "grave"}
LIGHT: dict[str, Any] = {"!": GRAVE}


def is_(name: str, value: Any) -> dict[str, Any]:
    return {"==": [{"var": name}, value]}


def one_of(name: str, *values: str) -> dict[str, Any]:
    return {"in": [{"var": name}, list(values)]}


def both(*parts: Any) -> dict[str, Any]:
    return {"and": list(parts)}


def either(*parts: Any) -> dict[str, Any]:
    return {"or": list(parts)}


def number(operator: str, name: str, value: int) -> dict[str, Any]:
    return {operator: [{"var": name}, value]}


def step(key: str, to: Any, guard: Any = None, **more: Any) -> dict[str, Any]:
    rule = {
        "key": key,
        "name": f"步骤{key}",
        "from": ["open"],
        "to": to,
        "roles": ["officer"],
        "source": "方案",
    }
    return rule | ({} if guard is None else {"guard": guard, "refuse": "不能"}) | more


def procedure(*steps: dict[str, Any], tries: bool = False) -> Workflow:
    """Three states in a row of choices: from `open` to `left` or `right`, from both to `done`."""
    data: dict[str, Any] = {
        "key": "small",
        "name": "小流程",
        "version": 1,
        "source": "方案",
        "calendar": "calendar",
        "initial": "open",
        "states": [
            {"key": "open", "name": "待办", "source": "方案"},
            {"key": "left", "name": "左", "source": "方案"},
            {"key": "right", "name": "右", "source": "方案"},
            {"key": "done", "name": "办结", "final": True, "source": "方案"},
        ],
        "triggers": [
            *steps,
            step("end", "done") | {"from": ["left", "right"]},
            step("withdraw", "done") | {"from": ["open", "left", "right"], "roles": ["head"]},
        ],
    }
    if tries:
        data["counts"] = [{"key": "tries", "label": "次数"}]
        data["triggers"].append(
            step("again", "open") | {"from": ["left"], "effects": [{"do": "count", "name": "tries"}]}
        )
    return load_workflow(data)


def asks(kind: str, **more: Any) -> list[dict[str, Any]]:
    return [{"field": "answer", "label": "意见", "type": kind, "required": True, **more}]


CHOICE = asks("choice", options=[{"key": key, "label": f"选{key}"} for key in ("a", "b", "c")])

#: what is divided → steps → the place and words of the fault.
OVERLAPS: list[tuple[str, list[dict[str, Any]], str, str]] = [
    ("channel", [step("a", "left", one_of("channel", "hotline", "media")), step("b", "right", one_of("channel", "media", "inspection"))],
     "triggers[1].guard", "“发现渠道”为“媒体”时，“步骤a”和“步骤b”的条件同时成立"),
    ("boolean and category", [step("a", "left", either(GRAVE, is_("category", "management"))), step("b", "right", either(LIGHT, is_("category", "management")))],
     "triggers[1].guard", "“类别”为“综合管理类”、“情节严重”为是时"),
    ("number and boolean", [step("a", "left", both(GRAVE, number("<=", "tries", 2))), step("b", "right", both(GRAVE, number(">=", "tries", 2)))],
     "triggers[1].guard", "“情节严重”为是、“次数”等于2时"),
]  # fmt: skip
GAPS: list[tuple[str, list[dict[str, Any]], str, str]] = [
    ("category", [step("a", "left", both(GRAVE, is_("category", "management"))), step("b", "right", both(LIGHT, is_("category", "management")))],
     "states[0]", "“类别”为“行政执法类”、“情节严重”为是时，“步骤a”、“步骤b”都不能办理"),
    ("channel", [step("a", "left", is_("channel", "hotline")), step("b", "right", is_("channel", "media"))],
     "states[0]", "“发现渠道”为“明察暗访”时"),
    ("number and boolean", [step("a", "left", either(GRAVE, number("<", "tries", 1))), step("b", "right", both(LIGHT, number(">", "tries", 1)))],
     "states[0]", "“情节严重”为否、“次数”等于1时"),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "place", "words"), [case[1:] for case in OVERLAPS + GAPS])
def test_competing_steps_that_overlap_or_leave_a_gap_are_faults(
    steps: list[dict[str, Any]], place: str, words: str
) -> None:
    found = soundness_faults(procedure(*steps, tries="tries" in str(steps)), known=KNOWN)
    assert [fault for fault in found if fault.place == place and words in fault.what], found


@pytest.mark.parametrize(
    ("ways", "more", "words"),
    [
        ([one_of("channel", "hotline", "media"), one_of("channel", "media", "inspection")], {}, "“发现渠道”为“媒体”时，去向1和去向2"),
        ([one_of("answer", "a", "b"), one_of("answer", "b", "c")], {"asks": CHOICE}, "“意见”为“选b”时"),
        ([number("<", "answer", 6), number(">", "answer", 4)], {"asks": asks("number", at_least=0, at_most=9)}, "“意见”等于5时"),
        ([either(GRAVE, is_("category", "management")), either(LIGHT, is_("category", "management"))], {}, "“类别”为“综合管理类”、“情节严重”为是时"),
    ],
)  # fmt: skip
def test_ways_of_one_step_that_cut_across_each_other_are_to_be_looked_at(
    ways: list[Any], more: dict[str, Any], words: str
) -> None:
    to = [{"when": ways[0], "state": "left"}, {"when": ways[1], "state": "right"}, {"state": "done"}]
    workflow = procedure(step("a", to, **more))
    found = cautions(workflow, known=KNOWN)
    assert [fault.place for fault in found] == ["triggers[0].to[1]"]
    assert words in found[0].what
    assert all(fault.place == "triggers[0].to[2]" for fault in soundness_faults(workflow, known=KNOWN))


def test_a_way_beyond_what_may_be_answered_is_never_taken() -> None:
    to = [{"when": number(">", "answer", 9), "state": "left"}, {"state": "right"}]
    workflow = procedure(step("a", to, asks=asks("number", at_least=1, at_most=9)), step("b", "left"))
    assert "永远轮不到" in soundness_faults(workflow, known=KNOWN)[0].what


def test_a_step_that_is_open_for_some_of_anothers_values_is_to_be_looked_at() -> None:
    workflow = procedure(
        step("a", "left", one_of("channel", "hotline", "media")),
        step("b", "right", is_("channel", "media")),
        step("c", "right"),
    )
    assert soundness_faults(workflow, known=KNOWN) == ()
    assert [fault.place for fault in cautions(workflow, known=KNOWN)] == ["triggers[1].guard"]


SOUND: list[tuple[str, list[dict[str, Any]]]] = [
    ("yes or no", [step("a", "left", GRAVE), step("b", "right", LIGHT)]),
    ("the same condition, a choice", [step("a", "left", GRAVE), step("b", "right", GRAVE), step("c", "left", LIGHT)]),
    ("every channel once", [step("a", "left", one_of("channel", "hotline", "media")), step("b", "right", is_("channel", "inspection"))]),
    ("the rest by not", [step("a", "left", is_("channel", "media")), step("b", "right", {"!=": [{"var": "channel"}, "media"]})]),
    ("two questions", [step("a", "left", GRAVE), step("b", "right", is_("category", "management")), step("c", "left")]),
    ("a special way beside the usual", [step("a", "left", is_("channel", "media")), step("b", "right", is_("channel", "hotline")), step("c", "left")]),
    ("the same end", [step("a", "left", one_of("channel", "hotline", "media")), step("b", "left", one_of("channel", "media", "inspection")), step("c", "right")]),
    ("other people", [step("a", "left", either(GRAVE, is_("category", "management"))), step("b", "right", either(LIGHT, is_("category", "management")), roles=["target"])]),
    ("number ranges that meet", [step("a", "left", both(GRAVE, number("<", "tries", 2))), step("b", "right", both(GRAVE, number(">=", "tries", 2))), step("c", "right", LIGHT)]),
    ("a ladder of ways", [step("a", [{"when": number(">=", "answer", 6), "state": "left"}, {"when": number(">=", "answer", 3), "state": "right"}, {"state": "done"}], asks=asks("number", at_least=0))]),
    ("ways by an answer", [step("a", [{"when": is_("answer", "a"), "state": "left"}, {"when": is_("answer", "b"), "state": "right"}, {"state": "done"}], asks=CHOICE)]),
    ("ways on two questions", [step("a", [{"when": GRAVE, "state": "left"}, {"when": is_("category", "management"), "state": "right"}, {"state": "done"}])]),
]  # fmt: skip


@pytest.mark.parametrize("steps", [case[1] for case in SOUND], ids=[case[0] for case in SOUND])
def test_a_sound_division_is_left_alone(steps: list[dict[str, Any]]) -> None:
    workflow = procedure(*steps, tries="tries" in str(steps))
    assert soundness_faults(workflow, known=KNOWN) == ()
    assert cautions(workflow, known=KNOWN) == ()


def test_every_shipped_procedure_is_sound_with_the_lists_of_its_pack() -> None:
    pack = load_pack(PACK)
    for workflow in pack.workflows.values():
        assert soundness_faults(workflow, known=known_values(pack)) == ()
        assert cautions(workflow, known=known_values(pack)) == ()

"""Broken procedures: each fault is found at its place, and all of them at once."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from definitions.fault import DefinitionFaults
from definitions.source import read_yaml
from workflow.definition import Workflow, load_workflow
from workflow.references import references_of, unmet_references

SOUND = """
key: small
name: 小流程
version: 1
source: 方案
calendar: calendar
initial: opened
counts: [{key: tries, label: 次数}]
suspensions:
  - {key: question, name: 请示, source: 实施口径,
     clocks: [{name: reply, label: 答复, starts: entered, working_days: 3, remind: [{working_days_before: 0, tell: [head]}], source: 实施口径}]}
states:
  - {key: opened, name: 已立, source: 方案}
  - {key: waiting, name: 等待, source: 方案,
     clocks: [{name: answer, label: 答复, starts: served, working_days: {field: days, default: 5}, then: lapse,
               remind: [{working_days_before: 1, notice: reminder, tell: [target]}], source: 方案}]}
  - {key: late, name: 逾期, tier: late, source: 方案}
  - {key: heard, name: 听取, holds_clocks: true, source: 方案}
  - {key: done, name: 办结, final: true, source: 方案}
triggers:
  - {key: send, name: 下达, from: [opened], to: waiting, roles: [officer], source: 方案,
     asks: [{field: days, label: 天数, type: number, at_least: 1, at_most: 9}], effects: [{do: issue_notice, kind: order}]}
  - {key: hand_over, name: 送达, from: [waiting], to: same, roles: [officer], source: 方案,
     asks: [{field: on_day, label: 日期, type: date}], effects: [{do: serve, on_field: on_day}]}
  - {key: lapse, name: 届满, from: [waiting], to: late, by: timer, source: 方案, effects: [{do: count, name: tries}]}
  - {key: finish, name: 办结, from: [waiting, late], to: done, roles: [officer], source: 方案,
     guard: {"<": [{var: tries}, 3]}, refuse: 次数太多}
  - {key: hear, name: 听取, from: [waiting, late], to: heard, roles: [officer], source: 方案}
  - {key: dismiss, name: 驳回, from: [heard], to: previous, roles: [head], four_eyes_with: [hear], source: 方案}
  - {key: cancel, name: 撤销, from: ["*running"], to: done, roles: [head], source: 方案,
     asks: [{field: reason, label: 理由, type: text, required: true}],
     effects: [{do: reverse_deductions, reason_field: reason}]}
  - {key: ask, name: 请示, from: [waiting], to: same, roles: [target], suspend: question, source: 方案}
  - {key: reply, name: 答复, from: [waiting], to: same, roles: [head], during: question, lift: true, source: 方案,
     asks: [{field: more, label: 增加, type: number, at_least: 0}],
     effects: [{do: resume_clocks, extra_working_days: {field: more, default: 0}}]}
"""

OPENED, WAITING, LATE, HEARD, DONE = range(5)
SEND, HAND_OVER, LAPSE, FINISH, HEAR, DISMISS, CANCEL, ASK, REPLY = range(9)
REMOVE = object()

#: what is broken → where → the place of the fault → words in it.
BROKEN: list[tuple[str, tuple[Any, ...], Any, str, str]] = [
    ("unknown key", ("colour",), "red", "colour", "不认识的键"),
    ("no source of a state", ("states", LATE, "source"), REMOVE, "states[2].source", "缺少此项"),
    ("no source of a step", ("triggers", SEND, "source"), REMOVE, "triggers[0].source", "缺少此项"),
    ("bad key", ("states", LATE, "key"), "Late!", "states[2].key", "写法不符合要求"),
    ("unknown role", ("triggers", SEND, "roles"), ["king"], "triggers[0].roles[0]", ""),
    ("unknown effect", ("triggers", SEND, "effects"), [{"do": "os.system"}], "triggers[0].effects[0]", ""),
    ("duplicate state", ("states", LATE, "key"), "waiting", "states[2].key", "键“waiting”重复"),
    ("duplicate step", ("triggers", FINISH, "key"), "send", "triggers[3].key", "键“send”重复"),
    ("unknown initial", ("initial",), "nowhere", "initial", "没有状态“nowhere”"),
    ("reserved name", ("states", LATE, "key"), "same", "states[2].key", "保留字"),
    ("unknown source state", ("triggers", SEND, "from"), ["nowhere"], "triggers[0].from[0]", "没有状态“nowhere”"),
    ("step from a final state", ("triggers", HEAR, "from"), ["waiting", "done"], "triggers[4].from[1]", "终结状态"),
    ("source twice", ("triggers", HEAR, "from"), ["waiting", "waiting"], "triggers[4].from[1]", "重复"),
    ("unknown destination", ("triggers", SEND, "to"), "nowhere", "triggers[0].to", "没有状态“nowhere”"),
    ("nobody may", ("triggers", SEND, "roles"), [], "triggers[0].roles", "没有人能办理"),
    ("only the system may", ("triggers", SEND, "roles"), ["system"], "triggers[0].roles", "不是人的角色"),
    ("a timer with roles", ("triggers", LAPSE, "roles"), ["head"], "triggers[2]", "不写 roles"),
    ("four eyes with nothing", ("triggers", DISMISS, "four_eyes_with"), ["fly"], "triggers[5].four_eyes_with[0]", "没有步骤“fly”"),
    ("four eyes with a timer", ("triggers", DISMISS, "four_eyes_with"), ["lapse"], "triggers[5].four_eyes_with[0]", "自动办理"),
    ("last branch conditional", ("triggers", SEND, "to"), [{"when": {"var": "grave"}, "state": "waiting"}], "triggers[0].to[0]", "最后一个去向不能带条件"),
    ("branch after the last", ("triggers", SEND, "to"), [{"state": "waiting"}, {"state": "late"}], "triggers[0].to[0]", "请移到最后"),
    ("branch from elsewhere", ("triggers", SEND, "to"), [{"from": ["late"], "state": "late"}, {"state": "waiting"}], "triggers[0].to[0].from", "本来就不能从“late”办理"),
    ("return without held clocks", ("states", HEARD, "holds_clocks"), False, "triggers[5].to", "没有 holds_clocks"),
    ("guard on unknown fact", ("triggers", FINISH, "guard"), {"var": "weather"}, "triggers[3].guard", "没有名为“weather”的字段"),
    ("guard that is no condition", ("triggers", FINISH, "guard"), {"var": "tries"}, "triggers[3].guard", "结果应当是是否"),
    ("guard with a foreign operator", ("triggers", FINISH, "guard"), {"eval": ["1"]}, "triggers[3].guard", "不认识的运算"),
    ("guard on a state that is none", ("triggers", FINISH, "guard"), {"==": [{"var": "state"}, "lat"]}, "triggers[3].guard", "没有状态“lat”"),
    ("guard on a step that is none", ("triggers", FINISH, "guard"), {"in": ["fly", {"var": "done_here"}]}, "triggers[3].guard", "没有步骤“fly”"),
    ("guard without a sentence", ("triggers", FINISH, "refuse"), REMOVE, "triggers[3].refuse", "不满足时对人说的话"),
    ("sentence without a guard", ("triggers", SEND, "refuse"), "不行", "triggers[0].refuse", "永远用不上"),
    ("count not declared", ("triggers", LAPSE, "effects"), [{"do": "count", "name": "sheep"}], "triggers[2].effects[0].name", "counts 里没有“sheep”"),
    ("count never counted", ("counts",), [{"key": "tries", "label": "次"}, {"key": "sheep", "label": "羊"}], "counts[1]", "没有步骤计“sheep”"),
    ("asked twice", ("triggers", CANCEL, "asks", 0, "field"), "grave", "triggers[6].asks[0].field", "是事实的名称"),
    ("asked with two types", ("triggers", CANCEL, "asks", 0, "field"), "days", "triggers[6].asks[0].type", "只能有一种类型"),
    ("choice without options", ("triggers", CANCEL, "asks", 0, "type"), "choice", "triggers[6].asks[0]", "options"),
    ("reversal without a reason", ("triggers", CANCEL, "asks", 0, "required"), False, "triggers[6].effects[0].reason_field", "须有必填的填写项“reason”"),
    ("extra days nobody asks", ("triggers", REPLY, "asks"), [], "triggers[8].effects[0].extra_working_days", "须有数字填写项“more”"),
    ("service date nobody asks", ("triggers", HAND_OVER, "asks"), [], "triggers[1].effects[0].on_field", "须有日期填写项“on_day”"),
    ("service that moves the case", ("triggers", HAND_OVER, "to"), "late", "triggers[1].effects[0]", "to 应为 same"),
    ("clock that never starts", ("triggers", HAND_OVER, "effects"), [], "states[1].clocks[0].starts", "期限永远不会起算"),
    ("clock naming no step", ("states", WAITING, "clocks", 0, "then"), "fly", "states[1].clocks[0].then", "没有步骤“fly”"),
    ("clock naming a person's step", ("states", WAITING, "clocks", 0, "then"), "finish", "states[1].clocks[0].then", "由人办理"),
    ("clock length nobody asks", ("states", WAITING, "clocks", 0, "working_days", "field"), "weeks", "states[1].clocks[0].working_days", "没有步骤填写“weeks”"),
    ("clock of no length", ("states", WAITING, "clocks", 0, "working_days"), 0, "states[1].clocks[0].working_days.constrained-int", ""),
    ("clock in days and in months", ("states", WAITING, "clocks", 0, "months"), 1, "states[1].clocks[0]", "只能写一个"),
    ("clock without a length", ("states", WAITING, "clocks", 0, "working_days"), None, "states[1].clocks[0]", "须写明 working_days"),
    ("reminder before the start", ("states", WAITING, "clocks", 0, "remind", 0, "working_days_before"), 5, "states[1].clocks[0].remind[0]", "期限本身只有5个工作日"),
    ("clock that does nothing", ("suspensions", 0, "clocks", 0, "remind"), [], "suspensions[0].clocks[0]", "没有作用"),
    ("timer that no clock fires", ("triggers", LAPSE, "from"), ["waiting", "late"], "triggers[2].from", "状态“late”没有期限会自动办理"),
    ("suspension unknown", ("triggers", ASK, "suspend"), "doubt", "triggers[7].suspend", "没有中止事由“doubt”"),
    ("suspension that nothing lifts", ("triggers", REPLY, "lift"), False, "suspensions[0]", "期限将永远停着"),
    ("suspension while clocks are held", ("triggers", ASK, "from"), ["heard"], "triggers[7].from", "已保留着别的期限"),
    ("lift without question", ("triggers", FINISH, "lift"), True, "triggers[3].lift", "只有带 during 的步骤"),
    ("clock in a final state", ("states", DONE, "clocks"), [{"name": "x", "label": "x", "starts": "entered", "working_days": 1, "then": "lapse", "source": "方案"}], "states[4].clocks", "终结状态不能有期限"),
    ("unreachable state", ("triggers", HEAR, "to"), "late", "states[3]", "到不了状态“heard”"),
    ("no final state", ("states", DONE, "final"), False, "states", "没有终结状态"),
]  # fmt: skip


def broken(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    data: dict[str, Any] = deepcopy(read_yaml(SOUND, name="sound"))
    here: Any = data
    for part in path[:-1]:
        here = here[part]
    if value is REMOVE:
        del here[path[-1]]
    else:
        here[path[-1]] = value
    return data


def test_the_sound_one_is_sound() -> None:
    assert load_workflow(read_yaml(SOUND, name="sound")).key == "small"


@pytest.mark.parametrize(
    ("path", "value", "place", "words"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN]
)
def test_a_fault_is_found_at_its_place(path: tuple[Any, ...], value: Any, place: str, words: str) -> None:
    with pytest.raises(DefinitionFaults) as refused:
        load_workflow(broken(path, value))
    told = {fault.place: fault.what for fault in refused.value.faults}
    found = [fault.what for fault in refused.value.faults if fault.place.startswith(place)]
    assert any(words in what for what in found), told


def test_all_faults_are_told_at_once() -> None:
    data = broken(("initial",), "nowhere")
    data["triggers"][SEND]["to"] = "nowhere"
    data["triggers"][FINISH]["guard"] = {"var": "weather"}
    with pytest.raises(DefinitionFaults) as refused:
        load_workflow(data)
    assert {fault.place for fault in refused.value.faults} >= {
        "initial",
        "triggers[0].to",
        "triggers[3].guard",
    }


def test_a_dead_end_is_told() -> None:
    data = broken(("triggers", FINISH, "from"), ["waiting"])
    data["triggers"][HEAR]["from"] = ["waiting"]
    data["triggers"][CANCEL]["from"] = ["opened"]
    with pytest.raises(DefinitionFaults, match=r"states\[2\]: 状态“late”进得去出不来"):
        load_workflow(data)


def test_a_loop_of_timers_without_exit_is_told() -> None:
    data = broken(("triggers", LAPSE, "from"), ["waiting", "late"])
    data["triggers"][LAPSE]["to"] = [{"from": ["late"], "state": "waiting"}, {"state": "late"}]
    clock = {
        "name": "again",
        "label": "再",
        "starts": "entered",
        "working_days": 1,
        "then": "lapse",
        "source": "方案",
    }
    data["states"][LATE]["clocks"] = [clock]
    assert load_workflow(data).key == "small", "a person can still leave the loop"
    data["triggers"][FINISH]["from"] = ["opened"]
    data["triggers"][HEAR]["from"] = ["opened"]
    data["triggers"][CANCEL]["from"] = ["opened"]
    data["triggers"][DISMISS]["to"] = "done"
    with pytest.raises(DefinitionFaults, match="期限在状态 waiting、late 之间自动循环，没有出口"):
        load_workflow(data)


def test_two_clocks_that_fire_from_one_start_are_told() -> None:
    data = broken(("suspensions", 0, "name"), "请示")
    clock = data["states"][WAITING]["clocks"][0]
    data["states"][WAITING]["clocks"] = [clock, {**clock, "name": "other"}]
    with pytest.raises(DefinitionFaults, match=r"states\[1\]\.clocks\[1\]: 与期限“answer”同时起算"):
        load_workflow(data)


def test_a_text_of_the_definition_is_never_called() -> None:
    for value in ("os.getpid", "workflow.engine.start"):
        with pytest.raises(DefinitionFaults):
            load_workflow(broken(("triggers", FINISH, "guard"), value))


def test_what_the_rest_of_the_pack_must_have(rectification: Workflow) -> None:
    needed = references_of(rectification)
    kinds = {reference.key for reference in needed.notices}
    assert kinds == {
        "rectification_notice", "reminder", "overdue_notice", "supervision_notice", "second_supervision_notice",
        "listed_supervision_notice", "refusal_hearing_notice", "refusal_decision", "accountability_proposal",
        "deduction_notice", "closure_notice", "extension_reply", "appeal_decision", "service_receipt",
        "exemption_notice", "withdrawal_notice",
    }  # fmt: skip
    faults = unmet_references(
        rectification,
        notices=kinds - {"closure_notice"},
        forms={"instant", "inspection"},
        roles={reference.key for reference in needed.roles} - {"monitor"},
        tiers={"overdue", "refused"},
        calendars=set(),
    )
    assert [(fault.place.partition("[")[0], fault.what) for fault in faults] == [
        ("triggers", "方案包里没有文书“closure_notice”"),
        ("triggers", "方案包里没有角色“monitor”"),
        ("triggers", "方案包里没有角色“monitor”"),
        ("states", "方案包里没有扣分档“supervised_twice”"),
        ("calendar", "方案包里没有工作日历“calendar”"),
    ]

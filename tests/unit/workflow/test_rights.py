"""字段权限: what of a role's words holds, what a step asks then, and tables that cannot be meant."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from definitions.source import load_yaml, read_yaml
from packs.diff import changes_between
from packs.pack import load_pack
from packs.provision import issuers_of
from tests.unit.workflow.conftest import PACK
from tests.unit.workflow.test_checks import DONE, OPENED, SOUND, WAITING
from workflow.checks import faults_of
from workflow.definition import Workflow, load_workflow
from workflow.engine import StepRefused, offers, start, step
from workflow.refusal import Because
from workflow.regulation import Names, plain_text, regulation
from workflow.rights import asks_in, fields_of, hidden_in, sheet_fields_of

FACTS: dict[str, Any] = {}
Right = tuple[str, str, str]


def with_rights(*rights: Right, state: int = OPENED) -> dict[str, Any]:
    """The small procedure; `days` is asked by its first step, which officers take."""
    data: dict[str, Any] = read_yaml(SOUND, name="small.yaml")
    data["states"][state]["rights"] = [
        {"role": role, "field": field, "may": may} for role, field, may in rights
    ]
    return data


def asked(workflow: Workflow, *roles: str) -> dict[str, bool]:
    """Field → whether it must be filled, of the first step."""
    rule = workflow.triggers_by_key["send"]
    return {ask.field: ask.required for ask in asks_in(workflow, rule, "opened", roles)}


@pytest.mark.parametrize(
    ("rights", "roles", "hidden", "fills"),
    [
        ([], ["officer"], set(), {"days": False}),
        ([("officer", "days", "hidden")], ["officer"], {"days"}, {}),
        ([("officer", "days", "read")], ["officer"], set(), {}),
        ([("officer", "days", "must")], ["officer"], set(), {"days": True}),
        ([("officer", "days", "must")], ["head"], set(), {"days": False}),
        # Denied to one of a person's roles is denied to the person.
        ([("officer", "days", "must"), ("head", "days", "hidden")], ["officer", "head"], {"days"}, {}),
        ([("head", "days", "hidden"), ("officer", "days", "must")], ["officer", "head"], {"days"}, {}),
        ([("target", "facts", "hidden")], ["target"], {"facts"}, {"days": False}),
        (
            [("target", "facts", "hidden"), ("target", "rating", "hidden")],
            ["officer"],
            set(),
            {"days": False},
        ),
    ],
)
def test_the_strictest_word_of_all_roles_holds(
    rights: list[Right], roles: list[str], hidden: set[str], fills: dict[str, bool]
) -> None:
    workflow = Workflow.read(with_rights(*rights))
    assert hidden_in(workflow, "opened", roles) == hidden
    assert asked(workflow, *roles) == fills
    assert hidden_in(workflow, "late", roles) == set(), "said of one state only"


@pytest.mark.parametrize(
    ("rights", "roles", "may"),
    [
        ([], ["officer"], {}),
        ([("officer", "facts", "edit")], ["officer"], {"facts": False}),
        ([("officer", "facts", "edit")], ["head"], {}),
        ([("officer", "basis", "must"), ("head", "basis", "edit")], ["officer", "head"], {"basis": True}),
        ([("officer", "facts", "edit"), ("head", "facts", "hidden")], ["officer", "head"], {}),
    ],
)
def test_the_sheet_is_changed_by_whom_it_is_granted_and_denied_to_nobody(
    rights: list[Right], roles: list[str], may: dict[str, bool]
) -> None:
    workflow = load_workflow(with_rights(*rights))
    assert sheet_fields_of(workflow, "opened", roles) == may
    assert sheet_fields_of(workflow, "late", roles) == {}


def test_a_step_refuses_what_is_denied_and_what_is_missing() -> None:
    must = load_workflow(with_rights(("officer", "days", "must")))
    given: dict[str, Any] = {"roles": ["officer"], "actor": "1", "facts": FACTS}
    with pytest.raises(StepRefused) as missing:
        step(must, start(must), "send", asked={}, **given)
    assert (missing.value.code, missing.value.field) == (Because.ASKED, "days")
    assert step(must, start(must), "send", asked={"days": 3}, **given).to_state == "waiting"
    read = load_workflow(with_rights(("officer", "days", "read")))
    with pytest.raises(StepRefused) as denied:
        step(read, start(read), "send", asked={"days": 3}, **given)
    assert (denied.value.code, denied.value.field) == (Because.ASKED, "days")
    assert "不能由您填写" in denied.value.sentence
    assert step(read, start(read), "send", asked={"days": None}, **given).to_state == "waiting"
    offered = {offer.trigger: offer for offer in offers(read, start(read), **given)}
    assert offered["send"].asks == ()


def test_a_step_whose_required_answer_is_denied_is_not_that_persons() -> None:
    data = with_rights(("officer", "days", "hidden"))
    data["triggers"][0]["roles"] = ["officer", "head"]
    data["triggers"][0]["asks"][0]["required"] = True
    workflow = load_workflow(data)
    with pytest.raises(StepRefused) as barred:
        step(workflow, start(workflow), "send", roles=["officer"], actor="1", facts=FACTS, asked={})
    assert barred.value.code is Because.ROLE
    assert "不能填写" in barred.value.sentence
    taken = step(workflow, start(workflow), "send", roles=["head"], actor="1", facts=FACTS, asked={"days": 2})
    assert taken.to_state == "waiting"


@pytest.mark.parametrize(
    ("rights", "state", "place", "words"),
    [
        ([("officer", "colour", "hidden")], OPENED, "states[0].rights[0].field", "没有字段“colour”"),
        ([("system", "facts", "hidden")], OPENED, "states[0].rights[0].role", "不是人的角色"),
        ([("head", "facts", "hidden")] * 2, OPENED, "states[0].rights[1]", "写了两次权限"),
        ([("target", "rating", "hidden")], OPENED, "states[0].rights[0]", "任何时候都看不到"),
        ([("target", "days", "must")], OPENED, "states[0].rights[0]", "没有任何步骤填写“天数”"),
        ([("officer", "days", "must")], WAITING, "states[1].rights[0]", "不能写“必填”"),
        ([("officer", "facts", "read")], OPENED, "states[0].rights[0]", "不能写“只读”"),
        ([("officer", "days", "edit")], OPENED, "states[0].rights[0]", "可以写“可改”"),
        ([("target", "facts", "edit")], OPENED, "states[0].rights[0]", "只能由督办专员、审核人或负责人改"),
        ([("officer", "channel", "must")], OPENED, "states[0].rights[0]", "不能写“必填”"),
        ([("officer", "facts", "edit")], DONE, "states[4].rights[0]", "终结状态"),
        ([("head", "reason", "read")], OPENED, "states[0].rights", "必填，这一步谁也办不了"),
    ],
)
def test_rights_that_cannot_be_meant_are_faults(
    rights: list[Right], state: int, place: str, words: str
) -> None:
    found = [str(fault) for fault in faults_of(Workflow.read(with_rights(*rights, state=state)))]
    assert any(line.startswith(f"{place}: ") and words in line for line in found), found


def test_an_unknown_role_is_a_fault_at_its_place() -> None:
    from definitions.fault import DefinitionFaults

    with pytest.raises(DefinitionFaults) as refused:
        load_workflow(with_rights(("king", "facts", "hidden")))
    assert [fault.place for fault in refused.value.faults] == ["states[0].rights[0].role"]


def test_a_guard_on_what_nobody_may_answer_is_a_fault() -> None:
    data = with_rights(("officer", "days", "read"))
    data["triggers"][0] |= {"guard": {">": [{"var": "days"}, 2]}, "refuse": "天数太少"}
    assert any("办理条件要看这一项" in fault.what for fault in faults_of(Workflow.read(data)))


def test_sound_rights_are_no_fault() -> None:
    rights = [("officer", "days", "must"), ("target", "facts", "hidden"), ("head", "days", "hidden")]
    assert faults_of(Workflow.read(with_rights(*rights))) == ()


def test_a_notice_does_not_have_what_nobody_may_fill() -> None:
    pack = load_pack(PACK)
    before = next(issuer for issuer in issuers_of(pack, "supervision_notice") if issuer.trigger)
    data = deepcopy(dict(load_yaml(PACK / "workflows" / "rectification.yaml")))
    rule = next(rule for rule in data["triggers"] if rule["key"] == before.trigger)
    field = next(ask["field"] for ask in rule["asks"] if ask["field"] in before.names)
    for state in data["states"]:
        if not state.get("final"):
            state["rights"] = [
                {"role": role, "field": field, "may": "read"} for role in ("officer", "reviewer", "head")
            ]
    pack = replace(pack, workflows={"rectification": Workflow.read(data)})
    after = next(issuer for issuer in issuers_of(pack, "supervision_notice") if issuer.trigger)
    told = {value.name: value.source for value in after.values}
    assert "本步骤填报" in {value.name: value.source for value in before.values}[field]
    assert "本步骤填报" not in told.get(field, "")


def test_rights_stand_in_the_regulation_and_in_the_difference() -> None:
    data = with_rights(
        ("target", "facts", "hidden"), ("officer", "days", "must"), ("target", "basis", "hidden")
    )
    names = Names(roles={"target": "测评对象", "officer": "督办专员"})
    text = plain_text(regulation(Workflow.read(data), names))
    assert "处于本状态时，测评对象不得查看“查明的事实”、“依据”。" in text
    assert "处于本状态时，督办专员办理时必须填写“天数”。" in text
    old = with_rights(("target", "facts", "hidden"), ("officer", "days", "read"))
    assert changes_between(old, data) == [
        "状态“已立”中督办专员对“天数”的权限 只读 → 必填",
        "状态“已立”中测评对象对“依据”的权限 照常 → 不可见",
    ]


def test_the_shipped_procedure_says_nothing_and_loses_nothing(rectification: Workflow) -> None:
    assert not any(state.rights for state in rectification.states)
    for rule in rectification.triggers:
        for state in rectification.sources_of(rule):
            assert asks_in(rectification, rule, state, ["officer", "target"]) == rule.asks
    assert fields_of(rectification)["rating"] == "来源测评和测评人"

"""Procedures that can be loaded and yet must not be published: each fault is found at its place."""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from definitions.fault import Fault
from definitions.source import load_yaml
from packs.check import check
from packs.pack import load_pack
from packs.parts import Pack, Part, PartKind
from services.stored_pack import with_workflow
from workflow.definition import load_workflow
from workflow.soundness import cautions, holder_faults, soundness_faults

PACK = Path(__file__).parents[3] / "packs" / "district-2012"
Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    data: dict[str, Any] = load_yaml(PACK / "workflows" / "rectification.yaml")
    return data


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(PACK)


def trigger(data: dict[str, Any], key: str) -> dict[str, Any]:
    return next(entry for entry in data["triggers"] if entry["key"] == key)


def state(data: dict[str, Any], key: str) -> dict[str, Any]:
    return next(entry for entry in data["states"] if entry["key"] == key)


def place_of(data: dict[str, Any], part: str, key: str) -> str:
    return f"{part}[{[entry['key'] for entry in data[part]].index(key)}]"


def guarded(key: str, guard: Any) -> Change:
    def change(data: dict[str, Any]) -> None:
        trigger(data, key).update(guard=guard, refuse="现在不能办理")

    return change


def unguarded_exits(data: dict[str, Any]) -> None:
    """Every way out of “逾期” has a condition, and none holds when the case is not grave and was never supervised."""
    for entry in data["triggers"]:
        sources = entry["from"]
        if (
            "overdue" in sources
            and not entry.get("guard")
            and not entry.get("suspend")
            and not entry.get("during")
        ):
            entry["from"] = [key for key in sources if key != "overdue"]
    trigger(data, "withdraw")["from"] = ["registered", "issued"]
    trigger(data, "allege_refusal")["from"] = ["issued", "answered"]
    guarded("supervise", {"and": [{"==": [{"var": "supervisions"}, 0]}, {"var": "grave"}]})(data)


def shadowed(data: dict[str, Any]) -> None:
    trigger(data, "reject")["to"] = [
        {"when": {">=": [{"var": "supervisions"}, 1]}, "state": "supervised_twice"},
        {"when": {">=": [{"var": "supervisions"}, 2]}, "state": "issued"},
        {"state": "overdue"},
    ]


def without_eyes(key: str) -> Change:
    return lambda data: trigger(data, key).pop("four_eyes_with") and None


#: what is broken → how → list of the place, key there, rest of the place → words.
UNSOUND: list[tuple[str, Change, tuple[str, str, str], str]] = [
    ("never true", guarded("close", {"and": [{"var": "grave"}, {"!": {"var": "grave"}}]}), ("triggers", "close", ".guard"), "永远不成立"),
    ("never true by number", guarded("close", {"<": [{"var": "answers"}, 0]}), ("triggers", "close", ".guard"), "永远不成立"),
    ("never true by state", guarded("close", {"==": [{"var": "state"}, "issued"]}), ("triggers", "close", ".guard"), "永远不成立"),
    ("never true by channel", guarded("close", {"and": [{"==": [{"var": "channel"}, "inspection"]}, {"==": [{"var": "channel"}, "hotline"]}]}), ("triggers", "close", ".guard"), "永远不成立"),
    ("branch never reached", shadowed, ("triggers", "reject", ".to[1]"), "永远轮不到"),
    ("stuck", unguarded_exits, ("states", "overdue", ""), "办不下去"),
    ("gap between conditions", guarded("supervise_again", {">": [{"var": "supervisions"}, 1]}), ("states", "overdue", ""), "都不能办理"),
    ("conditions overlap", guarded("supervise", {"<=": [{"var": "supervisions"}, 1]}), ("triggers", "supervise_again", ".guard"), "同时成立"),
    ("extension by the asker", without_eyes("grant_extension"), ("triggers", "grant_extension", ".four_eyes_with"), "同一个人"),
    ("refusal by the asker", without_eyes("refuse_extension"), ("triggers", "refuse_extension", ".four_eyes_with"), "同一个人"),
    ("appeal by its recorder", without_eyes("uphold_appeal"), ("triggers", "uphold_appeal", ".four_eyes_with"), "同一个人"),
    ("appeal refused by its recorder", without_eyes("reject_appeal"), ("triggers", "reject_appeal", ".four_eyes_with"), "同一个人"),
    ("confirmed by the proposer", without_eyes("confirm_refusal"), ("triggers", "confirm_refusal", ".four_eyes_with"), "同一个人"),
]  # fmt: skip


def gap(data: dict[str, Any]) -> None:
    guarded("supervise_again", {">": [{"var": "supervisions"}, 1]})(data)
    guarded("list_for_supervision", {">": [{"var": "supervisions"}, 1]})(data)


@pytest.mark.parametrize(
    ("change", "where", "words"), [case[1:] for case in UNSOUND], ids=[case[0] for case in UNSOUND]
)
def test_each_fault_is_found_at_its_place(
    plain: dict[str, Any], change: Change, where: tuple[str, str, str], words: str
) -> None:
    data = deepcopy(plain)
    change(data)
    if words == "都不能办理":
        gap(data)
    part, key, rest = where
    place = place_of(data, part, key) + rest
    found = soundness_faults(load_workflow(data))
    assert [fault for fault in found if fault.place == place and words in fault.what], found


def test_the_shipped_procedure_is_sound(plain: dict[str, Any]) -> None:
    workflow = load_workflow(plain)
    assert soundness_faults(workflow) == ()
    assert cautions(workflow) == ()


def test_a_deadline_that_may_pass_without_effect_is_a_caution(plain: dict[str, Any]) -> None:
    data = deepcopy(plain)
    guarded("expire", {"var": "grave"})(data)
    found = cautions(load_workflow(data))
    assert found[0].place == f"{place_of(data, 'states', 'issued')}.clocks[0].then"
    assert "什么也不会发生" in found[0].what


def faults_in_pack(pack: Pack, data: dict[str, Any]) -> list[Fault]:
    changed = with_workflow(pack, data, load_workflow(data))
    return [fault for fault in check(changed) if fault not in check(pack)]


def no_reason(data: dict[str, Any]) -> None:
    for entry in data["triggers"]:
        entry["asks"] = [ask for ask in entry.get("asks", ()) if ask["field"] != "refusal_facts"]


def all_tiers_once(data: dict[str, Any]) -> None:
    state(data, "supervised")["tier"] = "nowhere"


#: What only the rest of the pack brings to light: scheme, notices, roles, calendar, lists.
UNFIT: list[tuple[str, Change, str, str]] = [
    ("tier unknown", all_tiers_once, "states[4].tier", "没有扣分档“nowhere”"),
    ("notice unknown", lambda d: trigger(d, "issue")["effects"][0].update(kind="letter"), "triggers[0].effects[0].kind", "没有文书“letter”"),
    ("reminder unknown", lambda d: state(d, "issued")["clocks"][0]["remind"][0].update(notice="letter"), "states[1].clocks[0].remind[0].notice", "没有文书“letter”"),
    ("form unknown", lambda d: trigger(d, "re_evaluate")["effects"][0].update(form="other"), "triggers[18].effects[0].form", "没有表单“other”"),
    ("calendar unknown", lambda d: d.update(calendar="other"), "calendar", "没有工作日历“other”"),
    ("channel unknown", lambda d: guarded("close", {"==": [{"var": "channel"}, "rumour"]})(d), "triggers[17].guard", "没有发现渠道“rumour”"),
    ("category unknown", lambda d: guarded("close", {"==": [{"var": "category"}, "other"]})(d), "triggers[17].guard", "没有类别“other”"),
    ("clause unknown", lambda d: state(d, "closed").update(source="方案第九十九条"), "states[10].source", "方案没有"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "place", "words"), [case[1:] for case in UNFIT], ids=[case[0] for case in UNFIT]
)
def test_each_contradiction_with_the_pack_is_found_at_its_place(
    pack: Pack, plain: dict[str, Any], change: Change, place: str, words: str
) -> None:
    data = deepcopy(plain)
    change(data)
    found = faults_in_pack(pack, data)
    wanted = f"workflows/rectification.yaml: {place}"
    assert [fault for fault in found if fault.place == wanted and words in fault.what], found


def test_a_path_beyond_the_cap_is_found(pack: Pack, plain: dict[str, Any]) -> None:
    part = next(part for part in pack.parts if part.kind is PartKind.SCHEME)
    scheme = deepcopy(part.data)

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if node.get("kind") == "pool":
                node["ladder"] = "sum"
                node["tiers"][2]["points"] = 15
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(scheme)
    from dataclasses import replace

    from scoring.definition import load_scheme

    loaded = load_scheme(scheme)
    parts = tuple(Part(p.path, p.kind, scheme, loaded) if p is part else p for p in pack.parts)
    found = check(replace(pack, parts=parts, scheme=loaded))
    assert any(fault.place.endswith("states[8].tier") and "共扣23分" in fault.what for fault in found), found


def test_accounts_without_holder_or_with_a_single_person_are_found(plain: dict[str, Any]) -> None:
    workflow = load_workflow(plain)
    everyone = {role: {1, 2} for role in ("officer", "reviewer", "head", "target", "monitor", "inspector")}
    assert holder_faults(workflow, everyone) == ()
    missing = holder_faults(workflow, {**everyone, "head": set()})
    assert any(fault.what == "目前没有一个账号能办理“撤销立案”" for fault in missing)
    alone = holder_faults(workflow, {**everyone, "head": {7}, "officer": {7}, "reviewer": {7}})
    assert [fault.what for fault in alone if "由两个人办理" in fault.what]


def test_the_checks_are_quick_enough_to_run_with_every_edit(plain: dict[str, Any]) -> None:
    workflow = load_workflow(plain)
    begun = time.process_time()
    for _ in range(3):
        soundness_faults(workflow)
    assert time.process_time() - begun < 3

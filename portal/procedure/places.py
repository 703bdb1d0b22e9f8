"""From the place of a fault to the page where it can be mended."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from definitions.fault import Fault
from workflow.definition import Workflow

_PLACE = re.compile(r"(states|triggers|suspensions|counts|stories)\[(\d+)\](?:\.clocks\[(\d+)\])?\.?(.*)")
_SETTINGS = {
    "from": "从哪些状态",
    "to": "去向",
    "guard": "条件",
    "refuse": "不符合条件时说的话",
    "roles": "谁办理",
    "four_eyes_with": "回避",
    "panel": "会签",
    "asks": "填写项",
    "effects": "效果",
    "tier": "扣分档",
    "source": "依据",
    "working_days": "工作日数",
    "months": "月数",
    "then": "届满时",
    "remind": "提醒",
    "rights": "字段权限",
    "starts": "从何时起算",
    "key": "代号",
    "holds_clocks": "保留期限",
    "suspend": "引起中止",
    "during": "答复中止",
    "lift": "恢复期限",
    "name": "名称",
}


@dataclass(frozen=True)
class FaultLine:
    """One thing to mend. part, key, clock: whose page; empty part: the procedure's own settings, or another file."""

    sentence: str
    part: str = ""
    key: str = ""
    clock: str = ""
    label: str = ""
    setting: str = ""
    anchor: str = ""


def fault_lines(workflow: Workflow, faults: Iterable[Fault]) -> list[FaultLine]:
    """Faults with the names of their places."""
    return [_line(workflow, fault) for fault in faults]


def keys_at_fault(lines: Iterable[FaultLine]) -> frozenset[str]:
    """The keys of states and steps with faults."""
    return frozenset(line.key for line in lines if line.part in ("states", "triggers"))


def _line(workflow: Workflow, fault: Fault) -> FaultLine:
    found = _PLACE.fullmatch(fault.place)
    if found is None:
        return _elsewhere(workflow, fault)
    part, index, position, rest = found[1], int(found[2]), found[3], found[4]
    if part == "stories":
        return FaultLine(fault.what, part)
    entries = getattr(workflow, part)
    if index >= len(entries):
        return FaultLine(fault.what)
    entry = entries[index]
    first = re.split(r"[.\[]", rest)[0] if rest else ""
    words = _SETTINGS.get(first, "")
    label = entry.label if part == "counts" else entry.name
    if position is None:
        return FaultLine(fault.what, part, entry.key, "", label, words, f"s-{first}" if words else "")
    clock = entry.clocks[int(position)]
    setting = f"期限“{clock.label}”" + (f"的{words}" if words else "")
    return FaultLine(fault.what, part, entry.key, clock.name, label, setting, f"s-{first}" if words else "")


def _elsewhere(workflow: Workflow, fault: Fault) -> FaultLine:
    """A fault in another file of the pack, which names the step in its sentence when a step is to blame."""
    file, _, place = fault.place.rpartition(": ")
    if not file:
        setting = "屡查屡犯" if place.startswith("repeat_offence") else _SETTINGS.get(place, "")
        return FaultLine(
            fault.what, setting=setting, anchor="s-repeat_offence" if setting == "屡查屡犯" else ""
        )
    for part, entries in (("triggers", workflow.triggers), ("states", workflow.states)):
        noun = "步骤" if part == "triggers" else "状态"
        for entry in entries:
            if f"{noun}“{entry.name}”" in fault.what:
                return FaultLine(f"{fault.what}（{file}）", part, entry.key, "", entry.name)
    return FaultLine(f"{fault.what}（{fault.place}）")

"""What the designer's pages posted, as settings of a procedure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from definitions.lines import read_lines, whole
from definitions.sentences import (
    Facts,
)
from definitions.texts import names_among
from portal.procedure.reader import Posted, Reader, Settings
from workflow.panel import PanelMode
from workflow.vocabulary import ClockUnit, Role


def state_settings(
    held: Mapping[str, Any], form: Posted, facts: Facts, offers: Mapping[str, Any]
) -> Settings:
    """Everything the page of a state posted. Raises Unreadable."""
    reader = Reader(form, facts)
    settings: Settings = {
        "name": reader.needed("name", "名称"),
        "tier": reader.text("tier") or None,
        "final": reader.tick("final"),
        "holds_clocks": reader.tick("holds_clocks"),
        "effects": _effects(reader, held, offers) or None,
        "source": reader.needed("source", "依据"),
        "note": reader.long("note"),
    }
    return reader.finished(settings)


def step_settings(held: Mapping[str, Any], form: Posted, facts: Facts, offers: Mapping[str, Any]) -> Settings:
    """Everything the page of a step posted. Raises Unreadable."""
    reader = Reader(form, facts)
    timer = form.get("by") == "timer"
    guard = reader.rule("guard", held.get("guard"))
    settings: Settings = {
        "name": reader.needed("name", "名称"),
        "from": _from(reader, held, offers),
        "to": _to(reader, held),
        "by": "timer" if timer else None,
        "roles": None if timer else reader.chosen("roles", offers["roles"], held.get("roles", ())) or None,
        "four_eyes_with": None
        if timer
        else reader.chosen("four_eyes_with", offers["steps"], held.get("four_eyes_with", ())) or None,
        "panel": None if timer else _panel(reader, held),
        "guard": guard,
        "refuse": None if guard is None else reader.text("refuse") or "目前不具备办理这一步的条件",
        "asks": None if timer else _asks(reader, held) or None,
        "effects": _effects(reader, held, offers) or None,
        "suspend": reader.text("suspend") or None,
        "during": reader.text("during") or None,
        "lift": reader.tick("lift"),
        "source": reader.needed("source", "依据"),
        "note": reader.long("note"),
    }
    return reader.finished(settings)


def _panel(reader: Reader, held: Mapping[str, Any]) -> Settings | None:
    """Who decides about the step together; None for a step of one person."""
    mode = reader.text("panel-mode")
    if not mode:
        return None
    before: Mapping[str, Any] = held.get("panel") or {}
    roles = reader.chosen("panel-roles", [role.value for role in Role], before.get("roles", ()))
    if not roles:
        reader.faults["panel"] = "请选择哪些岗位可以会签"
    share = reader.text("panel-share")
    if (mode == PanelMode.RATIO) != bool(share):
        reader.faults["panel"] = "按比例会签的要写比例，例如 2/3；其他方式不写比例"
    panel = {
        **before,
        "mode": mode,
        "roles": roles,
        "at_least": reader.number("panel-at_least", "至少几人会签", least=1),
        "share": share or None,
        "source": reader.text("panel-source") or "实施口径",
    }
    return {name: value for name, value in panel.items() if value is not None}


def _from(reader: Reader, held: Mapping[str, Any], offers: Mapping[str, Any]) -> list[str]:
    if reader.form.get("from-running"):
        return ["*running"]
    chosen = reader.chosen("from", offers["states"], held["from"])
    if not chosen:
        reader.faults["from"] = "至少选一个可以办理这一步的状态"
    return chosen


def _to(reader: Reader, held: Mapping[str, Any]) -> Any:
    kept = held["to"]
    before: list[Mapping[str, Any]] = [{"state": kept}] if isinstance(kept, str) else list(kept)
    branches: list[Settings] = []
    for index in range(len(before) + 1):
        state = reader.text(f"to-{index}-state")
        if not state:
            continue
        old = before[index] if index < len(before) else {}
        branch: Settings = {"state": state}
        sources = [key for key in reader.text(f"to-{index}-from").split(",") if key]
        if sources:
            branch["from"] = sources
        when = reader.rule(f"to-{index}-when", old.get("when"))
        if when is not None:
            branch["when"] = when
        branches.append(branch)
    if not branches:
        reader.faults["to"] = "请选择办理后到哪里"
        return kept
    # A way without condition is the last that is looked at, wherever it was typed.
    branches.sort(key=lambda branch: "when" not in branch and "from" not in branch)
    return branches[0]["state"] if len(branches) == 1 and len(branches[0]) == 1 else branches


def _asks(reader: Reader, held: Mapping[str, Any]) -> list[Settings]:
    before = {ask["field"]: ask for ask in held.get("asks", ())}
    taken = {line.get("field", "") for line in read_lines("asks", reader.form)}
    asks: list[Settings] = []
    for number, line in enumerate(read_lines("asks", reader.form), 1):
        if not line.get("label"):
            continue
        field = line.get("field") or _free(taken)
        old = before.get(line.get("was", field), {})
        ask: Settings = {**old, "field": field, "label": line["label"], "type": line.get("type") or "text"}
        for name in ("required", "hint", "options", "at_least", "at_most"):
            ask.pop(name, None)
        if line.get("required"):
            ask["required"] = True
        if line.get("hint"):
            ask["hint"] = line["hint"]
        if ask["type"] == "number":
            for name in ("at_least", "at_most"):
                value = whole(line.get(name, ""))
                if isinstance(value, str):
                    reader.faults[f"asks-{number}"] = f"第{number}个填写项的最少、最多应为整数"
                elif value is not None:
                    ask[name] = value
        if ask["type"] in ("choice", "choices"):
            ask["options"] = _options(line.get("options", ""), old.get("options", ()))
            if not ask["options"]:
                reader.faults[f"asks-{number}"] = f"第{number}个填写项是选择题，请写选项，用顿号隔开"
        asks.append(ask)
    return asks


def _free(taken: set[str]) -> str:
    number = 1
    while f"field_{number}" in taken:
        number += 1
    taken.add(f"field_{number}")
    return f"field_{number}"


def _options(typed: str, held: Sequence[Mapping[str, str]]) -> list[Settings]:
    keys = {option["label"]: option["key"] for option in held}
    names = names_among(typed, list(keys))
    used, options = set(keys.values()), []
    for name in dict.fromkeys(names):
        key, number = keys.get(name), 1
        while key is None:
            key = f"option_{number}" if f"option_{number}" not in used else None
            number += 1
        used.add(key)
        options.append({"key": key, "label": name})
    return options


# -- effects -------------------------------------------------------------------------------------------------


def _effects(reader: Reader, held: Mapping[str, Any], offers: Mapping[str, Any]) -> list[Settings]:
    effects: list[Settings] = []
    for index, old in enumerate(held.get("effects", ())):
        at = f"effects-{index}"
        if reader.form.get(f"{at}-do") is None:
            effects.append(dict(old))
            continue
        if reader.form.get(f"{at}-delete"):
            continue
        effects.append(_effect(reader, at, old, offers))
    fresh = reader.form.get("effects-new", "")
    if fresh:
        started = _started(fresh, held, offers)
        if started is None:
            reader.faults["effects-new"] = "还没有可选的内容：计数、表单或填写项要先建立"
        else:
            effects.append(started)
    return effects


def _effect(reader: Reader, at: str, old: Mapping[str, Any], offers: Mapping[str, Any]) -> Settings:
    effect: Settings = dict(old)
    do = old["do"]
    if do == "issue_notice":
        effect["kind"] = reader.text(f"{at}-kind") or old["kind"]
    elif do == "tell":
        effect["roles"] = reader.chosen(f"{at}-roles", offers["roles"], old["roles"])
        effect["text"] = reader.needed(f"{at}-text", "要发的消息")
        if not effect["roles"]:
            reader.faults[f"{at}-roles"] = "请选择告知谁"
    elif do == "count":
        effect["name"] = reader.text(f"{at}-name") or old["name"]
    elif do == "rate":
        effect["form"] = reader.text(f"{at}-form") or old["form"]
    elif do == "reverse_deductions":
        effect["reason_field"] = reader.text(f"{at}-field") or old["reason_field"]
        effect["which"] = reader.text(f"{at}-which") or "all"
    elif do == "serve":
        effect.pop("on_field", None)
        if reader.text(f"{at}-field"):
            effect["on_field"] = reader.text(f"{at}-field")
    elif do == "resume_clocks":
        field = reader.text(f"{at}-field") or old["extra_working_days"]["field"]
        effect["extra_working_days"] = {**old["extra_working_days"], "field": field}
    when = reader.rule(f"{at}-when", old.get("when"))
    effect.pop("when", None)
    return {**effect, "when": when} if when is not None else effect


def _started(do: str, held: Mapping[str, Any], offers: Mapping[str, Any]) -> Settings | None:
    """What a new effect begins with; None when there is nothing it could be about."""
    fields = [ask["field"] for ask in held.get("asks", ())]
    first: Settings | None = None
    if do == "issue_notice" and offers["notices"]:
        first = {"kind": next(iter(offers["notices"]))}
    elif do == "tell":
        first = {"roles": ["officer"], "text": "事项有新的进展，请查看。"}
    elif do == "count" and offers["counts"]:
        first = {"name": next(iter(offers["counts"]))}
    elif do == "rate" and offers["forms"]:
        first = {"form": next(iter(offers["forms"]))}
    elif do == "reverse_deductions" and fields:
        first = {"reason_field": fields[0], "which": "last"}
    elif do == "serve":
        first = {}
    elif do == "resume_clocks" and fields:
        first = {"extra_working_days": {"field": fields[0], "default": 0}}
    return None if first is None else {"do": do, **first}


# -- clocks, suspensions, counts, the procedure itself -------------------------------------------------------


def clock_settings(
    held: Mapping[str, Any], form: Posted, facts: Facts, offers: Mapping[str, Any]
) -> Settings:
    """Everything the page of a clock posted. Raises Unreadable."""
    reader = Reader(form, facts)
    number = reader.number("working_days", "期限长短", least=1)
    if number is None and "working_days" not in reader.faults:
        reader.faults["working_days"] = "请填写期限有多长"
    field, months = reader.text("field"), reader.text("unit") == ClockUnit.MONTHS
    if months and field:
        reader.faults["field"] = "按月计算的期限不能在办理时另设，请选“不能另设”或改为工作日"
    days = {"field": field, "default": number} if field and number is not None else number
    settings: Settings = {
        "label": reader.needed("label", "名称"),
        "starts": reader.text("starts") or "entered",
        "working_days": None if months else days,
        "months": number if months else None,
        "then": reader.text("then") or None,
        "remind": _reminders(reader, held, offers) or None,
        "source": reader.needed("source", "依据"),
        "note": reader.long("note"),
    }
    return reader.finished(settings)


def _reminders(reader: Reader, held: Mapping[str, Any], offers: Mapping[str, Any]) -> list[Settings]:
    before = list(held.get("remind", ()))
    reminders: list[Settings] = []
    for index in range(len(before) + 1):
        at = f"remind-{index}"
        days = reader.number(f"{at}-days", f"第{index + 1}次提醒的天数")
        if days is None:
            continue
        reminder: Settings = {**(before[index] if index < len(before) else {}), "working_days_before": days}
        tell = reader.chosen(f"{at}-tell", offers["roles"], reminder.get("tell", ()))
        for name in ("notice", "tell", "text"):
            reminder.pop(name, None)
        for name, value in (
            ("notice", reader.text(f"{at}-notice")),
            ("tell", tell),
            ("text", reader.text(f"{at}-text")),
        ):
            if value:
                reminder[name] = value
        if not tell and not reminder.get("notice"):
            reader.faults[f"{at}-days"] = f"第{index + 1}次提醒还没有写发什么文书或提醒谁"
        reminders.append(reminder)
    return sorted(reminders, key=lambda reminder: -reminder["working_days_before"])


def suspension_settings(form: Posted, facts: Facts) -> Settings:
    """Everything the page of a suspension posted. Raises Unreadable."""
    reader = Reader(form, facts)
    return reader.finished(
        {
            "name": reader.needed("name", "名称"),
            "source": reader.needed("source", "依据"),
            "note": reader.long("note"),
        }
    )


def count_settings(form: Posted, facts: Facts) -> Settings:
    """Everything the page of a count posted. Raises Unreadable."""
    reader = Reader(form, facts)
    return reader.finished({"label": reader.needed("name", "名称")})


def head_settings(held: Mapping[str, Any], form: Posted, facts: Facts) -> Settings:
    """The procedure's own settings. held: the document. Raises Unreadable."""
    reader = Reader(form, facts)
    return reader.finished(
        {
            "name": reader.needed("name", "名称"),
            "source": reader.needed("source", "依据"),
            "note": reader.long("note"),
            "initial": reader.needed("initial", "初始状态"),
            "repeat_offence": _repeat_offence(reader, held),
        }
    )


def _repeat_offence(reader: Reader, held: Mapping[str, Any]) -> Settings | None:
    """The rule of 屡查屡犯; None while it is not ticked, whatever else is typed."""
    before: Mapping[str, Any] = held.get("repeat_offence") or {}
    if not reader.form.get("repeat"):
        return None
    months = reader.number("repeat-months", "几个月内", least=1)
    if months is None and "repeat-months" not in reader.faults:
        reader.faults["repeat-months"] = "请填写几个月内再次发生算屡查屡犯"
    counts: dict[str, int] = {}
    for count in held.get("counts", ()):
        number = reader.number(f"repeat-count-{count['key']}", f"{count['label']}从几次起计")
        if number:
            counts[count["key"]] = number
    states = [state["key"] for state in held["states"]]
    return {
        name: value
        for name, value in {
            "within_months": months,
            "counts": counts or None,
            "not_counting": reader.chosen("repeat-not", states, before.get("not_counting", ())) or None,
            "source": reader.text("repeat-source") or "实施口径",
            "note": reader.long("repeat-note"),
        }.items()
        if value is not None
    }

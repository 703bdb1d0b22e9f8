"""What the designer's pages show of a draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from definitions.expression import in_words
from definitions.sentences import Facts, Sentence
from packs.parts import Pack
from portal.rule_lines import rule_shown
from workflow.definition import (
    PREVIOUS,
    RUNNING,
    SAME,
    Clock,
    FieldOr,
    IssueNoticeRule,
    State,
    Suspension,
    Trigger,
    Workflow,
)
from workflow.diagram import labels_of
from workflow.expression_faults import names_for
from workflow.regulation import Names
from workflow.vocabulary import AskType, ClockStart, Firing, Role

ASK_TYPES: Mapping[str, str] = {
    AskType.TEXT: "文字",
    AskType.LONG_TEXT: "长文字",
    AskType.NUMBER: "整数",
    AskType.BOOLEAN: "是否",
    AskType.DATE: "日期",
    AskType.CHOICE: "单选",
    AskType.CHOICES: "多选",
    AskType.GRADE: "档次",
    AskType.FILES: "附件",
}
EFFECTS: Mapping[str, str] = {
    "issue_notice": "印发文书",
    "tell": "发消息",
    "count": "计一次数",
    "reverse_deductions": "撤回扣分",
    "serve": "记为已送达，期限起算",
    "resume_clocks": "恢复期限时加天数",
    "rate": "填再评价表单",
}
STARTS: Mapping[str, str] = {ClockStart.ENTERED: "自进入之日", ClockStart.SERVED: "自文书送达之日"}
#: Roles that people hold, in the order of the office.
PERSONS = tuple(role for role in Role if role is not Role.SYSTEM)


@dataclass(frozen=True)
class Row:
    """One state or step in its table. facts: pairs of what and how; wrong: whether it has a fault."""

    key: str
    name: str
    tags: tuple[str, ...]
    first: str
    second: str
    third: str
    wrong: bool


def state_rows(workflow: Workflow, names: Names, wrong: frozenset[str]) -> list[Row]:
    """The states: kind, clocks, cost."""
    return [
        Row(
            state.key,
            state.name,
            tuple(_state_tags(workflow, state)),
            "；".join(clock_words(workflow, clock) for clock in state.clocks),
            names.points.get(state.key, state.tier) or "" if state.tier else "",
            state.source,
            state.key in wrong,
        )
        for state in workflow.states
    ]


def _state_tags(workflow: Workflow, state: State) -> list[str]:
    found = ["初始状态"] if state.key == workflow.initial else []
    found += ["终结状态"] if state.final else []
    found += ["有字段权限"] if state.rights else []
    return [*found, "保留原期限"] if state.holds_clocks else found


def step_rows(workflow: Workflow, names: Names, wrong: frozenset[str]) -> list[Row]:
    """The steps: from where to where, by whom, on which condition, with which notices."""
    labels = {**labels_of(workflow), **names.values}
    rows = []
    for trigger in workflow.triggers:
        issued = [rule.kind for rule in trigger.effects if isinstance(rule, IssueNoticeRule)]
        tags = [f"《{names.notices.get(kind, kind)}》" for kind in issued]
        rows.append(
            Row(
                trigger.key,
                trigger.name,
                tuple(tags),
                f"{_sources(workflow, trigger)} → {_ends(workflow, trigger)}",
                _who(trigger, names),
                "" if trigger.guard is None else in_words(trigger.guard, labels),
                trigger.key in wrong,
            )
        )
    return rows


def _sources(workflow: Workflow, trigger: Trigger) -> str:
    if RUNNING in trigger.sources:
        return "未办结的任何状态"
    return "、".join(workflow.states_by_key[key].name for key in workflow.sources_of(trigger))


def _ends(workflow: Workflow, trigger: Trigger) -> str:
    named = [end_words(workflow, branch.state) for branch in trigger.branches]
    return " 或 ".join(dict.fromkeys(named))


def end_words(workflow: Workflow, state: str) -> str:
    """Where a step leads, by name."""
    known = workflow.states_by_key.get(state)
    return {SAME: "状态不变", PREVIOUS: "原状态"}.get(state) or (known.name if known else state)


def _who(trigger: Trigger, names: Names) -> str:
    if trigger.by is Firing.TIMER:
        return "到期自动"
    return "、".join(names.roles.get(role.value, role.value) for role in trigger.roles)


def clock_words(workflow: Workflow, clock: Clock) -> str:
    """A clock in one line."""
    days = f"{clock.words}（可另设）" if isinstance(clock.length, FieldOr) else clock.words
    then = workflow.triggers_by_key.get(clock.then or "")
    after = f"，届满→{then.name}" if then else ""
    reminders = "、".join(
        f"前{rule.working_days_before}日" if rule.working_days_before else "当日" for rule in clock.remind
    )
    return f"{clock.label}：{STARTS[clock.starts]}{days}{after}" + (
        f"，提醒：{reminders}" if reminders else ""
    )


# -- conditions ----------------------------------------------------------------------------------------------


def facts_in(workflow: Workflow, trigger: Trigger | None, pack: Pack) -> Facts:
    """What conditions of a step (None: of a state) may speak of."""
    types = names_for(workflow, trigger)
    labels = labels_of(workflow)
    states = {state.key: state.name for state in workflow.states}
    options: dict[str, Mapping[str, str]] = {
        "state": states,
        "previous": states,
        "visited": states,
        "done_here": {rule.key: rule.name for rule in workflow.triggers},
        "tiers": {state.tier: state.name for state in workflow.states if state.tier},
        "category": {category.key: category.name for category in pack.roster.categories},
    }
    channels = pack.dictionaries.get("channels")
    if channels is not None:
        options["channel"] = {entry.key: entry.name for entry in channels.leaves()}
    for ask in trigger.asks if trigger else ():
        if ask.options:
            options[ask.field] = {option.key: option.label for option in ask.options}
    return Facts(types, {name: labels.get(name, name) for name in types}, options)


@dataclass(frozen=True)
class Rule:
    """One condition as its lines; `lines` None when it says more than lines can. said: as it is kept."""

    name: str
    lines: Sentence | None
    said: str


def rule_of(name: str, expression: Any, facts: Facts, typed: Mapping[str, Sentence]) -> Rule:
    """A condition to be edited. typed: lines as they were posted, instead of the kept ones."""
    labels = dict(facts.labels)
    for fact, options in facts.options.items():
        labels.update({f"{fact}.{key}": label for key, label in options.items()})
    lines, said = rule_shown(expression, facts, labels, typed.get(name))
    return Rule(name, lines, said)


@dataclass(frozen=True)
class EffectLine:
    """One effect to be edited. index: its number in the list."""

    index: int
    do: str
    words: str
    data: Mapping[str, Any]
    rule: Rule


def effect_lines(owner: Mapping[str, Any], facts: Facts, typed: Mapping[str, Sentence]) -> list[EffectLine]:
    """The effects of a state or step."""
    return [
        EffectLine(
            index,
            effect["do"],
            EFFECTS.get(effect["do"], effect["do"]),
            effect,
            rule_of(f"effects-{index}-when", effect.get("when"), facts, typed),
        )
        for index, effect in enumerate(owner.get("effects") or ())
    ]


@dataclass(frozen=True)
class BranchLine:
    """One way of a step. sources: keys, joined by commas, empty for all."""

    index: int
    state: str
    sources: str
    sources_words: str
    rule: Rule


def branch_lines(
    workflow: Workflow, step: Mapping[str, Any], facts: Facts, typed: Mapping[str, Sentence]
) -> list[BranchLine]:
    """The ways of a step with an empty one to fill in."""
    to = step["to"]
    branches: list[Mapping[str, Any]] = [{"state": to}] if isinstance(to, str) else list(to)
    lines = []
    for index, branch in enumerate([*branches, {"state": ""}]):
        sources = list(branch.get("from") or ())
        lines.append(
            BranchLine(
                index,
                branch["state"],
                ",".join(sources),
                "、".join(end_words(workflow, key) for key in sources),
                rule_of(f"to-{index}-when", branch.get("when"), facts, typed),
            )
        )
    return lines


def clock_lines(workflow: Workflow, owner: State | Suspension) -> list[tuple[str, str]]:
    """(name, words) of the clocks of a state or suspension."""
    return [(clock.name, clock_words(workflow, clock)) for clock in owner.clocks]

"""What a workflow needs of the rest of its pack, so that the whole can be checked together."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from definitions.fault import Fault
from workflow.definition import Clock, IssueNoticeRule, RateRule, TellRule, Workflow


@dataclass(frozen=True)
class Reference:
    """One key that must exist elsewhere. place: where it is named."""

    place: str
    key: str


@dataclass(frozen=True)
class References:
    """Everything a workflow names that it does not define."""

    notices: tuple[Reference, ...]
    forms: tuple[Reference, ...]
    roles: tuple[Reference, ...]
    tiers: tuple[Reference, ...]
    calendar: Reference


def references_of(workflow: Workflow) -> References:
    """All references with their places, in reading order."""
    notices: list[Reference] = []
    forms: list[Reference] = []
    roles: list[Reference] = []
    owners = [
        *((f"states[{index}]", state.effects) for index, state in enumerate(workflow.states)),
        *((f"triggers[{index}]", trigger.effects) for index, trigger in enumerate(workflow.triggers)),
    ]
    for place, rules in owners:
        for index, rule in enumerate(rules):
            where = f"{place}.effects[{index}]"
            if isinstance(rule, IssueNoticeRule):
                notices.append(Reference(f"{where}.kind", rule.kind))
            elif isinstance(rule, RateRule):
                forms.append(Reference(f"{where}.form", rule.form))
            elif isinstance(rule, TellRule):
                roles += [Reference(f"{where}.roles", role) for role in rule.roles]
    for index, state in enumerate(workflow.states):
        named = [right.role for right in state.rights]
        roles += [Reference(f"states[{index}].rights[{at}].role", role) for at, role in enumerate(named)]
    for place, clock in _clocks(workflow):
        for index, reminder in enumerate(clock.remind):
            where = f"{place}.remind[{index}]"
            roles += [Reference(f"{where}.tell", role) for role in reminder.tell]
            if reminder.notice:
                notices.append(Reference(f"{where}.notice", reminder.notice))
    for index, trigger in enumerate(workflow.triggers):
        roles += [Reference(f"triggers[{index}].roles", role) for role in trigger.roles]
        if trigger.panel:
            roles += [Reference(f"triggers[{index}].panel.roles", role) for role in trigger.panel.roles]
    tiers = [
        Reference(f"states[{index}].tier", state.tier)
        for index, state in enumerate(workflow.states)
        if state.tier
    ]
    calendar = Reference("calendar", workflow.calendar)
    return References(tuple(notices), tuple(forms), tuple(roles), tuple(tiers), calendar)


def unmet_references(
    workflow: Workflow,
    *,
    notices: Collection[str],
    forms: Collection[str],
    roles: Collection[str],
    tiers: Collection[str],
    calendars: Collection[str],
) -> tuple[Fault, ...]:
    """What the pack does not have. roles: those that somebody can hold in this pack."""
    needed = references_of(workflow)
    return (
        *_missing(needed.notices, notices, "文书"),
        *_missing(needed.forms, forms, "表单"),
        *_missing(needed.roles, roles, "角色"),
        *_missing(needed.tiers, tiers, "扣分档"),
        *_missing((needed.calendar,), calendars, "工作日历"),
    )


def _missing(needed: tuple[Reference, ...], known: Collection[str], noun: str) -> Iterator[Fault]:
    for reference in needed:
        if reference.key not in known:
            yield Fault(reference.place, f"方案包里没有{noun}“{reference.key}”")


def _clocks(workflow: Workflow) -> Iterator[tuple[str, Clock]]:
    for index, state in enumerate(workflow.states):
        for position, clock in enumerate(state.clocks):
            yield f"states[{index}].clocks[{position}]", clock
    for index, suspension in enumerate(workflow.suspensions):
        for position, clock in enumerate(suspension.clocks):
            yield f"suspensions[{index}].clocks[{position}]", clock

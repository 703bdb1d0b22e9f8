"""Which effects a step has, in the order in which they are carried out.

Clocks of the state that is left, or that run on, come first, then the deduction, then what the trigger
orders, then what the entered state orders, and last the clocks that start now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workflow.definition import (
    Clock,
    CountRule,
    EffectRule,
    FieldOr,
    IssueNoticeRule,
    RateRule,
    ResumeClocksRule,
    ReverseDeductionsRule,
    ServeRule,
    TellRule,
    Trigger,
    Workflow,
)
from workflow.effects import (
    BookDeduction,
    Count,
    Effect,
    EndClocks,
    IssueNotice,
    Rate,
    Reminder,
    ResumeClocks,
    ReverseDeductions,
    StartClock,
    StopClocks,
    Tell,
)
from workflow.machine import Cursor
from workflow.progress import entered_state, holds, tiers_reversed
from workflow.situation import Situation
from workflow.vocabulary import ClockStart, Role

#: How the explanation of a deadline names the day from which it is counted.
STARTED_BY = {ClockStart.ENTERED: "起算", ClockStart.SERVED: "送达"}


def may_settle(workflow: Workflow, state: str, trigger: str) -> bool:
    """Whether this step, from this state, may book deductions or take them back."""
    rule = workflow.triggers_by_key.get(trigger)
    if rule is None:
        return False
    entered = [workflow.states_by_key.get(branch.state) for branch in workflow.branches_from(rule, state)]
    rules = [*rule.effects, *(effect for target in entered if target for effect in target.effects)]
    books = any(target is not None and target.tier for target in entered)
    return books or any(isinstance(effect, ReverseDeductionsRule) for effect in rules)


def effects_of_start(workflow: Workflow) -> tuple[Effect, ...]:
    """What entering the initial state brings about."""
    state = workflow.states_by_key[workflow.initial]
    booked = (BookDeduction(state.tier),) if state.tier else ()
    return (
        *booked,
        *(_plain(rule) for rule in state.effects if isinstance(rule, IssueNoticeRule | TellRule | RateRule)),
        *(Count(rule.name) for rule in state.effects if isinstance(rule, CountRule)),
        *_started(state.clocks, ClockStart.ENTERED, {}),
    )


def clocks_of_state(workflow: Workflow, situation: Situation, starts: ClockStart) -> tuple[StartClock, ...]:
    """The clocks of the state that a case stands in, to be started where no step starts them."""
    clocks = workflow.states_by_key[situation.state].clocks
    return tuple(_started(clocks, starts, situation.noted))


def effects_of_step(
    workflow: Workflow,
    before: Situation,
    after: Situation,
    trigger: Trigger,
    *,
    cursor: Cursor,
    asked: Mapping[str, Any],
) -> tuple[Effect, ...]:
    """All effects of a step that the machine has allowed."""
    entered = entered_state(workflow, cursor)
    found: list[Effect] = list(_old_clocks(workflow, before, trigger, cursor=cursor, asked=asked))
    if entered is not None and entered.tier:
        found.append(BookDeduction(entered.tier))
    found += _ordered(trigger.effects, before, cursor.facts)
    if entered is not None:
        found += _ordered(entered.effects, before, cursor.facts)
    found += _new_clocks(workflow, after, trigger, cursor=cursor, asked=asked)
    return tuple(found)


def _old_clocks(
    workflow: Workflow,
    before: Situation,
    trigger: Trigger,
    *,
    cursor: Cursor,
    asked: Mapping[str, Any],
) -> Iterator[Effect]:
    # Clocks run on before any notice of the step is written, so that it can name the new date.
    left = workflow.states_by_key[before.state]
    if trigger.lift and before.suspension is not None:
        question = workflow.suspensions_by_key[before.suspension]
        if question.clocks:
            yield EndClocks(tuple(clock.name for clock in question.clocks))
    if cursor.returned and left.clocks:
        yield EndClocks(tuple(clock.name for clock in left.clocks))
    if cursor.returned or (trigger.lift and cursor.stays):
        yield ResumeClocks(_extra_working_days(trigger, cursor.facts, asked))
        return
    if cursor.stays or not (left.clocks or left.holds_clocks):
        return
    # Where the entered state holds the clocks, they may run on after a return; else they are over.
    yield StopClocks() if workflow.states_by_key[cursor.state].holds_clocks else EndClocks()


def _new_clocks(
    workflow: Workflow, after: Situation, trigger: Trigger, *, cursor: Cursor, asked: Mapping[str, Any]
) -> Iterator[Effect]:
    here = workflow.states_by_key[after.state]
    if trigger.suspend:
        yield StopClocks()
        question = workflow.suspensions_by_key[trigger.suspend]
        yield from _started(question.clocks, ClockStart.ENTERED, after.noted)
    if not cursor.stays and not cursor.returned:
        yield from _started(here.clocks, ClockStart.ENTERED, after.noted)
    for rule in trigger.effects:
        if isinstance(rule, ServeRule) and holds(rule, cursor.facts):
            served_on = asked.get(rule.on_field) if rule.on_field else None
            yield from _started(here.clocks, ClockStart.SERVED, after.noted, starts_on=served_on or None)


def _started(
    clocks: tuple[Clock, ...], starts: ClockStart, noted: Mapping[str, Any], *, starts_on: str | None = None
) -> Iterator[StartClock]:
    for clock in clocks:
        if clock.starts is starts:
            yield StartClock(
                name=clock.name,
                label=clock.label,
                length=_length(clock.length, noted),
                then=clock.then,
                reminders=tuple(
                    Reminder(rule.working_days_before, rule.notice, _plain_roles(rule.tell), rule.text)
                    for rule in clock.remind
                ),
                source=clock.source,
                event=STARTED_BY[starts],
                starts_on=starts_on,
                unit=clock.unit,
            )


def _length(working_days: int | FieldOr, said: Mapping[str, Any]) -> int:
    if isinstance(working_days, int):
        return working_days
    value = said.get(working_days.field)
    return working_days.default if value is None else int(value)


def _extra_working_days(trigger: Trigger, facts: Mapping[str, Any], asked: Mapping[str, Any]) -> int:
    return sum(
        _length(rule.extra_working_days, asked)
        for rule in trigger.effects
        if isinstance(rule, ResumeClocksRule) and holds(rule, facts)
    )


def _ordered(rules: tuple[EffectRule, ...], before: Situation, facts: Mapping[str, Any]) -> Iterator[Effect]:
    for rule in rules:
        if not holds(rule, facts):
            continue
        if isinstance(rule, ReverseDeductionsRule):
            tiers = tiers_reversed(rule, before.tiers)
            if tiers:
                yield ReverseDeductions(rule.reason_field, tiers)
        elif isinstance(rule, IssueNoticeRule | TellRule | RateRule | CountRule):
            yield _plain(rule)


def _plain(rule: IssueNoticeRule | TellRule | RateRule | CountRule) -> Effect:
    if isinstance(rule, IssueNoticeRule):
        return IssueNotice(rule.kind, tuple(rule.values.items()))
    if isinstance(rule, TellRule):
        return Tell(_plain_roles(rule.roles), rule.text)
    if isinstance(rule, RateRule):
        return Rate(rule.form)
    return Count(rule.name)


def _plain_roles(roles: tuple[Role, ...]) -> tuple[str, ...]:
    return tuple(role.value for role in roles)

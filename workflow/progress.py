"""How a situation changes by a step: what is counted, noted, visited, booked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from definitions.expression import evaluate
from workflow.definition import (
    CountRule,
    EffectRule,
    FieldOr,
    ReverseDeductionsRule,
    State,
    Trigger,
    Workflow,
)
from workflow.machine import Cursor
from workflow.situation import Situation


def first_situation(workflow: Workflow, *, repeats: int = 0) -> Situation:
    """The case stands in the initial state and nothing has been done. repeats: earlier cases that are grounds."""
    state = workflow.states_by_key[workflow.initial]
    rule = workflow.repeat_offence
    begun = dict(rule.counts) if rule is not None and repeats else {}
    return Situation(
        state=state.key,
        visited=(state.key,),
        counts=_counted(begun, state.effects, {}),
        done={state.key: ()},
        tiers=(state.tier,) if state.tier else (),
    )


def after_step(
    workflow: Workflow,
    before: Situation,
    trigger: Trigger,
    *,
    cursor: Cursor,
    actors: Sequence[str],
    asked: Mapping[str, Any],
) -> Situation:
    """The situation when the machine has moved the cursor along the trigger's arrow.

    actors: who took the step, and all who countersigned it.
    """
    entered = entered_state(workflow, cursor)
    rules = (*trigger.effects, *(entered.effects if entered else ()))
    moved = entered is not None or cursor.returned
    return Situation(
        state=cursor.state,
        previous=before.state if moved else before.previous,
        visited=(*before.visited, cursor.state) if moved else before.visited,
        suspension=None if trigger.lift else trigger.suspend or before.suspension,
        counts=_counted(before.counts, rules, cursor.facts),
        actors=_all_joined(before.actors, trigger.key, actors),
        done=_done_after(before, trigger, entered),
        tiers=_tiers_after(before, trigger, entered, cursor.facts),
        noted=_noted_after(workflow, before, trigger, asked),
        steps=before.steps + 1,
    )


def entered_state(workflow: Workflow, cursor: Cursor) -> State | None:
    """The state that the step enters anew; None when the case stays, or returns to where it was."""
    if cursor.returned or cursor.stays:
        return None
    return workflow.states_by_key[cursor.state]


def holds(rule: EffectRule, facts: Mapping[str, Any]) -> bool:
    """Whether a conditional effect takes place; conditions see the facts of before the step."""
    return rule.when is None or evaluate(rule.when, facts) is True


def _counted(
    counts: Mapping[str, int], rules: tuple[EffectRule, ...], facts: Mapping[str, Any]
) -> Mapping[str, int]:
    names = [rule.name for rule in rules if isinstance(rule, CountRule) and holds(rule, facts)]
    if not names:
        return counts
    after = dict(counts)
    for name in names:
        after[name] = after.get(name, 0) + 1
    return after


def _joined(lists: Mapping[str, tuple[str, ...]], key: str, item: str) -> Mapping[str, tuple[str, ...]]:
    present = lists.get(key, ())
    return lists if item in present else {**lists, key: (*present, item)}


def _all_joined(
    lists: Mapping[str, tuple[str, ...]], key: str, items: Sequence[str]
) -> Mapping[str, tuple[str, ...]]:
    for item in items:
        lists = _joined(lists, key, item)
    return lists


def _done_after(before: Situation, trigger: Trigger, entered: State | None) -> Mapping[str, tuple[str, ...]]:
    done = _joined(before.done, before.state, trigger.key)
    return done if entered is None else {**done, entered.key: ()}


def _tiers_after(
    before: Situation, trigger: Trigger, entered: State | None, facts: Mapping[str, Any]
) -> tuple[str, ...]:
    tiers = before.tiers
    for rule in trigger.effects:
        if isinstance(rule, ReverseDeductionsRule) and holds(rule, facts):
            tiers = tuple(tier for tier in tiers if tier not in tiers_reversed(rule, tiers))
    if entered is not None and entered.tier and entered.tier not in tiers:
        return (*tiers, entered.tier)
    return tiers


def tiers_reversed(rule: ReverseDeductionsRule, standing: tuple[str, ...]) -> tuple[str, ...]:
    """Which of the standing tiers a reversal takes back."""
    return standing if rule.which == "all" else standing[-1:]


def _noted_after(
    workflow: Workflow, before: Situation, trigger: Trigger, asked: Mapping[str, Any]
) -> Mapping[str, Any]:
    kept = {
        ask.field: asked[ask.field]
        for ask in trigger.asks
        if ask.field in clock_fields(workflow) and asked.get(ask.field) is not None
    }
    return {**before.noted, **kept} if kept else before.noted


@lru_cache(maxsize=64)
def clock_fields(workflow: Workflow) -> frozenset[str]:
    """Asked fields that say how long a clock runs."""
    clocks = [clock for state in workflow.states for clock in state.clocks]
    clocks += [clock for suspension in workflow.suspensions for clock in suspension.clocks]
    lengths = [clock.length for clock in clocks]
    return frozenset(length.field for length in lengths if isinstance(length, FieldOr))

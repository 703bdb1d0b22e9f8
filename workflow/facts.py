"""What guards and conditions of effects see of a case at one moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from definitions.expression import names_used
from workflow.definition import Expression, Trigger, Workflow
from workflow.situation import Situation
from workflow.vocabulary import FACTS

#: Facts that the caller tells, with what holds when he does not.
_GIVEN = {fact.key: fact.absent for fact in FACTS.values() if fact.given}


def facts_seen(
    workflow: Workflow,
    situation: Situation,
    *,
    given: Mapping[str, Any],
    asked: Mapping[str, Any],
    trigger: Trigger,
) -> dict[str, Any]:
    """Facts by name: counts (0 when never counted), given facts, what the history tells, the step's answers."""
    done_here = situation.done.get(situation.state, ())
    seen: dict[str, Any] = dict.fromkeys((count.key for count in workflow.counts), 0)
    seen.update(situation.counts)
    for key, absent in _GIVEN.items():
        seen[key] = given.get(key, absent)
    seen.update(
        state=situation.state,
        previous=situation.previous or "",
        visited=list(situation.visited),
        done_here=list(done_here),
        tiers=list(situation.tiers),
        served=not workflow.serving_triggers.isdisjoint(done_here),
    )
    for ask in trigger.asks:
        seen[ask.field] = asked.get(ask.field)
    return seen


def given_facts_of(workflow: Workflow, trigger: Trigger, given: Mapping[str, Any]) -> dict[str, Any]:
    """The given facts on which the outcome of a step can depend; the rest need not be kept."""
    return {name: given[name] for name in _given_names(workflow, trigger.key) if name in given}


@lru_cache(maxsize=2048)
def _given_names(workflow: Workflow, trigger_key: str) -> tuple[str, ...]:
    used: set[str] = set()
    for expression in _expressions(workflow, workflow.triggers_by_key[trigger_key]):
        used |= names_used(expression)
    return tuple(sorted(used & _GIVEN.keys()))


def _expressions(workflow: Workflow, trigger: Trigger) -> Iterator[Expression]:
    rules = [trigger.guard, *(branch.when for branch in trigger.branches)]
    rules += [rule.when for rule in trigger.effects]
    rules += [rule.when for state in workflow.states for rule in state.effects]
    return (rule for rule in rules if rule is not None)

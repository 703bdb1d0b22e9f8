"""Are the conditions of a workflow about things that exist, and of the right kind?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from definitions.expression import ValueType, check, literals_compared
from definitions.fault import Fault
from workflow.definition import Expression, Trigger, Workflow
from workflow.vocabulary import ASKED_VALUE, FACTS

#: Facts whose values are keys of states, or of triggers, or of tiers.
_STATE_FACTS = ("state", "previous", "visited")


def names_for(workflow: Workflow, trigger: Trigger | None) -> dict[str, ValueType]:
    """What a condition may look at: facts, counts, and the answers of its own step."""
    names = {key: fact.type for key, fact in FACTS.items()}
    names.update(dict.fromkeys((count.key for count in workflow.counts), ValueType.NUMBER))
    if trigger is not None:
        names.update({ask.field: ASKED_VALUE[ask.type] for ask in trigger.asks})
    return names


def condition_faults(
    workflow: Workflow, condition: Expression | None, names: Mapping[str, ValueType], place: str
) -> Iterator[Fault]:
    """Faults of one condition: its form, its types, and keys that no state, trigger or tier has."""
    if condition is None:
        return
    faults = check(condition, names, expects=ValueType.BOOLEAN)
    yield from (Fault(place, sentence) for sentence in faults)
    if faults:
        return
    tiers = {state.tier for state in workflow.states if state.tier}
    known = {
        **dict.fromkeys(_STATE_FACTS, ("状态", workflow.states_by_key.keys())),
        "done_here": ("步骤", workflow.triggers_by_key.keys()),
        "tiers": ("扣分档", tiers),
    }
    for name, literal in sorted(literals_compared(condition)):
        if name in known and literal not in known[name][1]:
            yield Fault(place, f"没有{known[name][0]}“{literal}”")

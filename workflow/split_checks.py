"""Conditions that divide one question between them: values for which two hold at once, or none does.

A question is divided by steps, or by the ways of one step, whose conditions look at the same facts, each of them with
values that can be listed: yes or no, a choice, category, channel, a number. Who looks at other facts asks another
question, and that both can be answered yes is no fault. Nor is it one that a step is open besides another on the very
same condition: there a person chooses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from definitions.expression import ValueType, evaluate, names_used
from definitions.fault import Fault
from workflow.assignments import ANYTHING_ELSE, Known, assignments
from workflow.definition import SAME, Branch, Expression, State, Trigger, Workflow
from workflow.diagram import labels_of
from workflow.expression_faults import names_for
from workflow.vocabulary import Firing

Facts = Mapping[str, Any]
_LISTED = frozenset({ValueType.BOOLEAN, ValueType.CHOICE, ValueType.GRADE, ValueType.NUMBER})


def split_faults(workflow: Workflow, known: Known) -> Iterator[Fault]:
    """Competing steps of which two are open for one value and lead elsewhere, or none is and the case stays."""
    for index, state in enumerate(workflow.states):
        leaving = _leaving(workflow, state)
        for group in _divided(workflow, _by_persons(leaving)):
            yield from _overlapping_steps(workflow, state, group, known, crossing=True)
        onward = _onward(workflow, state, leaving)
        groups = _divided(workflow, _by_persons(onward))
        if groups:
            yield from _gap(workflow, state, onward, groups, known, f"states[{index}]")


def split_cautions(workflow: Workflow, known: Known) -> Iterator[Fault]:
    """Ways of one step whose conditions cut across each other, so that their order decides.

    A ladder (not less than 2, else not less than 1) is no such cut: the first holds for no value without the second.
    And steps of which one is open for some of the values of another, so that there a person has a choice.
    """
    for state in workflow.states:
        for group in _divided(workflow, _by_persons(_leaving(workflow, state))):
            yield from _overlapping_steps(workflow, state, group, known, crossing=False)
    for index, trigger in enumerate(workflow.triggers):
        for source in workflow.sources_of(trigger):
            branches = [rule for rule in workflow.branches_from(trigger, source) if rule.when is not None]
            for one, other in combinations(branches, 2):
                yield from _crossing(workflow, trigger, source, (one, other), known, f"triggers[{index}]")


# -- steps ---------------------------------------------------------------------------------------------------


def _leaving(workflow: Workflow, state: State) -> list[Trigger]:
    """The steps that lead out of a state and answer no pending question."""
    return [
        trigger
        for trigger in workflow.triggers
        if not trigger.during
        and state.key in workflow.sources_of(trigger)
        and any(branch.state != SAME for branch in workflow.branches_from(trigger, state.key))
    ]


def _by_persons(steps: list[Trigger]) -> list[Trigger]:
    return [trigger for trigger in steps if trigger.by is not Firing.TIMER]


def _onward(workflow: Workflow, state: State, steps: list[Trigger]) -> list[Trigger]:
    """Of steps those that do not merely end the case: to withdraw it is no way on."""
    finals = {other.key for other in workflow.states if other.final}
    return [trigger for trigger in steps if not _ends(workflow, trigger, state) <= finals]


def _divided(workflow: Workflow, steps: list[Trigger]) -> list[list[Trigger]]:
    """Steps by the facts that their conditions look at, where these can be listed and several look at them."""
    found: dict[frozenset[str], list[Trigger]] = {}
    types = names_for(workflow, None)
    for trigger in steps:
        names = names_used(trigger.guard) - {"state"} if trigger.guard is not None else frozenset()
        own = {ask.field for ask in trigger.asks}
        if names and names.isdisjoint(own) and all(types.get(name) in _LISTED for name in names):
            found.setdefault(frozenset(names), []).append(trigger)
    return [group for group in found.values() if len(group) > 1]


def _overlapping_steps(
    workflow: Workflow, state: State, group: list[Trigger], known: Known, *, crossing: bool
) -> Iterator[Fault]:
    """Pairs open at once. crossing: those of which each is open without the other too, else the contained ones."""
    for one, other in combinations(group, 2):
        apart = set(one.roles).isdisjoint(other.roles) or _counted_alone(workflow, one)
        if apart or _ends(workflow, one, state) == _ends(workflow, other, state):
            continue
        cases = _cases(workflow, None, state.key, [one.guard, other.guard], known)
        cut = _cut(cases, one.guard, other.guard)
        if cut is None or cut.crossing is not crossing:
            continue
        words = example_words(workflow, cut.example, names_used(one.guard) - {"state"}, known)
        yield Fault(
            f"triggers[{workflow.triggers.index(other)}].guard",
            f"在状态“{state.name}”，{words}时，“{one.name}”和“{other.name}”的条件同时成立，去向却不同",
        )


def _counted_alone(workflow: Workflow, trigger: Trigger) -> bool:
    """Whether the condition looks at one count alone: such ladders have a check of their own."""
    names = names_used(trigger.guard) if trigger.guard is not None else frozenset()
    return len(names) == 1 and names <= {count.key for count in workflow.counts}


def _ends(workflow: Workflow, trigger: Trigger, state: State) -> frozenset[str]:
    return frozenset(branch.state for branch in workflow.branches_from(trigger, state.key))


def _gap(
    workflow: Workflow,
    state: State,
    onward: list[Trigger],
    groups: list[list[Trigger]],
    known: Known,
    place: str,
) -> Iterator[Fault]:
    guards = [trigger.guard for trigger in onward if trigger.guard is not None]
    asked = any(
        trigger.guard is not None and names_used(trigger.guard) & {ask.field for ask in trigger.asks}
        for trigger in onward
    )
    if len(guards) < len(onward) or asked:
        return
    cases = _cases(workflow, None, state.key, guards, known)
    open_now = [facts for facts in cases if any(_holds(guard, facts) for guard in guards)]
    stuck = next((facts for facts in cases if not any(_holds(guard, facts) for guard in guards)), None)
    group = next((group for group in groups if not _counted_alone(workflow, group[0])), None)
    if stuck is None or not open_now or group is None:
        return
    names = "、".join(f"“{trigger.name}”" for trigger in group)
    words = example_words(workflow, stuck, frozenset().union(*map(names_used, guards)) - {"state"}, known)
    yield Fault(place, f"在状态“{state.name}”，{words}时，{names}都不能办理，条件之间有空档，事项办不下去")


# -- ways of one step ----------------------------------------------------------------------------------------


def _crossing(
    workflow: Workflow,
    trigger: Trigger,
    source: str,
    pair: tuple[Branch, Branch],
    known: Known,
    place: str,
) -> Iterator[Fault]:
    one, other = pair
    if one.state == other.state or not names_used(one.when) & names_used(other.when):
        return
    given = [trigger.guard, one.when, other.when]
    cases = [
        facts
        for facts in _cases(workflow, trigger, source, given, known)
        if trigger.guard is None or _holds(trigger.guard, facts)
    ]
    cut = _cut(cases, one.when, other.when)
    if cut is None or not cut.crossing:
        return
    names = names_used(one.when) | names_used(other.when)
    words = example_words(workflow, cut.example, names - {"state"}, known, trigger)
    at = [trigger.branches.index(branch) + 1 for branch in pair]
    yield Fault(
        f"{place}.to[{at[1] - 1}]",
        f"办理“{trigger.name}”，{words}时，去向{at[0]}和去向{at[1]}的条件同时成立，按先后取去向{at[0]}",
    )


# -- values --------------------------------------------------------------------------------------------------


def _cases(
    workflow: Workflow,
    trigger: Trigger | None,
    state: str,
    conditions: Sequence[Expression | None],
    known: Known,
) -> list[dict[str, Any]]:
    """Every case that conditions tell apart; none when there are too many to try."""
    given = [condition for condition in conditions if condition is not None]
    return assignments(workflow, trigger, given, fixed={"state": state}, known=known) or []


def _holds(condition: Expression | None, facts: Facts) -> bool:
    return condition is None or evaluate(condition, facts) is True


@dataclass(frozen=True)
class _Cut:
    """Two conditions that hold at once and are not the same. crossing: each of them holds without the other too."""

    example: Facts
    crossing: bool


def _cut(cases: list[dict[str, Any]], one: Expression | None, other: Expression | None) -> _Cut | None:
    """How two conditions meet; None where they do not, or are the same."""
    held = [(_holds(one, facts), _holds(other, facts)) for facts in cases]
    both = next((facts for facts, pair in zip(cases, held, strict=True) if all(pair)), None)
    alone = {pair for pair in held if pair[0] is not pair[1]}
    return _Cut(both, len(alone) == 2) if both is not None and alone else None


def example_words(
    workflow: Workflow,
    facts: Facts,
    names: Collection[str],
    known: Known,
    trigger: Trigger | None = None,
) -> str:
    """Values of facts as people read them: “类别”为“行政执法类”、“督办次数”等于1."""
    labels = labels_of(workflow)
    return "、".join(
        f"“{labels.get(name, name)}”{_value_words(workflow, name, facts[name], known, trigger)}"
        for name in sorted(names)
        if name in facts
    )


def _value_words(workflow: Workflow, name: str, value: Any, known: Known, trigger: Trigger | None) -> str:
    if isinstance(value, bool):
        return "为是" if value else "为否"
    if value is None:
        return "未填写"
    if isinstance(value, int):
        return f"等于{value}"
    if value == ANYTHING_ELSE:
        return "为其他值"
    if isinstance(value, list):
        return f"为{'、'.join(map(str, value)) or '空'}"
    names: dict[str, str] = {
        option.key: option.label
        for ask in (trigger.asks if trigger else ())
        if ask.field == name
        for option in ask.options
    }
    listed = known.get(name)
    if isinstance(listed, Mapping):
        names |= {str(key): str(label) for key, label in listed.items()}
    names |= {state.key: state.name for state in workflow.states} if name == "previous" else {}
    return f"为“{names.get(value, value)}”"

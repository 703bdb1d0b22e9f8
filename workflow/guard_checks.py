"""Faults of conditions as a set: never true, never reached, two true at once that exclude each other, none true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from definitions.expression import evaluate, names_used
from definitions.fault import Fault
from workflow.assignments import Known, assignments
from workflow.definition import SAME, Branch, Expression, State, Trigger, Workflow
from workflow.split_checks import example_words
from workflow.vocabulary import ClockStart, Firing


def guard_faults(workflow: Workflow, known: Known) -> Iterator[Fault]:
    """Every fault of guards and of branches with its place; all names of the workflow must exist."""
    for index, trigger in enumerate(workflow.triggers):
        for source in workflow.sources_of(trigger):
            state = workflow.states_by_key[source]
            yield from _never_true(workflow, trigger, state, known, f"triggers[{index}]")
            yield from _shadowed(workflow, trigger, state, known, f"triggers[{index}]")
    for index, state in enumerate(workflow.states):
        if not state.final:
            yield from _stuck(workflow, state, known, f"states[{index}]")
            yield from _ladders(workflow, state, f"states[{index}]")
            yield from _begun_too_far(workflow, state)


def _facts_fixed(workflow: Workflow, state: State) -> dict[str, Any]:
    fixed: dict[str, Any] = {"state": state.key}
    if not workflow.serving_triggers:
        fixed["served"] = False
    return fixed


def _never_true(
    workflow: Workflow, trigger: Trigger, state: State, known: Known, place: str
) -> Iterator[Fault]:
    if trigger.guard is None:
        return
    fixed = _facts_fixed(workflow, state)
    cases = assignments(workflow, trigger, [trigger.guard], fixed=fixed, known=known)
    if cases is not None and not any(evaluate(trigger.guard, facts) is True for facts in cases):
        yield Fault(f"{place}.guard", f"在状态“{state.name}”，“{trigger.name}”的条件永远不成立")


def _shadowed(
    workflow: Workflow, trigger: Trigger, state: State, known: Known, place: str
) -> Iterator[Fault]:
    branches = workflow.branches_from(trigger, state.key)
    if len(branches) < 2:
        return
    conditions = [rule for rule in (trigger.guard, *(branch.when for branch in branches)) if rule is not None]
    fixed = _facts_fixed(workflow, state)
    cases = assignments(workflow, trigger, conditions, fixed=fixed, known=known)
    if cases is None:
        return
    open_cases = [facts for facts in cases if trigger.guard is None or evaluate(trigger.guard, facts) is True]
    for branch in branches:
        taken = [facts for facts in open_cases if _holds(branch.when, facts)]
        where = f"{place}.to[{trigger.branches.index(branch)}]"
        if not taken:
            yield Fault(where, f"自“{state.name}”办理“{trigger.name}”时，这个去向永远轮不到")
        open_cases = [facts for facts in open_cases if not _holds(branch.when, facts)]


def _holds(condition: Expression | None, facts: Mapping[str, Any]) -> bool:
    return condition is None or evaluate(condition, facts) is True


def _leaving(workflow: Workflow, state: State) -> list[Trigger]:
    """Steps that lead out of a state and answer no pending question."""
    return [
        trigger
        for trigger in workflow.triggers
        if state.key in workflow.sources_of(trigger)
        and not trigger.during
        and any(branch.state != SAME for branch in workflow.branches_from(trigger, state.key))
    ]


def _stuck(workflow: Workflow, state: State, known: Known, place: str) -> Iterator[Fault]:
    leaving = _leaving(workflow, state)
    guards = [trigger.guard for trigger in leaving if trigger.guard is not None]
    if not leaving or len(guards) < len(leaving):
        return
    cases = assignments(workflow, None, guards, fixed=_facts_fixed(workflow, state), known=known)
    if cases is None or any(
        names_used(trigger.guard) & {ask.field for ask in trigger.asks} for trigger in leaving
    ):
        return
    stuck = next(
        (facts for facts in cases if not any(evaluate(guard, facts) is True for guard in guards)), None
    )
    if stuck is not None:
        names = frozenset().union(*map(names_used, guards)) - {"state"}
        words = example_words(workflow, stuck, names, known)
        yield Fault(place, f"在状态“{state.name}”，{words}时，每一步的条件都不成立，事项会停在这里办不下去")


def _ladders(workflow: Workflow, state: State, place: str) -> Iterator[Fault]:
    """Steps told apart by how often something was counted: a number in between for which none is open, or two are."""
    guarded = [trigger for trigger in _leaving(workflow, state) if trigger.guard is not None]
    for count in workflow.counts:
        rungs = [trigger for trigger in guarded if count.key in names_used(trigger.guard)]
        if len(rungs) < 2:
            continue
        yield from _gaps(workflow, state, rungs, count.key, f"{place}")
        yield from _overlaps(workflow, state, rungs, count.key)


def _begun_too_far(workflow: Workflow, state: State) -> Iterator[Fault]:
    """屡查屡犯 begins with a number for which no step of the ladder is open any more."""
    rule = workflow.repeat_offence
    guarded = [trigger for trigger in _leaving(workflow, state) if trigger.guard is not None]
    for key, number in rule.counts.items() if rule else ():
        rungs = [trigger for trigger in guarded if key in names_used(trigger.guard)]
        open_at = _open_at(workflow, state, rungs, key) if rungs else None
        if not open_at:
            continue
        # Beyond the numbers that conditions name nothing changes any more.
        if any(open_at.values()) and not open_at[min(number, max(open_at))]:
            names = "、".join(f"“{trigger.name}”" for trigger in rungs)
            yield Fault(
                f"repeat_offence.counts.{key}",
                f"屡查屡犯自{number}次起计，而在状态“{state.name}”，到了{number}次{names}都不能办理",
            )


def _gaps(workflow: Workflow, state: State, rungs: list[Trigger], count: str, place: str) -> Iterator[Fault]:
    names = "、".join(trigger.name for trigger in rungs)
    open_at = _open_at(workflow, state, rungs, count)
    if open_at is None:
        return
    numbers = sorted(open_at)
    reached = [number for number in numbers if open_at[number]]
    label = next(entry.label for entry in workflow.counts if entry.key == count)
    for number in numbers:
        if not open_at[number] and reached and min(reached) < number < max(reached):
            yield Fault(place, f"“{label}”等于{number}时，{names}都不能办理，条件之间有空档")


def _open_at(
    workflow: Workflow, state: State, rungs: list[Trigger], count: str
) -> dict[int, list[Trigger]] | None:
    guards = [trigger.guard for trigger in rungs if trigger.guard is not None]
    cases = assignments(workflow, None, guards, fixed=_facts_fixed(workflow, state), known={})
    if cases is None:
        return None
    found: dict[int, list[Trigger]] = {}
    for facts in cases:
        here = found.setdefault(facts[count], [])
        here += [rule for rule in rungs if rule not in here and _holds(rule.guard, facts)]
    return found


def _overlaps(workflow: Workflow, state: State, rungs: list[Trigger], count: str) -> Iterator[Fault]:
    """Two steps that look at the count alone and lead elsewhere should not both be open."""
    alone = [
        trigger for trigger in rungs if trigger.guard is not None and names_used(trigger.guard) == {count}
    ]
    label = next(entry.label for entry in workflow.counts if entry.key == count)
    open_at = _open_at(workflow, state, alone, count) if len(alone) > 1 else None
    for number, together in sorted((open_at or {}).items()):
        ends = {frozenset(_ends(workflow, trigger, state)) for trigger in together}
        if len(together) > 1 and len(ends) > 1:
            names = "和".join(f"“{trigger.name}”" for trigger in together[:2])
            index = workflow.triggers.index(together[1])
            yield Fault(
                f"triggers[{index}].guard", f"“{label}”等于{number}时，{names}的条件同时成立，去向却不同"
            )
            return


def _ends(workflow: Workflow, trigger: Trigger, state: State) -> list[str]:
    branches: tuple[Branch, ...] = workflow.branches_from(trigger, state.key)
    return [branch.state for branch in branches]


def timer_cautions(workflow: Workflow, known: Known) -> Iterator[Fault]:
    """Clocks that may run out without effect, because the step they fire has a condition of its own."""
    for index, state in enumerate(workflow.states):
        for position, clock in enumerate(state.clocks):
            trigger = workflow.triggers_by_key.get(clock.then or "")
            if trigger is None or trigger.guard is None or trigger.by is not Firing.TIMER:
                continue
            fixed = _facts_fixed(workflow, state)
            if clock.starts is ClockStart.SERVED:
                fixed["served"] = True
            cases = assignments(workflow, trigger, [trigger.guard], fixed=fixed, known=known)
            if cases is not None and not all(_holds(trigger.guard, facts) for facts in cases):
                where = f"states[{index}].clocks[{position}].then"
                yield Fault(
                    where, f"“{clock.label}”届满时“{trigger.name}”的条件可能不成立，届时什么也不会发生"
                )

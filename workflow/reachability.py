"""Faults of the graph: states never reached, never left, never brought to an end; loops of timers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from definitions.fault import Fault
from workflow.definition import PREVIOUS, SAME, Trigger, Workflow
from workflow.vocabulary import Firing

Arrows = Mapping[str, frozenset[str]]


def graph_faults(workflow: Workflow) -> Iterator[Fault]:
    """Every fault of the graph; all names in the workflow must exist."""
    arrows = arrows_of(workflow, workflow.triggers)
    reached = reachable([workflow.initial], arrows)
    ends = [state.key for state in workflow.states if state.final]
    if not ends:
        yield Fault("states", "没有终结状态，事项永远不能办结")
    finishing = reachable(ends, reversed_arrows(arrows))
    for index, state in enumerate(workflow.states):
        place = f"states[{index}]"
        if state.key not in reached:
            yield Fault(place, f"从“{workflow.initial}”到不了状态“{state.key}”")
        elif not state.final and not arrows[state.key]:
            yield Fault(place, f"状态“{state.key}”进得去出不来，又不是终结状态")
        elif ends and state.key not in finishing:
            yield Fault(place, f"从状态“{state.key}”到不了任何终结状态")
    yield from _held_twice(workflow)
    yield from _timer_loops(workflow, arrows)


def arrows_of(workflow: Workflow, triggers: Iterable[Trigger]) -> dict[str, frozenset[str]]:
    """For each state, the other states to which one of these triggers can lead."""
    found: dict[str, set[str]] = {state.key: set() for state in workflow.states}
    for trigger in triggers:
        for source in workflow.sources_of(trigger):
            for branch in workflow.branches_from(trigger, source):
                if branch.state == PREVIOUS:
                    found[source].update(workflow.entered_from[source])
                elif branch.state != SAME:
                    found[source].add(branch.state)
    return {state: frozenset(targets) for state, targets in found.items()}


def reachable(starts: Iterable[str], arrows: Arrows) -> frozenset[str]:
    """The starts and every state to which arrows lead from them."""
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        state = waiting.pop()
        if state not in seen:
            seen.add(state)
            waiting += arrows[state]
    return frozenset(seen)


def reversed_arrows(arrows: Arrows) -> dict[str, frozenset[str]]:
    """The same arrows, pointing back."""
    found: dict[str, set[str]] = {state: set() for state in arrows}
    for source, targets in arrows.items():
        for target in targets:
            found[target].add(source)
    return {state: frozenset(sources) for state, sources in found.items()}


def _held_twice(workflow: Workflow) -> Iterator[Fault]:
    for index, state in enumerate(workflow.states):
        holding = [
            key for key in workflow.entered_from[state.key] if workflow.states_by_key[key].holds_clocks
        ]
        if state.holds_clocks and holding:
            yield Fault(f"states[{index}].holds_clocks", f"“{holding[0]}”也保留期限，两层保留无法恢复")


def _timer_loops(workflow: Workflow, arrows: Arrows) -> Iterator[Fault]:
    timers = arrows_of(workflow, [rule for rule in workflow.triggers if rule.by is Firing.TIMER])
    told: set[str] = set()
    for index, state in enumerate(workflow.states):
        after = frozenset[str]().union(*(reachable([target], timers) for target in timers[state.key]))
        if state.key not in after or state.key in told:
            continue
        loop = frozenset(key for key in after if state.key in reachable([key], timers))
        told |= loop
        if not any(arrows[key] - loop for key in loop):
            names = "、".join(key for key in workflow.states_by_key if key in loop)
            yield Fault(f"states[{index}]", f"期限在状态 {names} 之间自动循环，没有出口")

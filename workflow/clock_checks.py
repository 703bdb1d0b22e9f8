"""Faults of clocks: they start, they fire something that exists and may be fired, they do not collide."""

from __future__ import annotations

from collections.abc import Iterator

from definitions.fault import Fault
from workflow.definition import Clock, FieldOr, State, Workflow
from workflow.vocabulary import AskType, ClockStart, Firing

#: Working days that every month has at the least, whatever holidays fall into it.
_FEWEST_IN_A_MONTH = 15


def clock_faults(workflow: Workflow) -> Iterator[Fault]:
    """Every fault of every clock with its place, then timer triggers that no clock fires."""
    named: set[str] = set()
    for index, state in enumerate(workflow.states):
        place = f"states[{index}]"
        yield from _collisions(state.clocks, place)
        for position, clock in enumerate(state.clocks):
            where = f"{place}.clocks[{position}]"
            yield from _length_faults(workflow, clock, where)
            yield from _start_faults(workflow, state, clock, where)
            yield from _then_faults(workflow, state, clock, where)
            if clock.then:
                named.add(f"{state.key}.{clock.then}")
        if state.final and state.clocks:
            yield Fault(f"{place}.clocks", "终结状态不能有期限")
    yield from _suspension_clock_faults(workflow)
    yield from _unfired(workflow, named)


def _collisions(clocks: tuple[Clock, ...], place: str) -> Iterator[Fault]:
    for position, clock in enumerate(clocks):
        where = f"{place}.clocks[{position}]"
        for other in clocks[:position]:
            if other.name == clock.name:
                yield Fault(f"{where}.name", f"期限“{clock.name}”重复")
            if clock.then and other.then and clock.starts is other.starts:
                yield Fault(where, f"与期限“{other.name}”同时起算且都会自动办理步骤，只能有一个")


def _length_faults(workflow: Workflow, clock: Clock, where: str) -> Iterator[Fault]:
    length = clock.length
    if isinstance(length, FieldOr):
        asks = [ask for trigger in workflow.triggers for ask in trigger.asks if ask.field == length.field]
        if not asks:
            yield Fault(f"{where}.working_days", f"没有步骤填写“{length.field}”")
        for ask in asks:
            if ask.type is not AskType.NUMBER or ask.at_least is None or ask.at_least < 1:
                yield Fault(f"{where}.working_days", f"填写项“{ask.field}”须为数字，且写明 at_least 不小于1")
        if length.default < 1:
            yield Fault(f"{where}.working_days", "default 不能小于1")
        shortest = length.default
    else:
        # No month has fewer working days, with the longest holidays in it.
        shortest = length if clock.months is None else length * _FEWEST_IN_A_MONTH
    days = [rule.working_days_before for rule in clock.remind]
    for index, rule in enumerate(clock.remind):
        here = f"{where}.remind[{index}]"
        if rule.working_days_before >= shortest:
            yield Fault(here, f"提前{rule.working_days_before}个工作日提醒，期限本身只有{clock.words}")
        if rule.working_days_before in days[:index]:
            yield Fault(here, f"提前{rule.working_days_before}个工作日的提醒重复")
        if rule.notice is None and not rule.tell:
            yield Fault(here, "提醒须写明 notice 或 tell")


def _start_faults(workflow: Workflow, state: State, clock: Clock, where: str) -> Iterator[Fault]:
    if clock.starts is not ClockStart.SERVED:
        return
    serving = [workflow.triggers_by_key[key] for key in workflow.serving_triggers]
    if not any(state.key in _sources(workflow, trigger.key) for trigger in serving):
        yield Fault(f"{where}.starts", f"在状态“{state.key}”没有步骤记录送达，期限永远不会起算")


def _then_faults(workflow: Workflow, state: State, clock: Clock, where: str) -> Iterator[Fault]:
    if clock.then is None:
        if not clock.remind:
            yield Fault(where, "期限届满时既不办理步骤也不提醒，没有作用")
        return
    trigger = workflow.triggers_by_key.get(clock.then)
    if trigger is None:
        yield Fault(f"{where}.then", f"没有步骤“{clock.then}”")
        return
    if trigger.by is not Firing.TIMER:
        yield Fault(f"{where}.then", f"“{clock.then}”由人办理，期限届满不能自动办理它")
    if state.key not in _sources(workflow, clock.then):
        yield Fault(f"{where}.then", f"“{clock.then}”不能从状态“{state.key}”办理")


def _sources(workflow: Workflow, trigger: str) -> tuple[str, ...]:
    return workflow.sources_of(workflow.triggers_by_key[trigger])


def _suspension_clock_faults(workflow: Workflow) -> Iterator[Fault]:
    names = {clock.name for state in workflow.states for clock in state.clocks}
    for index, suspension in enumerate(workflow.suspensions):
        place = f"suspensions[{index}]"
        yield from _collisions(suspension.clocks, place)
        for position, clock in enumerate(suspension.clocks):
            where = f"{place}.clocks[{position}]"
            yield from _length_faults(workflow, clock, where)
            if clock.starts is not ClockStart.ENTERED:
                yield Fault(f"{where}.starts", "中止期间的办理时限从提出之日起算，应为 entered")
            if clock.then is not None:
                yield Fault(f"{where}.then", "中止期间的办理时限只提醒，不自动办理")
            if not clock.remind:
                yield Fault(where, "期限届满时既不办理步骤也不提醒，没有作用")
            if clock.name in names:
                yield Fault(f"{where}.name", f"期限“{clock.name}”与某状态的期限重名")


def _unfired(workflow: Workflow, named: set[str]) -> Iterator[Fault]:
    for index, trigger in enumerate(workflow.triggers):
        if trigger.by is not Firing.TIMER:
            continue
        for source in workflow.sources_of(trigger):
            if f"{source}.{trigger.key}" not in named:
                yield Fault(f"triggers[{index}].from", f"状态“{source}”没有期限会自动办理“{trigger.key}”")

"""Faults of a workflow as a whole that stands by itself: names that lead nowhere, effects nobody can feed.

What needs the graph of states is in `reachability`; what needs the rest of the pack, in `references`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from definitions.fault import Fault
from workflow.clock_checks import clock_faults
from workflow.definition import (
    PREVIOUS,
    RUNNING,
    SAME,
    CountRule,
    EffectRule,
    Expression,
    ResumeClocksRule,
    ReverseDeductionsRule,
    ServeRule,
    Trigger,
    Workflow,
)
from workflow.expression_faults import condition_faults, names_for
from workflow.reachability import graph_faults
from workflow.repeat_offence import names_looked_at
from workflow.rights import right_faults
from workflow.vocabulary import FACTS, AskType, Firing, Role


def faults_of(workflow: Workflow) -> tuple[Fault, ...]:
    """Every fault of the whole with its place, in reading order; empty for a sound workflow."""
    faults = [
        *_duplicates("states", [state.key for state in workflow.states]),
        *_duplicates("triggers", [trigger.key for trigger in workflow.triggers]),
        *_duplicates("suspensions", [suspension.key for suspension in workflow.suspensions]),
        *_duplicates("counts", [count.key for count in workflow.counts]),
        *_count_faults(workflow),
        *_repeat_faults(workflow),
        *_field_faults(workflow),
        *right_faults(workflow),
    ]
    if workflow.initial not in workflow.states_by_key:
        faults.append(Fault("initial", f"没有状态“{workflow.initial}”"))
    for index, state in enumerate(workflow.states):
        place = f"states[{index}]"
        faults += _rule_faults(workflow, state.effects, None, place)
        if state.key in (SAME, PREVIOUS):
            faults.append(Fault(f"{place}.key", f"“{state.key}”是保留字，请换一个键"))
    for index, trigger in enumerate(workflow.triggers):
        faults += _trigger_faults(workflow, trigger, f"triggers[{index}]")
    faults += _suspension_faults(workflow)
    faults += clock_faults(workflow)
    # A graph with arrows into nowhere would only repeat the faults above in other words.
    if not faults:
        faults += graph_faults(workflow)
    return tuple(dict.fromkeys(faults))


def _repeat_faults(workflow: Workflow) -> Iterator[Fault]:
    rule = workflow.repeat_offence
    if rule is None:
        return
    counts, looked_at = {count.key for count in workflow.counts}, names_looked_at(workflow)
    for key in rule.counts:
        if key not in counts:
            yield Fault(f"repeat_offence.counts.{key}", f"流程没有计数“{key}”")
        elif key not in looked_at:
            label = next(count.label for count in workflow.counts if count.key == key)
            yield Fault(
                f"repeat_offence.counts.{key}", f"没有条件看“{label}”，屡查屡犯从几次起计都一样，请删去"
            )
    for index, key in enumerate(rule.not_counting):
        if key not in workflow.states_by_key:
            yield Fault(f"repeat_offence.not_counting[{index}]", f"没有状态“{key}”")


def _duplicates(place: str, keys: list[str]) -> Iterator[Fault]:
    for index, key in enumerate(keys):
        if key in keys[:index]:
            yield Fault(f"{place}[{index}].key", f"键“{key}”重复")


def _trigger_faults(workflow: Workflow, trigger: Trigger, place: str) -> Iterator[Fault]:
    yield from _arrow_faults(workflow, trigger, place)
    yield from _person_faults(workflow, trigger, place)
    yield from _branch_faults(workflow, trigger, place)
    yield from _rule_faults(workflow, trigger.effects, trigger, place)
    names = names_for(workflow, trigger)
    yield from condition_faults(workflow, trigger.guard, names, f"{place}.guard")
    if trigger.guard is not None and trigger.refuse is None:
        yield Fault(f"{place}.refuse", "有条件就要写明不满足时对人说的话")
    if trigger.guard is None and trigger.refuse is not None:
        yield Fault(f"{place}.refuse", "没有条件，这句话永远用不上")
    yield from _ask_faults(trigger, place)


def _arrow_faults(workflow: Workflow, trigger: Trigger, place: str) -> Iterator[Fault]:
    for index, source in enumerate(trigger.sources):
        state = workflow.states_by_key.get(source)
        if source != RUNNING and state is None:
            yield Fault(f"{place}.from[{index}]", f"没有状态“{source}”")
        elif state is not None and state.final:
            yield Fault(f"{place}.from[{index}]", f"状态“{source}”是终结状态，不能再有步骤")
        if source in trigger.sources[:index]:
            yield Fault(f"{place}.from[{index}]", f"状态“{source}”重复")


def _branch_faults(workflow: Workflow, trigger: Trigger, place: str) -> Iterator[Fault]:
    names = names_for(workflow, trigger)
    for index, branch in enumerate(trigger.branches):
        where = f"{place}.to" if isinstance(trigger.to, str) else f"{place}.to[{index}]"
        last = index == len(trigger.branches) - 1
        if branch.state not in (SAME, PREVIOUS) and branch.state not in workflow.states_by_key:
            yield Fault(where, f"没有状态“{branch.state}”")
        if branch.state == PREVIOUS:
            for source in workflow.sources_of(trigger):
                if not workflow.states_by_key[source].holds_clocks:
                    yield Fault(where, f"只有保留期限的状态才能返回上一状态，“{source}”没有 holds_clocks")
        conditional = branch.when is not None or branch.sources is not None
        for source in branch.sources or ():
            if source not in workflow.sources_of(trigger):
                yield Fault(f"{where}.from", f"“{trigger.key}”本来就不能从“{source}”办理")
        if last and conditional:
            yield Fault(where, "最后一个去向不能带条件，否则可能一个都不成立")
        if not last and not conditional:
            yield Fault(where, "没有条件的去向之后不会再看其他去向，请移到最后")
        yield from condition_faults(workflow, branch.when, names, f"{where}.when")
    if not trigger.branches:
        yield Fault(f"{place}.to", "至少写一个去向")


def _person_faults(workflow: Workflow, trigger: Trigger, place: str) -> Iterator[Fault]:
    if trigger.by is Firing.TIMER:
        if trigger.roles or trigger.four_eyes_with or trigger.asks or trigger.panel:
            yield Fault(place, "到期自动办理的步骤不写 roles、four_eyes_with、asks、panel")
        return
    if not set(trigger.roles) - {Role.SYSTEM}:
        yield Fault(f"{place}.roles", f"没有人能办理“{trigger.name}”，请写明角色")
    if Role.SYSTEM in trigger.roles:
        yield Fault(f"{place}.roles", "“system”不是人的角色；到期自动办理请写 by: timer")
    for index, other in enumerate(trigger.four_eyes_with):
        rule = workflow.triggers_by_key.get(other)
        if rule is None:
            yield Fault(f"{place}.four_eyes_with[{index}]", f"没有步骤“{other}”")
        elif rule.by is Firing.TIMER:
            yield Fault(f"{place}.four_eyes_with[{index}]", f"“{other}”是自动办理的，没有可回避的人")


def _ask_faults(trigger: Trigger, place: str) -> Iterator[Fault]:
    fields = [ask.field for ask in trigger.asks]
    for index, ask in enumerate(trigger.asks):
        where = f"{place}.asks[{index}]"
        if ask.field in fields[:index]:
            yield Fault(f"{where}.field", f"填写项“{ask.field}”重复")
        if ask.field in FACTS:
            yield Fault(f"{where}.field", f"“{ask.field}”是事实的名称，请换一个键")
        options = [option.key for option in ask.options]
        if len(set(options)) != len(options):
            yield Fault(f"{where}.options", "选项的键重复")
        if ask.at_least is not None and ask.at_most is not None and ask.at_least > ask.at_most:
            yield Fault(where, "at_least 大于 at_most")


def _field_faults(workflow: Workflow) -> Iterator[Fault]:
    types: dict[str, AskType] = {}
    for index, trigger in enumerate(workflow.triggers):
        for position, ask in enumerate(trigger.asks):
            if types.setdefault(ask.field, ask.type) is not ask.type:
                where = f"triggers[{index}].asks[{position}].type"
                yield Fault(where, f"“{ask.field}”在别的步骤里是 {types[ask.field]}，同一个键只能有一种类型")


def _count_faults(workflow: Workflow) -> Iterator[Fault]:
    declared = {count.key for count in workflow.counts}
    owners = [
        *((f"states[{index}]", state.effects) for index, state in enumerate(workflow.states)),
        *((f"triggers[{index}]", trigger.effects) for index, trigger in enumerate(workflow.triggers)),
    ]
    used: set[str] = set()
    for place, rules in owners:
        for index, rule in enumerate(rules):
            if isinstance(rule, CountRule):
                used.add(rule.name)
                if rule.name not in declared:
                    yield Fault(f"{place}.effects[{index}].name", f"counts 里没有“{rule.name}”")
    for index, count in enumerate(workflow.counts):
        if count.key not in used:
            yield Fault(f"counts[{index}]", f"没有步骤计“{count.key}”")
        if count.key in FACTS:
            yield Fault(f"counts[{index}].key", f"“{count.key}”是事实的名称，请换一个键")


def _rule_faults(
    workflow: Workflow, rules: Iterable[EffectRule], trigger: Trigger | None, place: str
) -> Iterator[Fault]:
    for index, rule in enumerate(rules):
        where = f"{place}.effects[{index}]"
        when: Expression | None = rule.when
        yield from condition_faults(workflow, when, names_for(workflow, trigger), f"{where}.when")
        if trigger is None:
            if rule.do in ("serve", "resume_clocks", "reverse_deductions"):
                yield Fault(where, f"“{rule.do}”只能写在步骤里")
            continue
        asks = {ask.field: ask for ask in trigger.asks}
        if isinstance(rule, ReverseDeductionsRule):
            reason = asks.get(rule.reason_field)
            if reason is None or not reason.required:
                yield Fault(f"{where}.reason_field", f"本步骤须有必填的填写项“{rule.reason_field}”")
        if isinstance(rule, ResumeClocksRule):
            days = asks.get(rule.extra_working_days.field)
            if days is None or days.type is not AskType.NUMBER:
                named = rule.extra_working_days.field
                yield Fault(f"{where}.extra_working_days", f"本步骤须有数字填写项“{named}”")
            elif days.at_least is None or days.at_least < 0:
                yield Fault(f"{where}.extra_working_days", f"“{days.field}”须写明 at_least，且不小于0")
            if not trigger.lift:
                yield Fault(where, "“resume_clocks”只能写在 lift: true 的步骤里")
        if isinstance(rule, ServeRule):
            yield from _serve_faults(rule, trigger, where)


def _serve_faults(rule: ServeRule, trigger: Trigger, where: str) -> Iterator[Fault]:
    if trigger.to != SAME:
        yield Fault(where, "记录送达的步骤不改变状态，to 应为 same")
    dates = {ask.field for ask in trigger.asks if ask.type is AskType.DATE}
    if rule.on_field is not None and rule.on_field not in dates:
        yield Fault(f"{where}.on_field", f"本步骤须有日期填写项“{rule.on_field}”")


def _suspension_faults(workflow: Workflow) -> Iterator[Fault]:
    for index, trigger in enumerate(workflow.triggers):
        place = f"triggers[{index}]"
        for part, key in (("suspend", trigger.suspend), ("during", trigger.during)):
            if key is not None and key not in workflow.suspensions_by_key:
                yield Fault(f"{place}.{part}", f"没有中止事由“{key}”")
        if trigger.suspend and trigger.during:
            yield Fault(place, "suspend 和 during 不能同时写")
        if trigger.lift and not trigger.during:
            yield Fault(f"{place}.lift", "只有带 during 的步骤才能恢复期限")
        if trigger.suspend and trigger.to != SAME:
            yield Fault(f"{place}.to", "中止期限的步骤不改变状态，to 应为 same")
        if trigger.suspend:
            yield from _held_faults(workflow, trigger, place)
    for index, suspension in enumerate(workflow.suspensions):
        place = f"suspensions[{index}]"
        if not any(trigger.suspend == suspension.key for trigger in workflow.triggers):
            yield Fault(place, "没有步骤引起这一中止")
        for state in _suspended_states(workflow, suspension.key):
            if not _can_lift(workflow, suspension.key, state):
                yield Fault(place, f"在“{state}”中止后没有步骤可以恢复，期限将永远停着")


def _held_faults(workflow: Workflow, trigger: Trigger, place: str) -> Iterator[Fault]:
    for source in workflow.sources_of(trigger):
        if workflow.states_by_key[source].holds_clocks:
            yield Fault(f"{place}.from", f"“{source}”已保留着别的期限，不能在此再中止")


def _suspended_states(workflow: Workflow, suspension: str) -> tuple[str, ...]:
    states: dict[str, None] = {}
    for trigger in workflow.triggers:
        if trigger.suspend == suspension:
            states.update(dict.fromkeys(workflow.sources_of(trigger)))
    return tuple(states)


def _can_lift(workflow: Workflow, suspension: str, state: str) -> bool:
    return any(
        trigger.during == suspension and trigger.lift and state in workflow.sources_of(trigger)
        for trigger in workflow.triggers
    )

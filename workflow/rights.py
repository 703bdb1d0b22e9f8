"""字段权限: which fields a person sees and fills while a case stands in a state.

Of several roles of one person the strictest word holds: what is denied to one of them is denied. Where a state says
nothing, everything is as the steps and pages have it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from definitions.expression import names_used
from definitions.fault import Fault
from workflow.definition import Ask, State, Trigger, Workflow
from workflow.field_right import CASE_FIELDS, SHEET_FIELDS, SHEET_ROLES, May
from workflow.vocabulary import Firing, Role

_STRICT = (May.HIDDEN, May.READ, May.MUST, May.EDIT)


def rights_of(state: State, roles: Iterable[str]) -> dict[str, May]:
    """Field → what holds for somebody with these roles; fields of which nothing is said are left out."""
    held = frozenset(roles)
    found: dict[str, May] = {}
    for right in state.rights:
        if right.role in held:
            before = found.get(right.field, right.may)
            found[right.field] = min(before, right.may, key=_STRICT.index)
    return found


def hidden_in(workflow: Workflow, state: str, roles: Iterable[str]) -> frozenset[str]:
    """The fields that somebody with these roles does not see while a case stands in a state."""
    known = workflow.states_by_key.get(state)
    if known is None or not known.rights:
        return frozenset()
    return frozenset(field for field, may in rights_of(known, roles).items() if may is May.HIDDEN)


def asks_in(workflow: Workflow, trigger: Trigger, state: str, roles: Iterable[str]) -> tuple[Ask, ...]:
    """What a step puts before somebody with these roles: without what is denied, with what must be filled."""
    known = workflow.states_by_key.get(state)
    if known is None or not known.rights:
        return trigger.asks
    said = rights_of(known, roles)
    return tuple(
        ask.model_copy(update={"required": True}) if said.get(ask.field) is May.MUST else ask
        for ask in trigger.asks
        if said.get(ask.field) not in (May.HIDDEN, May.READ)
    )


def sheet_fields_of(workflow: Workflow, state: str, roles: Iterable[str]) -> dict[str, bool]:
    """The case's own words that somebody with these roles may change now → whether they must not be empty."""
    known = workflow.states_by_key.get(state)
    said = rights_of(known, roles) if known is not None and known.rights else {}
    return {
        field: said[field] is May.MUST for field in SHEET_FIELDS if said.get(field) in (May.MUST, May.EDIT)
    }


def leads_on(workflow: Workflow, trigger: Trigger, state: str) -> bool:
    """Whether a step brings a case further, and does not merely end it or leave it where it is."""
    ends = {branch.state for branch in workflow.branches_from(trigger, state)}
    finals = {other.key for other in workflow.states if other.final}
    return not ends <= finals | {"same"}


def barred_by(workflow: Workflow, trigger: Trigger, state: str, roles: Iterable[str]) -> Ask | None:
    """The required question that somebody with these roles may not answer, so that the step is not theirs."""
    put = {ask.field for ask in asks_in(workflow, trigger, state, roles)}
    return next((ask for ask in trigger.asks if ask.required and ask.field not in put), None)


def fields_of(workflow: Workflow) -> dict[str, str]:
    """Every field that a right may name, with its words: the case's own, then what the steps ask."""
    words: dict[str, dict[str, None]] = {key: {label: None} for key, label in CASE_FIELDS.items()}
    for trigger in workflow.triggers:
        for ask in trigger.asks:
            if ask.field not in CASE_FIELDS:
                words.setdefault(ask.field, {})[ask.label] = None
    return {key: _together(list(labels)) for key, labels in words.items()}


def _together(labels: list[str]) -> str:
    """One field that steps call by several names.

    >>> _together(["撤销理由", "延期理由", "认定理由"])
    '撤销理由、延期理由等3项'
    """
    return "／".join(labels) if len(labels) < 3 else f"{'、'.join(labels[:2])}等{len(labels)}项"


def asked_in(workflow: Workflow, state: str) -> dict[str, frozenset[str]]:
    """Field → the roles that are asked for it by a step from this state."""
    found: dict[str, frozenset[str]] = {}
    for trigger in _steps_from(workflow, state):
        for ask in trigger.asks:
            found[ask.field] = found.get(ask.field, frozenset()) | {role.value for role in trigger.roles}
    return found


def unfillable(workflow: Workflow, trigger: Trigger, state: str) -> frozenset[str]:
    """What the step asks and none of its roles may answer in this state."""
    if not workflow.states_by_key[state].rights or trigger.by is Firing.TIMER:
        return frozenset()
    put = {ask.field for role in trigger.roles for ask in asks_in(workflow, trigger, state, [role])}
    return frozenset(ask.field for ask in trigger.asks) - put


def _steps_from(workflow: Workflow, state: str) -> list[Trigger]:
    return [
        rule
        for rule in workflow.triggers
        if rule.by is not Firing.TIMER and state in workflow.sources_of(rule)
    ]


# -- checks --------------------------------------------------------------------------------------------------


def right_faults(workflow: Workflow) -> Iterator[Fault]:
    """Rights that say nothing, contradict each other, or leave a step that nobody can take."""
    fields = fields_of(workflow)
    for index, state in enumerate(workflow.states):
        if not state.rights:
            continue
        place = f"states[{index}].rights"
        yield from _cell_faults(workflow, state, fields, place)
        for trigger in _steps_from(workflow, state.key):
            yield from _step_faults(workflow, trigger, state, place)


def _cell_faults(workflow: Workflow, state: State, fields: Mapping[str, str], place: str) -> Iterator[Fault]:
    asked = asked_in(workflow, state.key)
    said: set[tuple[str, str]] = set()
    for position, right in enumerate(state.rights):
        where = f"{place}[{position}]"
        words = fields.get(right.field, right.field)
        if right.field not in fields:
            yield Fault(f"{where}.field", f"没有字段“{right.field}”，可用事项自己的字段，或者某一步的填写项")
        elif right.role is Role.SYSTEM:
            yield Fault(f"{where}.role", "“system”不是人的角色，没有字段权限")
        elif (right.role, right.field) in said:
            yield Fault(where, f"同一岗位对“{words}”写了两次权限，只能留一条")
        elif (right.role, right.field) == (Role.TARGET, "rating"):
            yield Fault(where, "测评对象任何时候都看不到来源测评和测评人，不用写")
        elif right.field in SHEET_FIELDS and right.may in (May.EDIT, May.MUST) and right.role in SHEET_ROLES:
            if state.final:
                yield Fault(where, f"“{state.name}”是终结状态，事项办结后不能再改“{words}”")
        elif right.may is May.EDIT:
            listed = "、".join(CASE_FIELDS[field] for field in SHEET_FIELDS)
            yield Fault(where, f"只有{listed}可以写“可改”，而且只能由督办专员、审核人或负责人改")
        elif right.may is not May.HIDDEN and right.role not in asked.get(right.field, ()):
            noun = "必填" if right.may is May.MUST else "只读"
            yield Fault(where, f"在状态“{state.name}”，这个岗位没有任何步骤填写“{words}”，不能写“{noun}”")
        said.add((right.role, right.field))


def _step_faults(workflow: Workflow, trigger: Trigger, state: State, place: str) -> Iterator[Fault]:
    closed = unfillable(workflow, trigger, state.key)
    named = f"在状态“{state.name}”，能办理“{trigger.name}”的岗位都不能填写"
    for ask in trigger.asks:
        if ask.field in closed and ask.required:
            yield Fault(place, f"{named}“{ask.label}”，而这一项必填，这一步谁也办不了")
        elif ask.field in closed and trigger.guard is not None and ask.field in names_used(trigger.guard):
            yield Fault(place, f"{named}“{ask.label}”，而办理条件要看这一项")


_VERBS = (
    (May.HIDDEN, "不得查看{}"),
    (May.READ, "可以查看、不得填写{}"),
    (May.MUST, "办理时必须填写{}"),
    (May.EDIT, "可以修改{}"),
)


# -- words ---------------------------------------------------------------------------------------------------


def rights_in_words(workflow: Workflow, state: State, roles: Mapping[str, str]) -> list[str]:
    """The rights of a state as sentences of the regulation, one for each role. roles: their names."""
    fields = fields_of(workflow)
    said: dict[str, dict[May, list[str]]] = {}
    for right in state.rights:
        said.setdefault(right.role, {}).setdefault(right.may, []).append(
            f"“{fields.get(right.field, right.field)}”"
        )
    return [
        f"处于本状态时，{roles.get(role, role)}"
        + "，".join(verb.format("、".join(named[may])) for may, verb in _VERBS if may in named)
        + "。"
        for role, named in said.items()
    ]

"""Whether a procedure does what an office can answer for: checked before it is published, not each time it is read.

What keeps a procedure from being run at all is found by `checks.faults_of` when it is loaded; what is found here is a
procedure that runs and yet leaves someone stuck, or lets one person decide alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from definitions.fault import Fault
from workflow.assignments import Known
from workflow.definition import Trigger, Workflow
from workflow.guard_checks import guard_faults, timer_cautions
from workflow.split_checks import split_cautions, split_faults
from workflow.vocabulary import Firing, Role

#: Roles of people outside the office: nobody of the office holds one beside an own role.
OUTSIDE = frozenset({Role.TARGET, Role.MONITOR, Role.INSPECTOR})


def soundness_faults(workflow: Workflow, *, known: Known | None = None) -> tuple[Fault, ...]:
    """Faults of a procedure that can be loaded.

    known: all values of facts whose values other definitions list: channel, category; with their names where told.
    """
    listed = known or {}
    found = [*guard_faults(workflow, listed), *split_faults(workflow, listed), *_alone(workflow)]
    return tuple(dict.fromkeys(found))


def cautions(workflow: Workflow, *, known: Known | None = None) -> tuple[Fault, ...]:
    """What a designer should look at once more, and may leave as it is."""
    listed = {name: frozenset(values) for name, values in (known or {}).items()}
    return tuple(dict.fromkeys([*timer_cautions(workflow, listed), *split_cautions(workflow, known or {})]))


def four_eyes_needed(workflow: Workflow) -> Iterator[tuple[Trigger, Trigger]]:
    """Pairs (deciding, deciding about): an answer to a question and who asked it; leaving a hearing for a state
    that costs points and who proposed it."""
    for decider in workflow.triggers:
        if decider.by is Firing.TIMER:
            continue
        for asker in workflow.triggers:
            answers = decider.lift and decider.during is not None and decider.during == asker.suspend
            if answers or _confirms(workflow, decider, asker):
                yield decider, asker


def _confirms(workflow: Workflow, decider: Trigger, proposer: Trigger) -> bool:
    heard = {state.key for state in workflow.states if state.holds_clocks}
    if proposer.by is Firing.TIMER or heard.isdisjoint(workflow.sources_of(decider)):
        return False
    costs = {state.key for state in workflow.states if state.tier}
    ends = {branch.state for branch in decider.branches}
    return bool(ends & costs) and any(
        branch.state in heard & set(workflow.sources_of(decider)) for branch in proposer.branches
    )


def _alone(workflow: Workflow) -> Iterator[Fault]:
    """Two steps that one person must not both take, and that nothing keeps apart."""
    for decider, asker in four_eyes_needed(workflow):
        office = set(asker.roles) - OUTSIDE
        if asker.key not in decider.four_eyes_with and office:
            index = workflow.triggers.index(decider)
            yield Fault(
                f"triggers[{index}].four_eyes_with",
                f"“{asker.name}”和“{decider.name}”可能由同一个人办理；请在“{decider.name}”写明须由办理过“{asker.name}”以外的人办理",
            )


def holder_faults(workflow: Workflow, holders: Mapping[str, Collection[int]]) -> tuple[Fault, ...]:
    """What the accounts there are cannot do. holders: role → ids of the persons who hold it at present."""
    return tuple(dict.fromkeys([*_without_holder(workflow, holders), *_single_person(workflow, holders)]))


def _people(trigger: Trigger, holders: Mapping[str, Collection[int]]) -> set[int]:
    return {person for role in trigger.roles for person in holders.get(role, ())}


def _without_holder(workflow: Workflow, holders: Mapping[str, Collection[int]]) -> Iterator[Fault]:
    for index, trigger in enumerate(workflow.triggers):
        if trigger.by is Firing.PERSON and trigger.roles and not _people(trigger, holders):
            yield Fault(f"triggers[{index}].roles", f"目前没有一个账号能办理“{trigger.name}”")


def _single_person(workflow: Workflow, holders: Mapping[str, Collection[int]]) -> Iterator[Fault]:
    for index, trigger in enumerate(workflow.triggers):
        mine = _people(trigger, holders)
        for position, other in enumerate(trigger.four_eyes_with):
            theirs = _people(workflow.triggers_by_key[other], holders)
            if mine and theirs and len(mine | theirs) == 1:
                name = workflow.triggers_by_key[other].name
                yield Fault(
                    f"triggers[{index}].four_eyes_with[{position}]",
                    f"“{name}”和“{trigger.name}”须由两个人办理，目前只有一个账号有这两步的角色",
                )

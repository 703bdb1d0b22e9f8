"""One step of a procedure: definition, situation, trigger, facts in; new situation and effects out.

It decides and acts on nothing. It keeps no state and knows no clock: the caller carries the effects out, and
fires the triggers of clocks that have run out with the role `system`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from definitions.expression import evaluate, names_used
from workflow.asked import check_asked
from workflow.consequences import effects_of_start, effects_of_step
from workflow.definition import Ask, Trigger, Workflow
from workflow.effects import Effect
from workflow.facts import facts_seen, given_facts_of
from workflow.machine import Cursor, StateMachine, machine_of
from workflow.progress import after_step, first_situation
from workflow.refusal import Because, StepRefused
from workflow.rights import asks_in, barred_by
from workflow.situation import Situation
from workflow.vocabulary import Firing, Role

__all__ = [
    "Entry",
    "Offer",
    "ReplayDiffers",
    "Situation",
    "Step",
    "StepRefused",
    "offers",
    "replay",
    "start",
    "start_effects",
    "step",
]


@dataclass(frozen=True)
class Step:
    """A step that was allowed.

    situation: after it.  effects: to be carried out in this order, with the new state, in one transaction.
    facts: those of the given facts that the step's rules can see; kept with the history entry for the replay.
    """

    situation: Situation
    effects: tuple[Effect, ...]
    trigger: str
    from_state: str
    to_state: str
    facts: Mapping[str, Any]
    source: str


@dataclass(frozen=True)
class Offer:
    """A step that leads on from here, whether or not this actor may take it now.

    reason, code: why not; None when allowed. acting_for: the name of the absent person in whose place it would be
    taken; empty when the actor has the right of its own.
    """

    trigger: str
    name: str
    allowed: bool
    reason: str | None
    asks: tuple[Ask, ...]
    code: Because | None = None
    acting_for: str = ""


@dataclass(frozen=True)
class Entry:
    """One line of a case's history, with all that is needed to take the step again.

    from_state, to_state: what was recorded; None where a replay should not compare.
    """

    trigger: str
    actor: str
    roles: frozenset[str]
    facts: Mapping[str, Any] = field(default_factory=dict)
    asked: Mapping[str, Any] = field(default_factory=dict)
    from_state: str | None = None
    to_state: str | None = None
    cosigners: tuple[str, ...] = ()
    acting_for: str | None = None


class ReplayDiffers(Exception):
    """The history does not lead where it says. position: 1 for the first entry."""

    code = "replay_differs"

    def __init__(self, position: int, sentence: str) -> None:
        self.position = position
        self.sentence = sentence
        super().__init__(f"第{position}步：{sentence}")


def start(workflow: Workflow, *, repeats: int = 0) -> Situation:
    """The situation of a case that has just been registered (立案).

    repeats: how many earlier cases are grounds for setting out further up the ladder; see `RepeatOffence`.
    """
    return first_situation(workflow, repeats=repeats)


def start_effects(workflow: Workflow) -> tuple[Effect, ...]:
    """What registering itself brings about: the effects and clocks of the initial state."""
    return effects_of_start(workflow)


def step(
    workflow: Workflow,
    situation: Situation,
    trigger: str,
    *,
    roles: Iterable[str],
    actor: str,
    facts: Mapping[str, Any],
    asked: Mapping[str, Any],
    cosigners: Iterable[str] | None = None,
    acting_for: str | None = None,
) -> Step:
    """Take one step, or be told why not.

    roles: of the actor in this case; `system` alone for a clock that has run out.
    actor: an id that stays the same for one person.
    facts: the given facts of `vocabulary.FACTS`; what is left out counts as its `absent`.
    asked: answers to the trigger's `asks` as plain JSON values.
    cosigners: who agreed in a panel (会签), none for a step of one person; None when a step is only thought
    through (a preview, a simulation) and panels are not asked for.
    acting_for: the absent person in whose place, and with whose roles, the actor acts.
    Raises StepRefused.
    """
    machine, held = machine_of(workflow), frozenset(roles)
    rule = workflow.triggers_by_key.get(trigger)
    if rule is None:
        raise StepRefused(Because.UNKNOWN_TRIGGER, f"流程“{workflow.name}”没有步骤“{trigger}”")
    _check_place(workflow, machine, situation, rule)
    _check_person(workflow, situation, rule, roles=held, actor=actor)
    takers = (actor,) if acting_for is None else (actor, acting_for)
    if acting_for is not None:
        _check_person(workflow, situation, rule, roles=held, actor=acting_for)
    signed = _checked_signers(workflow, situation, rule, takers, cosigners)
    check_asked(rule, asked, asks_in(workflow, rule, situation.state, held))
    seen = facts_seen(workflow, situation, given=facts, asked=asked, trigger=rule)
    cursor = Cursor(situation.state, seen, situation.previous)
    if not machine.fire(cursor, trigger):
        raise StepRefused(Because.GUARD, _guard_sentence(rule))
    after = after_step(workflow, situation, rule, cursor=cursor, actors=(*takers, *signed), asked=asked)
    return Step(
        situation=after,
        effects=effects_of_step(workflow, situation, after, rule, cursor=cursor, asked=asked),
        trigger=trigger,
        from_state=situation.state,
        to_state=after.state,
        facts=given_facts_of(workflow, rule, facts),
        source=rule.source,
    )


def offers(
    workflow: Workflow,
    situation: Situation,
    *,
    roles: Iterable[str],
    actor: str,
    facts: Mapping[str, Any],
) -> tuple[Offer, ...]:
    """The steps that persons can take from this state, in the order of the definition.

    A rule that needs an answer of the step's own form cannot be judged yet and does not forbid the offer.
    Steps of other states and of clocks are left out; steps of other roles are in, not allowed, code `role`.
    """
    machine = machine_of(workflow)
    held = frozenset(roles)
    found = []
    for rule in workflow.triggers:
        if rule.by is Firing.TIMER or not machine.leads_from(situation.state, rule.key):
            continue
        refusal = _refusal_before_asking(workflow, machine, situation, rule, held, actor, facts)
        if refusal is not None and refusal.code is Because.NOT_SUSPENDED:
            continue
        reason, code = (refusal.sentence, refusal.code) if refusal else (None, None)
        asks = asks_in(workflow, rule, situation.state, held)
        found.append(Offer(rule.key, rule.name, refusal is None, reason, asks, code))
    return tuple(found)


def replay(
    workflow: Workflow,
    entries: Iterable[Entry],
    *,
    begin: Situation | None = None,
    first: int = 1,
) -> Situation:
    """The situation to which a history leads, every step taken and judged again.

    begin: where the entries set out from, None for a case just registered. first: position of the first entry.
    Raises ReplayDiffers at the first entry that would be refused or leads elsewhere than it says.
    """
    situation = begin or start(workflow)
    for position, entry in enumerate(entries, start=first):
        if entry.from_state is not None and entry.from_state != situation.state:
            raise ReplayDiffers(position, f"记录由“{entry.from_state}”出发，重演时在“{situation.state}”")
        try:
            taken = step(
                workflow,
                situation,
                entry.trigger,
                roles=entry.roles,
                actor=entry.actor,
                facts=entry.facts,
                asked=entry.asked,
                cosigners=entry.cosigners,
                acting_for=entry.acting_for,
            )
        except StepRefused as refused:
            raise ReplayDiffers(position, f"重演时被拒绝：{refused.sentence}") from refused
        situation = taken.situation
        if entry.to_state is not None and entry.to_state != situation.state:
            raise ReplayDiffers(position, f"记录到达“{entry.to_state}”，重演到达“{situation.state}”")
    return situation


def _check_place(workflow: Workflow, machine: StateMachine, situation: Situation, rule: Trigger) -> None:
    if not machine.leads_from(situation.state, rule.key):
        state = workflow.states_by_key[situation.state].name
        raise StepRefused(Because.WRONG_STATE, f"当前状态是“{state}”，不能办理“{rule.name}”")
    if rule.during == situation.suspension:
        return
    if situation.suspension is not None:
        pending = workflow.suspensions_by_key[situation.suspension].name
        raise StepRefused(Because.SUSPENDED, f"{pending}尚未答复，期间不能办理“{rule.name}”")
    awaited = workflow.suspensions_by_key[rule.during].name if rule.during else ""
    raise StepRefused(Because.NOT_SUSPENDED, f"目前没有待答复的{awaited}，不能办理“{rule.name}”")


def _check_person(
    workflow: Workflow, situation: Situation, rule: Trigger, *, roles: frozenset[str], actor: str
) -> None:
    if rule.by is Firing.TIMER:
        if Role.SYSTEM not in roles:
            raise StepRefused(Because.ROLE, f"“{rule.name}”在期限届满时自动办理，不能由人办理")
        return
    if roles.isdisjoint(rule.roles):
        raise StepRefused(Because.ROLE, f"您的角色不能办理“{rule.name}”")
    barred = barred_by(workflow, rule, situation.state, roles)
    if barred is not None:
        raise StepRefused(
            Because.ROLE, f"“{rule.name}”须填写“{barred.label}”，而您的角色在这一状态不能填写它"
        )
    done = done_before(workflow, situation, rule, actor)
    if done is not None:
        raise StepRefused(Because.FOUR_EYES, f"您办理过“{done.name}”，“{rule.name}”须由另一人办理")


def done_before(workflow: Workflow, situation: Situation, rule: Trigger, actor: str) -> Trigger | None:
    """The step that this person has taken and that another person must check with this one; None for none."""
    for other in rule.four_eyes_with:
        if actor in situation.actors.get(other, ()):
            return workflow.triggers_by_key[other]
    return None


def _checked_signers(
    workflow: Workflow,
    situation: Situation,
    rule: Trigger,
    takers: tuple[str, ...],
    cosigners: Iterable[str] | None,
) -> tuple[str, ...]:
    """Whoever countersigned, each another person, none of whom has to be checked by this step."""
    if cosigners is None:
        return ()
    signed = tuple(dict.fromkeys(cosigners))
    if (rule.panel is not None) != bool(signed):
        sentence = "须经会签同意后办理" if rule.panel else "由一人办理，不需要会签"
        raise StepRefused(Because.PANEL, f"“{rule.name}”{sentence}")
    if not set(takers).isdisjoint(signed):
        raise StepRefused(Because.PANEL, f"提出“{rule.name}”的人不能自己会签")
    for person in signed:
        if done_before(workflow, situation, rule, person) is not None:
            raise StepRefused(
                Because.FOUR_EYES, f"会签人中有人办理过须由他人复核的步骤，不能会签“{rule.name}”"
            )
    return signed


def _refusal_before_asking(
    workflow: Workflow,
    machine: StateMachine,
    situation: Situation,
    rule: Trigger,
    roles: frozenset[str],
    actor: str,
    facts: Mapping[str, Any],
) -> StepRefused | None:
    try:
        _check_place(workflow, machine, situation, rule)
        _check_person(workflow, situation, rule, roles=roles, actor=actor)
    except StepRefused as refused:
        return refused
    if rule.guard is None or not names_used(rule.guard).isdisjoint(ask.field for ask in rule.asks):
        return None
    seen = facts_seen(workflow, situation, given=facts, asked={}, trigger=rule)
    return None if evaluate(rule.guard, seen) is True else StepRefused(Because.GUARD, _guard_sentence(rule))


def _guard_sentence(rule: Trigger) -> str:
    return rule.refuse or f"目前不具备办理“{rule.name}”的条件"

"""Who may see a case, what is offered to whom, and how the case came to where it stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, false, or_, select
from sqlalchemy.orm import Session, joinedload

from models.case import Case, CaseStep
from models.people import Role, User
from models.rating import Rating
from models.roster import Target, Unit
from services.actor import OFFICE, Actor
from services.definitions import workflow_of
from services.dossier import Dossier
from services.refusal import not_found
from workflow.definition import Workflow
from workflow.engine import Entry, Offer, ReplayDiffers, offers, replay, start
from workflow.refusal import Because
from workflow.relocation import MIGRATED, NAMES, PUT_BACK, forced, migrated, put_back
from workflow.situation import Situation, situation_from


def person_of(actor: Actor) -> str:
    """The id under which the procedure knows an actor."""
    return "system" if actor.user_id is None else str(actor.user_id)


#: Those who read every case whole.
OVERSEERS = (*OFFICE, Role.LEADER, Role.AUDITOR, Role.ADMIN)
#: Those who report, and who are asked for their word once more.
REPORTERS: frozenset[str] = frozenset({Role.MONITOR, Role.INSPECTOR})


def roles_in(session: Session, actor: Actor, case: Case) -> frozenset[str]:
    """The roles an actor has in this very case: a target only in its own, a reporter only where it reported."""
    roles = set(actor.roles)
    if not answers_for(actor, case):
        roles.discard(Role.TARGET)
    if roles & REPORTERS and not reported(session, actor, case):
        roles -= REPORTERS
    roles -= {Role.ADMIN, Role.LEADER, Role.AUDITOR}
    return frozenset(str(role) for role in roles)


def reported(session: Session, actor: Actor, case: Case) -> bool:
    """Whether the case came of a rating of this person, or of the monitor the account belongs to."""
    if case.rating_id is None:
        return False
    source = select(Rating.id).where(Rating.id == case.rating_id, reported_by(actor))
    return session.execute(source).first() is not None


def reported_by(actor: Actor) -> ColumnElement[bool]:
    """A condition on ratings: given by this person, or by the monitor the account belongs to."""
    own: list[ColumnElement[bool]] = [false()]
    if actor.user_id is not None:
        own.append(Rating.rater_id == actor.user_id)
    if actor.monitor_id is not None:
        own.append(Rating.monitor_id == actor.monitor_id)
    return or_(*own)


def may_try(session: Session, actor: Actor, case: Case, trigger: str) -> bool:
    """Whether an actor may try a step: whoever sees the case, and who reported it where the step is the reporter's.

    The case file stays closed to the reporter; of all steps only those of its own role are open.
    Source: 方案第五条第一款.
    """
    if may_see(actor, case):
        return True
    rule = workflow_of(session, case.workflow_id).triggers_by_key.get(trigger)
    if rule is None:
        return False
    return not (REPORTERS & roles_in(session, actor, case)).isdisjoint(rule.roles)


def answers_for(actor: Actor, case: Case) -> bool:
    """Whether the account speaks for the case's target: the target itself, or the head of its unit."""
    if not actor.has(Role.TARGET):
        return False
    if actor.target_id is not None:
        return actor.target_id == case.target_id
    return actor.unit_id is not None and actor.unit_id == case.target.unit_id


def may_see(actor: Actor, case: Case) -> bool:
    """The office, its leaders and its auditor see every case; a target only its own."""
    return actor.user_id is None or actor.has(*OVERSEERS) or answers_for(actor, case)


def facts_of(dossier: Dossier, at: datetime) -> dict[str, Any]:
    """What the procedure's rules may look at, besides the case's own past."""
    case = dossier.case
    passed = any(row.status == "running" and row.due_at <= at for row in dossier.clocks)
    return {
        "grave": case.grave,
        "channel": case.channel,
        "category": case.target.unit.category.key,
        "deadline_passed": passed,
    }


def case_for(session: Session, actor: Actor, case_id: int) -> Case:
    """One case for someone who may see it; the same refusal whether it is missing or not theirs."""
    case = session.execute(
        select(Case)
        .where(Case.id == case_id)
        .options(
            joinedload(Case.target).joinedload(Target.unit).joinedload(Unit.category),
            joinedload(Case.campaign),
            joinedload(Case.opened_by).lazyload(User.grants),
        )
    ).scalar_one_or_none()
    if case is None or not may_see(actor, case):
        raise not_found("整改事项")
    return case


def offers_for(session: Session, actor: Actor, case: Case, *, now: datetime) -> tuple[Offer, ...]:
    """The steps this actor's page shows, allowed or with the reason why not."""
    workflow = workflow_of(session, case.workflow_id)
    found = offers(
        workflow,
        situation_from(case.situation),
        roles=roles_in(session, actor, case),
        actor=person_of(actor),
        facts=facts_of(Dossier(session, case), now),
    )
    return tuple(offer for offer in found if offer.code is not Because.ROLE)


def history_of(session: Session, case_id: int) -> list[CaseStep]:
    """All steps of a case, oldest first."""
    return list(
        session.execute(
            select(CaseStep).where(CaseStep.case_id == case_id).order_by(CaseStep.position)
        ).scalars()
    )


def replayed(session: Session, case: Case) -> Situation:
    """The situation that the case's history leads to, every step judged again."""
    return replayed_at(session, case, None)


def replayed_at(session: Session, case: Case, position: int | None) -> Situation:
    """The situation after the entry at a position of the history; None for the last one."""
    first, *rows = history_of(session, case.id)
    situation = start(workflow_of(session, first.workflow_id), repeats=len(first.facts.get("repeats", ())))
    past = {first.position: situation}
    for row in rows:
        workflow = workflow_of(session, row.workflow_id)
        if row.trigger in NAMES:
            situation = _relocated(workflow, situation, row, past)
        else:
            situation = replay(workflow, [_entry(row)], begin=situation, first=row.position - 1)
        past[row.position] = situation
    return situation if position is None else past[position]


def _entry(row: CaseStep) -> Entry:
    return Entry(
        trigger=row.trigger,
        actor="system" if row.actor_id is None else str(row.actor_id),
        roles=frozenset(row.roles),
        facts=row.facts,
        asked=row.asked,
        from_state=row.from_state,
        to_state=row.to_state,
        cosigners=tuple(row.cosigners),
        acting_for=None if row.acting_for_id is None else str(row.acting_for_id),
    )


def _relocated(workflow: Workflow, before: Situation, row: CaseStep, past: dict[int, Situation]) -> Situation:
    """An entry that is no step of the procedure, taken again. workflow: the version it led to."""
    if row.from_state != before.state:
        raise ReplayDiffers(row.position - 1, f"记录由“{row.from_state}”出发，重演时在“{before.state}”")
    if row.trigger == MIGRATED:
        after = migrated(workflow, before, row.asked["state_map"])
    elif row.trigger == PUT_BACK:
        after = put_back(past[int(row.asked["before"])], before)
    else:
        after = forced(workflow, before, row.to_state, book=bool(row.asked["book"]))
    if row.to_state != after.state:
        raise ReplayDiffers(row.position - 1, f"记录到达“{row.to_state}”，重演到达“{after.state}”")
    return after


def visible_cases(actor: Actor) -> Select[Case]:
    """A query of the cases this actor may see, to be filtered further."""
    query = select(Case).join(Case.target)
    if actor.has(*OVERSEERS):
        return query
    if actor.has(Role.TARGET):
        return query.where(
            or_(
                Target.id == (actor.target_id if actor.target_id is not None else -1),
                (Target.unit_id == actor.unit_id)
                if actor.target_id is None and actor.unit_id
                else Target.id == -1,
            )
        )
    return query.where(Target.id == -1)

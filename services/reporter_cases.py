"""再评价: whoever reported a problem is asked once more, and reads for that the answer and nothing else of the case.

Neither points nor people of the office nor other steps are told here; the case file stays closed.
Source: 方案第五条第一款.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models.case import Case, CaseStep, Deadline
from models.people import Role
from models.rating import Rating
from models.roster import Target, Unit
from services.actor import Actor
from services.case_access import REPORTERS, facts_of, person_of, reported, reported_by
from services.case_rights import hidden_from, shown_case
from services.case_words import said_in
from services.cases import step_case
from services.definitions import workflow_of
from services.dossier import Dossier
from services.refusal import Refusal, not_found
from workflow.engine import Offer, offers
from workflow.situation import situation_from

WHAT = "请您再评价的事项"


@dataclass(frozen=True)
class AskedBack:
    """One case that waits for its reporter's word.

    version: to be sent back with the word. answered_at: when the target last answered; None: it has not.
    answers: (label, words) of that answer.
    """

    case_id: int
    version: int
    target: str
    title: str
    rating_id: int
    answered_at: datetime | None
    answers: tuple[tuple[str, str], ...]
    offer: Offer
    grades: tuple[tuple[str, str], ...]


def asked_back(session: Session, actor: Actor, *, now: datetime) -> list[AskedBack]:
    """The cases that came of one's own reports and ask for one's word now, the longest waiting first."""
    actor.require(Role.MONITOR, Role.INSPECTOR, to="再评价")
    cases = session.execute(_own(actor).order_by(Case.changed_at, Case.id)).scalars().all()
    clocks = _clocks(session, [case.id for case in cases])
    found = [
        (case, offer)
        for case in cases
        for offer in _offers(session, actor, case, clocks.get(case.id, []), now)
        if offer.allowed
    ]
    answers = _answers(session, [case.id for case, _ in found])
    return [_asked(session, actor, case, offer, answers.get(case.id)) for case, offer in found]


def own_running(session: Session, actor: Actor, campaign_id: int, target: str = "") -> list[Case]:
    """The cases of one's own reports that are not ended, the newest first; what a further visit (回访) looks at.

    target: key; empty for all. Only target, title and day of them are told to the reporter.
    """
    query = _own(actor).where(Case.campaign_id == campaign_id)
    if target:
        query = query.where(Case.target.has(Target.key == target))
    found = session.execute(query.order_by(None).order_by(Case.id.desc()).limit(20)).scalars()
    return [shown_case(case, hidden_from(session, actor, case)) for case in found]


def asked_back_for(session: Session, actor: Actor, case_id: int, trigger: str, *, now: datetime) -> AskedBack:
    """One of them, by case and step.

    The same refusal whether the case is missing, another's, or has no such step for a reporter; for an own case
    that does not ask now, a refusal that says so.
    """
    case = own_reported(session, actor, case_id, trigger)
    clocks = _clocks(session, [case.id]).get(case.id, [])
    offer = next(
        (item for item in _offers(session, actor, case, clocks, now) if item.trigger == trigger), None
    )
    if offer is None:
        raise not_found(WHAT)
    if not offer.allowed:
        raise _not_asked()
    return _asked(session, actor, case, offer, _answers(session, [case.id]).get(case.id))


def own_reported(session: Session, actor: Actor, case_id: int, trigger: str) -> Case:
    """The case of one's own report, where the step is a reporter's; else the refusal of what is not there."""
    case = session.execute(_loaded().where(Case.id == case_id)).scalar_one_or_none()
    if case is None or not REPORTERS & actor.roles or not reported(session, actor, case):
        raise not_found(WHAT)
    rule = workflow_of(session, case.workflow_id).triggers_by_key.get(trigger)
    if rule is None or (REPORTERS & actor.roles).isdisjoint(rule.roles):
        raise not_found(WHAT)
    return case


def re_evaluate(
    session: Session,
    actor: Actor,
    case_id: int,
    trigger: str,
    *,
    asked: Mapping[str, Any],
    seen_version: int,
    now: datetime,
) -> None:
    """Take the reporter's step. Raises Refusal, which names nobody of the office and nothing of the case."""
    own_reported(session, actor, case_id, trigger)
    try:
        step_case(session, actor, case_id, trigger, asked=asked, now=now, seen_version=seen_version)
    except Refusal as refused:
        raise _not_asked() if refused.status == 409 else refused from refused


def _not_asked() -> Refusal:
    return Refusal(
        "not_asked",
        "这件事现在没有请您再评价：可能已经评价过，或者又有了新的进展，您的操作没有执行。需要时会再给您发消息。",
    )


def _loaded() -> Any:
    category = joinedload(Case.target).joinedload(Target.unit).joinedload(Unit.category)
    return select(Case).options(category, joinedload(Case.campaign))


def _own(actor: Actor) -> Any:
    return (
        _loaded().join(Rating, Rating.id == Case.rating_id).where(reported_by(actor), Case.ended_at.is_(None))
    )


def _clocks(session: Session, ids: Sequence[int]) -> dict[int, list[Deadline]]:
    found: dict[int, list[Deadline]] = {}
    for row in session.execute(
        select(Deadline).where(Deadline.case_id.in_(ids), Deadline.status == "running").order_by(Deadline.id)
    ).scalars():
        found.setdefault(row.case_id, []).append(row)
    return found


def _offers(
    session: Session, actor: Actor, case: Case, clocks: list[Deadline], now: datetime
) -> Iterator[Offer]:
    """The steps of a reporter in the case; a person's other roles open other pages, not this one."""
    dossier = Dossier(session, case)
    dossier.all_clocks = clocks
    for offer in offers(
        dossier.workflow,
        situation_from(case.situation),
        roles=REPORTERS & actor.roles,
        actor=person_of(actor),
        facts=facts_of(dossier, now),
    ):
        if not REPORTERS.isdisjoint(dossier.workflow.triggers_by_key[offer.trigger].roles):
            yield offer


def _answers(session: Session, ids: Sequence[int]) -> dict[int, CaseStep]:
    """Case to the last step by which its target (or the office for it) brought it to where it now is asked about."""
    found: dict[int, CaseStep] = {}
    for row in session.execute(
        select(CaseStep)
        .where(CaseStep.case_id.in_(ids), CaseStep.from_state != CaseStep.to_state)
        .order_by(CaseStep.position)
    ).scalars():
        rule = workflow_of(session, row.workflow_id).triggers_by_key.get(row.trigger)
        if rule is not None and Role.TARGET.value in rule.roles:
            found[row.case_id] = row
    return found


def _seen(asked: Mapping[str, Any], hidden: frozenset[str]) -> dict[str, Any]:
    return {field: value for field, value in asked.items() if field not in hidden}


def _asked(session: Session, actor: Actor, case: Case, offer: Offer, answer: CaseStep | None) -> AskedBack:
    hidden = hidden_from(session, actor, case)
    rule = workflow_of(session, answer.workflow_id).triggers_by_key[answer.trigger] if answer else None
    return AskedBack(
        case_id=case.id,
        version=case.row_version,
        target=case.target.full_name,
        title=case.title,
        rating_id=case.rating_id or 0,
        answered_at=answer.effective_at if answer else None,
        answers=said_in(rule, _seen(answer.asked, hidden)) if rule and answer else (),
        offer=offer,
        grades=tuple((grade["key"], grade["name"]) for grade in case.campaign.settings["grades"]),
    )

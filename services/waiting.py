"""待我办理: the cases whose next step is a person's to take, judged only as far as a page shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from models.campaign import Campaign
from models.case import Case, Deadline
from services.actor import Actor
from services.case_access import person_of, roles_in, visible_cases
from services.case_lists import PAGE_SIZE, CaseRow, ordered, rows_of, workflows_in_use
from services.definitions import workflow_of
from workflow.definition import SAME, Trigger, Workflow
from workflow.engine import Offer, offers
from workflow.situation import situation_from
from workflow.vocabulary import Firing, Role

#: Whether a case waits is judged case by case; beyond so many nobody wants to know how many there are.
COUNTED = 100
#: Cases read at once; most of those read do wait.
_CHUNK = 150


@dataclass(frozen=True)
class Waiting:
    """A case that waits for a step of this person's, with the steps it waits for."""

    row: CaseRow
    offers: tuple[Offer, ...]


@dataclass(frozen=True)
class WaitingPage:
    """One page of what waits. total: how many were found; more: there are others, which nobody counted."""

    rows: tuple[Waiting, ...]
    page: int
    pages: int
    total: int
    more: bool


def waiting_for(
    session: Session, actor: Actor, campaign: Campaign, *, now: datetime, page: int = 1, size: int = PAGE_SIZE
) -> WaitingPage:
    """Cases whose next step is this person's to take, most urgent first; see `waits`.

    While a clock with a consequence runs the target is at work, and the case waits for nobody here.
    A page beyond the last is the last.
    """
    page = max(1, page)
    enough = max(COUNTED, page * size)
    found: list[tuple[Case, tuple[Offer, ...]]] = []
    for one in _waiting(session, actor, campaign):
        found.append(one)
        if len(found) > enough:
            break
    more, total = len(found) > enough, min(len(found), enough)
    pages = max(1, -(-total // size) + more)
    page = min(page, pages)
    shown = found[(page - 1) * size : page * size]
    rows = rows_of(session, actor, campaign, [case for case, _ in shown], now)
    lines = tuple(Waiting(row, open_now) for row, (_, open_now) in zip(rows, shown, strict=True))
    return WaitingPage(lines, page, pages, total, more)


def _waiting(session: Session, actor: Actor, campaign: Campaign) -> Iterator[tuple[Case, tuple[Offer, ...]]]:
    """All of them, read and judged as they are asked for."""
    mine = [
        (workflow, trigger)
        for workflow in workflows_in_use(session, campaign)
        for trigger in workflow.triggers
        if waits(workflow, trigger) and not actor.roles.isdisjoint(map(str, trigger.roles))
    ]
    states = {state for workflow, trigger in mine for state in workflow.sources_of(trigger)}
    wanted = {trigger.key for _, trigger in mine}
    for case in _candidates(session, _standing_in(actor, campaign, states)):
        open_now = tuple(
            offer for offer in _offers(session, actor, case) if offer.allowed and offer.trigger in wanted
        )
        if open_now:
            yield case, open_now


def _standing_in(actor: Actor, campaign: Campaign, states: set[str]) -> Select[Case]:
    """Cases in one of these states, in which no target is at work."""
    at_work = select(Deadline.id).where(
        Deadline.case_id == Case.id, Deadline.status == "running", Deadline.then != ""
    )
    return visible_cases(actor).where(
        Case.campaign_id == campaign.id, Case.state.in_(states), ~at_work.exists()
    )


def _candidates(session: Session, query: Select[Case]) -> Iterator[Case]:
    """The cases of a query, a stretch at a time."""
    start = 0
    while True:
        cases = session.execute(ordered(query).limit(_CHUNK).offset(start)).scalars().all()
        yield from cases
        if len(cases) < _CHUNK:
            return
        start += _CHUNK


def waits(workflow: Workflow, trigger: Trigger) -> bool:
    """Whether a case can be said to wait for this step of the office.

    Recording a service, answering a pending question, and whatever leads on from few states wait for someone.
    What the target may do itself, what changes nothing, and what can be done from most states (withdrawing,
    exempting) waits for nobody in particular.
    """
    if trigger.by is Firing.TIMER:
        return False
    if trigger.key in workflow.serving_triggers or trigger.during:
        return True
    if Role.TARGET in trigger.roles or trigger.to == SAME:
        return False
    running = sum(not state.final for state in workflow.states)
    return len(workflow.sources_of(trigger)) * 2 <= running


def _offers(session: Session, actor: Actor, case: Case) -> tuple[Offer, ...]:
    """Offers without a look at the clocks: none with a consequence runs for these cases."""
    facts = {
        "grave": case.grave,
        "channel": case.channel,
        "category": case.target.unit.category.key,
        "deadline_passed": False,
    }
    return offers(
        workflow_of(session, case.workflow_id),
        situation_from(case.situation),
        roles=roles_in(session, actor, case),
        actor=person_of(actor),
        facts=facts,
    )

"""What a rated target reads when it comes in: what needs its answer now, its cases, its published result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from models.campaign import Campaign
from models.case import Case, Deadline, Deduction
from models.notice import Notice, RankingEdition
from models.roster import Target, Unit
from services.actor import Actor
from services.calendars import work_calendar
from services.case_access import facts_of, person_of, roles_in
from services.case_lists import days_left, tone_of
from services.costs import clock_label, missed
from services.definitions import workflow_of
from services.dossier import Dossier
from services.results import latest_published
from services.scores import Ranking
from services.target_access import own_cases
from services.target_scores import Cost, cost_of
from workflow.calendar import WorkCalendar
from workflow.definition import PREVIOUS, SAME
from workflow.engine import Offer, offers
from workflow.situation import situation_from

PAGE_SIZE = 50
#: Clocks and notices of a list are read for so many cases at once.
_CHUNK = 500


@dataclass(frozen=True)
class Clock:
    """A deadline as the target reads it.

    remaining: working days left, 0 on the last day, negative when late; None while it stands still.
    leads_to: the state that missing it leads to, in words; empty when the state stays.
    cost: what missing it would cost; None when it costs nothing more.
    """

    label: str
    due_at: datetime
    remaining: int | None
    kept_days: int | None
    explanation: str
    provisional: bool
    leads_to: str = ""
    cost: Cost | None = None


@dataclass(frozen=True)
class OwnCase:
    """One case in a list, and what it wants from the target now.

    wants: `sign` notices wait to be signed for, `answer` the next move is the target's, `office` it is the
    office's, `none` the case has ended. unserved: notices to sign for. points: what stands booked.
    """

    case: Case
    state: str
    tone: str
    suspension: str
    wants: str
    clock: Clock | None
    unserved: tuple[Notice, ...]
    steps: tuple[Offer, ...]
    points: int


@dataclass(frozen=True)
class OwnCasePage:
    """One page of a list."""

    rows: tuple[OwnCase, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class OwnResult:
    """A target's line in the published result. line: as frozen in the edition."""

    edition: RankingEdition
    category: str
    line: dict[str, Any]


def needing_answer(
    session: Session, actor: Actor, campaign: Campaign, ranking: Ranking, *, now: datetime
) -> list[OwnCase]:
    """Open cases in which the next move is the target's: to sign first, then by deadline, then the rest."""
    rows = [
        row
        for row in own_rows(
            session, actor, campaign, _open(session, actor, campaign), ranking=ranking, now=now
        )
        if row.wants in ("sign", "answer")
    ]
    far = max((row.clock.due_at for row in rows if row.clock), default=now)
    return sorted(
        rows, key=lambda row: (row.wants != "sign", row.clock.due_at if row.clock else far, -row.case.id)
    )


def _open(session: Session, actor: Actor, campaign: Campaign) -> Sequence[Case]:
    query = own_cases(session, actor).where(Case.campaign_id == campaign.id, Case.ended_at.is_(None))
    return session.execute(_loaded(query)).scalars().all()


def _loaded(query: Select[Any]) -> Select[Any]:
    category = joinedload(Case.target).joinedload(Target.unit).joinedload(Unit.category)
    return query.options(category, joinedload(Case.campaign)).order_by(Case.id.desc())


def case_page(
    session: Session, actor: Actor, campaign: Campaign, *, which: str, now: datetime, page: int = 1
) -> OwnCasePage:
    """A page of the target's cases, newest first. which: `open`, `ended` or anything else for all."""
    query = own_cases(session, actor).where(Case.campaign_id == campaign.id)
    if which == "open":
        query = query.where(Case.ended_at.is_(None))
    elif which == "ended":
        query = query.where(Case.ended_at.is_not(None))
    total = session.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, page), pages)
    cases = session.execute(_loaded(query).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)).scalars().all()
    return OwnCasePage(tuple(own_rows(session, actor, campaign, cases, now=now)), total, page, pages)


def count_own(session: Session, actor: Actor, campaign: Campaign) -> dict[str, int]:
    """How many cases `case_page` has under `open`, `ended` and `all`."""
    query = own_cases(session, actor).where(Case.campaign_id == campaign.id)
    ended, total = session.execute(
        select(func.count(Case.ended_at), func.count(Case.id))
        .select_from(Case)
        .where(Case.id.in_(query.with_only_columns(Case.id)))
    ).one()
    return {"open": total - ended, "ended": ended, "all": total}


def own_rows(
    session: Session,
    actor: Actor,
    campaign: Campaign,
    cases: Sequence[Case],
    *,
    now: datetime,
    ranking: Ranking | None = None,
) -> list[OwnCase]:
    """Cases with clocks, points, notices to sign for and steps, one query each for all of them.

    ranking: also say what missing the deadline would cost.
    """
    ids = [case.id for case in cases]
    clocks = _by_case(
        session, ids, select(Deadline).where(Deadline.status.in_(("running", "stopped"))), Deadline
    )
    waiting_for_service = select(Notice).where(
        Notice.status == "issued", Notice.needs_service, Notice.replaced_by_id.is_(None)
    )
    unserved = _by_case(session, ids, waiting_for_service, Notice)
    points = _points(session, ids)
    calendar = work_calendar(session, campaign)
    found = []
    for case in cases:
        dossier = Dossier(session, case)
        dossier.all_clocks = sorted(clocks.get(case.id, []), key=lambda row: row.due_at)
        waiting = sorted(unserved.get(case.id, []), key=lambda row: row.id)
        found.append(
            _row(session, actor, dossier, tuple(waiting), points.get(case.id, 0), calendar, ranking, now)
        )
    return found


def _by_case(session: Session, ids: Sequence[int], query: Select[Any], noun: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for start in range(0, len(ids), _CHUNK):
        for row in session.execute(query.where(noun.case_id.in_(ids[start : start + _CHUNK]))).scalars():
            found.setdefault(row.case_id, []).append(row)
    return found


def _points(session: Session, ids: Sequence[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for start in range(0, len(ids), _CHUNK):
        found.update(
            session.execute(
                select(Deduction.case_id, func.sum(Deduction.points))
                .where(Deduction.case_id.in_(ids[start : start + _CHUNK]))
                .group_by(Deduction.case_id)
            ).all()
        )
    return found


def _row(
    session: Session,
    actor: Actor,
    dossier: Dossier,
    unserved: tuple[Notice, ...],
    points: int,
    calendar: WorkCalendar,
    ranking: Ranking | None,
    now: datetime,
) -> OwnCase:
    case, workflow = dossier.case, workflow_of(session, dossier.case.workflow_id)
    steps = target_offers(actor, dossier, now=now)
    suspension = case.situation.get("suspension")
    return OwnCase(
        case=case,
        state=workflow.states_by_key[case.state].name,
        tone=tone_of(workflow, case.state),
        suspension=workflow.suspensions_by_key[suspension].name if suspension else "",
        wants=_wants(dossier, steps),
        clock=clock_of(dossier, calendar, ranking, now=now),
        unserved=unserved,
        steps=steps,
        points=int(points),
    )


def target_offers(actor: Actor, dossier: Dossier, *, now: datetime) -> tuple[Offer, ...]:
    """The steps that a target has here, allowed or with the reason why not; those of others are left out."""
    found = offers(
        dossier.workflow,
        situation_from(dossier.case.situation),
        roles=roles_in(dossier.session, actor, dossier.case),
        actor=person_of(actor),
        facts=facts_of(dossier, now),
    )
    return tuple(offer for offer in found if offer.code is None or offer.code.value != "role")


def _wants(dossier: Dossier, steps: Iterable[Offer]) -> str:
    workflow, case = dossier.workflow, dossier.case
    if workflow.states_by_key[case.state].final:
        return "none"
    allowed = [workflow.triggers_by_key[offer.trigger] for offer in steps if offer.allowed]
    if any(trigger.key in workflow.serving_triggers for trigger in allowed):
        return "sign"
    moving = any(trigger.to not in (SAME, PREVIOUS) for trigger in allowed)
    dated = any(row.status == "running" and row.then for row in dossier.clocks)
    return "answer" if allowed and (moving or dated) else "office"


def clock_of(
    dossier: Dossier, calendar: WorkCalendar, ranking: Ranking | None, *, now: datetime
) -> Clock | None:
    """The target's own deadline, running or standing still; the office's own reminders are not its business."""
    dated = [row for row in dossier.clocks if row.then]
    row = next((row for row in dated if row.status == "running"), dated[0] if dated else None)
    if row is None:
        return None
    running = row.status == "running"
    fired = missed(dossier, row) if running else None
    moves = fired is not None and fired.to_state != fired.from_state
    return Clock(
        label=clock_label(dossier, row),
        due_at=row.due_at,
        remaining=days_left(row.due_at, now, calendar) if running else None,
        kept_days=row.remaining_working_days,
        explanation=row.explanation,
        provisional=row.provisional,
        leads_to=dossier.workflow.states_by_key[fired.to_state].name if fired and moves else "",
        cost=cost_of(ranking, dossier.case, fired.situation.tiers) if ranking and fired else None,
    )


def published_results(
    session: Session, actor_targets: Sequence[Target], campaign: Campaign
) -> list[OwnResult]:
    """The own lines of the newest published edition; empty before the first publication."""
    edition = latest_published(session, campaign.id)
    if edition is None:
        return []
    own = {target.id for target in actor_targets}
    return [
        OwnResult(edition, category["name"], line)
        for category in edition.frozen["categories"]
        for line in category["lines"]
        if line["target_id"] in own
    ]


def result_notices(session: Session, actor_targets: Sequence[Target], campaign: Campaign) -> list[Notice]:
    """Notices of results that are addressed to the targets, newest first; voided ones are left out."""
    return list(
        session.execute(
            select(Notice)
            .where(
                Notice.campaign_id == campaign.id,
                Notice.case_id.is_(None),
                Notice.target_id.in_([target.id for target in actor_targets]),
                Notice.status != "voided",
            )
            .order_by(Notice.id.desc())
        ).scalars()
    )

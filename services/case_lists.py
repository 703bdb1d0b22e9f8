"""Lists of cases as the office needs them: filtered, with deadline and points, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from models.campaign import Campaign
from models.case import Case, Deadline, Deduction
from models.roster import Category, Target, Unit
from services.actor import Actor
from services.calendars import work_calendar
from services.case_access import visible_cases
from services.case_rights import hidden_from, shown_case, where_shown
from services.definitions import workflow_of
from workflow.calendar import CalendarTooShort, WorkCalendar, remaining_working_days
from workflow.definition import State, Workflow

LOCAL = ZoneInfo("Asia/Shanghai")
PAGE_SIZE = 50
#: Lists of this length are not read by anyone; an export may be longer than a page, never longer than this.
MOST_EXPORTED = 20_000


@dataclass(frozen=True)
class CaseFilter:
    """Which cases; empty words and None filter nothing.

    state: key of a state, or `running` for all that are not final. due: `today` for clocks that run out on
    this office day, `overdue` for those that a miss has brought to a tier or whose running clock has passed.
    """

    state: str = ""
    category: str = ""
    unit: str = ""
    target: str = ""
    channel: str = ""
    tier: str = ""
    due: str = ""
    word: str = ""


@dataclass(frozen=True)
class CaseRow:
    """One line of a list. remaining: working days left, negative when late; None: no clock or no calendar.

    clock: `running`, `stopped` (延期、申诉 pending, 听取陈述) or empty. points: what stands booked now.
    """

    id: int
    number: str
    title: str
    grave: bool
    target: str
    unit: str
    category: str
    channel: str
    state: str
    state_name: str
    tone: str
    suspension: str
    clock: str
    due_at: datetime | None
    remaining: int | None
    provisional: bool
    points: int
    found_on: Any
    opened_at: datetime


@dataclass(frozen=True)
class CasePage:
    """One page of a list. total: of all pages; pages: at least 1."""

    rows: tuple[CaseRow, ...]
    total: int
    page: int
    pages: int


def list_cases(
    session: Session,
    actor: Actor,
    campaign: Campaign,
    which: CaseFilter,
    *,
    now: datetime,
    page: int = 1,
    size: int = PAGE_SIZE,
) -> CasePage:
    """A page of the cases this person may see, those that are due first at the top.

    A page beyond the last is the last.
    """
    conditions = _conditions(session, actor, campaign, which, now)
    # Without an ORDER BY and in a subquery, so that the count does not pay for the sorting.
    seen = visible_cases(actor).join(Target.unit).join(Unit.category).where(*conditions)
    total = session.execute(select(func.count()).select_from(seen.subquery())).scalar_one()
    pages = max(1, -(-total // size))
    page = min(max(1, page), pages)
    cases = session.execute(ordered(seen).limit(size).offset((page - 1) * size)).scalars().all()
    return CasePage(rows_of(session, actor, campaign, cases, now), total, page, pages)


def cases_after(
    session: Session,
    actor: Actor,
    seen: Select[Case],
    campaign: Campaign,
    which: CaseFilter,
    *,
    after: int | None,
    size: int,
    now: datetime,
) -> list[Case]:
    """The newest of the cases seen that fit, older than the case `after`; a page that holds whatever comes in.

    seen: a query that has joined the target.
    """
    query = (
        seen.join(Target.unit).join(Unit.category).where(*_conditions(session, actor, campaign, which, now))
    )
    if after is not None:
        query = query.where(Case.id < after)
    loaded = query.options(
        joinedload(Case.target).joinedload(Target.unit).joinedload(Unit.category), joinedload(Case.campaign)
    )
    return list(session.execute(loaded.order_by(Case.id.desc()).limit(size)).scalars())


def running_cases(
    session: Session,
    actor: Actor,
    campaign_id: int,
    target_id: int,
    *,
    apart_from: int | None = None,
    most: int = 20,
) -> tuple[Case, ...]:
    """The cases of a target that are not ended, of those this person may see, the newest first.

    A later visit (回访) looks at these before it finds the same again.
    apart_from: a rating whose own cases are left out.
    """
    query = visible_cases(actor).where(
        Case.campaign_id == campaign_id, Case.target_id == target_id, Case.ended_at.is_(None)
    )
    if apart_from is not None:
        query = query.where(func.coalesce(Case.rating_id, 0) != apart_from)
    found = session.execute(query.order_by(Case.id.desc()).limit(most)).scalars()
    return tuple(shown_case(case, hidden_from(session, actor, case)) for case in found)


def count_cases(
    session: Session, actor: Actor, campaign: Campaign, which: CaseFilter, *, now: datetime
) -> int:
    """How many cases `list_cases` would list."""
    seen = visible_cases(actor).join(Target.unit).join(Unit.category)
    filtered = seen.where(*_conditions(session, actor, campaign, which, now)).subquery()
    return int(session.execute(select(func.count()).select_from(filtered)).scalar_one())


def workflows_in_use(session: Session, campaign: Campaign) -> list[Workflow]:
    """The versions of the procedure that the campaign's cases stand under, the newest first."""
    used = select(Case.workflow_id).where(Case.campaign_id == campaign.id).distinct()
    ids = {campaign.workflow_id, *session.execute(used).scalars()}
    return [workflow_of(session, definition_id) for definition_id in sorted(ids, reverse=True)]


def states_in_use(session: Session, campaign: Campaign) -> dict[str, State]:
    """State by its key, of all versions in use, those of the campaign's own version first."""
    found = {state.key: state for state in workflow_of(session, campaign.workflow_id).states}
    for workflow in workflows_in_use(session, campaign):
        found |= {state.key: state for state in workflow.states if state.key not in found}
    return found


def _conditions(
    session: Session, actor: Actor, campaign: Campaign, which: CaseFilter, now: datetime
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Case.campaign_id == campaign.id]
    if which.state == "running":
        found.append(Case.ended_at.is_(None))
    elif which.state:
        found.append(Case.state == which.state)
    for wanted, column in (
        (which.category, Category.key),
        (which.unit, Unit.key),
        (which.target, Target.key),
        (which.channel, Case.channel),
    ):
        if wanted:
            found.append(column == wanted)
    if which.channel:
        # Otherwise a search would tell what the list does not.
        found += where_shown(session, actor, campaign, "channel")
    if which.tier:
        found.append(Case.id.in_(_with_tier(campaign.id, which.tier)))
    if which.word.strip():
        word = which.word.strip()[:100]
        found.append(
            or_(Case.number.icontains(word, autoescape=True), Case.title.icontains(word, autoescape=True))
        )
    return [*found, *_due(session, campaign, which.due, now)]


def _due(session: Session, campaign: Campaign, due: str, now: datetime) -> list[ColumnElement[bool]]:
    clock = select(Deadline.id).where(Deadline.case_id == Case.id, Deadline.status == "running")
    if due == "today":
        start = datetime.combine(now.astimezone(LOCAL).date(), time(0), LOCAL)
        return [clock.where(Deadline.due_at >= start, Deadline.due_at < start + timedelta(days=1)).exists()]
    if due == "overdue":
        used = states_in_use(session, campaign).values()
        missed = [state.key for state in used if state.tier and not state.final]
        return [or_(Case.state.in_(missed), clock.where(Deadline.due_at < now).exists())]
    return []


def _with_tier(campaign_id: int, tier: str) -> Select[Any]:
    """Ids of the cases in which this tier stands booked."""
    reversal = aliased(Deduction)
    taken_back = select(reversal.id).where(reversal.reverses_id == Deduction.id)
    return select(Deduction.case_id).where(
        Deduction.campaign_id == campaign_id,
        Deduction.tier == tier,
        Deduction.kind == "booked",
        ~taken_back.exists(),
    )


def ordered(query: Select[Case]) -> Select[Any]:
    """Those that are due first at the top; what stands in a list is read with each case."""
    due = (
        select(func.min(Deadline.due_at))
        .where(Deadline.case_id == Case.id, Deadline.status == "running")
        .correlate(Case)
        .scalar_subquery()
    )
    return query.order_by(due.asc().nulls_last(), Case.id.desc()).options(
        joinedload(Case.target).joinedload(Target.unit).joinedload(Unit.category), joinedload(Case.campaign)
    )


def rows_of(
    session: Session, actor: Actor, campaign: Campaign, cases: Sequence[Case], now: datetime
) -> tuple[CaseRow, ...]:
    """The cases as lines for this reader; clocks and points of all of them in one query each."""
    ids = [case.id for case in cases]
    clocks = _clocks(session, ids)
    points = {
        case_id: total
        for chunk in _chunks(ids)
        for case_id, total in session.execute(
            select(Deduction.case_id, func.sum(Deduction.points))
            .where(Deduction.case_id.in_(chunk))
            .group_by(Deduction.case_id)
        )
    }
    calendar = work_calendar(session, campaign)
    channels = {item["key"]: item["name"] for item in campaign.settings["channels"]}
    return tuple(
        _row(
            session, actor, case, clocks.get(case.id), int(points.get(case.id) or 0), calendar, channels, now
        )
        for case in cases
    )


def _chunks(ids: Sequence[int], size: int = 500) -> Iterable[Sequence[int]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _clocks(session: Session, ids: Sequence[int]) -> dict[int, Deadline]:
    """The clock that a list shows of each case: a running one before a stopped one, the soonest of them."""
    found: dict[int, Deadline] = {}
    for chunk in _chunks(ids):
        rows = session.execute(
            select(Deadline)
            .where(and_(Deadline.case_id.in_(chunk), Deadline.status.in_(("running", "stopped"))))
            .order_by(Deadline.status, Deadline.due_at)
        ).scalars()
        for row in rows:
            found.setdefault(row.case_id, row)
    return found


def _row(
    session: Session,
    actor: Actor,
    case: Case,
    clock: Deadline | None,
    points: int,
    calendar: WorkCalendar,
    channels: dict[str, str],
    now: datetime,
) -> CaseRow:
    workflow = workflow_of(session, case.workflow_id)
    suspension = case.situation.get("suspension")
    case = shown_case(case, hidden_from(session, actor, case))
    running = clock if clock is not None and clock.status == "running" else None
    return CaseRow(
        id=case.id,
        number=case.number,
        title=case.title,
        grave=case.grave,
        target=case.target.name,
        unit=case.target.unit.name,
        category=case.target.unit.category.name,
        channel=channels.get(case.channel, case.channel),
        state=case.state,
        state_name=workflow.states_by_key[case.state].name,
        tone=tone_of(workflow, case.state),
        suspension=workflow.suspensions_by_key[suspension].name if suspension else "",
        clock=clock.status if clock is not None else "",
        due_at=running.due_at if running else None,
        remaining=days_left(running.due_at, now, calendar) if running else None,
        provisional=bool(running and running.provisional),
        points=points,
        found_on=case.found_on,
        opened_at=case.opened_at,
    )


def days_left(due_at: datetime, now: datetime, calendar: WorkCalendar) -> int | None:
    """Working days to the deadline: 0 on its day, negative once it has passed (at least −1).

    None where the calendar does not cover the days between.
    """
    try:
        if due_at >= now:
            return remaining_working_days(now, due_at, calendar)
        return -max(1, remaining_working_days(due_at, now, calendar))
    except CalendarTooShort:
        return None


def tone_of(workflow: Workflow, state_key: str) -> str:
    """How a page colours a state: what costs points, what is over, what runs."""
    state = workflow.states_by_key[state_key]
    if state.final:
        return "final"
    if state.tier:
        return "danger"
    if any(clock.then for clock in state.clocks):
        return "info"
    return "warn" if state.clocks else ""

"""Where things stand, for the leading group: best and last, satisfaction, cases, what is late, how it moves.

Source: 方案第四条、第六条.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from models.campaign import Campaign
from models.case import Case, Deadline
from models.rating import Rating
from models.roster import Target, Unit
from scoring.definition import Scheme
from scoring.engine import score_target
from scoring.exact import printed
from scoring.facts import TargetFacts
from services.actor import Actor
from services.calendars import work_calendar
from services.case_lists import states_in_use
from services.explanations import SEES_RANKING, ShownLine, leaf_names, shown
from services.front_page import running_count, state_counts
from services.scores import Ranking, current_ranking
from workflow.calendar import CalendarTooShort, WorkCalendar, remaining_working_days
from workflow.definition import State

LOCAL = ZoneInfo("Asia/Shanghai")
#: Lines at each end of a category, and of the list of what is late.
ENDS = 5
LATE = 20
#: A deadline so many working days away is a yellow item.
SOON = 2
#: Days among which two working days surely are, however long the holiday.
LONGEST_HOLIDAY = 30


@dataclass(frozen=True)
class CategoryBoard:
    """One category: its best, its last, and the satisfaction of each method over all of it."""

    key: str
    name: str
    count: int
    top: tuple[ShownLine, ...]
    bottom: tuple[ShownLine, ...]
    satisfaction: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True)
class Concern:
    """A case that a leader should know of. days: working days left, negative when late; None: no clock runs."""

    case_id: int
    number: str
    title: str
    unit: str
    target: str
    state: str
    since: datetime
    due_at: datetime | None
    days: int | None
    red: bool


@dataclass(frozen=True)
class Month:
    """One month: ratings that counted, their mean satisfaction, cases opened and ended."""

    key: str
    ratings: int
    satisfaction: str | None
    opened: int
    ended: int


@dataclass(frozen=True)
class Board:
    """Everything on the leader's page."""

    categories: tuple[CategoryBoard, ...]
    provisional: bool
    #: Name of each state and how many cases stand in it, in the order of the procedure.
    states: tuple[tuple[str, int], ...]
    running: int
    red: tuple[Concern, ...]
    red_total: int
    yellow: tuple[Concern, ...]
    yellow_total: int
    months: tuple[Month, ...]
    ratings: int


def board_for(session: Session, actor: Actor, campaign: Campaign, *, now: datetime) -> Board:
    """The board as of now, for the leading group and the office."""
    actor.require(*SEES_RANKING, to="查看领导小组看板")
    ranking = current_ranking(session, campaign)
    used = states_in_use(session, campaign)
    counts = state_counts(session, campaign)
    red, yellow = _concerns(session, campaign, used, now)
    months = _months(session, campaign, ranking.scheme)
    return Board(
        categories=_categories(ranking),
        provisional=ranking.provisional,
        states=tuple((state.name, counts.get(state.key, 0)) for state in used.values()),
        running=running_count(session, campaign),
        red=red.shown,
        red_total=red.total,
        yellow=yellow.shown,
        yellow_total=yellow.total,
        months=months,
        ratings=sum(month.ratings for month in months),
    )


def _categories(ranking: Ranking) -> tuple[CategoryBoard, ...]:
    found = []
    for key, name in ranking.categories.items():
        lines = ranking.by_category[key]
        ranked = [line for line in lines if line.score.rank is not None]
        top, rest = ranked[:ENDS], ranked[ENDS:]
        counts: Counter[tuple[str, str]] = Counter()
        for line in lines:
            counts.update(line.score.inputs.counts)
        found.append(
            CategoryBoard(
                key,
                name,
                len(lines),
                tuple(shown(line) for line in top),
                tuple(shown(line) for line in rest[-ENDS:]),
                _satisfaction(ranking.scheme, key, counts),
            )
        )
    return tuple(found)


def _satisfaction(
    scheme: Scheme, category: str, counts: Counter[tuple[str, str]]
) -> tuple[tuple[str, str | None], ...]:
    """By the scheme's own rule, as if the whole category were one target."""
    if category not in scheme.category_by_key:
        return ()
    whole = score_target(scheme, TargetFacts(category, category, category), counts, ())
    names, nodes = leaf_names(scheme), dict(scheme.leaves)
    return tuple(
        (names[key], None if value is None else printed(value, scheme.places_of(nodes[key])))
        for key, value in whole.satisfaction.items()
    )


@dataclass(frozen=True)
class _Concerns:
    """The worst of one colour, and how many there are."""

    shown: tuple[Concern, ...]
    total: int


def _concerns(
    session: Session, campaign: Campaign, used: dict[str, State], now: datetime
) -> tuple[_Concerns, _Concerns]:
    """Red: in a state that costs points, or past its day. Yellow: due within two working days. Worst first."""
    costly = {state.key for state in used.values() if state.tier}
    calendar = work_calendar(session, campaign)
    due = (
        select(Deadline.case_id, func.min(Deadline.due_at).label("due_at"))
        .where(Deadline.status == "running", Deadline.then != "")
        .group_by(Deadline.case_id)
        .subquery()
    )
    due_at = due.c.due_at
    late = or_(Case.state.in_(costly), and_(due_at.is_not(None), due_at < now))
    soon = and_(~Case.state.in_(costly), due_at >= now, due_at < _soon_until(now, calendar))
    running = (
        select(
            Case.id, Case.number, Case.title, Unit.name, Target.name, Case.state, Case.changed_at, due_at,
            func.count().over(),
        )
        .join(Case.target)
        .join(Target.unit)
        .outerjoin(due, due.c.case_id == Case.id)
        .where(Case.campaign_id == campaign.id, Case.ended_at.is_(None))
        .order_by(func.coalesce(due_at, now), Case.id)
        .limit(LATE)
    )  # fmt: skip
    red, yellow = (
        _worst(session, running.where(condition), used, calendar, now=now, red=red)
        for condition, red in ((late, True), (soon, False))
    )
    return red, yellow


def _worst(
    session: Session,
    query: Select[Any],
    used: dict[str, State],
    calendar: WorkCalendar,
    *,
    now: datetime,
    red: bool,
) -> _Concerns:
    names = {state.key: state.name for state in used.values()}
    rows = session.execute(query).all()
    shown = tuple(
        Concern(
            case_id,
            number,
            title,
            unit,
            target,
            names.get(state, state),
            since,
            due_at,
            _days_left(now, due_at, calendar),
            red,
        )
        for case_id, number, title, unit, target, state, since, due_at, _total in rows
    )
    return _Concerns(shown, rows[0][-1] if rows else 0)


def _soon_until(now: datetime, calendar: WorkCalendar) -> datetime:
    """The end of the last day that is not more than `SOON` working days away, or of the calendar."""
    start = datetime.combine(calendar.local_day(now), time(0), calendar.zone)
    for days in range(1, LONGEST_HOLIDAY):
        left = _days_left(now, start + timedelta(days=days), calendar)
        if left is None or left > SOON:
            return start + timedelta(days=days)
    return start + timedelta(days=LONGEST_HOLIDAY)


def _days_left(now: datetime, due_at: datetime | None, calendar: WorkCalendar) -> int | None:
    if due_at is None:
        return None
    try:
        return remaining_working_days(now, due_at, calendar)
    except CalendarTooShort:
        return None


def _months(session: Session, campaign: Campaign, scheme: Scheme) -> tuple[Month, ...]:
    """Every month from the first to the last in which anything happened."""
    ratings, points = _ratings_by_month(session, campaign, scheme)
    opened = _months_of(
        session.execute(select(Case.opened_at).where(Case.campaign_id == campaign.id)).scalars()
    )
    ended = _months_of(
        session.execute(
            select(Case.ended_at).where(Case.campaign_id == campaign.id, Case.ended_at.is_not(None))
        ).scalars()
    )
    keys = {*ratings, *opened, *ended}
    if not keys:
        return ()
    return tuple(
        Month(
            key,
            ratings.get(key, 0),
            printed(points[key] / ratings[key], 4) if ratings.get(key) else None,
            opened.get(key, 0),
            ended.get(key, 0),
        )
        for key in months_between(min(keys), max(keys))
    )


def _ratings_by_month(
    session: Session, campaign: Campaign, scheme: Scheme
) -> tuple[Counter[str], dict[str, Fraction]]:
    """Ratings of each month, and the sum of their points as shares of the highest grade's."""
    rows = session.execute(
        select(Rating.happened_on, Rating.method, Rating.grade, func.count())
        .where(Rating.campaign_id == campaign.id, Rating.counted)
        .group_by(Rating.happened_on, Rating.method, Rating.grade)
    )
    shares = {
        (method.key, grade.key): grade.points / scheme.scale(method.key).top
        for method in scheme.methods
        for grade in scheme.scale(method.key).valid
    }
    ratings: Counter[str] = Counter()
    points: dict[str, Fraction] = {}
    for day, method, grade, count in rows:
        share = shares.get((method, grade))
        if share is None:
            continue
        month = f"{day:%Y-%m}"
        ratings[month] += count
        points[month] = points.get(month, Fraction(0)) + share * count
    return ratings, points


def _months_of(instants: Iterable[datetime | None]) -> Counter[str]:
    return Counter(f"{at.astimezone(LOCAL):%Y-%m}" for at in instants if at is not None)


def months_between(first: str, last: str) -> list[str]:
    """All months from the first to the last, both included.

    >>> months_between("2026-11", "2027-02")
    ['2026-11', '2026-12', '2027-01', '2027-02']
    """
    found = []
    day, end = date.fromisoformat(f"{first}-01"), date.fromisoformat(f"{last}-01")
    while day <= end:
        found.append(f"{day:%Y-%m}")
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return found

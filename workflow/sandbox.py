"""A year of made-up cases under a procedure: what the office would have to do, and when it would all come at once.

Drawn by a seed, so that the same question has the same answer; lived through by the engine and calendar that run.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from workflow.calendar import DayKind, WorkCalendar
from workflow.courses import Answering, Course, walked
from workflow.definition import Workflow
from workflow.virtual_case import Happening, VirtualCase
from workflow.vocabulary import Role

_ONE_DAY = timedelta(days=1)
#: Days off in a row that are fewer than this, or hold fewer holidays, make no wave.
_LONG_HOLIDAY = 5
_HOLIDAYS_IN_IT = 3
#: The working days after a holiday in which its wave comes in.
_WAVE = 5
OFFICE_ROLES = frozenset({Role.OFFICER.value, Role.REVIEWER.value, Role.HEAD.value})


@dataclass(frozen=True)
class Assumptions:
    """What the year is made of; shares in percent.

    cases: in the whole year. in_time, late: shares of those that answer so; the rest never answer.
    rejected: share of answers found wanting once. asks: share of targets that ask for what stops the clock.
    granted: share of these requests that are granted. targets: among which the cases fall.
    officers: who share the office's steps.
    """

    year: int
    cases: int = 200
    in_time: int = 70
    late: int = 20
    rejected: int = 20
    asks: int = 15
    granted: int = 40
    targets: int = 60
    officers: int = 3
    grave: int = 10
    seed: int = 1


@dataclass(frozen=True)
class Wave:
    """Deadlines that run out right after a long holiday. usual: in as many working days on the average of the year."""

    name: str
    first: date
    last: date
    expired: int
    usual: float


@dataclass
class Year:
    """What came of it. weeks: first days; the counts go by week; months by number.

    points: what a case costs → cases; per_target: what a target loses in all → targets.
    """

    weeks: list[date] = field(default_factory=list)
    opened: list[int] = field(default_factory=list)
    notices: list[int] = field(default_factory=list)
    expired: list[int] = field(default_factory=list)
    load: list[float] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    points: Counter[int] = field(default_factory=Counter)
    per_target: Counter[int] = field(default_factory=Counter)
    waves: list[Wave] = field(default_factory=list)
    steps: int = 0


def drawn_year(
    workflow: Workflow,
    calendar: WorkCalendar,
    assumed: Assumptions,
    cost: Callable[[tuple[str, ...]], int],
) -> Year:
    """Live a year of cases. cost: tiers that stand in one case → points. Raises CalendarTooShort for a year that
    the calendar does not know at all."""
    # Not for secrets: a seed that anyone can use again is the point.
    rng = random.Random(f"{assumed.seed}:{assumed.year}")  # noqa: S311
    days = [day for day in _days(assumed.year) if calendar.is_working_day(day)]
    until = datetime(assumed.year, 12, 31, 23, 59, tzinfo=calendar.zone)
    suspensions = tuple(suspension.key for suspension in workflow.suspensions)
    cases: list[tuple[int, VirtualCase]] = []
    for _ in range(assumed.cases):
        at = datetime.combine(rng.choice(days), time(9, rng.randrange(60)), calendar.zone)
        course = drawn_course(rng, assumed, suspensions)
        facts = {"grave": rng.randrange(100) < assumed.grave}
        case = walked(workflow, calendar, course, facts=facts, at=at, until=until)
        cases.append((rng.randrange(assumed.targets), case))
    return _counted(calendar, assumed, cases, cost)


def drawn_course(rng: random.Random, assumed: Assumptions, suspensions: Iterable[str]) -> Course:
    """How the people of one case behave."""
    drawn = rng.randrange(100)
    if drawn < assumed.in_time:
        answering = Answering.IN_TIME
    else:
        answering = Answering.LATE if drawn < assumed.in_time + assumed.late else Answering.NEVER
    return Course(
        "",
        answering,
        rejections=int(rng.randrange(100) < assumed.rejected),
        asks=tuple(key for key in suspensions if rng.randrange(100) < assumed.asks),
        grants=rng.randrange(100) < assumed.granted,
        office_days=rng.choice((1, 1, 2, 3)),
        answer_days=rng.choice((0, 0, 1, 1, 2, 4)),
    )


def _days(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + n * _ONE_DAY for n in range((date(year + 1, 1, 1) - first).days)]


def _week_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _counted(
    calendar: WorkCalendar,
    assumed: Assumptions,
    cases: Iterable[tuple[int, VirtualCase]],
    cost: Callable[[tuple[str, ...]], int],
) -> Year:
    year = Year()
    opened, notices, expired, steps = Counter[date](), Counter[date](), Counter[date](), Counter[date]()
    ran_out: Counter[date] = Counter()
    lost = Counter(dict.fromkeys(range(assumed.targets), 0))
    for target, case in cases:
        opened[_week_of(calendar.local_day(case.events[0].at))] += 1
        for event in case.events:
            day = calendar.local_day(event.at)
            notices[_week_of(day)] += len(event.notices)
            year.kinds.update(event.notices)
            if event.what is Happening.EXPIRED and event.from_state != event.state:
                expired[_week_of(day)] += 1
                ran_out[day] += 1
            if event.what is Happening.STEP and OFFICE_ROLES & set(event.roles):
                steps[_week_of(day)] += 1
        points = cost(case.situation.tiers)
        year.points[points] += 1
        lost[target] += points
        year.ends[case.situation.state] += 1
    year.weeks = sorted({_week_of(day) for day in _days(assumed.year)})
    year.opened = [opened[week] for week in year.weeks]
    year.notices = [notices[week] for week in year.weeks]
    year.expired = [expired[week] for week in year.weeks]
    year.load = [round(steps[week] / max(1, assumed.officers), 1) for week in year.weeks]
    year.steps = sum(steps.values())
    year.per_target = Counter(lost.values())
    year.waves = list(_waves(calendar, assumed.year, ran_out))
    return year


def _waves(calendar: WorkCalendar, year: int, ran_out: Mapping[date, int]) -> Iterable[Wave]:
    days = _days(year)
    working = [day for day in days if calendar.is_working_day(day)]
    mean = sum(ran_out.values()) / max(1, len(working)) * _WAVE
    block: list[date] = []
    for day in [*days, days[-1] + _ONE_DAY]:
        if day.year == year and not calendar.is_working_day(day):
            block.append(day)
            continue
        holidays = sum(calendar.days.get(item) is DayKind.HOLIDAY for item in block)
        if len(block) >= _LONG_HOLIDAY and holidays >= _HOLIDAYS_IN_IT:
            after = [item for item in working if item > block[-1]][:_WAVE]
            count = sum(ran_out.get(item, 0) for item in after)
            yield Wave(_holiday(block[0]), block[0], block[-1], count, round(mean, 1))
        block = []


def _holiday(first: date) -> str:
    """The two long holidays by their season; others by their first day."""
    if first.month in (1, 2):
        return "春节"
    return (
        "国庆"
        if first.month in (9, 10)
        else "劳动节"
        if first.month in (4, 5)
        else f"{first.month}月{first.day}日"
    )

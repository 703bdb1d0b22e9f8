"""流程变更试算: what another version of the procedure would do to every running case, before anything is done.

Three policies for open deadlines: `keep` the date stays; `recompute` counted anew from its start by the new length;
`shift` moved by as many working days as the length differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from definitions.canonical import sha256_of
from models.campaign import Campaign, Definition, DefinitionKind, DefinitionStatus
from models.case import Case, Deadline
from models.panel import Panel
from models.roster import Target
from services.calendars import work_calendar
from services.clock_moves import counted_anew, counted_from_start
from services.definitions import workflow_of
from services.refusal import Refusal
from workflow.calendar import (
    CalendarTooShort,
    Due,
    WorkCalendar,
    deadline,
    not_sooner,
    resumed_deadline,
    shifted_deadline,
)
from workflow.consequences import clocks_of_state
from workflow.definition import Workflow
from workflow.effects import StartClock
from workflow.relocation import Fit, counterpart, fit, length_of, migrated
from workflow.situation import Situation, situation_from
from workflow.vocabulary import ClockStart, ClockUnit

POLICIES = ("keep", "recompute", "shift")
_CHUNK = 400


@dataclass(frozen=True)
class ClockPlan:
    """What becomes of one open clock. due: where it runs and the date is counted; None: it stands still or is over.

    name, then, length, unit: as they are to be. remaining: for one that stands still.  over: the new version has
    no such clock here.
    """

    row: Deadline
    label: str
    name: str
    then: str
    length: int
    unit: ClockUnit
    due: Due | None
    remaining: int | None
    over: bool

    @property
    def moves(self) -> bool:
        """Whether the date, what is left, or the clock itself changes."""
        if self.over:
            return True
        if self.due is not None:
            return self.due.due_at != self.row.due_at
        return self.remaining != self.row.remaining_working_days


@dataclass(frozen=True)
class CasePlan:
    """What becomes of one case. fresh: clocks that the new version starts here, with their date."""

    case: Case
    fit: Fit
    state: str
    state_then: str
    clocks: tuple[ClockPlan, ...]
    fresh: tuple[tuple[StartClock, Due], ...]

    @property
    def changes(self) -> bool:
        """Whether it does not follow with its state and its dates as they are."""
        return self.fit.verdict != "fits" or bool(self.fresh) or any(clock.moves for clock in self.clocks)


@dataclass(frozen=True)
class Plan:
    """The dry run over all cases."""

    campaign: Campaign
    goal: Definition
    rows: tuple[CasePlan, ...]
    policy: str

    @property
    def changed(self) -> list[CasePlan]:
        """What somebody should look at: cases that do not simply follow, or of which a date changes; those first
        that do not move."""
        order = {"needs_mapping": 0, "stays": 1, "mapped": 2, "fits": 3}
        return sorted((row for row in self.rows if row.changes), key=lambda row: order[row.fit.verdict])

    @property
    def unchanged(self) -> list[CasePlan]:
        """Cases that follow with their state and their dates."""
        return [row for row in self.rows if not row.changes]

    @property
    def counts(self) -> dict[str, int]:
        """Verdict to how many cases have it."""
        verdicts = [row.fit.verdict for row in self.rows]
        return {verdict: verdicts.count(verdict) for verdict in ("fits", "mapped", "needs_mapping", "stays")}

    @property
    def moved_clocks(self) -> int:
        """How many deadlines change."""
        return sum(clock.moves for row in self.rows for clock in row.clocks) + sum(
            len(row.fresh) for row in self.rows
        )

    @property
    def digest(self) -> str:
        """Of every verdict and date; the act names it, so that nothing moves unseen."""
        shown = [
            [
                row.case.id,
                row.fit.verdict,
                row.fit.state,
                [
                    [c.row.id, c.name, c.due.due_at.isoformat() if c.due else "", c.remaining or 0, c.over]
                    for c in row.clocks
                ],
                [[clock.name, due.due_at.isoformat()] for clock, due in row.fresh],
            ]
            for row in self.rows
        ]
        return sha256_of({"policy": self.policy, "goal": self.goal.id, "rows": shown})


def newest_version(session: Session, campaign: Campaign) -> Definition | None:
    """The published version of the campaign's procedure; None where a pack lost it."""
    key = session.get_one(Definition, campaign.workflow_id).key
    return session.execute(
        select(Definition).where(
            Definition.pack_key == campaign.pack_key,
            Definition.kind == DefinitionKind.WORKFLOW,
            Definition.key == key,
            Definition.status == DefinitionStatus.PUBLISHED,
        )
    ).scalar_one_or_none()


def elsewhere(
    campaign: Campaign, goal: Definition, *, after: int = 0, limit: int | None = None
) -> Select[int]:
    """A query of ids: running cases of the campaign that stand under another version of the same procedure."""
    same = select(Definition.id).where(
        Definition.kind == DefinitionKind.WORKFLOW,
        Definition.key == goal.key,
        Definition.pack_key == goal.pack_key,
    )
    query = (
        select(Case.id)
        .where(Case.campaign_id == campaign.id, Case.ended_at.is_(None), Case.workflow_id != goal.id)
        .where(Case.workflow_id.in_(same), Case.id > after)
        .order_by(Case.id)
    )
    return query.limit(limit) if limit else query


def dry_run(
    session: Session,
    campaign: Campaign,
    goal: Definition,
    state_map: Mapping[str, str],
    policy: str,
    *,
    now: datetime,
) -> Plan:
    """Every running case with its verdict and its dates, old and new. Nothing is written."""
    if policy not in POLICIES:
        raise Refusal("policy_unknown", "请选择期限的处理办法。", 422)
    new, calendar = workflow_of(session, goal.id), work_calendar(session, campaign)
    ids = list(session.execute(elsewhere(campaign, goal)).scalars())
    cases = _loaded(session, ids)
    clocks = _open_clocks(session, ids)
    busy = with_open_panel(session, ids)
    rows = [
        _held(session, case)
        if case.id in busy
        else plan_of(
            session, case, clocks.get(case.id, ()), new, state_map, policy, calendar=calendar, now=now
        )
        for case in cases
    ]
    return Plan(campaign, goal, tuple(rows), policy)


def with_open_panel(session: Session, ids: Sequence[int]) -> frozenset[int]:
    """Cases of which several persons are deciding together just now."""
    found: set[int] = set()
    for start in range(0, len(ids), _CHUNK):
        query = select(Panel.case_id).where(
            Panel.case_id.in_(ids[start : start + _CHUNK]), Panel.status == "open"
        )
        found.update(session.execute(query).scalars())
    return frozenset(found)


def _loaded(session: Session, ids: Sequence[int]) -> list[Case]:
    found: list[Case] = []
    for start in range(0, len(ids), _CHUNK):
        found += session.execute(
            select(Case)
            .where(Case.id.in_(ids[start : start + _CHUNK]))
            .options(joinedload(Case.target).joinedload(Target.unit))
            .order_by(Case.id)
        ).scalars()
    return found


def _open_clocks(session: Session, ids: Sequence[int]) -> dict[int, list[Deadline]]:
    found: dict[int, list[Deadline]] = {}
    for start in range(0, len(ids), _CHUNK):
        for row in session.execute(
            select(Deadline)
            .where(
                Deadline.case_id.in_(ids[start : start + _CHUNK]), Deadline.status.in_(("running", "stopped"))
            )
            .order_by(Deadline.id)
        ).scalars():
            found.setdefault(row.case_id, []).append(row)
    return found


def plan_of(
    session: Session,
    case: Case,
    open_clocks: Iterable[Deadline],
    new: Workflow,
    state_map: Mapping[str, str],
    policy: str,
    *,
    calendar: WorkCalendar,
    now: datetime,
) -> CasePlan:
    """One case with its verdict and dates."""
    old, situation = workflow_of(session, case.workflow_id), situation_from(case.situation)
    verdict = fit(old, new, situation, state_map)
    here = old.states_by_key[case.state].name
    if not verdict.moves:
        return CasePlan(case, verdict, here, here, (), ())
    after = migrated(new, situation, state_map)
    try:
        plans = tuple(_clock(row, old, new, after, policy, calendar, now) for row in open_clocks)
        fresh = () if policy == "keep" else _fresh(new, after, plans, calendar, now)
    except CalendarTooShort as short:
        stays = Fit("stays", case.state, f"{short.sentence}")
        return CasePlan(case, stays, here, here, (), ())
    return CasePlan(case, verdict, here, new.states_by_key[after.state].name, plans, fresh)


def _held(session: Session, case: Case) -> CasePlan:
    name = workflow_of(session, case.workflow_id).states_by_key[case.state].name
    return CasePlan(case, Fit("stays", case.state, "会签尚未结束；结束后可以再转"), name, name, (), ())


def _clock(
    row: Deadline,
    old: Workflow,
    new: Workflow,
    after: Situation,
    policy: str,
    calendar: WorkCalendar,
    now: datetime,
) -> ClockPlan:
    clock = counterpart(new, after, row.name, row.then)
    if clock is None:
        label = _label(old, row.name)
        return ClockPlan(
            row, label, row.name, row.then, row.length, ClockUnit(row.unit), None, None, over=True
        )
    length, unit = (
        (row.length, ClockUnit(row.unit)) if policy == "keep" else (length_of(clock, after), clock.unit)
    )
    longer = longer_by(row, length, unit)
    then = clock.then or ""
    if row.status == "stopped":
        remaining = max(0, (row.remaining_working_days or 0) + longer)
        return ClockPlan(row, clock.label, clock.name, then, length, unit, None, remaining, over=False)
    due = _due(row, length, unit, policy, calendar, now)
    return ClockPlan(row, clock.label, clock.name, then, length, unit, due, None, over=False)


def longer_by(row: Deadline, length: int, unit: ClockUnit) -> int:
    """How many working days a clock gains; 0 where months come in, whose difference is no number of days."""
    return length - row.length if row.unit == unit == ClockUnit.WORKING_DAYS else 0


def _due(
    row: Deadline, length: int, unit: ClockUnit, policy: str, calendar: WorkCalendar, now: datetime
) -> Due:
    longer = longer_by(row, length, unit)
    months = (row.length, row.unit) != (length, unit) and ClockUnit.MONTHS in (row.unit, unit)
    kept = Due(row.due_at, row.explanation, row.calendar_version, row.provisional)
    if policy == "keep":
        return kept
    if months and counted_from_start(row):
        anew = deadline(row.starts_at, length, calendar, event="起算", unit=unit)
        return not_sooner(anew, row.due_at, now, calendar)
    if policy == "shift" or row.counted_from is None or row.counted_days is None:
        if not longer:
            return kept
        return not_sooner(
            shifted_deadline(row.due_at, longer, calendar, event="流程变更"), row.due_at, now, calendar
        )
    if not longer:
        return counted_anew(row, calendar, now=now) or kept
    if counted_from_start(row):
        due = deadline(row.starts_at, length, calendar, event="起算")
    else:
        due = resumed_deadline(row.counted_from, max(0, row.counted_days + longer), calendar)
    return not_sooner(due, row.due_at, now, calendar)


def _fresh(
    new: Workflow, after: Situation, plans: Sequence[ClockPlan], calendar: WorkCalendar, now: datetime
) -> tuple[tuple[StartClock, Due], ...]:
    """Clocks that the new version has in this state and the case does not, from the day of the change."""
    held = {plan.name for plan in plans if not plan.over}
    found = list(clocks_of_state(new, after, ClockStart.ENTERED))
    if not new.serving_triggers.isdisjoint(after.done.get(after.state, ())):
        found += clocks_of_state(new, after, ClockStart.SERVED)
    return tuple(
        (clock, deadline(now, clock.length, calendar, event="流程变更", unit=clock.unit))
        for clock in found
        if clock.name not in held
    )


def _label(workflow: Workflow, name: str) -> str:
    places = [*(state.clocks for state in workflow.states), *(held.clocks for held in workflow.suspensions)]
    return next((clock.label for clocks in places for clock in clocks if clock.name == name), name)

"""A draft tried out on a made-up year and on the real cases of a campaign. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models.campaign import Campaign
from models.case import Case, CaseStep
from models.roster import Target, Unit
from scoring.engine import case_deduction
from scoring.facts import CaseFacts
from services.actor import Actor
from services.calendars import work_calendar
from services.deductions import states_of
from services.definition_versions import Draft, may_design
from services.procedure_checks import inspected, office_calendar
from services.procedure_versions import PROCEDURE
from services.refusal import Refusal, not_found
from services.scores import Ranking, current_ranking, ranking_of_cases
from workflow.calendar import CalendarTooShort, WorkCalendar
from workflow.definition import Workflow
from workflow.replaying import Recorded, Replayed, replayed_through
from workflow.sandbox import Assumptions, Year, drawn_year

#: A page waits for its answer.
MOST_CASES = 1_000


def calendar_for(session: Session) -> WorkCalendar:
    """The calendar on which a draft is tried."""
    return office_calendar(session)


def sandbox_year(session: Session, actor: Actor, draft: Draft, assumed: Assumptions) -> Year:
    """A made-up year under a draft. Refusal for a draft with faults, or a year that the calendar does not know."""
    may_design(actor, PROCEDURE)
    found = inspected(session, draft)
    _sound(found.faults)
    scheme = found.pack.scheme

    def cost(tiers: tuple[str, ...]) -> int:
        return case_deduction(scheme, states_of(scheme, tiers)).points

    try:
        return drawn_year(found.workflow, office_calendar(session), assumed, cost)
    except CalendarTooShort as short:
        raise Refusal(short.code, short.sentence, 422) from short


def _sound(faults: Sequence[Any]) -> None:
    if faults:
        raise Refusal("procedure_not_ready", f"草稿还有{len(faults)}处要改好，才能试算。", 422)


@dataclass(frozen=True)
class Moved:
    """One target as it stands and as it would stand. The figures are as printed; None without one."""

    unit: str
    target: str
    category: str
    points: int
    points_then: int
    total: str | None
    total_then: str | None
    rank: int | None
    rank_then: int | None

    @property
    def changed(self) -> bool:
        """Whether anything would be different."""
        return (self.points, self.total, self.rank) != (self.points_then, self.total_then, self.rank_then)


@dataclass(frozen=True)
class MovedCase:
    """One case that would cost otherwise, or could not have gone as it went."""

    id: int
    number: str
    target: str
    points: int
    points_then: int
    state: str
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class WhatIf:
    """All cases of a campaign under a draft. incomplete: cases whose deadlines go beyond the calendar."""

    campaign: Campaign
    cases: int
    targets: tuple[Moved, ...]
    moved: tuple[MovedCase, ...]
    incomplete: int


def campaigns_to_replay(session: Session, draft: Draft) -> tuple[Campaign, ...]:
    """Campaigns whose cases ran under a version of the same procedure, newest first."""
    rows = session.execute(select(Campaign).order_by(Campaign.year.desc(), Campaign.id.desc())).scalars()
    return tuple(row for row in rows if row.pack_key == draft.pack_key and row.workflow.key == draft.key)


def what_if(session: Session, actor: Actor, draft: Draft, campaign_id: int, *, now: datetime) -> WhatIf:
    """How points and ranks of a campaign would stand if its cases had run under a draft; nothing is written."""
    may_design(actor, PROCEDURE)
    campaign = next((row for row in campaigns_to_replay(session, draft) if row.id == campaign_id), None)
    if campaign is None:
        raise not_found("这个测评活动")
    found = inspected(session, draft)
    _sound(found.faults)
    live = current_ranking(session, campaign)
    replays = _replays(session, campaign, found.workflow, now)
    then = _then(session, campaign, live, replays)
    costs = {case.id: _cost(live, replay.tiers) for case, replay in replays}
    before = _booked(live)
    moved = tuple(
        MovedCase(
            case.id,
            case.number,
            f"{case.target.unit.name}{case.target.name}",
            before.get(case.number, 0),
            costs[case.id],
            found.workflow.states_by_key[replay.state].name,
            replay.left_out,
        )
        for case, replay in replays
        if before.get(case.number, 0) != costs[case.id] or replay.left_out
    )
    incomplete = sum(not replay.complete for _, replay in replays)
    return WhatIf(campaign, len(replays), _targets(live, then), moved, incomplete)


def _replays(
    session: Session, campaign: Campaign, workflow: Workflow, now: datetime
) -> list[tuple[Case, Replayed]]:
    calendar = work_calendar(session, campaign)
    cases = session.execute(
        select(Case)
        .where(Case.campaign_id == campaign.id)
        .options(joinedload(Case.target).joinedload(Target.unit).joinedload(Unit.category))
        .order_by(Case.id)
    ).scalars()
    steps: dict[int, list[CaseStep]] = {}
    for row in session.execute(
        select(CaseStep)
        .join(Case, Case.id == CaseStep.case_id)
        .where(Case.campaign_id == campaign.id, CaseStep.position > 1, CaseStep.actor_id.is_not(None))
        .order_by(CaseStep.case_id, CaseStep.position)
    ).scalars():
        steps.setdefault(row.case_id, []).append(row)
    return [
        (
            case,
            replayed_through(
                workflow,
                calendar,
                [_recorded(row) for row in steps.get(case.id, [])],
                facts=_facts(case),
                opened_at=case.opened_at,
                until=now,
            ),
        )
        for case in cases
    ]


def _facts(case: Case) -> Mapping[str, Any]:
    return {"grave": case.grave, "channel": case.channel, "category": case.target.unit.category.key}


def _recorded(row: CaseStep) -> Recorded:
    return Recorded(
        row.effective_at, row.trigger, str(row.actor_id), frozenset(row.roles), row.facts, row.asked
    )


def _cost(live: Ranking, tiers: Sequence[str]) -> int:
    return case_deduction(live.scheme, states_of(live.scheme, tiers)).points


def _booked(live: Ranking) -> dict[str, int]:
    """Case number → what it costs now."""
    return {
        case.key: case_deduction(live.scheme, case.states, case.reversed).points
        for line in live.lines.values()
        for case in line.score.inputs.cases
    }


def _then(
    session: Session, campaign: Campaign, live: Ranking, replays: Sequence[tuple[Case, Replayed]]
) -> Ranking:
    cases: dict[int, list[CaseFacts]] = {}
    keys = {key: line.score.target for key, line in live.lines.items()}
    for case, replay in replays:
        if case.target_id in keys and replay.tiers:
            facts = CaseFacts(case.number, keys[case.target_id], states_of(live.scheme, replay.tiers))
            cases.setdefault(case.target_id, []).append(facts)
    return ranking_of_cases(session, campaign, {key: tuple(cases.get(key, ())) for key in live.lines})


def _targets(live: Ranking, then: Ranking) -> tuple[Moved, ...]:
    moved = []
    for key, line in live.lines.items():
        now, other = line.score, then.lines[key].score
        moved.append(
            Moved(
                line.unit,
                now.name,
                live.categories.get(now.category, now.category),
                _lost(live, now.inputs.cases),
                _lost(live, other.inputs.cases),
                now.printed,
                other.printed,
                now.rank,
                other.rank,
            )
        )
    last = len(moved) + 1
    return tuple(sorted(moved, key=lambda row: (not row.changed, row.category, row.rank or last)))


def _lost(live: Ranking, cases: Sequence[CaseFacts]) -> int:
    total: int | Fraction = sum(
        case_deduction(live.scheme, case.states, case.reversed).points for case in cases
    )
    return int(total)

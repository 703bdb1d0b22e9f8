"""What a step brings about, carried out in the step's own transaction: clocks, ledger, notices, messages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from models.case import Case, CaseStep, Deadline
from models.job import Message
from models.people import Role, RoleGrant, User
from models.rating import Rating
from services.actor import Actor
from services.calendars import work_calendar
from services.deadlines import end_clocks, open_deadlines, resume_clocks, start_clock, stop_clocks
from services.deductions import settle
from services.definitions import scheme_of
from services.notice_values import case_values
from services.notices import issue_notice
from workflow.calendar import WorkCalendar
from workflow.definition import Workflow
from workflow.effects import (
    BookDeduction,
    Effect,
    EndClocks,
    IssueNotice,
    Rate,
    Reminder,
    ResumeClocks,
    ReverseDeductions,
    StartClock,
    StopClocks,
    Tell,
)


@dataclass(frozen=True)
class Moment:
    """When a step takes effect, and when it is written down (later, for a late timer or a late record)."""

    effective: datetime
    recorded: datetime


def carry_out(
    session: Session,
    actor: Actor,
    case: Case,
    step: CaseStep,
    effects: Iterable[Effect],
    *,
    workflow: Workflow,
    moment: Moment,
) -> None:
    """Carry out a step's effects in their order.

    Notices are written last, so that they can say what the ledger and the clocks hold after the step.
    """
    effects = tuple(effects)
    _move_clocks(session, case, step, effects, workflow=workflow, moment=moment)
    _move_ledger(session, case, step, effects, moment)
    session.flush()
    for effect in effects:
        if isinstance(effect, IssueNotice):
            issue_for_step(session, actor, case, step, effect.kind, workflow=workflow, moment=moment)
        elif isinstance(effect, Tell):
            tell(session, case, effect.roles, effect.text, now=moment.recorded)
        elif isinstance(effect, Rate):
            tell(session, case, ("monitor", "inspector"), "您反映的问题已反馈整改情况，请再作一次评价。", now=moment.recorded)


def _move_clocks(
    session: Session,
    case: Case,
    step: CaseStep,
    effects: tuple[Effect, ...],
    *,
    workflow: Workflow,
    moment: Moment,
) -> None:
    clocks = [
        effect for effect in effects if isinstance(effect, StartClock | StopClocks | ResumeClocks | EndClocks)
    ]
    if not clocks:
        return
    calendar = work_calendar(session, case.campaign)
    rows: list[Deadline] = open_deadlines(session, case.id, lock=True)
    event = "送达" if step.trigger in workflow.serving_triggers else "起算"
    for effect in clocks:
        if isinstance(effect, StartClock):
            rows.append(
                start_clock(
                    session, case, step, effect, calendar=calendar, at=moment.effective, event=event
                )
            )
        elif isinstance(effect, StopClocks):
            stop_clocks(rows, calendar=calendar, at=moment.effective)
        elif isinstance(effect, EndClocks):
            end_clocks(rows, effect.names)
        else:
            resume_clocks(
                session,
                rows,
                extra_working_days=effect.extra_working_days,
                calendar=calendar,
                at=moment.effective,
                reminders=_reminders(workflow),
            )


def _reminders(workflow: Workflow) -> dict[str, tuple[Reminder, ...]]:
    clocks = [clock for state in workflow.states for clock in state.clocks]
    clocks += [clock for suspension in workflow.suspensions for clock in suspension.clocks]
    return {
        clock.name: tuple(
            Reminder(rule.working_days_before, rule.notice, tuple(rule.tell), rule.text) for rule in clock.remind
        )
        for clock in clocks
    }


def _move_ledger(
    session: Session, case: Case, step: CaseStep, effects: tuple[Effect, ...], moment: Moment
) -> None:
    reversal = next((effect for effect in effects if isinstance(effect, ReverseDeductions)), None)
    if reversal is None and not any(isinstance(effect, BookDeduction) for effect in effects):
        return
    reason = str(step.asked.get(reversal.reason_field) or "") if reversal else "升至更重扣分档"
    settle(
        session,
        case,
        step,
        scheme=scheme_of(session, case.campaign.scheme_id),
        tiers=case.situation["tiers"],
        reason=reason or "申诉成立，撤回扣分",
        now=moment.effective,
    )


def issue_for_step(
    session: Session,
    actor: Actor,
    case: Case,
    step: CaseStep,
    kind: str,
    *,
    workflow: Workflow,
    moment: Moment,
) -> None:
    """Issue one notice of a step with the values the case gives it now."""
    calendar: WorkCalendar = work_calendar(session, case.campaign)
    values = case_values(session, case, step, workflow=workflow, calendar=calendar, at=moment.effective)
    issue_notice(
        session,
        actor,
        case.campaign,
        kind,
        values=values,
        now=moment.recorded,
        case=case,
        step=step,
        target=case.target,
    )


def tell(session: Session, case: Case, roles: Iterable[str], text: str, *, now: datetime) -> None:
    """A message to everyone concerned with the case who holds one of the roles."""
    wanted = set(roles)
    office = [Role(role) for role in wanted & {"officer", "reviewer", "head", "admin", "leader", "auditor"}]
    conditions = []
    if office:
        conditions.append(User.id.in_(select(RoleGrant.user_id).where(RoleGrant.role.in_(office))))
    if "target" in wanted:
        target = case.target
        conditions.append(User.target_id == target.id)
        conditions.append((User.unit_id == target.unit_id) & User.target_id.is_(None))
    if case.rating_id is not None and wanted & {"monitor", "inspector"}:
        rating = select(Rating).where(Rating.id == case.rating_id).subquery()
        conditions.append(User.id.in_(select(rating.c.rater_id)))
    if not conditions:
        return
    people = session.execute(select(User.id).where(User.active, or_(*conditions)).distinct()).scalars().all()
    if people:
        session.execute(
            insert(Message),
            [{"user_id": person, "case_id": case.id, "text": f"{case.number}：{text}", "sent_at": now} for person in people],
        )

"""The values a case gives its notices: finished text, gathered at the moment of the step."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.case import Case, CaseStep, Deadline, Deduction
from models.notice import Notice, ServiceRecord
from notices.definition import Value
from scoring.definition import Scheme
from scoring.engine import case_deduction
from scoring.exact import printed
from services.deductions import entries_of, standing, states_of, tiers_of
from services.definitions import notice_kind_of, scheme_of
from workflow.calendar import WorkCalendar, remaining_working_days
from workflow.definition import Clock, Workflow

LOCAL = ZoneInfo("Asia/Shanghai")


def zh_day(day: date) -> str:
    """2012年4月9日, no leading zeros. Source: GB/T 9704-2012, rule B12."""
    return f"{day.year}年{day.month}月{day.day}日"


def case_values(
    session: Session,
    case: Case,
    step: CaseStep,
    *,
    workflow: Workflow,
    calendar: WorkCalendar,
    at: datetime,
) -> dict[str, Value]:
    """Everything a notice of this case can say now; a kind takes what it prints.

    A value that the case does not have is left out: a kind that needs it is then refused by name.
    """
    scheme = scheme_of(session, case.campaign.scheme_id)
    said: dict[str, Any] = {**case.situation["noted"], **step.asked}
    values: dict[str, Value] = {
        **_identity(session, case),
        **_times(session, case, workflow, said, calendar, at),
        **_points(session, case, scheme),
        **_previous(session, case, step),
    }
    for name, value in said.items():
        if isinstance(value, str) and value.strip():
            values[name] = value.strip()
        elif isinstance(value, int) and not isinstance(value, bool):
            values[name] = str(value)
    return values


def _identity(session: Session, case: Case) -> dict[str, Value]:
    target, unit = case.target, case.target.unit
    settings = case.campaign.settings
    names = {item["key"]: item["name"] for item in (*settings["channels"], *settings["problems"])}
    head = f"{target.name}主要负责人"
    return {
        "unit": unit.name,
        "target": target.name,
        "category": unit.category.name,
        "person_in_charge": f"{head}{target.person_in_charge}",
        "case_number": case.number,
        "case_title": case.title,
        "problem": names.get(case.problem, case.title),
        "facts": case.facts,
        "basis": case.basis or settings["basis_default"],
        "channel": names[case.channel],
        "found_on": zh_day(case.found_on),
        "requirement": case.requirement or settings["requirement_default"],
        "grave": "是" if case.grave else "否",
    }


def _clocks_here(case: Case, workflow: Workflow) -> list[Clock]:
    return list(workflow.states_by_key[case.state].clocks)


def clock_days(clock: Clock, said: dict[str, Any]) -> int:
    """The length of a clock: fixed, or as a step of this case has set it."""
    if isinstance(clock.working_days, int):
        return clock.working_days
    return int(said.get(clock.working_days.field) or clock.working_days.default)


def _times(
    session: Session,
    case: Case,
    workflow: Workflow,
    said: dict[str, Any],
    calendar: WorkCalendar,
    at: datetime,
) -> dict[str, Value]:
    values: dict[str, Value] = {"closed_on": zh_day(at.astimezone(LOCAL).date())}
    rows = session.execute(
        select(Deadline).where(Deadline.case_id == case.id).order_by(Deadline.id.desc())
    ).scalars().all()
    running = next((row for row in rows if row.then and row.status in ("running", "stopped")), None)
    latest = running or next((row for row in rows if row.then), None)
    if latest is not None:
        due = latest.due_at.astimezone(LOCAL)
        values["deadline"] = values["new_deadline"] = zh_day(due.date())
        values["deadline_words"] = f"{zh_day(due.date())}{due:%H:%M}前"
        values["overdue_days"] = str(remaining_working_days(latest.due_at, at, calendar))
        values["remaining_working_days"] = str(remaining_working_days(at, latest.due_at, calendar))
        values["working_days"] = str(latest.working_days)
    for clock in _clocks_here(case, workflow):
        if clock.then is None:
            continue
        days = clock_days(clock, said)
        values["working_days"] = str(days)
        if running is None:
            values["deadline_words"] = f"自收到本通知之日起{days}个工作日内"
    served = session.execute(
        select(ServiceRecord.served_at)
        .join(Notice, Notice.id == ServiceRecord.notice_id)
        .where(Notice.case_id == case.id)
        .order_by(ServiceRecord.served_at.desc())
        .limit(1)
    ).scalar_one_or_none()
    if served is not None:
        values["served_on"] = zh_day(served.astimezone(LOCAL).date())
    return values


def _points(session: Session, case: Case, scheme: Scheme) -> dict[str, Value]:
    standing_now = standing(entries_of(session, case.id))
    tiers = [entry.tier for entry in standing_now]
    total = sum(entry.points for entry in standing_now)
    values: dict[str, Value] = {"points_total": str(total)}
    if standing_now:
        values["points"] = str(total)
        values["tier_words"] = standing_now[-1].reason
    ladder = tiers_of(scheme)
    harder = [tier for tier in ladder if tier.points > total]
    if harder:
        values["points_next"] = str(case_deduction(scheme, states_of(scheme, (*tiers, harder[0].key))).points)
    if ladder:
        values["points_refusal"] = str(ladder[-1].points)
    values["points_left"] = _points_left(session, case, scheme)
    return values


def _points_left(session: Session, case: Case, scheme: Scheme) -> str:
    """What the target still has in the pool after this step."""
    if scheme.pool is None:
        return ""
    taken = session.execute(
        select(func.coalesce(func.sum(Deduction.points), 0)).where(
            Deduction.campaign_id == case.campaign_id, Deduction.target_id == case.target_id
        )
    ).scalar_one()
    return printed(max(scheme.pool.floor, scheme.pool.base - int(taken)), 0)


def _previous(session: Session, case: Case, step: CaseStep) -> dict[str, Value]:
    earlier = session.execute(
        select(Notice)
        .where(Notice.case_id == case.id, Notice.status != "voided")
        .order_by(Notice.id.desc())
        .limit(1)
    ).scalar_one_or_none()
    if earlier is None:
        return {}
    return {
        "previous_number": earlier.number,
        "previous_date": zh_day(earlier.issued_on),
        "previous_name": notice_kind_of(session, earlier.kind_id).name,
    }

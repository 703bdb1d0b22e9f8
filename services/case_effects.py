"""What a step brings about, carried out in the step's own transaction: clocks, ledger, notices, messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, insert, literal, or_, select, union_all
from sqlalchemy.orm import Session

from models.case import Case, CaseStep
from models.job import Message
from models.notice import Notice, NoticeDraft, ServiceRecord
from models.people import Role, RoleGrant, User
from models.rating import Rating
from notices.definition import NoticeKind, Value
from services.actor import Actor
from services.case_access import reported
from services.deadlines import end_clocks, move_alike, resume_clocks, start_clock, stop_clocks
from services.deductions import settle
from services.dossier import Dossier
from services.notice_checking import checked_draft
from services.notice_values import case_values
from services.notices import Occasion, issue_notices
from services.refusal import Refusal
from workflow.definition import ServeRule, Workflow
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

LOCAL = ZoneInfo("Asia/Shanghai")
_OFFICE_ROLES = frozenset({"officer", "reviewer", "head", "admin", "leader", "auditor"})


@dataclass(frozen=True)
class Moment:
    """When a step takes effect, and when it is written down (later, for a late timer or a late record)."""

    effective: datetime
    recorded: datetime


def carry_out(
    session: Session,
    actor: Actor,
    dossier: Dossier,
    step: CaseStep,
    effects: Iterable[Effect],
    moment: Moment,
) -> None:
    """Carry out a step's effects.

    Service, clocks and ledger come first, so that the notices can say how things stand after the step.
    """
    effects = tuple(effects)
    if step.trigger in dossier.workflow.serving_triggers:
        _record_service(session, actor, dossier, step, moment)
    _move_clocks(session, dossier, step, effects, moment)
    _move_ledger(session, dossier, step, effects, moment)
    session.flush()
    issued = [(effect.kind, dict(effect.values)) for effect in effects if isinstance(effect, IssueNotice)]
    issue_for_step(session, actor, dossier, step, issued, moment=moment)
    words = [(effect.roles, effect.text) for effect in effects if isinstance(effect, Tell)]
    if any(isinstance(effect, Rate) for effect in effects) and not reported(session, actor, dossier.case):
        text = "您反映的问题，效能办已代为记录再评价；如情况没有改变，请再填报一次测评。"
        words.append((("monitor", "inspector"), text))
    tell_all(session, dossier.case, words, now=moment.recorded)


def _record_service(session: Session, actor: Actor, dossier: Dossier, step: CaseStep, moment: Moment) -> None:
    """Every notice of the case that has not been served is served by this step."""
    if actor.user_id is None:
        raise Refusal("service_by_person", "送达须由人记录。")
    served_at = _served_at(dossier.workflow, step, moment)
    if served_at > moment.recorded:
        raise Refusal("served_in_future", "送达日期不能晚于今天，请核对。", 422)
    content = {
        ServiceRecord.way: str(step.asked.get("service_way", "")),
        ServiceRecord.served_at: served_at,
        ServiceRecord.receiver: str(step.asked.get("receiver", ""))[:60],
        ServiceRecord.remark: str(step.asked.get("service_note") or ""),
        ServiceRecord.recorded_by_id: actor.user_id,
        ServiceRecord.recorded_at: moment.recorded,
    }
    waiting = select(Notice.id, *(literal(value, column.type) for column, value in content.items())).where(
        Notice.case_id == dossier.case.id, Notice.waits
    )
    recorded = insert(ServiceRecord).from_select(
        [ServiceRecord.notice_id, *content], waiting, include_defaults=False
    )
    served = set(session.scalars(recorded.returning(ServiceRecord.notice_id)))
    days = [notice.issued_on for notice in dossier.notices_now_served() if notice.id in served]
    if days and served_at.astimezone(LOCAL).date() < max(days):
        raise Refusal("served_before_issue", "送达日期不能早于文书的成文日期，请核对。", 422)
    dossier.served_at = served_at


def _served_at(workflow: Workflow, step: CaseStep, moment: Moment) -> datetime:
    """The moment of service: now, or noon of the earlier day that the step names."""
    rules = workflow.triggers_by_key[step.trigger].effects
    field = next((rule.on_field for rule in rules if isinstance(rule, ServeRule)), None)
    named = step.asked.get(field) if field else None
    if not named:
        return moment.effective
    day = date.fromisoformat(str(named))
    if day == moment.recorded.astimezone(LOCAL).date():
        return moment.recorded
    return datetime.combine(day, time(12), LOCAL)


def _move_clocks(
    session: Session, dossier: Dossier, step: CaseStep, effects: tuple[Effect, ...], moment: Moment
) -> None:
    at = moment.effective
    for effect in effects:
        if not isinstance(effect, StartClock | StopClocks | ResumeClocks | EndClocks):
            continue
        rows = dossier.clocks
        if isinstance(effect, StartClock):
            begins = dossier.served_at if effect.starts_on and dossier.served_at else at
            dossier.all_clocks.append(
                start_clock(session, dossier.case, step, effect, calendar=dossier.calendar, at=begins)
            )
        elif isinstance(effect, StopClocks):
            stop_clocks(rows, calendar=dossier.calendar, at=at)
        elif isinstance(effect, EndClocks):
            end_clocks(rows, effect.names)
        else:
            resume_clocks(
                session,
                rows,
                extra_working_days=effect.extra_working_days,
                calendar=dossier.calendar,
                at=at,
                reminders=reminders_of(dossier.workflow),
            )
    if any(isinstance(effect, ResumeClocks) for effect in effects):
        move_alike(dossier.all_clocks)


def reminders_of(workflow: Workflow) -> dict[str, tuple[Reminder, ...]]:
    """Clock's name to what is said before it runs out."""
    clocks = [clock for state in workflow.states for clock in state.clocks]
    clocks += [clock for suspension in workflow.suspensions for clock in suspension.clocks]
    return {
        clock.name: tuple(
            Reminder(rule.working_days_before, rule.notice, tuple(map(str, rule.tell)), rule.text)
            for rule in clock.remind
        )
        for clock in clocks
    }


def _move_ledger(
    session: Session, dossier: Dossier, step: CaseStep, effects: tuple[Effect, ...], moment: Moment
) -> None:
    reversal = next((effect for effect in effects if isinstance(effect, ReverseDeductions)), None)
    if reversal is None and not any(isinstance(effect, BookDeduction) for effect in effects):
        return
    reason = str(step.asked.get(reversal.reason_field) or "") if reversal else ""
    settle(
        session,
        dossier.case,
        step,
        ledger=dossier.ledger,
        scheme=dossier.scheme,
        tiers=dossier.case.situation["tiers"],
        reason=reason or "按现有扣分档重新记账",
        now=moment.effective,
    )


def issue_for_step(
    session: Session,
    actor: Actor,
    dossier: Dossier,
    step: CaseStep,
    kinds: Iterable[tuple[str, Mapping[str, str]]],
    *,
    moment: Moment,
) -> None:
    """Issue the notices of a step with the values the case gives them now.

    kinds: keys, each with the values that the procedure itself sets.
    """
    case = dossier.case
    checked: dict[int, NoticeDraft] = {}

    def passed(kind: NoticeKind, kind_id: int, frozen: dict[str, Value]) -> None:
        if kind.checked:
            checked[kind_id] = checked_draft(session, step, kind, kind_id, frozen)

    wanted = [
        (key, partial(case_values, dossier, step, at=moment.effective, given=given)) for key, given in kinds
    ]
    occasion = Occasion(moment.recorded, case=case, step=step, target=case.target)
    for row in issue_notices(session, actor, case.campaign, wanted, occasion, passed=passed):
        if row.kind_id in checked:
            draft = checked.pop(row.kind_id)
            draft.status, draft.notice_id = "issued", row.id


def tell(session: Session, case: Case, roles: Iterable[str], text: str, *, now: datetime) -> None:
    """A message to everyone concerned with the case who holds one of the roles."""
    tell_all(session, case, [(roles, text)], now=now)


def tell_all(
    session: Session, case: Case, words: Iterable[tuple[Iterable[str], str]], *, now: datetime
) -> None:
    """Messages to everyone concerned with the case. words: the roles that are told, and the text."""
    told = [told for roles, text in words if (told := _told(case, roles, text, now)) is not None]
    if told:
        session.execute(
            insert(Message).from_select(
                [Message.user_id, Message.case_id, Message.text, Message.sent_at],
                union_all(*told) if len(told) > 1 else told[0],
                include_defaults=False,
            )
        )


def _told(
    case: Case, roles: Iterable[str], text: str, now: datetime
) -> Select[int, int, str, datetime] | None:
    """The message to each person who holds one of the roles in the case. None: it is for nobody."""
    wanted = {str(role) for role in roles}
    office = [Role(role) for role in sorted(wanted & _OFFICE_ROLES)]
    conditions: list[ColumnElement[bool]] = []
    if office:
        conditions.append(User.id.in_(select(RoleGrant.user_id).where(RoleGrant.role.in_(office))))
    if "target" in wanted:
        conditions.append(User.target_id == case.target_id)
        conditions.append((User.unit_id == case.target.unit_id) & User.target_id.is_(None))
    if case.rating_id is not None and wanted & {"monitor", "inspector"}:
        conditions.append(User.id.in_(select(Rating.rater_id).where(Rating.id == case.rating_id)))
    if not conditions:
        return None
    return select(
        User.id, literal(case.id), literal(f"{case.number}：{text}"), literal(now, Message.sent_at.type)
    ).where(User.active, or_(*conditions))

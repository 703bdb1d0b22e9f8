"""Cases: opened, stepped, offered. State, history, deduction, numbers and messages move in one transaction.

Source: 方案第五条、第六条第五款、第八条第（二）项.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from models.campaign import Campaign, CampaignStatus
from models.case import Case, CaseStep
from models.people import Role
from models.rating import Rating
from models.roster import Target, Unit
from services.actor import OFFICE, Actor
from services.attachments import Checked, FileStore, attach
from services.case_effects import Moment, carry_out
from services.definitions import workflow_of
from services.dossier import Dossier
from services.history import record
from services.numbers import take_number
from services.refusal import Refusal, not_found
from services.transaction import transaction
from workflow.definition import Workflow
from workflow.engine import Entry, Offer, StepRefused, offers, replay, start, start_effects, step
from workflow.refusal import Because
from workflow.situation import Situation, situation_from

LOCAL = ZoneInfo("Asia/Shanghai")

_REFUSAL_STATUS = {
    Because.ROLE: 403,
    Because.FOUR_EYES: 403,
    Because.ASKED: 422,
    Because.UNKNOWN_TRIGGER: 422,
}


@dataclass(frozen=True)
class Problem:
    """What was found: the sheet with which a case is opened."""

    target_id: int
    channel: str
    title: str
    facts: str
    found_on: date
    problem: str = ""
    requirement: str = ""
    basis: str = ""
    grave: bool = False
    rating_id: int | None = None


def open_case(
    session: Session,
    actor: Actor,
    campaign_id: int,
    sheet: Problem,
    *,
    now: datetime,
    files: list[tuple[str, Checked]] | None = None,
    store: FileStore | None = None,
) -> Case:
    """Register one problem found at one target (立案); it gets its number at once."""
    actor.require(Role.OFFICER, Role.HEAD, to="立案")
    with transaction(session):
        campaign = _campaign_with_cases(session, campaign_id)
        target = _checked_target(session, sheet, campaign, now)
        workflow = workflow_of(session, campaign.workflow_id)
        situation = start(workflow)
        case = Case(
            number=_case_number(session, campaign, now),
            campaign_id=campaign.id,
            target_id=target.id,
            workflow_id=campaign.workflow_id,
            channel=sheet.channel,
            problem=sheet.problem,
            title=sheet.title.strip(),
            facts=sheet.facts.strip(),
            requirement=sheet.requirement.strip(),
            basis=sheet.basis.strip(),
            found_on=sheet.found_on,
            grave=sheet.grave,
            rating_id=sheet.rating_id,
            state=situation.state,
            situation=situation.as_data(),
            opened_by_id=actor.person,
            opened_at=now,
            changed_at=now,
        )
        session.add(case)
        session.flush()
        opened = _written_step(session, case, actor, Moment(now, now), trigger="register", before="")
        if files and store:
            attach(session, actor, store, files, owner_kind="step", owner_id=opened.id, now=now)
        carry_out(session, actor, Dossier(session, case), opened, start_effects(workflow), Moment(now, now))
        record(
            session,
            actor,
            "case.opened",
            object_kind="case",
            object_id=case.id,
            payload={
                "number": case.number,
                "target": target.key,
                "channel": sheet.channel,
                "title": case.title,
            },
            now=now,
        )
    return case


def _campaign_with_cases(session: Session, campaign_id: int) -> Campaign:
    campaign = session.get(Campaign, campaign_id)
    if campaign is None:
        raise not_found("测评活动")
    if campaign.status is CampaignStatus.PREPARED:
        raise Refusal("campaign_not_open", f"活动“{campaign.name}”尚未启动，不能立案；请管理员先启动活动。")
    return campaign


def _checked_target(session: Session, sheet: Problem, campaign: Campaign, now: datetime) -> Target:
    target = session.get(Target, sheet.target_id)
    if target is None or not target.active:
        raise Refusal("target_unknown", "所选测评对象不存在或已停用，请重新选择。", 422)
    if not sheet.title.strip() or not sheet.facts.strip():
        raise Refusal("case_incomplete", "事项名称和查明的事实都要填写。", 422)
    if len(sheet.title) > 200 or max(map(len, (sheet.facts, sheet.requirement, sheet.basis))) > 20_000:
        raise Refusal(
            "case_long", "事项名称不超过200字，事实、要求和依据各不超过20000字；更长的材料请作为附件。", 422
        )
    if sheet.found_on > now.astimezone(LOCAL).date():
        raise Refusal("found_in_future", "发现日期不能晚于今天，请核对。", 422)
    if sheet.channel not in {item["key"] for item in campaign.settings["channels"]}:
        raise Refusal("channel_unknown", "请选择发现渠道。", 422)
    if sheet.rating_id is not None:
        rating = session.get(Rating, sheet.rating_id)
        if rating is None or rating.target_id != target.id or not rating.counted:
            raise Refusal("rating_unknown", "所引用的测评不存在、已作废，或者不是该测评对象的。", 422)
    return target


def _case_number(session: Session, campaign: Campaign, now: datetime) -> str:
    year = now.astimezone(LOCAL).year
    prefix = campaign.settings["series"]["case"]
    return f"{prefix}案〔{year}〕{take_number(session, 'case', year)}号"


def _written_step(
    session: Session,
    case: Case,
    actor: Actor,
    moment: Moment,
    *,
    trigger: str,
    before: str,
    position: int = 1,
    source: str = "",
    note: str = "",
    asked: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
    roles: frozenset[str] = frozenset(),
) -> CaseStep:
    row = CaseStep(
        case_id=case.id,
        position=position,
        trigger=trigger,
        from_state=before,
        to_state=case.state,
        actor_id=actor.user_id,
        actor_name=actor.name,
        effective_at=moment.effective,
        recorded_at=moment.recorded,
        note=note,
        asked=dict(asked or {}),
        facts=dict(facts or {}),
        roles=sorted(roles),
        source=source,
        workflow_id=case.workflow_id,
    )
    session.add(row)
    session.flush()
    return row


def locked_case(session: Session, case_id: int) -> Case:
    """The case, locked until the transaction ends, with what its notices need."""
    case = session.execute(
        select(Case)
        .where(Case.id == case_id)
        .options(
            joinedload(Case.target).joinedload(Target.unit).joinedload(Unit.category),
            joinedload(Case.campaign),
        )
        .with_for_update(of=Case)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if case is None:
        raise not_found("整改事项")
    return case


def step_case(
    session: Session,
    actor: Actor,
    case_id: int,
    trigger: str,
    *,
    asked: Mapping[str, Any],
    now: datetime,
    seen_version: int | None = None,
    effective: datetime | None = None,
    files: list[tuple[str, Checked]] | None = None,
    store: FileStore | None = None,
) -> Case:
    """Take one step of the procedure, wholly or not at all.

    seen_version: the `row_version` of the page on which the person decided; when the case has moved since,
    the step is refused and the sentence says who did what. effective: when it took effect if not now (a
    deadline that ran out, a service that was recorded later).
    Raises Refusal.
    """
    with transaction(session):
        case = locked_case(session, case_id)
        if not may_see(actor, case):
            raise not_found("整改事项")
        workflow = workflow_of(session, case.workflow_id)
        if seen_version is not None and seen_version != case.row_version:
            raise _moved(session, case, workflow)
        moment = Moment(effective or now, now)
        before = situation_from(case.situation)
        dossier = Dossier(session, case)
        roles, facts = roles_in(actor, case), facts_of(dossier, moment.effective)
        try:
            taken = step(
                workflow, before, trigger, roles=roles, actor=_person(actor), facts=facts, asked=asked
            )
        except StepRefused as refused:
            raise Refusal(
                f"step_{refused.code}", f"{refused.sentence}。", _REFUSAL_STATUS.get(refused.code, 409)
            ) from refused
        _store(case, taken.situation, workflow, moment)
        written = _written_step(
            session,
            case,
            actor,
            moment,
            trigger=trigger,
            before=before.state,
            position=taken.situation.steps + 1,
            source=taken.source,
            asked=asked,
            facts=taken.facts,
            roles=roles,
        )
        if files and store:
            attach(session, actor, store, files, owner_kind="step", owner_id=written.id, now=now)
        carry_out(session, actor, dossier, written, taken.effects, moment)
        record(
            session,
            actor,
            "case.stepped",
            object_kind="case",
            object_id=case.id,
            payload={
                "trigger": trigger,
                "from": taken.from_state,
                "to": taken.to_state,
                "position": written.position,
                "effective_at": moment.effective.isoformat(),
            },
            now=now,
        )
    return case


def _store(case: Case, after: Situation, workflow: Workflow, moment: Moment) -> None:
    case.situation = after.as_data()
    if after.state != case.state:
        case.state = after.state
        case.changed_at = moment.effective
        if workflow.states_by_key[after.state].final:
            case.ended_at = moment.effective
    else:
        case.changed_at = moment.effective


def _moved(session: Session, case: Case, workflow: Workflow) -> Refusal:
    last = session.execute(
        select(CaseStep).where(CaseStep.case_id == case.id).order_by(CaseStep.position.desc()).limit(1)
    ).scalar_one()
    named = workflow.triggers_by_key.get(last.trigger)
    what = named.name if named else "立案"
    at = last.recorded_at.astimezone(LOCAL)
    return Refusal(
        "case_moved",
        f"{last.actor_name}已于{at.month}月{at.day}日{at:%H:%M}办理“{what}”，本事项现为"
        f"“{workflow.states_by_key[case.state].name}”。您的操作没有执行，请查看最新情况后再决定。",
    )


def _person(actor: Actor) -> str:
    return "system" if actor.user_id is None else str(actor.user_id)


def roles_in(actor: Actor, case: Case) -> frozenset[str]:
    """The roles an actor has in this very case: a target only in its own, a reporter only where it reported."""
    roles = set(actor.roles)
    if not answers_for(actor, case):
        roles.discard(Role.TARGET)
    roles -= {Role.ADMIN, Role.LEADER, Role.AUDITOR}
    return frozenset(str(role) for role in roles)


def answers_for(actor: Actor, case: Case) -> bool:
    """Whether the account speaks for the case's target: the target itself, or the head of its unit."""
    if not actor.has(Role.TARGET):
        return False
    if actor.target_id is not None:
        return actor.target_id == case.target_id
    return actor.unit_id is not None and actor.unit_id == case.target.unit_id


def may_see(actor: Actor, case: Case) -> bool:
    """The office, its leaders and its auditor see every case; a target only its own."""
    return (
        actor.user_id is None
        or actor.has(*OFFICE, Role.LEADER, Role.AUDITOR, Role.ADMIN)
        or answers_for(actor, case)
    )


def facts_of(dossier: Dossier, at: datetime) -> dict[str, Any]:
    """What the procedure's rules may look at, besides the case's own past."""
    case = dossier.case
    passed = any(row.status == "running" and row.due_at <= at for row in dossier.clocks)
    return {
        "grave": case.grave,
        "channel": case.channel,
        "category": case.target.unit.category.key,
        "deadline_passed": passed,
    }


def case_for(session: Session, actor: Actor, case_id: int) -> Case:
    """One case for someone who may see it; the same refusal whether it is missing or not theirs."""
    case = session.execute(
        select(Case)
        .where(Case.id == case_id)
        .options(
            joinedload(Case.target).joinedload(Target.unit).joinedload(Unit.category),
            joinedload(Case.campaign),
            joinedload(Case.opened_by),
        )
    ).scalar_one_or_none()
    if case is None or not may_see(actor, case):
        raise not_found("整改事项")
    return case


def offers_for(session: Session, actor: Actor, case: Case, *, now: datetime) -> tuple[Offer, ...]:
    """The steps this actor's page shows, allowed or with the reason why not."""
    workflow = workflow_of(session, case.workflow_id)
    found = offers(
        workflow,
        situation_from(case.situation),
        roles=roles_in(actor, case),
        actor=_person(actor),
        facts=facts_of(Dossier(session, case), now),
    )
    return tuple(offer for offer in found if offer.code is not Because.ROLE)


def history_of(session: Session, case_id: int) -> list[CaseStep]:
    """All steps of a case, oldest first."""
    return list(
        session.execute(
            select(CaseStep).where(CaseStep.case_id == case_id).order_by(CaseStep.position)
        ).scalars()
    )


def replayed(session: Session, case: Case) -> Situation:
    """The situation that the case's history leads to, every step judged again."""
    workflow = workflow_of(session, case.workflow_id)
    entries = [
        Entry(
            trigger=row.trigger,
            actor="system" if row.actor_id is None else str(row.actor_id),
            roles=frozenset(row.roles),
            facts=row.facts,
            asked=row.asked,
            from_state=row.from_state,
            to_state=row.to_state,
        )
        for row in history_of(session, case.id)
        if row.position > 1
    ]
    return replay(workflow, entries)


def visible_cases(actor: Actor) -> Any:
    """A query of the cases this actor may see, to be filtered further."""
    query = select(Case).join(Case.target)
    if actor.has(*OFFICE, Role.LEADER, Role.AUDITOR, Role.ADMIN):
        return query
    if actor.has(Role.TARGET):
        return query.where(
            or_(
                Target.id == (actor.target_id if actor.target_id is not None else -1),
                (Target.unit_id == actor.unit_id)
                if actor.target_id is None and actor.unit_id
                else Target.id == -1,
            )
        )
    return query.where(Target.id == -1)

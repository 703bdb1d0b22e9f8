"""Cases: opened, stepped, offered. State, history, deduction, numbers and messages move in one transaction.

Source: 方案第五条、第六条第五款、第八条第（二）项.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, joinedload

from models.campaign import Campaign, CampaignStatus
from models.case import Case, CaseStep, Deadline
from models.people import Role
from models.rating import Rating
from models.roster import Target, Unit
from services.actor import SYSTEM, Actor
from services.attachments import Checked, FileStore, attach
from services.calendars import YEAR_EDITIONS
from services.case_access import facts_of, may_try, person_of
from services.case_effects import Moment, carry_out
from services.case_rights import refuse_empty_sheet
from services.definitions import workflow_of
from services.dossier import Dossier
from services.history import record
from services.notices import ready_to_issue
from services.numbers import take_number
from services.rating_items import take_items
from services.refusal import Refusal, not_found
from services.repeat_offence import grounds
from services.step_entry import StepRecord, lapse_panels, moved, written_step
from services.step_right import right_to
from services.transaction import transaction
from workflow.consequences import may_settle
from workflow.definition import Workflow
from workflow.engine import Step, StepRefused, start, start_effects, step
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
    """What was found: the sheet with which a case is opened. items: what of the rating it is about."""

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
    items: tuple[str, ...] = ()


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
        earlier = grounds(
            session, workflow, target_id=sheet.target_id, problem=sheet.problem, found_on=sheet.found_on
        )
        case = _new_case(session, actor, campaign, sheet, start(workflow, repeats=len(earlier)), now)
        take_items(session, actor, case, sheet.rating_id, sheet.items)
        moment = Moment(now, now)
        facts = {"repeats": [row.number for row in earlier]} if earlier else {}
        entry = StepRecord(trigger="register", before="", facts=facts)
        opened = written_step(session, case, actor, moment, entry)
        if files and store:
            attach(session, actor, store, files, owner_kind="step", owner_id=opened.id, now=now)
        dossier = Dossier(session, case)
        carry_out(session, actor, dossier, opened, start_effects(dossier.workflow), moment)
        payload = {"number": case.number, "target": target.key, "channel": sheet.channel, "title": case.title}
        record(session, actor, "case.opened", object_kind="case", object_id=case.id, payload=payload, now=now)
    return case


def _new_case(
    session: Session,
    actor: Actor,
    campaign: Campaign,
    sheet: Problem,
    situation: Situation,
    now: datetime,
) -> Case:
    case = Case(
        number=_case_number(session, campaign, now),
        campaign_id=campaign.id,
        target_id=sheet.target_id,
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
    series = f"{campaign.settings['series']['case']}案"
    return f"{series}〔{year}〕{take_number(session, series, year)}号"


def locked_case(session: Session, case_id: int) -> Case:
    """The case, locked until the transaction ends, with what its notices need."""
    return locked_dossier(session, case_id).case


def locked_dossier(session: Session, case_id: int) -> Dossier:
    """The case as `locked_case` gives it, with the editions of its calendar, for a step."""
    found = session.execute(
        select(Case, YEAR_EDITIONS)
        .join(Case.campaign)
        .where(Case.id == case_id)
        .options(
            joinedload(Case.target).joinedload(Target.unit).joinedload(Unit.category),
            contains_eager(Case.campaign),
        )
        .with_for_update(of=Case)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise not_found("整改事项")
    case, editions = found
    return Dossier(session, case, year_editions=editions)


def step_case(
    session: Session,
    actor: Actor,
    case_id: int,
    trigger: str,
    *,
    asked: Mapping[str, Any],
    now: datetime,
    seen_version: int | None = None,
    seen_procedure: int | None = None,
    effective: datetime | None = None,
    files: list[tuple[str, Checked]] | None = None,
    store: FileStore | None = None,
    cosigners: tuple[str, ...] = (),
    also: Callable[[Case, CaseStep], None] | None = None,
) -> Case:
    """Take one step of the procedure, wholly or not at all.

    seen_version: the `row_version` of the page on which the person decided; when the case has moved since,
    the step is refused and the sentence says who did what. seen_procedure: the definition whose questions that
    page asked; the case must still follow it. effective: when it took effect if not now (a
    deadline that ran out, a service that was recorded later). cosigners: ids of those who agreed in a panel.
    also: what else is written with the step, or undoes it by a Refusal. Raises Refusal.
    """
    ready_to_issue()
    kept = tuple(files or ())
    wish = Wish(actor, case_id, trigger, asked, seen_version, kept, store, cosigners, seen_procedure, also)
    while True:
        try:
            return _step(session, wish, Moment(effective or now, now))
        except _ClockFirst as first:
            fire_clock(session, first.deadline_id, first.due_at, now=now, case_id=case_id)


@dataclass(frozen=True)
class Wish:
    """A step someone wants taken; see `step_case`."""

    actor: Actor
    case_id: int
    trigger: str
    asked: Mapping[str, Any]
    seen_version: int | None
    files: tuple[tuple[str, Checked], ...]
    store: FileStore | None
    cosigners: tuple[str, ...] = ()
    seen_procedure: int | None = None
    also: Callable[[Case, CaseStep], None] | None = None


class _ClockFirst(Exception):
    """A clock of the case has run out: its step comes before any person's, however late the worker is.

    Otherwise an answer between the due time and the worker's next round would count as in time.
    """

    def __init__(self, clock: Deadline) -> None:
        super().__init__(clock.id)
        self.deadline_id = clock.id
        self.due_at = clock.due_at


def _step(session: Session, wish: Wish, moment: Moment) -> Case:
    actor = wish.actor
    with transaction(session):
        dossier = locked_dossier(session, wish.case_id)
        case = dossier.case
        if not may_try(session, actor, case, wish.trigger):
            raise not_found("整改事项")
        if may_settle(dossier.workflow, case.state, wish.trigger):
            dossier.read_at_once()
        late = [
            row
            for row in dossier.clocks
            if row.then and row.status == "running" and row.due_at <= moment.recorded
        ]
        if late and actor.user_id is not None:
            raise _ClockFirst(min(late, key=lambda row: row.due_at))
        if wish.seen_version is not None and wish.seen_version != case.row_version:
            raise moved(session, case, dossier.workflow)
        if wish.seen_procedure is not None and wish.seen_procedure != case.workflow_id:
            raise moved(session, case, dossier.workflow)
        _carry(session, wish, dossier, moment)
    return case


def _carry(session: Session, wish: Wish, dossier: Dossier, moment: Moment) -> None:
    """Take the step of a case that is locked, with all that it brings."""
    actor, case = wish.actor, dossier.case
    taken, content = _taken(wish, dossier, moment)
    _store(case, taken.situation, dossier.workflow, moment)
    if dossier.workflow.has_panels:
        lapse_panels(session, case, moment)
    written = written_step(session, case, actor, moment, content)
    dossier.say(content.asked)
    if wish.files and wish.store:
        files = list(wish.files)
        attach(session, actor, wish.store, files, owner_kind="step", owner_id=written.id, now=moment.recorded)
    carry_out(session, actor, dossier, written, taken.effects, moment)
    _note_step(session, actor, case, taken, written, moment)
    if wish.also is not None:
        wish.also(case, written)


def _note_step(
    session: Session, actor: Actor, case: Case, taken: Step, written: CaseStep, moment: Moment
) -> None:
    payload = {
        "trigger": taken.trigger,
        "from": taken.from_state,
        "to": taken.to_state,
        "position": written.position,
        "effective_at": moment.effective.isoformat(),
    }
    record(
        session,
        actor,
        "case.stepped",
        object_kind="case",
        object_id=case.id,
        payload=payload,
        now=moment.recorded,
    )


def _taken(wish: Wish, dossier: Dossier, moment: Moment) -> tuple[Step, StepRecord]:
    """What the procedure says of this step, or its refusal as ours."""
    case, actor, trigger, asked = dossier.case, wish.actor, wish.trigger, wish.asked
    before = situation_from(case.situation)
    rule = dossier.workflow.triggers_by_key.get(trigger)
    right = right_to(dossier.session, actor, case, rule, now=moment.recorded)
    if rule is not None:
        refuse_empty_sheet(case, dossier.workflow, rule, right.roles)
    try:
        taken = step(
            dossier.workflow,
            before,
            trigger,
            roles=right.roles,
            actor=person_of(actor),
            facts=facts_of(dossier, moment.effective),
            asked=asked,
            cosigners=wish.cosigners,
            acting_for=None if right.acting_for is None else str(right.acting_for),
        )
    except StepRefused as refused:
        status = _REFUSAL_STATUS.get(refused.code, 409)
        raise Refusal(
            f"step_{refused.code}", f"{refused.sentence}。", status, field=refused.field or ""
        ) from refused
    return taken, StepRecord(
        trigger=trigger,
        before=before.state,
        position=taken.situation.steps + 1,
        source=taken.source,
        asked=asked,
        facts=taken.facts,
        roles=right.roles,
        cosigners=wish.cosigners,
        signed=right.signed(actor),
        absence=right.absence,
    )


def fire_clock(
    session: Session, deadline_id: int, due_at: datetime, *, now: datetime, case_id: int | None = None
) -> bool:
    """Take the step that a clock's running out brings, dated when it ran out. case_id: of the clock, if it is known.

    False, and nothing done, when the clock has moved, stopped or been fired since it was scheduled.
    """
    with transaction(session):
        if case_id is None:
            case_id = session.execute(select(Deadline.case_id).where(Deadline.id == deadline_id)).scalar_one()
        dossier = locked_dossier(session, case_id)
        dossier.read_at_once()
        row = next(row for row in dossier.all_clocks if row.id == deadline_id)
        if row.status != "running" or row.due_at != due_at or not row.then:
            return False
        row.status = "fired"
        wish = Wish(SYSTEM, case_id, row.then, {}, None, (), None)
        _carry(session, wish, dossier, Moment(row.due_at, now))
        return True


def _store(case: Case, after: Situation, workflow: Workflow, moment: Moment) -> None:
    case.situation = after.as_data()
    if after.state != case.state:
        case.state = after.state
        case.changed_at = moment.effective
        if workflow.states_by_key[after.state].final:
            case.ended_at = moment.effective
    else:
        case.changed_at = moment.effective

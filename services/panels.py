"""会签: a step proposed by one person and decided by several; taken in the transaction of the last signature.

The rules are those of `workflow.panel`; here are rights, locks, records and messages. Every act locks the case
first, so that a panel and the steps of its case cannot pass each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from models.case import Case
from models.job import Message
from models.panel import Panel as PanelRow
from models.panel import PanelEntry
from models.people import RoleGrant, User
from services.absences import absences_now
from services.actor import Actor, actor_of
from services.attachments import Checked, FileStore, attach, attachments_of
from services.case_access import facts_of, may_see, person_of, roles_in
from services.cases import locked_case, step_case
from services.dossier import Dossier
from services.history import record
from services.refusal import Refusal, not_found
from services.step_entry import moved
from services.transaction import transaction
from workflow.definition import PanelRule, Trigger, Workflow
from workflow.engine import StepRefused, done_before, step
from workflow.panel import Deed, Panel, PanelAct, PanelRefused, PanelStatus, act, convene, panel_from
from workflow.situation import situation_from

MOST_WORDS = 2_000
#: Acts whose reason the next person needs.
_WANT_WORDS = frozenset({PanelAct.REFUSE, PanelAct.RETURN, PanelAct.ADVISE})


@dataclass(frozen=True)
class Proposal:
    """A step as it is proposed. persons: accounts asked to sign, in order.

    seen_version, seen_procedure: of the case's page, as `services.cases.step_case` takes them.
    """

    case_id: int
    trigger: str
    asked: Mapping[str, Any]
    persons: tuple[int, ...]
    seen_version: int
    files: tuple[tuple[str, Checked], ...] = ()
    seen_procedure: int | None = None


def propose_step(
    session: Session, actor: Actor, proposal: Proposal, *, store: FileStore, now: datetime
) -> PanelRow:
    """Put a step before a panel. Refused where the step itself could not be taken now."""
    with transaction(session):
        case = locked_case(session, proposal.case_id)
        if not may_see(actor, case):
            raise not_found("整改事项")
        dossier = Dossier(session, case)
        rule, panel_rule = _rule(dossier.workflow, proposal.trigger)
        if proposal.seen_version != case.row_version or proposal.seen_procedure not in (
            None,
            case.workflow_id,
        ):
            raise moved(session, case, dossier.workflow)
        _think_through(session, actor, dossier, proposal, now)
        standing = _convened(session, actor, dossier, rule, panel_rule, proposal.persons)
        open_one = select(PanelRow.id).where(
            PanelRow.case_id == case.id, PanelRow.trigger == rule.key, PanelRow.status == "open"
        )
        if session.execute(open_one).first():
            raise Refusal("panel_open", f"“{rule.name}”已经提出，正在会签，不必重复提出。")
        row = PanelRow(
            case_id=case.id,
            trigger=rule.key,
            asked=dict(proposal.asked),
            convened=standing.as_data(),
            standing=standing.as_data(),
            proposed_by_id=actor.person,
            proposed_at=now,
        )
        session.add(row)
        session.flush()
        if proposal.files:
            attach(session, actor, store, list(proposal.files), owner_kind="panel", owner_id=row.id, now=now)
        _tell(session, case, standing.turns, f"“{rule.name}”请您会签。", now)
        payload = {"case": case.id, "trigger": rule.key, "persons": list(proposal.persons)}
        record(
            session, actor, "panel.proposed", object_kind="panel", object_id=row.id, payload=payload, now=now
        )
    return row


@dataclass(frozen=True)
class Signature:
    """What a person does on a panel. seat: the account whose seat it is about, None for one's own.

    to: the account brought in, taken off or returned to. seen_version: of the panel's page.
    """

    panel_id: int
    act: PanelAct
    seen_version: int
    seat: int | None = None
    to: int | None = None
    before: bool = False
    words: str = ""


def act_on_panel(
    session: Session, actor: Actor, signature: Signature, *, store: FileStore, now: datetime
) -> PanelRow:
    """One act on a panel; with the signature that decides it the step is taken, or nothing happens at all."""
    with transaction(session):
        row, case, dossier = _locked(session, actor, signature)
        rule, panel_rule = _rule(dossier.workflow, row.trigger)
        seat = signature.seat if signature.seat is not None else actor.person
        absence_id = None if seat == actor.user_id else _absence(session, actor, seat, now)
        before = panel_from(row.standing)
        deed = Deed(
            signature.act,
            by=str(actor.person),
            seat=str(seat),
            to=None if signature.to is None else str(signature.to),
            before=signature.before,
        )
        eligible = {str(user.id) for user in _eligible(session, dossier, rule, panel_rule)}
        try:
            after = act(before, deed, eligible=eligible)
        except PanelRefused as refused:
            raise Refusal(f"panel_{refused.code}", f"{refused.sentence}。", 409) from refused
        _write(session, row, signature, deed, after, absence_id, now)
        record(
            session,
            actor,
            "panel.acted",
            object_kind="panel",
            object_id=row.id,
            payload={"act": deed.act.value, "seat": seat, "to": signature.to, "status": after.status.value},
            now=now,
        )
        _follow(session, case, rule, row, before, after, store=store, now=now)
    return row


def _locked(session: Session, actor: Actor, signature: Signature) -> tuple[PanelRow, Case, Dossier]:
    found = session.execute(
        select(PanelRow.case_id).where(PanelRow.id == signature.panel_id)
    ).scalar_one_or_none()
    if found is None:
        raise not_found("这次会签")
    case = locked_case(session, found)
    if not may_see(actor, case):
        raise not_found("这次会签")
    row = session.get_one(PanelRow, signature.panel_id, with_for_update=True, populate_existing=True)
    if row.status == "lapsed":
        raise Refusal(
            "panel_lapsed", "事项已由其他步骤办理，本次会签已失效，没有记录您的意见。请查看事项最新情况。"
        )
    if signature.seen_version != row.row_version:
        raise _moved_panel(row)
    if len(signature.words) > MOST_WORDS:
        raise Refusal("panel_words", f"意见不超过{MOST_WORDS}字，更长的材料请作为附件随步骤提交。", 422)
    if signature.act in _WANT_WORDS and not signature.words.strip():
        raise Refusal("panel_words", "请写明意见或理由，后面办理的人要看。", 422)
    return row, case, Dossier(session, case)


def _moved_panel(row: PanelRow) -> Refusal:
    last = row.acts[-1] if row.acts else None
    who = last.by.name if last else row.proposed_by.name
    return Refusal("panel_moved", f"{who}刚刚在这次会签上办理过，您的操作没有执行。请查看最新情况后再决定。")


def _write(
    session: Session,
    row: PanelRow,
    signature: Signature,
    deed: Deed,
    after: Panel,
    absence_id: int | None,
    now: datetime,
) -> None:
    session.add(
        PanelEntry(
            panel_id=row.id,
            position=len(row.acts) + 1,
            act=deed.act.value,
            by_id=int(deed.by),
            seat_id=int(deed.seat),
            to_id=signature.to,
            before=deed.before,
            words=signature.words.strip(),
            absence_id=absence_id,
            at=now,
        )
    )
    row.standing, row.status = after.as_data(), after.status.value
    if after.status is not PanelStatus.OPEN:
        row.ended_at = now
    session.flush()


def _follow(
    session: Session,
    case: Case,
    rule: Trigger,
    row: PanelRow,
    before: Panel,
    after: Panel,
    *,
    store: FileStore,
    now: datetime,
) -> None:
    """What an act brings: the step itself, or a word to whoever is next."""
    if after.status is PanelStatus.OPEN:
        new = [
            person for person in (*after.turns, *after.asked) if person not in (*before.turns, *before.asked)
        ]
        _tell(session, case, new, f"“{rule.name}”请您会签。", now)
        return
    said = {
        PanelStatus.AGREED: "会签同意，已办理",
        PanelStatus.REFUSED: "会签未获同意，没有办理",
        PanelStatus.RETURNED: "会签退回，请修改后重新提出",
        PanelStatus.WITHDRAWN: "会签已由提出人撤回",
    }[after.status]
    if after.status is PanelStatus.AGREED:
        _take_step(session, row, after, store=store, now=now)
    people = [before.proposer, *(seat.person for seat in before.seats)]
    _tell(session, case, people, f"“{rule.name}”{said}。", now)


def _take_step(session: Session, row: PanelRow, panel: Panel, *, store: FileStore, now: datetime) -> None:
    files = [
        (
            file.field,
            Checked(file.file_name, file.media_type, store.path(file.sha256).read_bytes(), file.sha256),
        )
        for file in attachments_of(session, "panel", row.id)
    ]
    step_case(
        session,
        actor_of(row.proposed_by),
        row.case_id,
        row.trigger,
        asked=row.asked,
        now=now,
        files=files,
        store=store,
        cosigners=panel.signers,
    )


def _rule(workflow: Workflow, trigger: str) -> tuple[Trigger, PanelRule]:
    rule = workflow.triggers_by_key.get(trigger)
    if rule is None or rule.panel is None:
        raise Refusal("no_panel", "这一步不需要会签，请从事项页面直接办理。", 404)
    return rule, rule.panel


def _think_through(
    session: Session, actor: Actor, dossier: Dossier, proposal: Proposal, now: datetime
) -> None:
    try:
        step(
            dossier.workflow,
            situation_from(dossier.case.situation),
            proposal.trigger,
            roles=roles_in(session, actor, dossier.case),
            actor=person_of(actor),
            facts=facts_of(dossier, now),
            asked=proposal.asked,
        )
    except StepRefused as refused:
        raise Refusal(f"step_{refused.code}", f"{refused.sentence}。", 409) from refused


def _convened(
    session: Session,
    actor: Actor,
    dossier: Dossier,
    rule: Trigger,
    panel_rule: PanelRule,
    persons: tuple[int, ...],
) -> Panel:
    able = {user.id for user in _eligible(session, dossier, rule, panel_rule)}
    if set(persons) - able - {actor.person}:
        raise Refusal("panel_not_eligible", "所选人员中有的不能会签这一步，请重新选择。", 422)
    try:
        return convene(
            panel_rule.mode,
            proposer=str(actor.person),
            persons=map(str, persons),
            share=panel_rule.part,
            at_least=panel_rule.at_least,
        )
    except PanelRefused as refused:
        raise Refusal(f"panel_{refused.code}", f"{refused.sentence}。", 422) from refused


def eligible_signers(session: Session, actor: Actor, case: Case, rule: Trigger) -> list[User]:
    """Who may be asked to sign, for the page that proposes; empty where the step needs no panel."""
    if rule.panel is None:
        return []
    found = _eligible(session, Dossier(session, case), rule, rule.panel)
    return [user for user in found if user.id != actor.user_id]


def _eligible(session: Session, dossier: Dossier, rule: Trigger, panel_rule: PanelRule) -> list[User]:
    """Holders of the panel's roles in this case who have done nothing that this step checks."""
    users = session.execute(
        select(User)
        .where(
            User.active, User.id.in_(select(RoleGrant.user_id).where(RoleGrant.role.in_(panel_rule.roles)))
        )
        .order_by(User.name, User.id)
    ).scalars()
    situation = situation_from(dossier.case.situation)
    return [
        user
        for user in users
        if roles_in(session, actor_of(user), dossier.case) & set(panel_rule.roles)
        and done_before(dossier.workflow, situation, rule, str(user.id)) is None
    ]


def _absence(session: Session, actor: Actor, seat: int, now: datetime) -> int:
    for row in absences_now(session, actor, now=now):
        if row.person_id == seat:
            return row.id
    raise Refusal("panel_no_seat", "这不是您的会签席位，您目前也没有代理该同事。", 403)


def _tell(session: Session, case: Case, persons: Iterable[str], text: str, now: datetime) -> None:
    rows = [
        {"user_id": int(person), "case_id": case.id, "text": f"{case.number}：{text}", "sent_at": now}
        for person in dict.fromkeys(persons)
    ]
    if rows:
        session.execute(insert(Message), rows)

"""样张: what a step would issue, drawn before it is taken. Takes no number and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models.case import Case, CaseStep
from notices.definition import NoticeKind, Value
from notices.refusal import NoticeRefused
from services.actor import OFFICE, Actor
from services.case_access import case_for, facts_of, person_of, roles_in
from services.case_effects import Moment, carry_out
from services.definitions import notice_kind_of_campaign, workflow_of
from services.dossier import Dossier
from services.notice_values import case_values
from services.notices import standing_values
from services.refusal import Refusal
from services.transaction import transaction
from workflow.asked import fault_of
from workflow.definition import Ask
from workflow.effects import IssueNotice, Rate, Tell
from workflow.engine import Step, StepRefused, step
from workflow.rights import asks_in
from workflow.situation import situation_from
from workflow.vocabulary import AskType

#: Stands for the number while there is none.
NUMBERED_LATER = "〔印发时编号〕"


class _Seen(Exception):
    def __init__(self, kind: NoticeKind, values: dict[str, Value]) -> None:
        super().__init__(kind.key)
        self.kind = kind
        self.values = values


def preview_notice(
    session: Session,
    actor: Actor,
    case_id: int,
    trigger: str,
    kind: str,
    asked: Mapping[str, Any],
    *,
    now: datetime,
) -> bytes:
    """The draft PDF of a notice that a step would issue with these answers; 样张 on each page.

    The step is taken and undone in one transaction that never commits, so the draft says what the notice
    would say. Required answers not given yet stand as 〔待填〕. Refusal when the step may not be taken now or
    does not issue that kind.
    """
    seen_kind, values = foreseen(session, actor, case_id, trigger, kind, asked, now=now)
    try:
        from notices.render import render_pdf  # draws pages; loaded when the first one is asked for

        return render_pdf(seen_kind, {**values, "number": NUMBERED_LATER}, draft=True)
    except NoticeRefused as refused:
        raise Refusal(refused.code, refused.sentence, 422) from refused


def foreseen(
    session: Session,
    actor: Actor,
    case_id: int,
    trigger: str,
    kind: str,
    asked: Mapping[str, Any],
    *,
    now: datetime,
) -> tuple[NoticeKind, dict[str, Value]]:
    """The kind and the values that a step with these answers would issue it with; see `preview_notice`."""
    actor.require(*OFFICE, to="预览文书")
    try:
        with transaction(session):
            _look(session, actor, case_id, trigger, kind, asked, now)
    except _Seen as seen:
        return seen.kind, seen.values
    raise AssertionError("the look always ends in an exception")


def _look(
    session: Session,
    actor: Actor,
    case_id: int,
    trigger: str,
    kind_key: str,
    asked: Mapping[str, Any],
    now: datetime,
) -> None:
    case = case_for(session, actor, case_id)
    workflow = workflow_of(session, case.workflow_id)
    rule = workflow.triggers_by_key.get(trigger)
    if rule is None:
        raise Refusal("step_unknown_trigger", "没有这一步骤，请回到事项页面从按钮进入。", 404)
    dossier = Dossier(session, case)
    roles = roles_in(session, actor, case)
    told = _complete(asks_in(workflow, rule, case.state, roles), asked)
    try:
        taken = step(
            workflow,
            situation_from(case.situation),
            trigger,
            roles=roles,
            actor=person_of(actor),
            facts=facts_of(dossier, now),
            asked=told,
        )
    except StepRefused as refused:
        raise Refusal(f"step_{refused.code}", f"{refused.sentence}。", 409) from refused
    effect = next(
        (item for item in taken.effects if isinstance(item, IssueNotice) and item.kind == kind_key), None
    )
    live_kind = notice_kind_of_campaign(session, case.campaign, kind_key)[1]
    if effect is None:
        raise Refusal("notice_not_issued", f"按目前的情况和填写的内容，这一步不印发“{live_kind.name}”。", 409)
    row = _as_if_taken(session, actor, case, dossier, taken, told, now)
    values: dict[str, Value] = {
        **standing_values(case.campaign, live_kind, now),
        **case_values(dossier, row, live_kind, at=now, given=dict(effect.values)),
    }
    raise _Seen(live_kind, values)


def _as_if_taken(
    session: Session,
    actor: Actor,
    case: Case,
    dossier: Dossier,
    taken: Step,
    told: Mapping[str, Any],
    now: datetime,
) -> CaseStep:
    """The step with its clocks and ledger, but without notices and messages; undone by the caller's exception."""
    before = case.state
    case.situation = taken.situation.as_data()
    case.state = taken.to_state
    row = CaseStep(
        case_id=case.id,
        position=taken.situation.steps + 1,
        trigger=taken.trigger,
        from_state=before,
        to_state=taken.to_state,
        actor_id=actor.user_id,
        actor_name=actor.name,
        effective_at=now,
        recorded_at=now,
        asked=dict(told),
        facts={},
        roles=[],
        workflow_id=case.workflow_id,
    )
    session.add(row)
    session.flush()
    silent = [effect for effect in taken.effects if not isinstance(effect, IssueNotice | Tell | Rate)]
    carry_out(session, actor, dossier, row, silent, Moment(now, now))
    return row


def _complete(asks: Sequence[Ask], asked: Mapping[str, Any]) -> dict[str, Any]:
    """The answers with something in the place of what is missing or cannot be taken yet."""
    told: dict[str, Any] = {}
    for ask in asks:
        value = asked.get(ask.field)
        if fault_of(ask, value) is None:
            told[ask.field] = value
        elif ask.required:
            told[ask.field] = _stand_in(ask)
    return told


def _stand_in(ask: Ask) -> Any:
    if ask.type is AskType.NUMBER:
        return ask.at_least or 1
    if ask.type is AskType.BOOLEAN:
        return False
    if ask.type is AskType.DATE:
        return "2000-01-01"
    if ask.type is AskType.CHOICE:
        return ask.options[0].key
    if ask.type is AskType.CHOICES:
        return [ask.options[0].key]
    if ask.type is AskType.FILES:
        return ["待附"]
    return f"〔待填：{ask.label}〕"

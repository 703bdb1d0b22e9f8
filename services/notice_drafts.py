"""送核 and 核稿: a step's notice is put before a second person, who checks it or sends it back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.campaign import Campaign
from models.notice import NoticeDraft
from models.people import Role
from notices.completeness import missing_values
from notices.definition import NoticeKind, Value, placeholders
from notices.refusal import NoticeRefused
from services.actor import OFFICE, Actor
from services.case_access import case_for, roles_in
from services.definitions import notice_kind_of, notice_kind_of_campaign, workflow_of
from services.history import record
from services.notice_checking import LATER
from services.notice_images import Pages, draft_pages
from services.notice_preview import NUMBERED_LATER, foreseen
from services.notices import title_of
from services.refusal import Refusal, forbidden, not_found
from services.transaction import transaction
from workflow.asked import fault_of
from workflow.rights import asks_in


def submit_draft(
    session: Session,
    actor: Actor,
    case_id: int,
    trigger: str,
    kind_key: str,
    asked: Mapping[str, Any],
    *,
    now: datetime,
) -> NoticeDraft:
    """Put what a step would issue before a second person. An earlier draft that waits is withdrawn for it."""
    actor.require(*OFFICE, to="送核文书")
    case = case_for(session, actor, case_id)
    workflow = workflow_of(session, case.workflow_id)
    rule = workflow.triggers_by_key.get(trigger)
    asks = asks_in(workflow, rule, case.state, roles_in(session, actor, case)) if rule else ()
    faults = [fault for ask in asks if (fault := fault_of(ask, asked.get(ask.field)))]
    if faults:
        raise Refusal("draft_incomplete", f"请先把这一步填写完整再送核：{'；'.join(faults)}。", 422)
    kind, values = foreseen(session, actor, case_id, trigger, kind_key, asked, now=now)
    printed = {name: values.get(name, "") for name in sorted(placeholders(kind))}
    _refuse_incomplete(
        kind, {**printed, **dict.fromkeys(LATER, NUMBERED_LATER), "verify_url": "https://x.invalid/"}
    )
    with transaction(session):
        live, _kind = notice_kind_of_campaign(session, case.campaign, kind_key)
        for earlier in drafts_of_step(session, case_id, trigger):
            if earlier.kind == kind_key:
                earlier.status = "withdrawn"
        row = NoticeDraft(
            campaign_id=case.campaign_id,
            case_id=case_id,
            trigger=trigger,
            kind=kind_key,
            kind_id=live.id,
            title=title_of(kind, printed),
            asked={name: value for name, value in asked.items() if not isinstance(value, list) or value},
            values=printed,
            status="waiting",
            drafted_by_id=actor.person,
            drafted_at=now,
            remark="",
        )
        session.add(row)
        session.flush()
        _log(session, actor, row, "notice.submitted_for_check", now)
    return row


def _refuse_incomplete(kind: NoticeKind, values: dict[str, Value]) -> None:
    try:
        missing = missing_values(kind, values)
    except NoticeRefused as refused:
        raise Refusal(refused.code, refused.sentence, 422) from refused
    if missing:
        names = "、".join(words for _name, words in missing)
        raise Refusal("draft_incomplete", f"还缺：{names}，补上后再送核。", 422)


def check_draft(
    session: Session, actor: Actor, draft_id: int, *, approve: bool, remark: str = "", now: datetime
) -> NoticeDraft:
    """Check a draft, or send it back with a reason; never by the one who drafted it."""
    actor.require(*OFFICE, to="核稿")
    with transaction(session):
        draft_for(session, actor, draft_id)
        row = session.get_one(NoticeDraft, draft_id, with_for_update=True, populate_existing=True)
        if row.status != "waiting":
            raise Refusal("draft_decided", "这份文稿已经核过，或者已被撤回重送。")
        if row.drafted_by_id == actor.user_id:
            raise forbidden("核自己送的稿")
        if not approve and not remark.strip():
            raise Refusal("reason_missing", "退回的，请写明哪里要改。", 422)
        row.status = "checked" if approve else "returned"
        row.checked_by_id, row.checked_at, row.remark = actor.person, now, remark.strip()
        _log(session, actor, row, f"notice.{'checked' if approve else 'returned'}", now)
    return row


def draft_for(session: Session, actor: Actor, draft_id: int) -> NoticeDraft:
    """One draft for someone of the office."""
    actor.require(*OFFICE, Role.ADMIN, Role.AUDITOR, to="查看送核的文稿")
    row = session.get(NoticeDraft, draft_id)
    if row is None:
        raise not_found("这份文稿")
    return row


def drafts_of_step(session: Session, case_id: int, trigger: str) -> list[NoticeDraft]:
    """Drafts of a step that are not done with, newest first."""
    return list(
        session.execute(
            select(NoticeDraft)
            .where(
                NoticeDraft.case_id == case_id,
                NoticeDraft.trigger == trigger,
                NoticeDraft.status.in_(("waiting", "checked", "returned")),
            )
            .order_by(NoticeDraft.id.desc())
        ).scalars()
    )


def open_drafts(session: Session, actor: Actor, campaign: Campaign) -> list[NoticeDraft]:
    """Every draft of the campaign that waits for somebody, oldest first."""
    actor.require(*OFFICE, Role.ADMIN, Role.AUDITOR, to="查看送核的文稿")
    return list(
        session.execute(
            select(NoticeDraft)
            .where(
                NoticeDraft.campaign_id == campaign.id,
                NoticeDraft.status.in_(("waiting", "checked", "returned")),
            )
            .order_by(NoticeDraft.id)
        ).scalars()
    )


def kinds_to_check(session: Session, campaign: Campaign, kinds: Mapping[str, str]) -> dict[str, str]:
    """Of these kinds (key → name) those that a second person has to check."""
    return {
        key: name for key, name in kinds.items() if notice_kind_of_campaign(session, campaign, key)[1].checked
    }


def pages_of_draft(session: Session, actor: Actor, draft_id: int) -> Pages:
    """The pages that were put before the checker."""
    row = draft_for(session, actor, draft_id)
    return draft_pages(notice_kind_of(session, row.kind_id), {**row.values, "number": NUMBERED_LATER})


def _log(session: Session, actor: Actor, row: NoticeDraft, act: str, now: datetime) -> None:
    payload = {"kind": row.kind, "case": row.case_id, "remark": row.remark}
    record(session, actor, act, object_kind="notice_draft", object_id=row.id, payload=payload, now=now)

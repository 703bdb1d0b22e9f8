"""作废: proposed with a reason, decided by a second person where the office wants two; the number stays taken."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.campaign import Campaign
from models.notice import Notice, NoticeVoiding
from models.people import Role
from services.actor import OFFICE, Actor
from services.history import record
from services.notices import notice_for
from services.refusal import Refusal, forbidden, not_found
from services.transaction import transaction

#: The setting of the pack; where a campaign was set up without it, two persons are wanted.
SETTING = "void_notice_needs_two_persons"


def needs_two_persons(campaign: Campaign) -> bool:
    """Whether a second person has to approve that a notice is voided."""
    return bool(campaign.settings.get(SETTING, True))


def void_notice(
    session: Session, actor: Actor, campaign: Campaign, notice_id: int, *, reason: str, now: datetime
) -> NoticeVoiding:
    """Propose that a notice be voided; where one person suffices, the head voids it at once.

    The row that waits, or that was carried out. Raises Refusal.
    """
    two = needs_two_persons(campaign)
    if two:
        actor.require(*OFFICE, to="提出作废文书")
    else:
        actor.require(Role.HEAD, to="作废文书")
    words = reason.strip()
    if not words:
        raise Refusal("reason_missing", "请写明作废的理由。", 422)
    with transaction(session):
        notice = _locked(session, actor, notice_id)
        if any(voiding.approved is None for voiding in voidings_of(session, notice.id)):
            raise Refusal("void_proposed", f"{notice.number}已有人提出作废，正待另一人批准。")
        voiding = NoticeVoiding(
            notice_id=notice.id, reason=words, proposed_by_id=actor.person, proposed_at=now, remark=""
        )
        session.add(voiding)
        if two:
            session.flush()
            _log(session, actor, notice, "notice.void_proposed", {"reason": words}, now)
        else:
            voiding.approved, voiding.decided_at = True, now
            _carry_out(session, actor, notice, words, now)
    return voiding


def decide_void(
    session: Session, actor: Actor, voiding_id: int, *, approve: bool, remark: str = "", now: datetime
) -> Notice:
    """Approve or refuse a proposed voiding; by the head, never by the one who proposed it."""
    actor.require(Role.HEAD, to="批准作废文书")
    with transaction(session):
        voiding = session.get(NoticeVoiding, voiding_id, with_for_update=True, populate_existing=True)
        if voiding is None:
            raise not_found("这份作废申请")
        if voiding.approved is not None:
            raise Refusal("void_decided", "这份作废申请已经有了决定。")
        if voiding.proposed_by_id == actor.user_id:
            raise forbidden("批准自己提出的作废")
        if not approve and not remark.strip():
            raise Refusal("reason_missing", "不同意作废的，请写明理由。", 422)
        notice = _locked(session, actor, voiding.notice_id)
        voiding.decided_by_id, voiding.decided_at = actor.person, now
        voiding.approved, voiding.remark = approve, remark.strip()
        if approve:
            _carry_out(session, actor, notice, voiding.reason, now)
        else:
            _log(session, actor, notice, "notice.void_refused", {"reason": voiding.remark}, now)
    return notice


def voidings_of(session: Session, notice_id: int) -> list[NoticeVoiding]:
    """Every voiding that was proposed for a notice, in order."""
    rows = session.execute(
        select(NoticeVoiding).where(NoticeVoiding.notice_id == notice_id).order_by(NoticeVoiding.id)
    )
    return list(rows.scalars())


def waiting_voidings(session: Session, actor: Actor, campaign: Campaign) -> list[NoticeVoiding]:
    """Voidings that wait for a decision, for the office to see."""
    actor.require(*OFFICE, Role.ADMIN, to="查看作废申请")
    return list(
        session.execute(
            select(NoticeVoiding)
            .join(NoticeVoiding.notice)
            .where(Notice.campaign_id == campaign.id, NoticeVoiding.approved.is_(None))
            .order_by(NoticeVoiding.id)
        ).scalars()
    )


def _locked(session: Session, actor: Actor, notice_id: int) -> Notice:
    notice_for(session, actor, notice_id)
    row = session.get_one(Notice, notice_id, with_for_update=True, populate_existing=True)
    if row.status == "voided":
        raise Refusal("notice_voided", f"{row.number}此前已作废。")
    return row


def _carry_out(session: Session, actor: Actor, notice: Notice, reason: str, now: datetime) -> None:
    notice.status, notice.voided_at, notice.void_reason = "voided", now, reason
    session.flush()
    _log(session, actor, notice, "notice.voided", {"reason": reason}, now)


def _log(
    session: Session, actor: Actor, notice: Notice, act: str, payload: dict[str, str], now: datetime
) -> None:
    payload = {"number": notice.number, **payload}
    record(session, actor, act, object_kind="notice", object_id=notice.id, payload=payload, now=now)

"""送达 of notices that start no clock: signed for or handed over, recorded once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from models.notice import Notice, ServiceRecord
from models.people import Role
from services.actor import OFFICE, Actor
from services.case_access import offers_for
from services.definitions import workflow_of
from services.history import record
from services.notices import notice_for
from services.refusal import Refusal, forbidden
from services.transaction import transaction


def record_service(
    session: Session,
    actor: Actor,
    notice_id: int,
    *,
    way: str,
    receiver: str,
    remark: str = "",
    served_at: datetime | None = None,
    now: datetime,
) -> Notice:
    """Record that a notice has reached its addressee; by the office, or by the target that signs for it.

    A notice whose service starts a clock is served by the step of its case, and refused here with that hint.
    served_at: None for now. Raises Refusal.
    """
    if not actor.has(*OFFICE, Role.TARGET):
        raise forbidden("记录送达")
    if not way.strip() or not receiver.strip():
        raise Refusal("service_incomplete", "请填写送达方式和签收人。", 422)
    with transaction(session):
        notice_for(session, actor, notice_id)
        row = session.get_one(Notice, notice_id, with_for_update=True, populate_existing=True)
        _refuse_unfit(session, actor, row, now)
        at = served_at or now
        if not row.issued_at <= at <= now:
            raise Refusal("served_out_of_time", "送达时间不能早于印发，也不能晚于现在，请核对。", 422)
        row.status = "served"
        session.add(
            ServiceRecord(
                notice_id=row.id,
                way=way.strip()[:60],
                served_at=at,
                receiver=receiver.strip()[:60],
                remark=remark.strip(),
                recorded_by_id=actor.person,
                recorded_at=now,
            )
        )
        payload = {"number": row.number, "way": way.strip(), "served_at": at.isoformat()}
        record(
            session, actor, "notice.served", object_kind="notice", object_id=row.id, payload=payload, now=now
        )
    return row


def _refuse_unfit(session: Session, actor: Actor, row: Notice, now: datetime) -> None:
    if row.status == "voided":
        raise Refusal("notice_voided", f"{row.number}已作废，不必送达。")
    if row.status == "served":
        raise Refusal("already_served", f"{row.number}已经送达，没有重复记录。")
    if not row.needs_service:
        raise Refusal("needs_no_service", f"{row.number}不需要签收。", 422)
    if row.case is None:
        return
    serving = workflow_of(session, row.case.workflow_id).serving_triggers
    waiting = [
        offer
        for offer in offers_for(session, actor, row.case, now=now)
        if offer.trigger in serving and offer.allowed
    ]
    if waiting:
        raise Refusal(
            "service_starts_clock", f"这份文书送达后开始计算期限，请在事项页面办理“{waiting[0].name}”。"
        )

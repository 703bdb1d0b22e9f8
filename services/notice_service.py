"""送达 of notices that start no clock: signed for or handed over, recorded once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models.campaign import Campaign
from models.case import Case
from models.notice import Notice, ServiceRecord
from models.people import Role
from models.roster import Target, Unit
from services.actor import OFFICE, Actor
from services.case_access import facts_of, person_of
from services.definitions import workflow_of
from services.dossier import Dossier
from services.history import record
from services.notices import LOCAL, notice_for
from services.refusal import Refusal, forbidden
from services.transaction import transaction
from workflow.definition import Trigger
from workflow.engine import offers
from workflow.situation import situation_from


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
    if row.superseded:
        raise Refusal("notice_superseded", f"{row.number}已由新的文书代替，不必送达。")
    if row.status == "served":
        raise Refusal("already_served", f"{row.number}已经送达，没有重复记录。")
    if not row.needs_service:
        raise Refusal("needs_no_service", f"{row.number}不需要签收。", 422)
    waiting = serving_step(session, actor, row, now=now)
    if waiting is not None:
        raise Refusal(
            "service_starts_clock", f"这份文书送达后开始计算期限，请在事项页面办理“{waiting.name}”。"
        )


def serving_step(session: Session, actor: Actor, row: Notice, *, now: datetime) -> Trigger | None:
    """The step of the notice's case that records its service now, whoever may take it; None: there is none."""
    if row.case is None:
        return None
    workflow = workflow_of(session, row.case.workflow_id)
    triggers = [workflow.triggers_by_key[key] for key in sorted(workflow.serving_triggers)]
    open_now = offers(
        workflow,
        situation_from(row.case.situation),
        roles=frozenset(str(role) for trigger in triggers for role in trigger.roles),
        actor=person_of(actor),
        facts=facts_of(Dossier(session, row.case), now),
    )
    allowed = {offer.trigger for offer in open_now if offer.allowed}
    return next((trigger for trigger in triggers if trigger.key in allowed), None)


def moment_of_service(row: Notice, day: date | None, *, now: datetime) -> datetime:
    """When a notice was served that was served on a day: now if today or None, else noon, never before its issue."""
    if day is None or day == now.astimezone(LOCAL).date():
        return now
    noon = datetime.combine(day, time(12), LOCAL)
    return max(noon, row.issued_at) if day == row.issued_at.astimezone(LOCAL).date() else noon


def service_ways(session: Session, campaign: Campaign) -> list[tuple[str, str]]:
    """The ways of service (key, name) that the campaign's procedure knows."""
    workflow = workflow_of(session, campaign.workflow_id)
    return [
        (option.key, option.label)
        for key in sorted(workflow.serving_triggers)
        for ask in workflow.triggers_by_key[key].asks
        if ask.field == "service_way"
        for option in ask.options
    ]


def unsigned_notices(
    session: Session, actor: Actor, targets: Sequence[Target], *, now: datetime
) -> list[Notice]:
    """Notices to these own targets that wait to be signed for and start no clock, newest first."""
    own = [target.id for target in targets]
    rows = session.execute(
        select(Notice)
        .where(
            Notice.target_id.in_(own),
            Notice.status == "issued",
            Notice.needs_service,
            Notice.replaced_by_id.is_(None),
        )
        .options(
            joinedload(Notice.case).joinedload(Case.target).joinedload(Target.unit).joinedload(Unit.category)
        )
        .order_by(Notice.id.desc())
    ).scalars()
    return [row for row in rows if serving_step(session, actor, row, now=now) is None]

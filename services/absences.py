"""外出代理: for some days one person of the office acts for another, and the record says who acted for whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from models.panel import Absence
from models.people import Role, RoleGrant, User
from services.actor import OFFICE, Actor
from services.history import record
from services.refusal import Refusal, forbidden, not_found
from services.transaction import transaction

LOCAL = ZoneInfo("Asia/Shanghai")
#: A longer one is a change of post, which the administrator makes by granting roles.
LONGEST_DAYS = 90
#: Who may enter an absence for somebody else.
FOR_OTHERS = (Role.HEAD, Role.ADMIN)


def record_absence(
    session: Session,
    actor: Actor,
    *,
    person_id: int,
    substitute_id: int,
    first_day: date,
    last_day: date,
    reason: str,
    now: datetime,
) -> Absence:
    """Enter that a person is away from the first to the last day, both included, and who acts meanwhile.

    Everyone of the office may do so for oneself, the head and the administrator for others.
    """
    actor.require(*OFFICE, Role.ADMIN, to="登记外出代理")
    if person_id != actor.user_id and not actor.has(*FOR_OTHERS):
        raise forbidden("为他人登记外出代理")
    _refuse_days(first_day, last_day, now)
    if not reason.strip() or len(reason.strip()) > 200:
        raise Refusal("absence_reason", "请写明外出事由，不超过200字。", 422)
    with transaction(session):
        person, substitute = _colleague(session, person_id), _colleague(session, substitute_id)
        if person.id == substitute.id:
            raise Refusal("absence_self", "代理人不能是本人，请另选一人。", 422)
        _refuse_overlap(session, person, substitute, first_day, last_day)
        row = Absence(
            person_id=person.id,
            substitute_id=substitute.id,
            first_day=first_day,
            last_day=last_day,
            reason=reason.strip(),
            entered_by_id=actor.person,
            entered_at=now,
        )
        session.add(row)
        session.flush()
        payload = {
            "person": person.id,
            "substitute": substitute.id,
            "first_day": first_day.isoformat(),
            "last_day": last_day.isoformat(),
            "reason": row.reason,
        }
        record(
            session,
            actor,
            "absence.recorded",
            object_kind="absence",
            object_id=row.id,
            payload=payload,
            now=now,
        )
    return row


def end_absence(session: Session, actor: Actor, absence_id: int, *, now: datetime) -> Absence:
    """End an absence before its last day: from this moment the substitute acts no more."""
    with transaction(session):
        row = session.get(Absence, absence_id, with_for_update=True, populate_existing=True)
        if row is None or (row.person_id != actor.user_id and not actor.has(*FOR_OTHERS)):
            raise not_found("这次外出代理")
        if row.ended_at is not None or row.last_day < _day(now):
            raise Refusal("absence_over", "这次外出代理已经结束，不必再办。")
        row.ended_at = now
        record(session, actor, "absence.ended", object_kind="absence", object_id=row.id, payload={}, now=now)
    return row


def absences_now(session: Session, actor: Actor, *, now: datetime) -> Sequence[Absence]:
    """The absences in which this person is the substitute at this moment, with the absent persons' roles."""
    if actor.user_id is None:
        return ()
    today = _day(now)
    return (
        session.execute(
            select(Absence)
            .join(User, User.id == Absence.person_id)
            .where(
                Absence.substitute_id == actor.user_id,
                Absence.first_day <= today,
                Absence.last_day >= today,
                Absence.ended_at.is_(None),
                User.active,
            )
            .options(joinedload(Absence.person))
            .order_by(Absence.id)
        )
        .scalars()
        .all()
    )


def absences_of(session: Session, actor: Actor, *, now: datetime) -> Sequence[Absence]:
    """What the page shows: one's own and those one stands in for; the head and administrator see all. Newest first."""
    actor.require(*OFFICE, Role.ADMIN, to="查看外出代理")
    query = (
        select(Absence)
        .where(Absence.last_day >= _day(now).replace(month=1, day=1))
        .options(joinedload(Absence.person), joinedload(Absence.substitute))
        .order_by(Absence.first_day.desc(), Absence.id.desc())
        .limit(200)
    )
    if not actor.has(*FOR_OTHERS):
        query = query.where(or_(Absence.person_id == actor.user_id, Absence.substitute_id == actor.user_id))
    return session.execute(query).scalars().all()


def colleagues(session: Session) -> list[User]:
    """Everyone of the office who can be away or stand in, by name."""
    return list(
        session.execute(
            select(User)
            .where(User.active, User.id.in_(select(RoleGrant.user_id).where(RoleGrant.role.in_(OFFICE))))
            .order_by(User.name, User.id)
        ).scalars()
    )


def _colleague(session: Session, user_id: int) -> User:
    user = session.get(User, user_id)
    if user is None or not user.active or user.roles.isdisjoint(OFFICE):
        raise Refusal(
            "absence_person",
            "外出人和代理人都应是效能办在用的账号（专员、审核人或负责人），请重新选择。",
            422,
        )
    return user


def _refuse_days(first_day: date, last_day: date, now: datetime) -> None:
    if last_day < first_day:
        raise Refusal("absence_days", "结束日期不能早于开始日期。", 422)
    if last_day < _day(now):
        raise Refusal("absence_past", "结束日期已经过去，不能补登代理。", 422)
    if (last_day - first_day).days >= LONGEST_DAYS:
        raise Refusal("absence_long", f"一次代理最长{LONGEST_DAYS}天；更长的请由管理员调整岗位角色。", 422)


def _refuse_overlap(
    session: Session, person: User, substitute: User, first_day: date, last_day: date
) -> None:
    """One substitute at a time, and no chain: who is away stands in for nobody."""
    days = (Absence.ended_at.is_(None), Absence.first_day <= last_day, Absence.last_day >= first_day)
    if session.execute(select(Absence.id).where(Absence.person_id == person.id, *days)).first():
        raise Refusal("absence_twice", f"{person.name}在这些日子里已经登记过外出，请先结束原来的代理。")
    if session.execute(select(Absence.id).where(Absence.person_id == substitute.id, *days)).first():
        raise Refusal("absence_chain", f"{substitute.name}在这些日子里也外出，请另选代理人。")
    if session.execute(select(Absence.id).where(Absence.substitute_id == person.id, *days)).first():
        raise Refusal("absence_chain", f"{person.name}在这些日子里正代理他人，请先结束那次代理。")


def _day(now: datetime) -> date:
    return now.astimezone(LOCAL).date()

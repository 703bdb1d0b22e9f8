"""What a rated target may reach through its own pages: its own, from the first notice on, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from models.case import Case
from models.notice import Notice
from models.people import Role
from models.roster import Target, Unit
from services.actor import Actor
from services.case_access import answers_for
from services.notices import notice_for
from services.refusal import Refusal, not_found


def as_target(actor: Actor) -> Actor:
    """The actor speaking for its target alone, whatever other roles the account holds.

    Refused for an account without the role, and for one that was tied to no target and no unit.
    """
    actor.require(Role.TARGET, to="办理测评对象的事务")
    if actor.target_id is None and actor.unit_id is None:
        raise Refusal(
            "target_unassigned", "您的账号还没有对应到测评对象或单位，请与效能办管理员联系后再来办理。", 403
        )
    return replace(actor, roles=frozenset({Role.TARGET.value}))


def own_targets(session: Session, actor: Actor) -> list[Target]:
    """The target of the account, or, for the head of a unit, all active targets of the unit in their order."""
    query = select(Target).options(joinedload(Target.unit).joinedload(Unit.category))
    if actor.target_id is not None:
        query = query.where(Target.id == actor.target_id)
    else:
        query = query.where(Target.unit_id == (actor.unit_id or -1), Target.active)
    return list(session.execute(query.order_by(Target.position, Target.id)).scalars())


def own_target(session: Session, actor: Actor, target_id: int) -> Target:
    """One target of the account; the same refusal whether it is missing or another's."""
    found = {target.id: target for target in own_targets(session, actor)}.get(target_id)
    if found is None:
        raise not_found("测评对象")
    return found


def own_cases(session: Session, actor: Actor) -> Select[Case]:
    """A query of the cases the target has been told of, to be filtered further.

    A case that was registered but never notified is the office's own preparation; its number, its time and its
    withdrawal would only help to guess who reported.
    """
    own = [target.id for target in own_targets(session, actor)]
    told = select(Notice.case_id).where(Notice.case_id == Case.id)
    return select(Case).join(Case.target).where(Case.target_id.in_(own), told.exists())


def own_case(session: Session, actor: Actor, case_id: int) -> Case:
    """One case the target has been told of; the same refusal whether it is missing or not theirs."""
    told = select(Notice.case_id).where(Notice.case_id == Case.id)
    case = session.execute(
        select(Case)
        .where(Case.id == case_id, told.exists())
        .options(
            joinedload(Case.target).joinedload(Target.unit).joinedload(Unit.category),
            joinedload(Case.campaign),
        )
    ).scalar_one_or_none()
    if case is None or not answers_for(actor, case):
        raise not_found("整改事项")
    return case


def own_notice(session: Session, actor: Actor, notice_id: int) -> Notice:
    """One notice addressed to the target; the same refusal whether it is missing or another's."""
    return notice_for(session, as_target(actor), notice_id)

"""负责人调整状态: a stuck case moved past its procedure, by the head with a reason and a second person's word.

No notice is issued and nothing is deducted unless it is said so; how many cases were moved is public.
Source: 实施口径.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models.campaign import Campaign
from models.case import Case
from models.case_move import ForcedMove
from models.people import Role
from models.roster import Target
from services.actor import OFFICE, Actor
from services.case_effects import Moment, tell
from services.cases import locked_case
from services.deadlines import end_clocks, start_clock
from services.deductions import settle
from services.definitions import workflow_of
from services.dossier import Dossier
from services.history import record
from services.refusal import Refusal, forbidden, not_found
from services.relocations import relocate
from services.transaction import transaction
from workflow.consequences import clocks_of_state
from workflow.relocation import FORCED, forced
from workflow.situation import situation_from
from workflow.vocabulary import ClockStart

APPROVERS = (Role.HEAD, Role.REVIEWER)


def states_for(session: Session, case: Case) -> list[tuple[str, str, bool]]:
    """Where the case can be moved: key, name, and whether the state has a tier to be booked."""
    workflow = workflow_of(session, case.workflow_id)
    return [(state.key, state.name, bool(state.tier)) for state in workflow.states if state.key != case.state]


def open_move(session: Session, case_id: int) -> ForcedMove | None:
    """The move of a case that waits for its second person."""
    query = select(ForcedMove).where(ForcedMove.case_id == case_id, ForcedMove.status == "proposed")
    return session.execute(query.limit(1)).scalar_one_or_none()


def waiting_moves(session: Session, actor: Actor, campaign: Campaign) -> list[ForcedMove]:
    """Moves that wait for approval, oldest first; empty for those who cannot approve."""
    if not actor.has(*APPROVERS):
        return []
    return list(
        session.execute(
            select(ForcedMove)
            .where(ForcedMove.campaign_id == campaign.id, ForcedMove.status == "proposed")
            .options(joinedload(ForcedMove.case).joinedload(Case.target).joinedload(Target.unit))
            .order_by(ForcedMove.id)
        ).scalars()
    )


def propose_move(
    session: Session,
    actor: Actor,
    case_id: int,
    *,
    state: str,
    book: bool,
    reason: str,
    now: datetime,
) -> ForcedMove:
    """Propose to move a case to a state of its procedure. book: also book the state's tier."""
    actor.require(Role.HEAD, to="调整事项状态")
    with transaction(session):
        case = locked_case(session, case_id)
        offered = {key: tier for key, _name, tier in states_for(session, case)}
        if state not in offered:
            raise Refusal("state_unknown", "请选择要调整到的状态，不能是当前状态。", 422)
        if book and not offered[state]:
            raise Refusal("no_tier", "这个状态没有扣分档，不能选择扣分。", 422)
        if not reason.strip() or len(reason) > 1000:
            raise Refusal("move_reason", "请写明调整的理由，不超过1000字；它会进入办理经过。", 422)
        if open_move(session, case_id) is not None:
            raise Refusal("move_waiting", "已有一项调整等待批准，请先处理它。")
        row = ForcedMove(
            campaign_id=case.campaign_id,
            case_id=case.id,
            seen_steps=situation_from(case.situation).steps,
            from_state=case.state,
            to_state=state,
            book=book,
            reason=reason.strip(),
            status="proposed",
            proposed_by_id=actor.person,
            proposed_at=now,
        )
        session.add(row)
        session.flush()
        payload = {"to": state, "book": book, "reason": row.reason}
        record(
            session,
            actor,
            "case.move_proposed",
            object_kind="case",
            object_id=case.id,
            payload=payload,
            now=now,
        )
    return row


def approve_move(session: Session, actor: Actor, move_id: int, *, now: datetime) -> ForcedMove:
    """Move the case; by another person than who proposed it, and only if it has taken no step since."""
    actor.require(*APPROVERS, to="批准调整事项状态")
    with transaction(session):
        move, case = _locked(session, move_id)
        if move.proposed_by_id == actor.person:
            raise forbidden("批准自己提出的状态调整；须由另一人批准")
        before = situation_from(case.situation)
        if before.steps != move.seen_steps:
            raise Refusal(
                "case_moved", "提出之后本事项又办理过其他步骤。没有执行，请退回后按最新情况重新提出。"
            )
        _carry_out(session, actor, move, case, now)
        move.status, move.decided_by_id, move.decided_at = "approved", actor.person, now
    return move


def _carry_out(session: Session, actor: Actor, move: ForcedMove, case: Case, now: datetime) -> None:
    dossier, moment = Dossier(session, case), Moment(now, now)
    workflow = dossier.workflow
    after = forced(workflow, situation_from(case.situation), move.to_state, book=move.book)
    said = {
        "book": move.book,
        "reason": move.reason,
        "proposed_by": move.proposed_by.name,
        "move": move.id,
    }
    end_clocks(dossier.clocks, ())
    entry = relocate(
        session, actor, case, case.workflow_id, workflow, after, kind=FORCED, said=said, moment=moment
    )
    for clock in clocks_of_state(workflow, after, ClockStart.ENTERED):
        start_clock(session, case, entry, clock, calendar=dossier.calendar, at=now)
    if move.book:
        settle(
            session,
            case,
            entry,
            ledger=dossier.ledger,
            scheme=dossier.scheme,
            tiers=after.tiers,
            reason=move.reason,
            now=now,
        )
    name = workflow.states_by_key[move.to_state].name
    tell(session, case, ("target", "officer"), f"负责人将本事项调整为“{name}”。理由：{move.reason}", now=now)


def refuse_move(session: Session, actor: Actor, move_id: int, *, why: str, now: datetime) -> ForcedMove:
    """Do not move it: who proposed it withdraws, another refuses with a reason."""
    actor.require(*APPROVERS, to="退回状态调整")
    with transaction(session):
        move, case = _locked(session, move_id)
        own = move.proposed_by_id == actor.person
        if not own and not why.strip():
            raise Refusal("refusal_reason", "请写明不同意的理由。", 422)
        move.status, move.decision = "withdrawn" if own else "refused", why.strip()[:500]
        move.decided_by_id, move.decided_at = actor.person, now
        payload = {"status": move.status, "why": move.decision}
        record(
            session,
            actor,
            "case.move_refused",
            object_kind="case",
            object_id=case.id,
            payload=payload,
            now=now,
        )
    return move


def move_for(session: Session, actor: Actor, move_id: int) -> ForcedMove:
    """One move, for the office."""
    actor.require(*OFFICE, to="查看状态调整")
    row = session.get(ForcedMove, move_id)
    if row is None:
        raise not_found("状态调整")
    return row


def _locked(session: Session, move_id: int) -> tuple[ForcedMove, Case]:
    case_id = session.execute(select(ForcedMove.case_id).where(ForcedMove.id == move_id)).scalar_one_or_none()
    if case_id is None:
        raise not_found("状态调整")
    case = locked_case(session, case_id)
    move = session.get_one(ForcedMove, move_id, with_for_update=True, populate_existing=True)
    if move.status != "proposed":
        raise Refusal("move_decided", "这项调整已经处理过，请刷新页面查看结果。")
    return move, case

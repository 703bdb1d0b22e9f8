"""Taking back what was taken in: one form of a batch, or the whole batch; ratings by two persons, as always."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.batch import Batch, BatchLine
from models.collection import Answer
from models.people import Role
from models.rating import Rating, RatingVoid
from services.actor import OFFICE, Actor
from services.answers import withdraw_answer
from services.batches import batch_for, note
from services.ratings import approve_void, propose_void
from services.refusal import Refusal, not_found
from services.transaction import transaction


def line_of(session: Session, batch: Batch, line_id: int) -> BatchLine:
    """One form of a batch."""
    line = session.get(BatchLine, line_id)
    if line is None or line.batch_id != batch.id:
        raise not_found("这份录入")
    return line


def withdraw_line(
    session: Session, actor: Actor, batch_id: int, line_id: int, *, reason: str, now: datetime
) -> None:
    """Take one typed form back, with the reason: a rating by two persons, as any rating; an answer at once."""
    with transaction(session):
        batch = batch_for(session, actor, batch_id)
        line = line_of(session, batch, line_id)
        if line.rating_id is not None:
            propose_void(session, actor, line.rating_id, reason=reason, now=now)
        else:
            _withdraw(session, actor, line, reason, now)


def _withdraw(session: Session, actor: Actor, line: BatchLine, reason: str, now: datetime) -> None:
    withdraw_answer(session, actor, line.answer_id or 0, reason=reason, now=now)
    line.withdrawn_at, line.withdrawn_by_id, line.withdrawn_reason = now, actor.person, reason.strip()


def undo_batch(session: Session, actor: Actor, batch_id: int, *, reason: str, now: datetime) -> int:
    """Take a whole batch back; gives of how many forms.

    Ratings are proposed to be voided, and count until another person approves (`approve_undo`); answers that are
    no ratings are withdrawn at once. Source: 方案第八条第（三）项.
    """
    actor.require(*OFFICE, to="撤销整批录入")
    if not reason.strip():
        raise Refusal("reason_missing", "请写明撤销整批的理由。", 422)
    with transaction(session):
        batch = batch_for(session, actor, batch_id, lock=True)
        if batch.undo_at is not None:
            raise Refusal("batch_undone", "这一批已经有人提出撤销。")
        waiting = [
            number for number in _ratings_in(session, batch) if number not in _proposed(session, batch)
        ]
        said = f"撤销第{batch.id}批：{reason.strip()}"
        for number in waiting:
            propose_void(session, actor, number, reason=said, now=now)
        plain = _answers_in(session, batch)
        for line in plain:
            _withdraw(session, actor, line, said, now)
        if not waiting and plain:
            batch.undo_approved_at = now
        batch.undo_reason, batch.undo_by_id, batch.undo_at = reason.strip(), actor.person, now
        note(
            session,
            actor,
            batch,
            "batch.undo_proposed",
            {"reason": reason.strip(), "forms": len(waiting) + len(plain)},
            now,
        )
    return len(waiting) + len(plain)


def approve_undo(session: Session, actor: Actor, batch_id: int, *, now: datetime) -> int:
    """Void all ratings of a batch that another person asked to take back; gives how many. Tallies follow."""
    actor.require(Role.REVIEWER, Role.HEAD, to="批准撤销整批录入")
    with transaction(session):
        batch = batch_for(session, actor, batch_id, lock=True)
        if batch.undo_at is None or batch.undo_approved_at is not None:
            raise Refusal("undo_not_waiting", "这一批没有待批准的撤销。")
        if batch.undo_by_id == actor.user_id:
            raise Refusal("same_person", "提出撤销的人不能自己批准，请由另一人办理。", 403)
        voids = session.execute(
            select(RatingVoid)
            .join(RatingVoid.rating)
            .join(BatchLine, BatchLine.rating_id == Rating.id)
            .where(BatchLine.batch_id == batch.id, RatingVoid.approved_at.is_(None), Rating.counted.is_(True))
            .order_by(RatingVoid.id)
        ).scalars()
        # One proposed apart, by the very person who approves here, waits for somebody else.
        mine = [void for void in voids if void.proposed_by_id != actor.user_id]
        for void in mine:
            approve_void(session, actor, void.id, now=now)
        for line in session.execute(
            select(BatchLine).where(
                BatchLine.rating_id.in_([void.rating_id for void in mine]), BatchLine.withdrawn_at.is_(None)
            )
        ).scalars():
            line.withdrawn_at, line.withdrawn_by_id = now, actor.person
            line.withdrawn_reason = batch.undo_reason
        batch.undo_approved_by_id, batch.undo_approved_at = actor.person, now
        note(session, actor, batch, "batch.undone", {"forms": len(mine)}, now)
    return len(mine)


def _answers_in(session: Session, batch: Batch) -> list[BatchLine]:
    """Lines of the batch that are answers, no ratings, and stand."""
    return list(
        session.execute(
            select(BatchLine)
            .join(BatchLine.answer)
            .where(
                BatchLine.batch_id == batch.id,
                BatchLine.rating_id.is_(None),
                BatchLine.withdrawn_at.is_(None),
                Answer.withdrawn_at.is_(None),
            )
            .order_by(BatchLine.id)
        ).scalars()
    )


def _ratings_in(session: Session, batch: Batch) -> list[int]:
    """Ratings of the batch that count now."""
    return list(
        session.execute(
            select(Rating.id)
            .join(BatchLine, BatchLine.rating_id == Rating.id)
            .where(BatchLine.batch_id == batch.id, Rating.counted.is_(True))
            .order_by(Rating.id)
        ).scalars()
    )


def _proposed(session: Session, batch: Batch) -> set[int]:
    return set(
        session.execute(
            select(RatingVoid.rating_id)
            .join(BatchLine, BatchLine.rating_id == RatingVoid.rating_id)
            .where(BatchLine.batch_id == batch.id)
        ).scalars()
    )

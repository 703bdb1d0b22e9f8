"""站内消息: what each person was told, read by that person alone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from models.job import Message
from services.actor import Actor
from services.transaction import transaction


def unread_count(session: Session, actor: Actor) -> int:
    """How many messages the person has not read."""
    return int(
        session.execute(
            select(func.count())
            .select_from(Message)
            .where(Message.user_id == actor.user_id, Message.read_at.is_(None))
        ).scalar_one()
    )


def messages_of(
    session: Session, actor: Actor, *, unread_only: bool = False, page: int = 1, size: int = 50
) -> tuple[list[Message], int]:
    """One page of the person's messages, newest first, and how many there are in all."""
    mine = [Message.user_id == actor.user_id]
    if unread_only:
        mine.append(Message.read_at.is_(None))
    total = session.execute(select(func.count()).select_from(Message).where(*mine)).scalar_one()
    rows = session.execute(
        select(Message)
        .where(*mine)
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(size)
        .offset((page - 1) * size)
    ).scalars()
    return list(rows), int(total)


def mark_read(
    session: Session,
    actor: Actor,
    *,
    now: datetime,
    message_id: int | None = None,
    case_id: int | None = None,
    up_to: int | None = None,
) -> int:
    """Mark messages of the person as read and give how many; another's message is never touched.

    message_id: this one. case_id: those about the case. up_to: those the person had before them, none newer
    than this id. Without any of the three, all.
    """
    which = [Message.user_id == actor.person, Message.read_at.is_(None)]
    if message_id is not None:
        which.append(Message.id == message_id)
    if case_id is not None:
        which.append(Message.case_id == case_id)
    if up_to is not None:
        which.append(Message.id <= up_to)
    if session.execute(select(Message.id).where(*which).limit(1)).first() is None:
        return 0  # a page that is only looked at waits for no other writer
    with transaction(session):
        done = session.execute(
            update(Message)
            .where(*which)
            .values(read_at=now)
            .returning(Message.id)
            .execution_options(synchronize_session=False)
        ).all()
    return len(done)

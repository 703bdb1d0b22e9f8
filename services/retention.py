"""The end of what is kept for a time only: answers past their retention, drafts and files that nobody went on with.

Removing answers is an act in the log: which collection, how many, up to which day. Files go with them.
"""

from __future__ import annotations

import re
from collections.abc import Collection as Items
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from models.base import table_of
from models.batch import BatchLine
from models.collection import Answer, AnswerDraft, Collection
from models.notice import Attachment
from services.actor import SYSTEM
from services.attachments import FileStore
from services.history import record
from services.jobs import Work, schedule
from services.transaction import afterwards

LOCAL = ZoneInfo("Asia/Shanghai")
PURGE = "purge_answers"
EXPIRE = "expire_drafts"
#: Whose files are those that another system sent ahead of a form, and how long they wait for it.
UPLOAD = "upload"
UPLOADS_KEPT = timedelta(days=2)
#: Whose files are those of a rating that was refused or is only begun: its form or its draft names them.
HELD = "held"
_NAMED = re.compile(r"file-(\d{1,12})", re.ASCII)


def plan_purge(session: Session, held: Collection, submitted_at: datetime) -> None:
    """Have an answer removed when its time is over; once for all answers of a day."""
    if held.retention_days is None:
        return
    due = _end_of_day(submitted_at + timedelta(days=held.retention_days))
    schedule(
        session, PURGE, key=f"purge:{held.id}:{due:%Y-%m-%d}", payload={"collection": held.id}, due_at=due
    )


def plan_purges(session: Session, held: Collection) -> None:
    """After the retention was changed: plan anew for every day on which an answer came."""
    if held.retention_days is None:
        return
    came = select(Answer.submitted_at).where(Answer.collection_id == held.id).distinct()
    for submitted_at in session.execute(came).scalars():
        plan_purge(session, held, submitted_at)


def plan_expiry(session: Session, expires_at: datetime) -> None:
    """Have drafts removed that nobody went on with; once for all of a day."""
    due = _end_of_day(expires_at)
    schedule(session, EXPIRE, key=f"drafts:{due:%Y-%m-%d}", payload={}, due_at=due)


def _end_of_day(moment: datetime) -> datetime:
    day = moment.astimezone(LOCAL).date() + timedelta(days=1)
    return datetime.combine(day, time(0, 5), LOCAL).astimezone(UTC)


def purge_answers(session: Session, collection_id: int, *, store: FileStore, now: datetime) -> int:
    """Remove the answers of a collection whose retention is over; gives how many. Their places stay counted."""
    held = session.get(Collection, collection_id, with_for_update=True, populate_existing=True)
    if held is None or held.retention_days is None:
        return 0
    limit = now - timedelta(days=held.retention_days)
    rows = session.execute(
        select(Answer.id, Answer.submitted_at)
        .where(Answer.collection_id == held.id, Answer.submitted_at < limit, Answer.rating_id.is_(None))
        .order_by(Answer.id)
    ).all()
    if not rows:
        return 0
    ids = [row.id for row in rows]
    _remove_files(session, store, _owned("answer", ids))
    for start in range(0, len(ids), 500):
        # What was typed from paper: its line stays, without the answer and without what was read in it.
        session.execute(
            update(BatchLine)
            .where(BatchLine.answer_id.in_(ids[start : start + 500]))
            .values(answer_id=None, differences=[], second=None)
        )
        session.execute(delete(Answer).where(Answer.id.in_(ids[start : start + 500])))
    table = table_of(Collection)
    gone = table.c.purged + len(ids)
    session.execute(update(table).where(table.c.id == held.id).values(purged=gone))
    session.expire(held)
    payload = {
        "count": len(ids),
        "until": max(row.submitted_at for row in rows).astimezone(LOCAL).date().isoformat(),
    }
    record(
        session,
        SYSTEM,
        "answers.purged",
        object_kind="collection",
        object_id=held.id,
        payload=payload,
        now=now,
    )
    return len(ids)


def expire_drafts(session: Session, *, store: FileStore, now: datetime) -> int:
    """Remove drafts whose time is over, with their files; gives how many."""
    ids = list(
        session.execute(
            select(AnswerDraft.id).where(AnswerDraft.expires_at <= now).with_for_update()
        ).scalars()
    )
    remove_drafts(session, ids, store=store)
    return len(ids)


def expire_uploads(session: Session, *, store: FileStore, now: datetime) -> None:
    """Let go of files that were sent ahead and whose time is over; those of answers that came are kept with them."""
    own = (Attachment.owner_kind == UPLOAD, Attachment.uploaded_at <= now - UPLOADS_KEPT)
    _remove_files(session, store, own)


def expire_held(session: Session, *, store: FileStore, now: datetime) -> None:
    """Let go of files of refused and begun ratings that were given up; those that a draft still names stay."""
    old = (Attachment.owner_kind == HELD, Attachment.uploaded_at <= now - UPLOADS_KEPT)
    owners = select(Attachment.owner_id).where(*old)
    drafts = session.execute(select(AnswerDraft.typed).where(AnswerDraft.user_id.in_(owners))).scalars()
    named = {
        int(match[1]) for typed in drafts for _name, value in typed if (match := _NAMED.fullmatch(str(value)))
    }
    gone = set(session.execute(select(Attachment.id).where(*old)).scalars()) - named
    ids = sorted(gone)
    for start in range(0, len(ids), 500):
        _remove_files(session, store, (Attachment.id.in_(ids[start : start + 500]),))


def remove_drafts(session: Session, ids: Items[int], *, store: FileStore) -> None:
    """Remove drafts and the files that only they have."""
    if not ids:
        return
    _remove_files(session, store, _owned("draft", ids))
    session.execute(delete(AnswerDraft).where(AnswerDraft.id.in_(ids)))


def _owned(owner_kind: str, ids: Items[int]) -> tuple[ColumnElement[bool], ...]:
    return (Attachment.owner_kind == owner_kind, Attachment.owner_id.in_(ids))


def _remove_files(session: Session, store: FileStore, own: tuple[ColumnElement[bool], ...]) -> None:
    hashes = set(session.execute(select(Attachment.sha256).where(*own)).scalars())
    session.execute(delete(Attachment).where(*own))
    if hashes:
        afterwards(session, lambda done: _forget_unused(done, store, hashes))


def _forget_unused(session: Session, store: FileStore, hashes: set[str]) -> None:
    """Unlink what no row points to any more."""
    used = set(
        session.execute(select(Attachment.sha256).where(Attachment.sha256.in_(hashes)).distinct()).scalars()
    )
    session.rollback()
    for sha256 in hashes - used:
        store.path(sha256).unlink(missing_ok=True)


def retention_works(store: FileStore) -> dict[str, Work]:
    """How the two kinds of job are done."""

    def purge(session: Session, payload: dict[str, Any], _prepared: Any, now: datetime) -> None:
        purge_answers(session, payload["collection"], store=store, now=now)

    def expire(session: Session, _payload: dict[str, Any], _prepared: Any, now: datetime) -> None:
        expire_drafts(session, store=store, now=now)
        expire_uploads(session, store=store, now=now)
        expire_held(session, store=store, now=now)

    return {PURGE: Work(apply=purge), EXPIRE: Work(apply=expire)}


def kept(session: Session, held: Collection) -> int:
    """How many answers of a collection there are to read, withdrawn ones too."""
    counted = select(func.count()).select_from(Answer).where(Answer.collection_id == held.id)
    return int(session.execute(counted).scalar_one())

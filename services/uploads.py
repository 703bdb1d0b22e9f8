"""Files sent ahead of a form by another system: checked for the question they answer, held for a time.

What is sent in names them by the id given here. A page sends its files with the form and needs none of this.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms.definition import FormDefinition
from forms.fields.base import AnswerRefused
from forms.fields.file import File
from models.notice import Attachment
from services.actor import Actor
from services.attachments import Checked, FileStore, Upload, attach, check
from services.refusal import Refusal, not_found
from services.retention import UPLOAD, UPLOADS_KEPT, plan_expiry
from services.transaction import transaction

#: So much may lie waiting of one account.
MOST_BYTES = 2 * 1024**3
_ID = re.compile(r"file-(\d{1,12})")


def keep_upload(
    session: Session,
    actor: Actor,
    form: FormDefinition,
    key: str,
    upload: Any,
    *,
    store: FileStore,
    now: datetime,
) -> dict[str, Any]:
    """Hold a file for a question of a form; gives its id, name, size, and until when it is held.

    upload: has `filename` and `stream`. Raises Refusal where the question takes no files, or not this one.
    """
    field = form.field(key)
    if not isinstance(field, File):
        raise not_found("这道收照片或附件的题")
    try:
        field.parse_uploads({}, [upload])
    except AnswerRefused as refused:
        raise Refusal("file_refused", f"{refused}。", 422) from refused
    checked = check(Upload(upload.filename, upload.stream.read()))
    return hold(session, actor, key, checked, store=store, now=now)


def hold(
    session: Session, actor: Actor, key: str, checked: Checked, *, store: FileStore, now: datetime
) -> dict[str, Any]:
    """Hold a file that may be kept for a question of this key; gives what `keep_upload` does."""
    with transaction(session):
        waiting = session.execute(
            select(func.coalesce(func.sum(Attachment.size), 0)).where(*_of(actor.person))
        ).scalar_one()
        if waiting + len(checked.content) > MOST_BYTES:
            raise Refusal("uploads_full", "先传的文件太多，还没有随答卷提交；请先提交，或者过两天再传。", 429)
        row = attach(
            session, actor, store, [(key, checked)], owner_kind=UPLOAD, owner_id=actor.person, now=now
        )[0]
        plan_expiry(session, now + UPLOADS_KEPT)
    until = now + UPLOADS_KEPT
    return {"id": f"file-{row.id:08d}", "name": row.file_name, "bytes": row.size, "held_until": until}


def sent_ahead(
    session: Session, user_id: int | None, field: str, key: str, store: FileStore
) -> Checked | None:
    """The file of this id, if this account sent it ahead for this question; None otherwise."""
    match = _ID.fullmatch(key)
    row = session.get(Attachment, int(match[1])) if match and user_id is not None else None
    if row is None or (row.owner_kind, row.owner_id, row.field) != (UPLOAD, user_id, field):
        return None
    path = store.existing(row.sha256, name=row.file_name)
    return Checked(row.file_name, row.media_type, path.read_bytes(), row.sha256)


def _of(user_id: int) -> tuple[Any, ...]:
    return (Attachment.owner_kind == UPLOAD, Attachment.owner_id == user_id)

"""What comes back from a form that was sent out: received, refused without loss, or kept as a draft."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from forms.answers import Bound, bind
from forms.builder import PREFIX
from forms.context import Uploads
from forms.fields.file import File
from models.collection import AnswerDraft
from models.notice import Attachment
from services.answer_desk import Desk
from services.answer_drafts import (
    OWNER,
    drop_draft,
    new_resume,
    save_draft,
    typed_with_files,
)
from services.answer_pages import draft_at
from services.answers import Filled, Taken, Way, refuse_unless_taking, take_answer
from services.attachments import Checked, FileStore
from services.prefills import impose, show_fixed
from services.rating_forms import FormRefused, checked_uploads
from services.refusal import Refusal
from services.transaction import transaction
from services.uploads import sent_ahead

_KEPT = re.compile(r"file-(\d{1,12})")


class HandInRefused(FormRefused):
    """As FormRefused; where files came with it, a draft holds them. resume: its code, empty where none is needed."""

    def __init__(self, bound: Bound, why: Refusal | None = None) -> None:
        super().__init__(bound, why)
        self.draft: AnswerDraft | None = None
        self.resume = ""


def hand_in(
    session: Session,
    desk: Desk,
    *,
    formdata: MultiDict[str, str],
    files: Uploads | None,
    token: str,
    store: FileStore,
    now: datetime,
) -> Taken:
    """Receive what was filled in. Raises FormRefused with everything that was typed, or Refusal."""
    bound = bind(desk.form, impose(formdata, desk.fixed), choices=desk.choices, files=files, now=now)
    show_fixed(bound.form, desk.fixed)
    checked, why = checked_uploads(bound)
    try:
        if why is not None:
            raise why
        if bound.answers is None:
            raise FormRefused(bound)
        filled = _filled(session, desk, bound, checked, store)
        with transaction(session):
            taken = take_answer(
                session,
                desk.actor,
                desk.held.id,
                filled,
                token=token,
                store=store,
                now=now,
                way=Way(desk.source, desk.code.id if desk.code else None),
            )
            if desk.place is not None:
                drop_draft(session, desk.place, store=store)
    except Refusal as refusal:
        found = HandInRefused(bound, None if isinstance(refusal, FormRefused) else refusal)
        if checked and not desk.held.anonymous:
            _hold(session, desk, found, formdata, checked, token=token, store=store, now=now)
        raise found from refusal
    return taken


def _hold(
    session: Session,
    desk: Desk,
    refused: HandInRefused,
    formdata: MultiDict[str, str],
    checked: list[tuple[str, Checked]],
    *,
    token: str,
    store: FileStore,
    now: datetime,
) -> None:
    """Keep the good files of a refused form with its draft, so that they need not be chosen anew."""
    own = desk if desk.place is not None else replace(desk, resume=new_resume())
    earlier = draft_at(session, own, now=now)
    draft = _save(session, own, formdata, checked, token, earlier.seen if earlier else None, store, now)
    refused.draft, refused.resume = draft, own.resume
    for name, value in typed_with_files(session, draft):
        if name.endswith("-kept"):
            control = refused.bound.form[name.removesuffix("-kept")]
            ids = [*control.posted.get("kept", ()), value]
            control.posted = {**control.posted, "kept": list(dict.fromkeys(ids))[: control.spec.at_most]}


def _filled(
    session: Session, desk: Desk, bound: Bound, checked: list[tuple[str, Checked]], store: FileStore
) -> Filled:
    answers = dict(bound.answers or {})
    files: list[tuple[str, Checked]] = []
    for field in desk.form.fields:
        if not isinstance(field, File) or field.key not in answers:
            continue
        kept = [
            _kept_file(session, desk, store, field.key, item["id"])
            for item in answers[field.key]
            if "id" in item
        ]
        own = [*kept, *(file for key, file in checked if key == field.key)]
        files += [(field.key, file) for file in own]
        answers[field.key] = [{"name": file.file_name, "bytes": len(file.content)} for file in own]
    return Filled(desk.form_id, desk.form, answers, files)


def _kept_file(session: Session, desk: Desk, store: FileStore, field: str, key: str) -> Checked:
    """A file of this person's own draft, or one that the system which hands in sent ahead."""
    ahead = sent_ahead(session, desk.sender, field, key, store)
    if ahead is not None:
        return ahead
    match = _KEPT.fullmatch(key)
    row = session.get(Attachment, int(match[1])) if match else None
    place = desk.place
    own = (
        session.execute(
            select(AnswerDraft.id).where(AnswerDraft.place == place.key, AnswerDraft.id == row.owner_id)
        ).first()
        if place is not None and row is not None and row.owner_kind == OWNER
        else None
    )
    if row is None or own is None:
        raise Refusal("file_gone", "先前上传的照片已经找不到，请去掉勾选，重新选择照片。", 422)
    return Checked(row.file_name, row.media_type, store.path(row.sha256).read_bytes(), row.sha256)


def keep_draft(
    session: Session,
    desk: Desk,
    *,
    formdata: MultiDict[str, str],
    files: Uploads | None,
    token: str,
    seen: int | None,
    store: FileStore,
    now: datetime,
) -> tuple[AnswerDraft, str]:
    """Save what was typed so far; gives the draft and its resume code, empty where none is needed.

    Raises Refusal where nothing is kept: anonymous collections, and those that are over.
    """
    if desk.held.anonymous:
        raise Refusal("draft_anonymous", "匿名填写不存草稿，以免留下线索；请一次填完再提交。", 422)
    refuse_unless_taking(desk.held, now=now, late=True)
    if desk.code is not None and desk.code.spent:
        raise Refusal("code_spent", "这张卡的代码已经用过，答卷已收到，不能再填。")
    if desk.place is None:
        desk = replace(desk, resume=new_resume())
    bound = bind(desk.form, formdata, choices=desk.choices, files=files, now=now)
    checked, _why = checked_uploads(bound, unasked=True)
    return _save(session, desk, formdata, checked, token, seen, store, now), desk.resume


def _save(
    session: Session,
    desk: Desk,
    formdata: MultiDict[str, str],
    checked: list[tuple[str, Checked]],
    token: str,
    seen: int | None,
    store: FileStore,
    now: datetime,
) -> AnswerDraft:
    if desk.place is None:
        raise RuntimeError("nothing is kept here")
    return save_draft(
        session,
        desk.actor,
        desk.place,
        campaign=desk.held.campaign,
        form_id=desk.form_id,
        typed=[(name, value) for name, value in formdata.items(multi=True) if name.startswith(PREFIX)],
        files=checked,
        token=token,
        seen=seen,
        store=store,
        now=now,
    )

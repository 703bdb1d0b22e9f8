"""Forms being made: one draft a form, kept with every change, with the way back and with who made it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from definitions.canonical import canonical_json, sha256_of
from forms.edit import KEY, MOST_BYTES, EditRefused, copied_document, new_document
from forms.references import Use
from forms.trail import change_between, redone, undone
from models.campaign import Definition, DefinitionKind, DefinitionStatus
from services.actor import Actor
from services.form_versions import Draft, draft_from, draft_row, may_design, office_pack, versions_of
from services.history import record
from services.refusal import Refusal, not_found
from services.transaction import transaction

#: So many changes can be taken back.
MOST_STEPS = 100
#: Addresses of the builder itself.
_RESERVED = frozenset({"new", "try"})

Document = dict[str, Any]


class DraftChanged(Refusal):
    """Somebody else changed the draft after the page was opened; carries the draft as it is now."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(
            "draft_changed",
            f"您打开页面之后，{draft.by}改了这个表单（{draft.words}）。您的这一步没有保存；"
            "下面已是最新的样子，请核对后再做一次。",
            409,
        )
        self.draft = draft


class FieldInUse(Refusal):
    """A field that other places need; carries them."""

    def __init__(self, sentence: str, uses: tuple[Use, ...]) -> None:
        super().__init__("field_in_use", sentence, 409)
        self.uses = uses


# -- beginning and ending ------------------------------------------------------------------------------------


def open_draft(session: Session, actor: Actor, key: str, *, now: datetime) -> Draft:
    """The draft of a published form: the one there is, else a new one that begins as the newest version."""
    may_design(actor)
    with transaction(session):
        pack_key = office_pack(session)
        row = draft_row(session, pack_key, key)
        if row is not None:
            return draft_from(row)
        versions = versions_of(session, pack_key, key)
        if not versions:
            raise not_found("这个表单")
        newest = versions[0]
        words = f"从第{newest.version}版开始修改"
        return _begin(session, actor, pack_key, newest.body, words, based_on=newest.version, now=now)


def start_form(
    session: Session, actor: Actor, *, name: str, copy_of: str = "", key: str = "", now: datetime
) -> Draft:
    """A new form from an empty page, or with the fields of another. key: empty for the next free one."""
    may_design(actor)
    typed = name.strip()
    if not 1 <= len(typed) <= 60:
        raise Refusal("form_name", "请写表单的名称，最多 60 个字。", 422)
    with transaction(session):
        pack_key = office_pack(session)
        own = _new_key(session, pack_key, key)
        if copy_of:
            document = copied_document(_newest(session, pack_key, copy_of), key=own, name=typed)
        else:
            document = new_document(own, typed)
        return _begin(session, actor, pack_key, document, "新建表单", based_on=None, now=now)


def _newest(session: Session, pack_key: str, key: str) -> Document:
    row = draft_row(session, pack_key, key)
    if row is not None:
        return draft_from(row).document
    versions = versions_of(session, pack_key, key)
    if not versions:
        raise not_found("要复制的表单")
    return versions[0].body


def _new_key(session: Session, pack_key: str, typed: str) -> str:
    used = set(
        session.execute(
            select(Definition.key).where(
                Definition.pack_key == pack_key, Definition.kind == DefinitionKind.FORM
            )
        ).scalars()
    )
    if typed:
        if not KEY.fullmatch(typed):
            raise Refusal("form_key", "代号只用小写字母、数字和下划线，以字母开头。", 422)
        if typed in used or typed in _RESERVED:
            raise Refusal("form_key", f"代号“{typed}”已经有别的表单在用，请换一个。", 422)
        return typed
    number = 1
    while f"form_{number}" in used:
        number += 1
    return f"form_{number}"


def _begin(
    session: Session,
    actor: Actor,
    pack_key: str,
    document: Mapping[str, Any],
    words: str,
    *,
    based_on: int | None,
    now: datetime,
) -> Draft:
    row = Definition(
        pack_key=pack_key,
        kind=DefinitionKind.FORM,
        key=document["key"],
        version=_next_version(session, pack_key, document["key"]),
        name=str(document.get("name") or document["key"])[:200],
        status=DefinitionStatus.DRAFT,
        body={
            "document": dict(document),
            "based_on": based_on,
            "token": secrets.token_urlsafe(18),
            "by": actor.name,
            "at": now.isoformat(),
            "words": words,
            "past": [],
            "future": [],
        },
        sha256=sha256_of(document),
        created_at=now,
        published_at=None,
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise Refusal("draft_exists", "别人刚刚为这个表单开了草稿，请刷新后一起修改。") from error
    payload = {"words": words, "based_on": based_on}
    _log(session, actor, "form.draft_opened", row.key, payload, now)
    return draft_from(row)


def _next_version(session: Session, pack_key: str, key: str) -> int:
    versions = versions_of(session, pack_key, key)
    return (versions[0].version if versions else 0) + 1


def discard_draft(session: Session, actor: Actor, key: str, *, seen: str, now: datetime) -> None:
    """Throw a draft away; published versions stay as they are."""
    may_design(actor)
    with transaction(session):
        row = _locked(session, key, seen)
        _log(session, actor, "form.draft_discarded", key, {"name": row.name}, now)
        session.delete(row)


def _log(session: Session, actor: Actor, act: str, key: str, payload: dict[str, Any], now: datetime) -> None:
    record(session, actor, act, object_kind="form", object_id=key, payload=payload, now=now)


# -- changing ------------------------------------------------------------------------------------------------


def edit_draft(
    session: Session,
    actor: Actor,
    key: str,
    change: Callable[[Document], Document],
    *,
    seen: str,
    words: str,
    now: datetime,
) -> Draft:
    """Make one change (see `forms.edit`) and keep it at once, with its way back.

    seen: `Draft.seen` of the page that asks; when it is another's by now, DraftChanged. A change that cannot
    be made: Refusal, or FieldInUse with the places. One that changes nothing is no step.
    """
    may_design(actor)
    with transaction(session):
        row = _locked(session, key, seen)
        before = row.body["document"]
        try:
            after = change(before)
        except EditRefused as refused:
            if refused.uses:
                raise FieldInUse(refused.sentence, refused.uses) from refused
            raise Refusal(refused.code, refused.sentence, 422) from refused
        if after == before:
            return draft_from(row)
        if len(canonical_json(after)) > MOST_BYTES:
            raise Refusal("form_too_large", "这个表单太大了，请缩短文字或分成几个表单。", 422)
        step = {**change_between(before, after), "words": words[:200], "by": actor.name}
        past = [*row.body["past"], step][-MOST_STEPS:]
        _keep(row, actor, after, words, past=past, future=[], now=now)
        return draft_from(row)


def undo(session: Session, actor: Actor, key: str, *, seen: str, now: datetime) -> Draft:
    """Take the last change back, whoever made it."""
    return _turn(session, actor, key, seen=seen, now=now, back=True)


def redo(session: Session, actor: Actor, key: str, *, seen: str, now: datetime) -> Draft:
    """Make the change again that was last taken back."""
    return _turn(session, actor, key, seen=seen, now=now, back=False)


def _turn(session: Session, actor: Actor, key: str, *, seen: str, now: datetime, back: bool) -> Draft:
    may_design(actor)
    with transaction(session):
        row = _locked(session, key, seen)
        past, future = list(row.body["past"]), list(row.body["future"])
        source, other = (past, future) if back else (future, past)
        if not source:
            raise Refusal("nothing_to_turn", "没有可以撤销的步骤了。" if back else "没有可以重做的步骤了。")
        step = source.pop()
        other.append(step)
        turned = (undone if back else redone)(row.body["document"], step)
        words = f"{'撤销' if back else '重做'}：{step['words']}"
        _keep(row, actor, turned, words, past=past, future=future, now=now)
        return draft_from(row)


def _locked(session: Session, key: str, seen: str) -> Definition:
    row = draft_row(session, office_pack(session), key, lock=True)
    if row is None:
        raise not_found("这个表单的草稿；它可能已经发布或被删去")
    draft = draft_from(row)
    if draft.seen != seen:
        raise DraftChanged(draft)
    return row


def locked_draft(session: Session, key: str, seen: str) -> Definition:
    """The stored draft, locked until the act ends. Raises DraftChanged."""
    return _locked(session, key, seen)


def _keep(
    row: Definition,
    actor: Actor,
    document: Document,
    words: str,
    *,
    past: list[Any],
    future: list[Any],
    now: datetime,
) -> None:
    row.body = {
        **row.body,
        "document": document,
        "by": actor.name,
        "at": now.isoformat(),
        "words": words[:200],
        "past": past,
        "future": future,
    }
    row.name = str(document.get("name") or row.key)[:200]
    row.sha256 = sha256_of(document)

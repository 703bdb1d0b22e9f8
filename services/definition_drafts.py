"""Definitions being made: one draft each, kept with every change, with the way back and with who made it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from definitions.canonical import canonical_json, sha256_of
from definitions.trail import change_between, redone, undone
from models.campaign import Definition, DefinitionStatus
from services.actor import Actor
from services.definition_versions import (
    Craft,
    Document,
    Draft,
    draft_from,
    draft_row,
    may_design,
    office_pack,
    versions_of,
)
from services.history import record
from services.refusal import Refusal, not_found
from services.transaction import transaction
from services.trial_answers import forget_trials

#: So many changes can be taken back.
MOST_STEPS = 100
#: A longer document is none that somebody typed.
MOST_BYTES = 400_000
KEY = re.compile(r"[a-z][a-z0-9_]{0,59}")


class DraftChanged(Refusal):
    """Somebody else changed the draft after the page was opened; carries the draft as it is now."""

    def __init__(self, craft: Craft, draft: Draft) -> None:
        super().__init__(
            "draft_changed",
            f"您打开页面之后，{draft.by}改了这个{craft.noun}（{draft.words}）。您的这一步没有保存；"
            "下面已是最新的样子，请核对后再做一次。",
            409,
        )
        self.draft = draft


# -- beginning and ending ------------------------------------------------------------------------------------


def open_draft(
    session: Session, actor: Actor, craft: Craft, key: str, *, version: int | None = None, now: datetime
) -> Draft:
    """The draft of a published definition: the one there is, else a new one that begins as a version.

    version: the one to begin with, None for the newest. An older one is not put over a draft: Refusal.
    """
    may_design(actor, craft)
    with transaction(session):
        pack_key = office_pack(session)
        row = draft_row(session, craft, pack_key, key)
        if row is not None:
            if version is not None:
                raise Refusal("draft_exists", f"这个{craft.noun}已有草稿，请先发布或删去它，再恢复旧版。")
            return draft_from(row)
        versions = versions_of(session, craft, pack_key, key)
        wanted = [row for row in versions if version in (None, row.version)]
        if not wanted:
            raise not_found(f"这个{craft.noun}" if version is None else "这个版本")
        begun = wanted[0]
        words = f"从第{begun.version}版开始修改" if version is None else f"恢复第{begun.version}版"
        # The wording of an old version is measured against the one in force.
        return begin_draft(
            session, actor, craft, begun.body, words, pack_key=pack_key, based_on=versions[0].version, now=now
        )


def named(craft: Craft, typed: str) -> str:
    """The name of a new definition, or Refusal."""
    name = typed.strip()
    if not 1 <= len(name) <= 60:
        raise Refusal(f"{craft.word}_name", f"请写{craft.noun}的名称，最多 60 个字。", 422)
    return name


def newest_document(session: Session, craft: Craft, pack_key: str, key: str) -> Document:
    """What a copy is made of: the draft, else the newest version."""
    row = draft_row(session, craft, pack_key, key)
    if row is not None:
        return draft_from(row).document
    versions = versions_of(session, craft, pack_key, key)
    if not versions:
        raise not_found(f"要复制的{craft.noun}")
    return versions[0].body


def new_key(session: Session, craft: Craft, pack_key: str, typed: str, *, stem: str) -> str:
    """The key typed, or for none the next free ``stem_n``; Refusal when it is taken or no key."""
    used = set(
        session.execute(
            select(Definition.key).where(Definition.pack_key == pack_key, Definition.kind == craft.kind)
        ).scalars()
    )
    if typed:
        if not KEY.fullmatch(typed):
            raise Refusal(f"{craft.word}_key", "代号只用小写字母、数字和下划线，以字母开头。", 422)
        if typed in used or typed in craft.reserved:
            raise Refusal(f"{craft.word}_key", f"代号“{typed}”已经有别的{craft.noun}在用，请换一个。", 422)
        return typed
    number = 1
    while f"{stem}_{number}" in used:
        number += 1
    return f"{stem}_{number}"


def begin_draft(
    session: Session,
    actor: Actor,
    craft: Craft,
    document: Mapping[str, Any],
    words: str,
    *,
    pack_key: str,
    based_on: int | None,
    now: datetime,
) -> Draft:
    """Store a new draft, inside the caller's transaction."""
    versions = versions_of(session, craft, pack_key, document["key"])
    row = Definition(
        pack_key=pack_key,
        kind=craft.kind,
        key=document["key"],
        version=(versions[0].version if versions else 0) + 1,
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
        raise Refusal("draft_exists", f"别人刚刚为这个{craft.noun}开了草稿，请刷新后一起修改。") from error
    payload = {"words": words, "based_on": based_on}
    log(session, actor, craft, "draft_opened", row.key, payload, now)
    return draft_from(row)


def discard_draft(
    session: Session, actor: Actor, craft: Craft, key: str, *, seen: str, now: datetime
) -> None:
    """Throw a draft away; published versions stay as they are."""
    may_design(actor, craft)
    with transaction(session):
        row = locked_draft(session, craft, key, seen)
        log(session, actor, craft, "draft_discarded", key, {"name": row.name}, now)
        forget_trials(session, row.id)
        session.delete(row)


def log(
    session: Session, actor: Actor, craft: Craft, act: str, key: str, payload: dict[str, Any], now: datetime
) -> None:
    """One act upon a definition, in the log."""
    record(
        session, actor, f"{craft.word}.{act}", object_kind=craft.word, object_id=key, payload=payload, now=now
    )


# -- changing ------------------------------------------------------------------------------------------------


def edit_draft(
    session: Session,
    actor: Actor,
    craft: Craft,
    key: str,
    change: Callable[[Document], Document],
    *,
    seen: str,
    words: str,
    now: datetime,
    joined: bool = False,
) -> Draft:
    """Make one change and keep it at once, with its way back.

    seen: `Draft.seen` of the page that asks; when it is another's by now, DraftChanged. change: raises Refusal
    when it cannot be made. One that changes nothing is no step. joined: a page that saves itself while somebody
    types; such changes of one part in a row are one step.
    """
    may_design(actor, craft)
    with transaction(session):
        row = locked_draft(session, craft, key, seen)
        before = row.body["document"]
        after = change(before)
        if after == before:
            return draft_from(row)
        if len(canonical_json(after)) > MOST_BYTES:
            raise Refusal(
                f"{craft.word}_too_large", f"这个{craft.noun}太大了，请缩短文字或分成几个{craft.noun}。", 422
            )
        said = {"words": words[:200], "by": actor.name, **({"joined": True} if joined else {})}
        past = list(row.body["past"])
        if joined and past and {name: past[-1].get(name) for name in said} == said:
            before = undone(before, past.pop(), of=craft.lines)
        past = [*past, {**change_between(before, after, of=craft.lines), **said}][-MOST_STEPS:]
        _keep(row, actor, after, words, past=past, future=[], now=now)
        return draft_from(row)


def turn(
    session: Session, actor: Actor, craft: Craft, key: str, *, seen: str, now: datetime, back: bool
) -> Draft:
    """Take the last change back, whoever made it; or make the one again that was last taken back."""
    may_design(actor, craft)
    with transaction(session):
        row = locked_draft(session, craft, key, seen)
        past, future = list(row.body["past"]), list(row.body["future"])
        source, other = (past, future) if back else (future, past)
        if not source:
            raise Refusal("nothing_to_turn", "没有可以撤销的步骤了。" if back else "没有可以重做的步骤了。")
        step = source.pop()
        other.append(step)
        turned = (undone if back else redone)(row.body["document"], step, of=craft.lines)
        words = f"{'撤销' if back else '重做'}：{step['words']}"
        _keep(row, actor, turned, words, past=past, future=future, now=now)
        return draft_from(row)


def locked_draft(session: Session, craft: Craft, key: str, seen: str) -> Definition:
    """The stored draft, locked until the act ends. Raises DraftChanged."""
    row = draft_row(session, craft, office_pack(session), key, lock=True)
    if row is None:
        raise not_found(f"这个{craft.noun}的草稿；它可能已经发布或被删去")
    draft = draft_from(row)
    if draft.seen != seen:
        raise DraftChanged(craft, draft)
    return row


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

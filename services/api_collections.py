"""Collections for other systems: what they ask, and answers handed in by the rules of their pages."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.definition import FormDefinition
from models.collection import Answer, Collection
from models.people import Role
from services.access_tokens import Entered
from services.actor import OFFICE, Actor
from services.answer_desk import collection_by_slug, desk_for_system, refuse_stranger
from services.answer_filling import hand_in
from services.answers import Taken, refuse_unless_taking, token_hash
from services.attachments import FileStore
from services.campaign_choice import present_campaign
from services.collections import collections_of
from services.definitions import form_of
from services.plain_answers import as_posted, refused_plainly
from services.rating_forms import FormRefused
from services.refusal import Refusal
from services.uploads import keep_upload

_RANDOM = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def listed(session: Session, actor: Actor, *, now: datetime) -> list[dict[str, Any]]:
    """The collections of the newest campaign: all for the office, for others those that ask them."""
    if actor.has(Role.ADMIN, Role.AUDITOR, *OFFICE):
        campaign = present_campaign(session)
        found = collections_of(session, actor, campaign.id) if campaign is not None else []
    else:
        rows = select(Collection).where(Collection.access == "account").order_by(Collection.id.desc())
        found = [held for held in session.execute(rows).scalars() if actor.roles & set(held.roles)]
    return [_said(session, held, now) for held in found]


def described(session: Session, actor: Actor, slug: str, *, now: datetime) -> dict[str, Any]:
    """One collection, for whoever knows its link and may fill it in."""
    return _said(session, _found(session, actor, slug), now)


def schema_form(session: Session, actor: Actor, slug: str) -> FormDefinition:
    """The form that a collection gives out now."""
    return form_of(session, _found(session, actor, slug).form_id)


def _found(session: Session, actor: Actor, slug: str) -> Collection:
    held = collection_by_slug(session, slug)
    if not actor.has(Role.ADMIN, Role.AUDITOR, *OFFICE):
        refuse_stranger(held, actor)
    return held


def _said(session: Session, held: Collection, now: datetime) -> dict[str, Any]:
    """What a system has to know; no figure, since nobody may watch those of an anonymous collection move."""
    state = "open"
    try:
        refuse_unless_taking(held, now=now)
    except Refusal as refusal:
        state = refusal.code
    form = form_of(session, held.form_id)
    return {
        "slug": held.slug,
        "title": held.title,
        "form": held.form_key,
        "version": form.version,
        "access": held.access,
        "anonymous": held.anonymous,
        "one_each": held.one_each,
        "opens_at": held.opens_at,
        "closes_at": held.closes_at,
        "grace_minutes": held.grace_minutes,
        "quota": held.quota,
        "fixed": sorted(held.prefill),
        "state": state,
    }


def send_answer(
    session: Session,
    entered: Entered,
    slug: str,
    answers: dict[str, Any],
    *,
    code: str,
    idempotency_key: str,
    store: FileStore,
    now: datetime,
) -> dict[str, Any]:
    """Take one answer of a collection by the rules of its page. Gives its kind, number, version and receipt.

    answers: as the JSON Schema of the version given out says; files by the ids that `upload` gave. code: of the card,
    where the collection goes by cards. idempotency_key: as in `services.api_answers.hand_in`; of an anonymous
    collection it has to be random, for it must name nobody. Number and receipt are None when anonymous.
    """
    held = _found(session, entered.actor, slug)
    token = _token(held, entered, idempotency_key)
    earlier = session.execute(
        select(Answer.form_id).where(Answer.token_hash == token_hash(held, token))
    ).scalar_one_or_none()
    desk = desk_for_system(
        session,
        held,
        entered.actor,
        entered.system,
        code=code,
        # What came again is judged by the version it was first given in, also when a newer one is given out by now.
        form_id=earlier,
        again=earlier is not None,
        now=now,
    )
    posted = as_posted(desk.form, answers)
    try:
        taken = hand_in(session, desk, formdata=posted, files=None, token=token, store=store, now=now)
    except FormRefused as refused:
        raise refused_plainly(refused) from refused
    return _taken(held, desk.form.version, taken)


def _token(held: Collection, entered: Entered, key: str) -> str:
    """What makes sending twice one answer. Of an anonymous one neither the account nor the key can be found in it."""
    if not held.anonymous:
        return hashlib.sha256(f"api:{entered.token_id}:{held.slug}:{key}".encode()).hexdigest()
    if not _RANDOM.fullmatch(key):
        raise Refusal(
            "key_not_random",
            f"“{held.title}”匿名收集，Idempotency-Key 要用随机的 UUID，不能用会认出填写人的编号。",
            422,
        )
    return hashlib.sha256(f"api:{held.slug}:{key}".encode()).hexdigest()


def _taken(held: Collection, version: int, taken: Taken) -> dict[str, Any]:
    if held.anonymous:
        return {"kind": "answer", "id": None, "version": version, "receipt": None}
    kind, number = ("rating", taken.rating_id) if taken.rating_id else ("answer", taken.answer_id)
    return {"kind": kind, "id": number, "version": version, "receipt": taken.receipt}


def upload(
    session: Session,
    actor: Actor,
    slug: str,
    field: str,
    file: Any,
    *,
    store: FileStore,
    now: datetime,
) -> dict[str, Any]:
    """Hold a file for a question of the form given out; see `services.uploads.keep_upload`."""
    held = _found(session, actor, slug)
    refuse_unless_taking(held, now=now, late=True)
    return keep_upload(session, actor, form_of(session, held.form_id), field, file, store=store, now=now)

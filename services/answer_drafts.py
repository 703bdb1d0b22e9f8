"""填写草稿: what was typed so far, kept on the server exactly as it was typed, and found again on another device.

A draft belongs to an account, to a one-time code, or to whoever has its resume code (only its hash is kept). Anonymous
collections have none: a draft would say when somebody wrote, and a shared device would show it to the next.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from forms.builder import PREFIX
from models.base import table_of
from models.campaign import Campaign
from models.collection import AnswerDraft, Collection
from services.actor import Actor
from services.attachments import Checked, FileStore, attach, attachments_of
from services.one_time_codes import code_hash, count_wrong, new_code
from services.rating_forms import kept_id
from services.refusal import Refusal, not_found
from services.retention import plan_expiry, remove_drafts
from services.transaction import transaction

#: Where a campaign sets no other `draft_days`.
DRAFT_DAYS = 30
RESUME_LENGTH = 16
OWNER = "draft"
_DRAFT = table_of(AnswerDraft).c
#: Asked with every form handed in.
_AT_PLACE = select(_DRAFT.id).where(_DRAFT.place == bindparam("place"))
#: What one form can hold at most: 300 fields, long tables in some.
MOST_TYPED = 20_000
LARGEST_TYPED = 1_000_000
LONGEST_ABOUT = 70

Typed = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Place:
    """Where a draft belongs: its unique key and what it refers to."""

    key: str
    collection_id: int | None = None
    campaign_id: int | None = None
    method: str = ""
    user_id: int | None = None
    code_id: int | None = None


def account_place(actor: Actor, held: Collection) -> Place:
    """The draft of an account in a collection."""
    return Place(f"account:{actor.person}|collection:{held.id}", collection_id=held.id, user_id=actor.person)


def rating_place(actor: Actor, campaign: Campaign, method: str, about: str = "") -> Place:
    """The draft of an account's rating by a method. about: what the link to the form named, empty for none."""
    return Place(
        f"account:{actor.person}|campaign:{campaign.id}|{method}|{about[:LONGEST_ABOUT]}",
        campaign_id=campaign.id,
        method=method,
        user_id=actor.person,
    )


def code_place(held: Collection, code_id: int) -> Place:
    """The draft of the holder of a one-time code."""
    return Place(f"code:{code_id}", collection_id=held.id, code_id=code_id)


def resume_place(held: Collection, resume: str) -> Place:
    """The draft of whoever has the resume code."""
    return Place(f"resume:{code_hash(f'{held.id}{resume}')}", collection_id=held.id)


def new_resume() -> str:
    """A code by which a draft is found on another device."""
    return new_code(RESUME_LENGTH)


class DraftMoved(Refusal):
    """Another device saved after this page was opened; carries the draft as it is now."""

    def __init__(self, draft: AnswerDraft) -> None:
        super().__init__(
            "draft_moved",
            "另一台设备在这之后也保存过。您现在填的都还在页面上：再按一次“保存草稿”就以这里的为准；"
            "要用那边的，请重新打开本页。",
        )
        self.draft = draft


def draft_days(campaign: Campaign) -> int:
    """How long a draft is kept that nobody goes on with: the campaign's `draft_days`."""
    return max(int(campaign.settings.get("draft_days", DRAFT_DAYS)), 1)


def find_draft(session: Session, place: Place, *, now: datetime) -> AnswerDraft | None:
    """The draft at this place; None when there is none, or its time is over."""
    row = session.execute(select(AnswerDraft).where(AnswerDraft.place == place.key)).scalar_one_or_none()
    return row if row is not None and row.expires_at > now else None


def resumed_draft(session: Session, held: Collection, resume: str, *, now: datetime) -> AnswerDraft:
    """The draft behind a resume code; wrong ones are slowed down for everyone together."""
    row = find_draft(session, resume_place(held, resume), now=now)
    if row is None:
        count_wrong(session, now)
        raise not_found("这份草稿；请核对续填码。草稿提交后或过期后就没有了")
    return row


def save_draft(
    session: Session,
    actor: Actor,
    place: Place,
    *,
    campaign: Campaign,
    form_id: int,
    typed: Typed,
    files: Iterable[tuple[str, Checked]] = (),
    token: str,
    seen: int | None,
    store: FileStore,
    now: datetime,
) -> AnswerDraft:
    """Keep what was typed. seen: the number of the draft the page knows, None for none; raises DraftMoved.

    files: new ones, kept with the draft and named by it the next time.
    """
    if len(typed) > MOST_TYPED or sum(len(name) + len(value) for name, value in typed) > LARGEST_TYPED:
        raise Refusal("draft_large", "填的内容太多，草稿没有保存；请直接提交，或分成几份填写。", 413)
    try:
        with transaction(session):
            row = session.execute(
                select(AnswerDraft).where(AnswerDraft.place == place.key).with_for_update()
            ).scalar_one_or_none()
            pairs = [[name, value] for name, value in typed]
            if row is None:
                row = _begun(place, form_id, token)
                session.add(row)
            elif row.seen != (seen or 0) and row.typed != pairs:
                raise DraftMoved(row)
            else:
                row.seen += 1
            row.typed, row.form_id, row.saved_at = pairs, form_id, now
            if row.lifted_from_id == form_id:
                row.lifted_from_id = None
            row.expires_at = now + timedelta(days=draft_days(campaign))
            session.flush()
            kept = {file.sha256 for file in attachments_of(session, OWNER, row.id)}
            new = [(field, file) for field, file in files if file.sha256 not in kept]
            attach(session, actor, store, new, owner_kind=OWNER, owner_id=row.id, now=now)
            plan_expiry(session, row.expires_at)
    except IntegrityError as error:
        raise Refusal("draft_raced", "另一个页面同时在保存，请再按一次“保存草稿”。") from error
    return row


def _begun(place: Place, form_id: int, token: str) -> AnswerDraft:
    return AnswerDraft(
        place=place.key,
        collection_id=place.collection_id,
        campaign_id=place.campaign_id,
        method=place.method,
        user_id=place.user_id,
        code_id=place.code_id,
        form_id=form_id,
        token=token or secrets.token_urlsafe(24),
        seen=1,
    )


def typed_with_files(session: Session, draft: AnswerDraft) -> list[tuple[str, str]]:
    """What the page of a draft shows: what was typed, and its files as kept ones."""
    rows = attachments_of(session, OWNER, draft.id)
    shown = [(str(name), str(value)) for name, value in draft.typed if not str(name).endswith("-kept")]
    return shown + [(f"{PREFIX}{row.field}-kept", kept_id(row)) for row in rows]


def drop_draft(session: Session, place: Place, *, store: FileStore) -> None:
    """Forget a draft: it was handed in, or its writer begins anew."""
    with transaction(session):
        ids = session.execute(_AT_PLACE, {"place": place.key}).scalars().all()
        remove_drafts(session, ids, store=store)


def drafts_of_form(session: Session, form_ids: Sequence[int]) -> dict[int, int]:
    """Version's id → drafts typed in it, for whoever publishes a new one."""
    counted = (
        select(AnswerDraft.form_id, func.count())
        .where(AnswerDraft.form_id.in_(form_ids))
        .group_by(AnswerDraft.form_id)
    )
    found: dict[int, int] = {}
    for form_id, count in session.execute(counted):
        found[int(form_id)] = int(count)
    return found

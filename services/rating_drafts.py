"""Drafts of ratings: what a monitor or an inspector has typed so far, found again on any device after logging in.

Photos are held under the account, as those of a refused form are, and named by the draft.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from forms.answers import bind, reopen_form
from forms.builder import PREFIX, AnswerForm
from forms.context import Uploads
from models.campaign import Campaign
from models.collection import AnswerDraft
from models.rating import Rating
from services.actor import Actor
from services.answer_drafts import drop_draft, find_draft, rating_place, save_draft
from services.attachments import FileStore, attach
from services.choices import StoredChoices
from services.draft_lifting import Waiting, lift_draft, put_back_draft, waiting_lift
from services.rating_forms import checked_uploads, kept_id, rating_form
from services.retention import HELD
from services.transaction import transaction


def rating_draft(
    session: Session, actor: Actor, campaign: Campaign, method: str, about: str, *, now: datetime
) -> AnswerDraft | None:
    """What this person has begun by this method. about: what the link to the form named; None for nothing."""
    return find_draft(session, rating_place(actor, campaign, method, about), now=now)


def reopened_rating(
    session: Session, actor: Actor, campaign: Campaign, draft: AnswerDraft, *, now: datetime
) -> AnswerForm:
    """The form as it was left, in the version the campaign uses now."""
    typed: MultiDict[str, str] = MultiDict((str(name), str(value)) for name, value in draft.typed)
    return as_typed(session, actor, campaign, draft.method, typed, now=now)


def as_typed(
    session: Session,
    actor: Actor,
    campaign: Campaign,
    method: str,
    typed: MultiDict[str, str],
    *,
    now: datetime,
) -> AnswerForm:
    """The form with what was typed, without a word on faults."""
    _, form = rating_form(session, actor, campaign, method)
    return reopen_form(form, typed, choices=StoredChoices(session), now=now)


def save_rating_draft(
    session: Session,
    actor: Actor,
    campaign: Campaign,
    method: str,
    about: str,
    *,
    formdata: MultiDict[str, str],
    files: Uploads | None,
    token: str,
    seen: int | None,
    store: FileStore,
    now: datetime,
) -> AnswerDraft:
    """Keep what was typed so far. seen: the number of the draft the page knows; raises DraftMoved."""
    form_id, form = rating_form(session, actor, campaign, method)
    bound = bind(form, formdata, choices=StoredChoices(session), files=files, now=now)
    checked, _why = checked_uploads(bound, unasked=True)
    typed = [(name, value) for name, value in formdata.items(multi=True) if name.startswith(PREFIX)]
    with transaction(session):
        rows = attach(session, actor, store, checked, owner_kind=HELD, owner_id=actor.person, now=now)
        return save_draft(
            session,
            actor,
            rating_place(actor, campaign, method, about),
            campaign=campaign,
            form_id=form_id,
            typed=[*typed, *((f"{PREFIX}{row.field}-kept", kept_id(row)) for row in rows)],
            token=token,
            seen=seen,
            store=store,
            now=now,
        )


def waiting_rating(
    session: Session, actor: Actor, campaign: Campaign, draft: AnswerDraft, *, now: datetime
) -> Waiting | None:
    """What changed since this draft was typed; None where the campaign asks the same questions."""
    form_id, _form = rating_form(session, actor, campaign, draft.method)
    return waiting_lift(session, draft, form_id, choices=StoredChoices(session), now=now)


def lift_rating(
    session: Session, actor: Actor, campaign: Campaign, method: str, about: str, *, now: datetime
) -> AnswerDraft:
    """Move the draft to the form that the campaign uses now."""
    form_id, _form = rating_form(session, actor, campaign, method)
    place = rating_place(actor, campaign, method, about)
    return lift_draft(session, place, form_id=form_id, choices=StoredChoices(session), now=now)


def put_back_rating(
    session: Session,
    actor: Actor,
    campaign: Campaign,
    method: str,
    about: str,
    *,
    formdata: MultiDict[str, str],
    files: Uploads | None,
    token: str,
    seen: int | None,
    store: FileStore,
    now: datetime,
) -> AnswerDraft:
    """Move the draft back to the version it was typed in, with what was typed since; raises DraftMoved."""
    with transaction(session):
        save_rating_draft(
            session,
            actor,
            campaign,
            method,
            about,
            formdata=formdata,
            files=files,
            token=token,
            seen=seen,
            store=store,
            now=now,
        )
        place = rating_place(actor, campaign, method, about)
        return put_back_draft(session, place, choices=StoredChoices(session), now=now)


def drop_rating_draft(
    session: Session, actor: Actor, campaign: Campaign, method: str, about: str, *, store: FileStore
) -> None:
    """Forget the draft: it was handed in, or its writer begins anew."""
    drop_draft(session, rating_place(actor, campaign, method, about), store=store)


def begun_ratings(
    session: Session, actor: Actor, campaign: Campaign, *, now: datetime
) -> list[tuple[AnswerDraft, str]]:
    """What this person has begun, newest first, each with what its link named."""
    rows = session.execute(
        select(AnswerDraft)
        .where(
            AnswerDraft.user_id == actor.person,
            AnswerDraft.campaign_id == campaign.id,
            AnswerDraft.method != "",
            AnswerDraft.expires_at > now,
        )
        .order_by(AnswerDraft.saved_at.desc())
    ).scalars()
    return [(row, row.place.rpartition("|")[2]) for row in rows]


def last_answers(session: Session, actor: Actor, campaign: Campaign, method: str) -> dict[str, Any] | None:
    """What this person answered by this method the time before."""
    return session.execute(
        select(Rating.answers)
        .where(
            Rating.campaign_id == campaign.id,
            Rating.method == method,
            Rating.rater_id == actor.user_id,
            Rating.counted,
        )
        .order_by(Rating.id.desc())
        .limit(1)
    ).scalar_one_or_none()

"""A filled form handed in by another system: the same act as on the page, from plain answers instead of a post."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models.campaign import Campaign
from services.actor import Actor
from services.attachments import FileStore
from services.campaign_choice import present_campaign
from services.definitions import form_of_campaign
from services.plain_answers import as_posted, refused_plainly
from services.rating_forms import FormRefused, form_to_fill
from services.ratings import submit_rating
from services.refusal import Refusal, not_found
from services.uploads import keep_upload


def hand_in(
    session: Session,
    actor: Actor,
    key: str,
    answers: dict[str, Any],
    *,
    token_id: int,
    idempotency_key: str,
    store: FileStore,
    now: datetime,
) -> dict[str, Any]:
    """Take one filled form of the newest campaign as a rating. Gives its kind, number and version.

    answers: as the JSON Schema of the version in force says; files by the ids that `upload` gave. idempotency_key: of
    the sender; the same again with the same answers gives the same rating, with others it is refused (422).
    Raises AnswersRefused or a Refusal.
    """
    campaign, method = _method_with(session, key)
    _form_id, form = form_to_fill(session, actor, campaign, method)
    posted = as_posted(form, answers)
    token = hashlib.sha256(f"api:{token_id}:{key}:{idempotency_key}".encode()).hexdigest()[:60]
    try:
        taken = submit_rating(
            session, actor, campaign, method, formdata=posted, files=None, token=token, store=store, now=now
        )
    except FormRefused as refused:
        raise refused_plainly(refused) from refused
    return {"kind": "rating", "id": taken.rating_id, "version": form.version}


def upload(
    session: Session,
    actor: Actor,
    key: str,
    field: str,
    file: Any,
    *,
    store: FileStore,
    now: datetime,
) -> dict[str, Any]:
    """Hold a file for a question of the form, for whoever may rate by it; see `services.uploads.keep_upload`."""
    campaign, method = _method_with(session, key)
    _form_id, form = form_to_fill(session, actor, campaign, method)
    return keep_upload(session, actor, form, field, file, store=store, now=now)


def _method_with(session: Session, key: str) -> tuple[Campaign, str]:
    """The newest campaign and the method whose form this is."""
    campaign = present_campaign(session)
    if campaign is not None:
        for method in campaign.settings["methods"]:
            if method["form"] == key:
                return campaign, str(method["key"])
        if key in campaign.settings["forms"]:
            form_of_campaign(session, campaign, key)
            raise Refusal("form_unbound", "这个表单没有绑定测评方式，请向它的收集提交（/collections）。", 409)
    raise not_found("这个表单")

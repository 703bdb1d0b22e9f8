"""A form that was typed wrong, put right: a corrected revision in its place, the first one kept to be read.

Within the act that found it (`services.batch_settling`); whether the answers are good was looked at there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from forms.answers import proposes_case
from forms.definition import FormDefinition
from forms.fields.file import File
from models.base import table_of
from models.campaign import Campaign
from models.collection import Answer
from models.notice import Attachment
from models.rating import Rating
from services.actor import Actor
from services.answers import RECEIPT_LENGTH, count_answer
from services.attachments import attachments_of
from services.collections import locked_collection
from services.history import record
from services.one_time_codes import new_code
from services.rating_forms import rated_by
from services.ratings import record_answer, uncount
from services.refusal import Refusal
from services.retention import plan_purge


@dataclass(frozen=True)
class Correction:
    """What is right. received: the moment by which it is judged whether the form was in time."""

    form: FormDefinition
    answers: Mapping[str, Any]
    monitor_id: int | None
    reason: str
    received: datetime


def correct_rating(
    session: Session, actor: Actor, rating_id: int, right: Correction, *, files: bool = True, now: datetime
) -> int:
    """Put a revision in the place of a rating that was typed wrong; gives its id. files: take its files along."""
    old = session.get_one(Rating, rating_id, with_for_update=True, populate_existing=True)
    if not old.counted:
        raise Refusal("rating_not_counted", "这份测评已被更正或作废，不必再核定。")
    campaign = session.get_one(Campaign, old.campaign_id)
    rated = rated_by(session, campaign, old.method, right.form, dict(right.answers), now=right.received)
    uncount(session, old)
    given = {
        "form_id": old.form_id,
        "answers": dict(right.answers),
        "monitor_id": right.monitor_id,
        "rater_id": old.rater_id,
        "submitted_at": now,
        "revision": old.revision + 1,
        "revises_id": old.id,
    }
    proposes = proposes_case(right.form, right.answers) and not proposes_case(right.form, old.answers)
    new_id = record_answer(
        session, actor, campaign, old.method, rated, given=given, proposes=proposes, now=now
    )
    if files:
        _take_along(session, right, ("rating", old.id), ("rating", new_id))
    payload = {"replaces": old.id, "reason": right.reason}
    record(session, actor, "rating.retyped", object_kind="rating", object_id=new_id, payload=payload, now=now)
    return new_id


def correct_answer(
    session: Session, actor: Actor, answer_id: int, right: Correction, *, now: datetime
) -> tuple[int, int | None]:
    """Put an answer in the place of one that was typed wrong; gives its id and that of its rating, if it is one.

    It keeps the day, the card and the group of the first, which is withdrawn with the reason.
    """
    old = session.get_one(Answer, answer_id)
    held = locked_collection(session, old.collection_id)
    session.refresh(old)
    if old.withdrawn_at is not None:
        raise Refusal("answer_withdrawn", "这份答卷已经作废，不必再核定。")
    rating_id = None
    if old.rating_id is not None:
        rating_id = correct_rating(session, actor, old.rating_id, right, files=False, now=now)
    answers = table_of(Answer)
    gone = {"withdrawn_at": now, "withdrawn_by_id": actor.person, "withdrawn_reason": right.reason}
    session.execute(update(answers).where(answers.c.id == old.id).values(gone))
    count_answer(session, held, column="withdrawn")
    kept = ("collection_id", "form_id", "respondent_id", "code_id", "respondent_key", "group", "source")
    values = {name: getattr(old, name) for name in (*kept, "batch_id", "entered_by_id", "submitted_at")}
    values |= {
        "answers": dict(right.answers),
        "position": held.taken + 1,
        "receipt": new_code(RECEIPT_LENGTH),
        "rating_id": rating_id,
        "withdrawn_reason": "",
    }
    new_id = int(session.execute(insert(Answer).values(**values).returning(Answer.id)).scalar_one())
    count_answer(session, held)
    before = ("rating", old.rating_id) if old.rating_id else ("answer", old.id)
    _take_along(session, right, before, ("rating", rating_id) if rating_id else ("answer", new_id))
    payload = {"replaces": old.id, "collection": held.id, "reason": right.reason}
    record(session, actor, "answer.retyped", object_kind="answer", object_id=new_id, payload=payload, now=now)
    plan_purge(session, held, old.submitted_at)
    session.expire(old)
    return new_id, rating_id


def _take_along(session: Session, right: Correction, before: tuple[str, int], after: tuple[str, int]) -> None:
    """The files of the first belong to both, where their question is still answered."""
    asked = {
        field.key for field in right.form.fields if isinstance(field, File) and field.key in right.answers
    }
    for row in attachments_of(session, *before):
        if row.field in asked:
            same = ("field", "file_name", "media_type", "size", "sha256", "uploaded_by_id", "uploaded_at")
            values = {name: getattr(row, name) for name in same}
            session.add(Attachment(owner_kind=after[0], owner_id=after[1], **values))
    session.flush()

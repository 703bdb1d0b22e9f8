"""Ratings: one filled form is one rating; corrected by a new revision, voided by two persons, never edited.

Source: 方案第五条第（一）至（四）项.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from forms.answers import proposes_case
from forms.context import Uploads
from models.base import table_of
from models.campaign import Campaign
from models.job import Message
from models.people import Role, RoleGrant, User
from models.rating import Rating, RatingVoid, Submission
from models.roster import Target
from services.actor import OFFICE, Actor
from services.answer_drafts import drop_draft, rating_place
from services.attachments import FileStore, attach
from services.definitions import form_of
from services.history import record
from services.rating_forms import (
    Filling,
    Rated,
    form_to_fill,
    method_of,
    read_filling,
    refused,
    reports_for_monitor,
)
from services.refusal import Refusal, not_found
from services.tallies import count_in
from services.transaction import transaction

#: Said with every rating, so put together once; on the tables, because nothing of it is read back as objects.
_NEW_RATING = insert(table_of(Rating)).returning(table_of(Rating).c.id)
_NEW_SUBMISSION = insert(table_of(Submission))
_SENT = table_of(Submission).c
_EARLIER = select(_SENT.made, _SENT.digest).where(_SENT.token == bindparam("token"))


@dataclass(frozen=True)
class Submitted:
    """A rating that was taken. proposes_case: its answers ask for a look as a rectification case."""

    rating_id: int
    target_id: int
    grade: str
    proposes_case: bool
    again: bool = False


def submit_rating(
    session: Session,
    actor: Actor,
    campaign: Campaign,
    method_key: str,
    *,
    formdata: Any,
    files: Uploads | None,
    token: str,
    store: FileStore,
    now: datetime,
    about: str | None = None,
) -> Submitted:
    """Take one filled form as one rating, wholly or not at all.

    token: of the page that was shown; the same token again gives the same rating, with other content it is
    refused. about: what the link to the form named; the draft begun under it is forgotten in the same act.
    None: there was no link. Raises FormRefused with every fault, or Refusal.
    """
    form_id, form = form_to_fill(session, actor, campaign, method_key)
    filling = read_filling(
        session,
        actor,
        campaign,
        method_key=method_key,
        form_id=form_id,
        form=form,
        formdata=formdata,
        files=files,
        store=store,
        now=now,
    )
    values = _values(filling, actor, now) | {
        "campaign_id": campaign.id,
        "method": method_key,
        "monitor_id": actor.monitor_id if reports_for_monitor(campaign, method_key) else None,
        "revision": 1,
    }

    def take() -> Submitted:
        rating_id = _write(session, actor, values, now)
        _keep(session, actor, store, filling, rating_id, token=token, now=now)
        if filling.proposes_case:
            _tell_officers(session, campaign, values, rating_id, now=now)
        if about is not None:
            drop_draft(session, rating_place(actor, campaign, method_key, about), store=store)
        return Submitted(rating_id, filling.target_id, filling.grade, filling.proposes_case)

    return _once(session, actor, store, filling, take, token=token, now=now)


def record_answer(
    session: Session,
    actor: Actor,
    campaign: Campaign,
    method_key: str,
    rated: Rated,
    *,
    given: Mapping[str, Any],
    proposes: bool,
    now: datetime,
) -> int:
    """Count an answer that came through a collection as one rating, within its own act; gives the rating's id.

    given: form_id, answers, monitor_id, rater_id, submitted_at; of a revision also revision, revises_id.
    proposes: its answers ask for a rectification case.
    """
    fixed = {"method": method_key, "delegate_group": "", "counted": True, "revision": 1}
    values = {"campaign_id": campaign.id, **fixed, **vars(rated), **given}
    rating_id = _write(session, actor, values, now)
    if proposes:
        _tell_officers(session, campaign, values, rating_id, now=now)
    return rating_id


def _values(filling: Filling, actor: Actor, now: datetime) -> dict[str, Any]:
    return {
        "target_id": filling.target_id,
        "grade": filling.grade,
        "form_id": filling.form_id,
        "answers": filling.answers,
        "rater_id": actor.person,
        "period": filling.period,
        "happened_on": filling.happened_on,
        "submitted_at": now,
        "delegate_group": "",
        "counted": True,
    }


def _once(
    session: Session,
    actor: Actor,
    store: FileStore,
    filling: Filling,
    take: Callable[[], Submitted],
    *,
    token: str,
    now: datetime,
) -> Submitted:
    """Take a filling unless its page was sent before; whatever is refused carries the filled form."""
    try:
        with transaction(session):
            return _earlier(session, token, filling.digest) or take()
    except IntegrityError as error:
        # Two presses at once: the other one's transaction ended first.
        try:
            earlier = _earlier(session, token, filling.digest)
        except Refusal as reused:
            why = reused
        else:
            if earlier is not None:
                return earlier
            why = _doubled(filling)
        cause: Exception = error
    except Refusal as refusal:
        why, cause = refusal, refusal
    raise refused(session, actor, filling.bound, why, checked=filling.files, store=store, now=now) from cause


def _keep(
    session: Session,
    actor: Actor,
    store: FileStore,
    filling: Filling,
    rating_id: int,
    *,
    token: str,
    now: datetime,
) -> None:
    made = {"token": token, "made": f"rating:{rating_id}", "digest": filling.digest, "at": now}
    session.execute(_NEW_SUBMISSION, made)
    attach(session, actor, store, filling.files, owner_kind="rating", owner_id=rating_id, now=now)


def _tell_officers(
    session: Session, campaign: Campaign, values: dict[str, Any], rating_id: int, *, now: datetime
) -> None:
    """Have the case officers look: the answers propose a rectification case. Says nothing of who rated."""
    target = session.get_one(Target, values["target_id"])
    method = method_of(campaign, values["method"])["name"]
    text = (
        f"{method}第{rating_id}号：{target.full_name}的评价为“{_grade_name(campaign, values['grade'])}”，"
        "建议核实并立案整改。"
    )
    officers = session.execute(
        select(User.id).join(User.grants).where(User.active, RoleGrant.role == Role.OFFICER)
    ).scalars()
    rows = [{"user_id": user_id, "text": text, "sent_at": now} for user_id in officers]
    if rows:
        session.execute(insert(Message), rows)


def _grade_name(campaign: Campaign, key: str) -> str:
    return next((str(grade["name"]) for grade in campaign.settings["grades"] if grade["key"] == key), key)


def _write(session: Session, actor: Actor, values: dict[str, Any], now: datetime) -> int:
    rating_id = int(session.execute(_NEW_RATING, values).scalar_one())
    count_in(
        session,
        campaign_id=values["campaign_id"],
        target_id=values["target_id"],
        method=values["method"],
        grade=values["grade"],
    )
    record(
        session,
        actor,
        "rating.submitted",
        object_kind="rating",
        object_id=rating_id,
        payload={"method": values["method"], "target": values["target_id"], "grade": values["grade"]},
        now=now,
    )
    return rating_id


def _earlier(session: Session, token: str, digest: str) -> Submitted | None:
    held = session.execute(_EARLIER, {"token": token}).one_or_none()
    if held is None:
        return None
    if held.digest != digest:
        raise Refusal(
            "token_reused", "这张表已经提交过，内容与这次不同。如需更正，请在“我的填报”中办理更正。", 422
        )
    rating = session.get_one(Rating, int(held.made.partition(":")[2]))
    return Submitted(rating.id, rating.target_id, rating.grade, proposes_case=False, again=True)


def _doubled(filling: Filling) -> Refusal:
    if filling.period:
        return Refusal(
            "monthly_already",
            f"本监测点{filling.period}对该测评对象已经报过，每月每个对象报一次，没有重复记录。"
            "如需更正，请在“我的填报”中办理。",
        )
    return Refusal("not_stored", "没有存下这次填报，请稍后再试；已填内容仍在页面上。")


def own_rating(session: Session, actor: Actor, rating_id: int) -> Rating:
    """A rating of one's own (of one's monitor); the same refusal whether it is missing or another's."""
    rating = session.get(Rating, rating_id)
    own = rating is not None and (
        (actor.monitor_id is not None and rating.monitor_id == actor.monitor_id)
        or (rating.rater_id is not None and rating.rater_id == actor.user_id)
    )
    if rating is None or not own:
        raise not_found("填报记录")
    return rating


def revise_rating(
    session: Session,
    actor: Actor,
    rating_id: int,
    *,
    formdata: Any,
    files: Uploads | None,
    token: str,
    store: FileStore,
    now: datetime,
) -> Submitted:
    """Correct one's own rating: a new revision counts in its place, the old one stays to be read.

    Files that the corrected form still refers to belong to both revisions. token: as in `submit_rating`.
    """
    old = own_rating(session, actor, rating_id)
    campaign = session.get_one(Campaign, old.campaign_id)
    filling = read_filling(
        session,
        actor,
        campaign,
        method_key=old.method,
        form_id=old.form_id,
        form=form_of(session, old.form_id),
        formdata=formdata,
        files=files,
        store=store,
        now=now,
        corrects=old,
    )

    def take() -> Submitted:
        held = session.get_one(Rating, rating_id, with_for_update=True, populate_existing=True)
        if not held.counted:
            raise Refusal("rating_not_counted", "这份填报已被更正或作废，请打开最新的一份。")
        uncount(session, held)
        values = _values(filling, actor, now) | {
            "campaign_id": held.campaign_id,
            "method": held.method,
            "monitor_id": held.monitor_id,
            "revision": held.revision + 1,
            "revises_id": held.id,
        }
        new_id = _write(session, actor, values, now)
        _keep(session, actor, store, filling, new_id, token=token, now=now)
        if filling.proposes_case and not proposes_case(filling.form, held.answers):
            _tell_officers(session, campaign, values, new_id, now=now)
        return Submitted(new_id, filling.target_id, filling.grade, filling.proposes_case)

    return _once(session, actor, store, filling, take, token=token, now=now)


def uncount(session: Session, rating: Rating) -> None:
    """Let a rating count no more, within the act that puts another in its place or voids it."""
    session.execute(update(Rating).where(Rating.id == rating.id).values(counted=False))
    count_in(
        session,
        campaign_id=rating.campaign_id,
        target_id=rating.target_id,
        method=rating.method,
        grade=rating.grade,
        by=-1,
    )


def propose_void(session: Session, actor: Actor, rating_id: int, *, reason: str, now: datetime) -> RatingVoid:
    """Propose that a rating be voided (给出虚假测评、打击报复等); it counts until another person approves.

    Source: 方案第八条第（三）项.
    """
    actor.require(*OFFICE, to="提出作废测评")
    if not reason.strip():
        raise Refusal("reason_missing", "请写明作废的理由和依据。", 422)
    with transaction(session):
        rating = session.get(Rating, rating_id, with_for_update=True, populate_existing=True)
        if rating is None or (rating.round_id is not None and not rating.counted):
            raise not_found("测评记录")
        if not rating.counted:
            raise Refusal("rating_not_counted", "这份测评已被更正或作废，不必再办。")
        if session.execute(select(RatingVoid.id).where(RatingVoid.rating_id == rating_id)).first():
            raise Refusal("void_proposed", "这份测评已有人提出作废，正待另一人批准。")
        row = RatingVoid(
            rating_id=rating_id, reason=reason.strip(), proposed_by_id=actor.person, proposed_at=now
        )
        session.add(row)
        session.flush()
        record(
            session,
            actor,
            "rating.void_proposed",
            object_kind="rating",
            object_id=rating_id,
            payload={"reason": reason.strip()},
            now=now,
        )
    return row


def approve_void(session: Session, actor: Actor, void_id: int, *, now: datetime) -> RatingVoid:
    """Void a rating that another person proposed to void: it stays to be read, and counts no more."""
    actor.require(Role.REVIEWER, Role.HEAD, to="批准作废测评")
    with transaction(session):
        row = session.get(RatingVoid, void_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise not_found("作废申请")
        if row.approved_at is not None:
            raise Refusal("void_approved", "这份作废申请已经批准。")
        if row.proposed_by_id == actor.user_id:
            raise Refusal("same_person", "提出作废的人不能自己批准，请由另一人办理。", 403)
        rating = session.get_one(Rating, row.rating_id, with_for_update=True, populate_existing=True)
        if not rating.counted:
            raise Refusal("rating_not_counted", "这份测评已被更正，原作废申请不再适用。")
        uncount(session, rating)
        row.approved_by_id, row.approved_at = actor.person, now
        record(
            session,
            actor,
            "rating.voided",
            object_kind="rating",
            object_id=rating.id,
            payload={"reason": row.reason, "proposed_by": row.proposed_by_id},
            now=now,
        )
    return row

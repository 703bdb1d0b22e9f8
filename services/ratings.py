"""Ratings: one filled form is one rating; corrected by a new revision, voided by two persons, never edited.

Source: 方案第五条第（一）至（四）项.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from definitions.canonical import sha256_of
from forms.answers import Bound, bind, proposes_case, ratings
from forms.context import Uploads
from forms.definition import FormDefinition
from models.campaign import Campaign, CampaignStatus
from models.people import Role
from models.rating import Rating, RatingVoid, Submission
from models.roster import Target, Unit
from services.actor import OFFICE, Actor
from services.attachments import Checked, FileStore, Upload, attach, check
from services.choices import StoredChoices
from services.definitions import form_of, form_of_campaign
from services.history import record
from services.refusal import Refusal, forbidden, not_found
from services.tallies import count_in
from services.transaction import transaction

LOCAL = ZoneInfo("Asia/Shanghai")


class FormRefused(Exception):
    """What was typed cannot be taken as it is; `bound` shows it again with every fault named."""

    def __init__(self, bound: Bound) -> None:
        super().__init__("；".join(f"{label}：{sentence}" for label, sentence in bound.faults))
        self.bound = bound


@dataclass(frozen=True)
class Submitted:
    """A rating that was taken. proposes_case: its answers ask for a look as a rectification case."""

    rating_id: int
    target_id: int
    grade: str
    proposes_case: bool
    again: bool = False


def method_of(campaign: Campaign, key: str) -> dict[str, Any]:
    """The method's line of the campaign's settings: key, name, form, raters, secret."""
    for method in campaign.settings["methods"]:
        if method["key"] == key:
            return dict(method)
    raise not_found("测评方式")


def rating_form(
    session: Session, actor: Actor, campaign: Campaign, method_key: str
) -> tuple[int, FormDefinition]:
    """The form by which this person rates by this method, with its id; refused if it is not theirs to fill."""
    method = method_of(campaign, method_key)
    if method["secret"] or not actor.roles & set(method["raters"]):
        raise forbidden(f"填报《{method['name']}》")
    if campaign.status is not CampaignStatus.OPEN:
        raise Refusal(
            "campaign_not_open", f"活动“{campaign.name}”目前不接收测评（未启动或已截止）。已填内容没有提交。"
        )
    return form_of_campaign(session, campaign, method["form"])


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
) -> Submitted:
    """Take one filled form as one rating, wholly or not at all.

    token: of the page that was shown; the same token again gives the same rating, with other content it is
    refused. Raises FormRefused with every fault, or Refusal.
    """
    form_id, form = rating_form(session, actor, campaign, method_key)
    bound = bind(form, formdata, choices=StoredChoices(session), files=files, now=now)
    if bound.answers is None:
        raise FormRefused(bound)
    target_key, grade = ratings(form, bound.answers)[0]
    checked = [
        (field, checked_upload(upload)) for field, uploads in bound.uploads.items() for upload in uploads
    ]
    digest = sha256_of(
        {"form": form_id, "answers": bound.answers, "files": [file.sha256 for _, file in checked]}
    )
    target_id = _target_id(session, target_key)
    values: dict[str, Any] = {
        "campaign_id": campaign.id,
        "target_id": target_id,
        "method": method_key,
        "grade": grade,
        "form_id": form_id,
        "answers": bound.answers,
        "monitor_id": actor.monitor_id,
        "rater_id": actor.person,
        "period": _period(form, bound.answers),
        "happened_on": _happened_on(form, bound.answers, now),
        "submitted_at": now,
        "delegate_group": "",
        "revision": 1,
        "counted": True,
    }
    try:
        with transaction(session):
            earlier = _earlier(session, token, digest)
            if earlier is not None:
                return earlier
            rating_id = _write(session, actor, values, now)
            session.execute(
                insert(Submission).values(token=token, made=f"rating:{rating_id}", digest=digest, at=now)
            )
            attach(session, actor, store, checked, owner_kind="rating", owner_id=rating_id, now=now)
    except IntegrityError as error:
        session.rollback()
        raise _doubled(session, token, values) from error
    return Submitted(rating_id, target_id, grade, proposes_case(form, bound.answers))


def checked_upload(upload: Any) -> Checked:
    """A file that came with a form, read and checked; `upload` has `filename` and `stream`."""
    return check(Upload(upload.filename or "附件", upload.stream.read()))


def _write(session: Session, actor: Actor, values: dict[str, Any], now: datetime) -> int:
    rating_id = int(session.execute(insert(Rating).values(values).returning(Rating.id)).scalar_one())
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
    held = session.get(Submission, token, populate_existing=True)
    if held is None:
        return None
    if held.digest != digest:
        raise Refusal(
            "token_reused", "这张表已经提交过，内容与这次不同。如需更正，请在“我的填报”中办理更正。", 422
        )
    rating = session.get_one(Rating, int(held.made.partition(":")[2]))
    return Submitted(rating.id, rating.target_id, rating.grade, proposes_case=False, again=True)


def _doubled(session: Session, token: str, values: dict[str, Any]) -> Refusal:
    if session.get(Submission, token) is not None:
        return Refusal("sent_twice", "这张表刚刚已经收到一次，没有重复记录。请在“我的填报”中查看。")
    if values["period"]:
        return Refusal(
            "monthly_already",
            f"本监测点{values['period']}对该测评对象已经报过《综合测评表》，没有重复记录。如需更正，请在“我的填报”中办理。",
        )
    return Refusal("not_stored", "没有存下这次填报，请稍后再试；已填内容仍在页面上。")


def _target_id(session: Session, key: str) -> int:
    found = session.execute(select(Target.id).where(Target.key == key, Target.active)).scalar_one_or_none()
    if found is None:
        raise Refusal("target_unknown", "所选测评对象不存在或已停用，请重新选择。", 422)
    return int(found)


def _period(form: FormDefinition, answers: dict[str, Any]) -> str:
    period = form.binding.period if form.binding else None
    return str(answers.get(period, ""))[:7] if period else ""


def _happened_on(form: FormDefinition, answers: dict[str, Any], now: datetime) -> date:
    """The day the form speaks of: its first date; today where it asks none."""
    for field in form.fields:
        if field.type in ("date", "datetime") and answers.get(field.key):
            text = str(answers[field.key])
            return date.fromisoformat(text[:10] if len(text) >= 10 else f"{text}-01")
    return now.astimezone(LOCAL).date()


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


def own_ratings(session: Session, actor: Actor, campaign_id: int, *, limit: int = 200) -> list[Rating]:
    """What this person (or monitor) has reported, newest first."""
    mine = Rating.rater_id == actor.user_id
    if actor.monitor_id is not None:
        mine = mine | (Rating.monitor_id == actor.monitor_id)
    return list(
        session.execute(
            select(Rating)
            .where(Rating.campaign_id == campaign_id, mine)
            .options(joinedload(Rating.target).joinedload(Target.unit))
            .order_by(Rating.id.desc())
            .limit(limit)
        ).scalars()
    )


def month_counts(session: Session, actor: Actor, campaign_id: int, month: str) -> dict[str, dict[str, int]]:
    """Target key to grade to count of this monitor's instant ratings in a month (`2026-09`), to sum it up.

    Source: 方案第五条第（二）项.
    """
    if actor.monitor_id is None:
        return {}
    first = date.fromisoformat(f"{month}-01")
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    rows = session.execute(
        select(Target.key, Rating.grade, func.count())
        .join(Rating.target)
        .where(
            Rating.campaign_id == campaign_id,
            Rating.monitor_id == actor.monitor_id,
            Rating.counted,
            Rating.period == "",
            Rating.happened_on >= first,
            Rating.happened_on < after,
        )
        .group_by(Target.key, Rating.grade)
    )
    found: dict[str, dict[str, int]] = {}
    for key, grade, count in rows:
        found.setdefault(key, {})[grade] = count
    return found


def revise_rating(
    session: Session,
    actor: Actor,
    rating_id: int,
    *,
    formdata: Any,
    files: Uploads | None,
    store: FileStore,
    now: datetime,
) -> Submitted:
    """Correct one's own rating: a new revision counts in its place, the old one stays to be read.

    Photos of the old revision stay with it; new ones go to the new revision.
    """
    old = own_rating(session, actor, rating_id)
    campaign = session.get_one(Campaign, old.campaign_id)
    if campaign.status is not CampaignStatus.OPEN:
        raise Refusal(
            "campaign_not_open", f"活动“{campaign.name}”已截止，不能再更正；确有错误的请联系效能办。"
        )
    form = form_of(session, old.form_id)
    bound = bind(form, formdata, choices=StoredChoices(session), files=files, now=now)
    if bound.answers is None:
        raise FormRefused(bound)
    target_key, grade = ratings(form, bound.answers)[0]
    checked = [
        (field, checked_upload(upload)) for field, uploads in bound.uploads.items() for upload in uploads
    ]
    target_id = _target_id(session, target_key)
    with transaction(session):
        old = session.get_one(Rating, rating_id, with_for_update=True, populate_existing=True)
        if not old.counted:
            raise Refusal("rating_not_counted", "这份填报已被更正或作废，请打开最新的一份。")
        _uncount(session, old)
        values = {
            "campaign_id": old.campaign_id,
            "target_id": target_id,
            "method": old.method,
            "grade": grade,
            "form_id": old.form_id,
            "answers": bound.answers,
            "monitor_id": old.monitor_id,
            "rater_id": actor.person,
            "period": _period(form, bound.answers),
            "happened_on": _happened_on(form, bound.answers, now),
            "submitted_at": now,
            "delegate_group": "",
            "revision": old.revision + 1,
            "revises_id": old.id,
            "counted": True,
        }
        new_id = _write(session, actor, values, now)
        attach(session, actor, store, checked, owner_kind="rating", owner_id=new_id, now=now)
    return Submitted(new_id, target_id, grade, proposes_case(form, bound.answers))


def _uncount(session: Session, rating: Rating) -> None:
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
        rating = session.get(Rating, rating_id, with_for_update=True)
        if rating is None:
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
        row = session.get(RatingVoid, void_id, with_for_update=True)
        if row is None:
            raise not_found("作废申请")
        if row.approved_at is not None:
            raise Refusal("void_approved", "这份作废申请已经批准。")
        if row.proposed_by_id == actor.user_id:
            raise Refusal("same_person", "提出作废的人不能自己批准，请由另一人办理。", 403)
        rating = session.get_one(Rating, row.rating_id, with_for_update=True, populate_existing=True)
        if not rating.counted:
            raise Refusal("rating_not_counted", "这份测评已被更正，原作废申请不再适用。")
        _uncount(session, rating)
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


def ratings_behind(
    session: Session, campaign_id: int, target_id: int, method: str, *, limit: int = 500
) -> list[Rating]:
    """The single ratings behind a figure, newest first, for those of the office who may read them."""
    return list(
        session.execute(
            select(Rating)
            .where(
                Rating.campaign_id == campaign_id,
                Rating.target_id == target_id,
                Rating.method == method,
                Rating.counted,
            )
            .options(
                joinedload(Rating.monitor),
                joinedload(Rating.target).joinedload(Target.unit).joinedload(Unit.category),
            )
            .order_by(Rating.id.desc())
            .limit(limit)
        ).scalars()
    )

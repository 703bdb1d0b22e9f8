"""Ratings as the office reads them: lists, one rating in words, proposals to void it.

Secret ballots are not in here: one by one and in their order they could tell who cast them. They are read as
counts, in the explanation of the figure they make.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from forms.answers import printed, proposes_case
from models.campaign import Campaign
from models.case import Case
from models.notice import Attachment
from models.rating import Rating, RatingVoid
from models.roster import Target
from services.actor import OFFICE, Actor
from services.attachments import attachments_of
from services.case_lists import running_cases
from services.case_rights import hidden_from
from services.choices import StoredChoices
from services.definitions import form_of
from services.rating_items import RatingItem, items_shown
from services.refusal import not_found

PAGE_SIZE = 50


@dataclass(frozen=True)
class RatingFilter:
    """Which ratings; empty words filter nothing.

    state: `counted`, `void_proposed` (waits for a second person), `voided` or `revised`.
    """

    method: str = ""
    grade: str = ""
    target: str = ""
    state: str = ""


@dataclass(frozen=True)
class RatingPage:
    """One page of ratings. voids: proposal or approval by rating id, for those that have one."""

    rows: tuple[Rating, ...]
    voids: Mapping[int, RatingVoid]
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class RatingSheet:
    """One rating in words. answers: (label, text) as its form prints them; cases: opened from it.

    items: what of it can be put right by itself. running: other cases of the target, not ended.
    """

    rating: Rating
    form_name: str
    answers: tuple[tuple[str, str], ...]
    photos: tuple[Attachment, ...]
    files: tuple[Attachment, ...]
    void: RatingVoid | None
    cases: tuple[Case, ...]
    replaced_by: int | None
    proposes_case: bool
    method: str
    grade: str
    items: tuple[RatingItem, ...]
    running: tuple[Case, ...]


def list_ratings(
    session: Session,
    actor: Actor,
    campaign: Campaign,
    which: RatingFilter,
    *,
    page: int = 1,
    size: int = PAGE_SIZE,
) -> RatingPage:
    """A page of the campaign's ratings, newest first. A page beyond the last is the last."""
    actor.require(*OFFICE, to="查看测评记录")
    conditions = _conditions(campaign, which)
    counted = select(func.count()).select_from(Rating).join(Rating.target).where(*conditions)
    total = int(session.execute(counted).scalar_one())
    pages = max(1, -(-total // size))
    page = min(max(1, page), pages)
    rows = session.execute(
        select(Rating)
        .join(Rating.target)
        .where(*conditions)
        .options(
            joinedload(Rating.target).joinedload(Target.unit),
            joinedload(Rating.monitor),
            joinedload(Rating.rater),
        )
        .order_by(Rating.id.desc())
        .limit(size)
        .offset((page - 1) * size)
    ).scalars()
    found = tuple(rows)
    voids = session.execute(
        select(RatingVoid).where(RatingVoid.rating_id.in_([row.id for row in found]))
    ).scalars()
    return RatingPage(found, {row.rating_id: row for row in voids}, total, page, pages)


def _conditions(campaign: Campaign, which: RatingFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Rating.campaign_id == campaign.id, Rating.round_id.is_(None)]
    for wanted, column in (
        (which.method, Rating.method),
        (which.grade, Rating.grade),
        (which.target, Target.key),
    ):
        if wanted:
            found.append(column == wanted)
    void = select(RatingVoid.id).where(RatingVoid.rating_id == Rating.id)
    approved = void.where(RatingVoid.approved_at.is_not(None))
    if which.state == "counted":
        found.append(Rating.counted.is_(True))
    elif which.state == "void_proposed":
        found += [Rating.counted.is_(True), void.where(RatingVoid.approved_at.is_(None)).exists()]
    elif which.state == "voided":
        found.append(approved.exists())
    elif which.state == "revised":
        found += [Rating.counted.is_(False), ~approved.exists()]
    return found


def voids_waiting(session: Session, actor: Actor, campaign: Campaign) -> int:
    """Proposals to void that this person, not having proposed them, could approve."""
    query = (
        select(func.count())
        .select_from(RatingVoid)
        .join(RatingVoid.rating)
        .where(
            Rating.campaign_id == campaign.id,
            Rating.counted.is_(True),
            RatingVoid.approved_at.is_(None),
            RatingVoid.proposed_by_id != actor.user_id,
        )
    )
    return int(session.execute(query).scalar_one())


def rating_sheet(session: Session, actor: Actor, rating_id: int) -> RatingSheet:
    """One rating for someone of the office; Refusal for others, for a secret one, for one that is not there."""
    actor.require(*OFFICE, to="查看测评记录")
    rating = session.execute(
        select(Rating)
        .where(Rating.id == rating_id, Rating.round_id.is_(None))
        .options(
            joinedload(Rating.target).joinedload(Target.unit),
            joinedload(Rating.monitor),
            joinedload(Rating.rater),
        )
    ).scalar_one_or_none()
    if rating is None:
        raise not_found("测评记录")
    form = form_of(session, rating.form_id)
    campaign = session.get_one(Campaign, rating.campaign_id)
    files = attachments_of(session, "rating", rating.id)
    return RatingSheet(
        rating=rating,
        form_name=form.name,
        answers=tuple(printed(form, rating.answers, choices=StoredChoices(session))),
        photos=tuple(file for file in files if file.media_type.startswith("image/")),
        files=tuple(file for file in files if not file.media_type.startswith("image/")),
        void=session.execute(
            select(RatingVoid)
            .where(RatingVoid.rating_id == rating.id)
            .options(joinedload(RatingVoid.proposed_by), joinedload(RatingVoid.approved_by))
        ).scalar_one_or_none(),
        cases=_opened_from(session, actor, rating),
        replaced_by=session.execute(
            select(Rating.id).where(Rating.revises_id == rating.id)
        ).scalar_one_or_none(),
        proposes_case=proposes_case(form, rating.answers),
        method=name_in(campaign.settings["methods"], rating.method),
        grade=name_in(campaign.settings["grades"], rating.grade),
        items=items_shown(session, actor, rating),
        running=running_cases(session, actor, campaign.id, rating.target_id, apart_from=rating.id),
    )


def _opened_from(session: Session, actor: Actor, rating: Rating) -> tuple[Case, ...]:
    """The cases that came of a rating, of those whose origin the reader gets to know."""
    rows = session.execute(select(Case).where(Case.rating_id == rating.id).order_by(Case.id)).scalars()
    return tuple(case for case in rows if "rating" not in hidden_from(session, actor, case))


def name_in(entries: list[dict[str, Any]], key: str) -> str:
    """The name of the entry with this key; the key itself where there is none."""
    return next((str(entry["name"]) for entry in entries if entry["key"] == key), key)

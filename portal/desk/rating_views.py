"""Ratings as the office reads them; voiding one by two persons; a case from one."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from models.people import Role
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.desk.blueprint import (
    Page,
    blueprint,
    campaign_or_404,
    filter_from_query,
    page_number,
    same_list,
)
from portal.downloads import file_answer
from portal.files import file_store
from services.actor import OFFICE
from services.form_paper import filled_rating
from services.rating_register import RatingFilter, list_ratings, rating_sheet
from services.ratings import approve_void, propose_void
from services.refusal import Refusal
from services.roster_choices import targets_by_unit


@blueprint.get("/ratings")
@allow(*OFFICE)
def ratings() -> Page:
    """The filtered list."""
    campaign, session = campaign_or_404(), database.session
    which = filter_from_query(RatingFilter)
    found = list_ratings(session, current_actor(), campaign, which, page=page_number())
    return render_template(
        "desk/ratings.html",
        found=found,
        which=which,
        methods={item["key"]: item["name"] for item in campaign.settings["methods"]},
        grades={item["key"]: item["name"] for item in campaign.settings["grades"]},
        targets=targets_by_unit(session, by_key=True),
        url=same_list("desk.ratings"),
    )


@blueprint.get("/ratings/<int:rating_id>")
@allow(*OFFICE)
def rating(rating_id: int) -> Page:
    """One rating in words."""
    return _page(rating_id)


@blueprint.get("/ratings/<int:rating_id>/print.pdf")
@allow(*OFFICE)
def printed_rating(rating_id: int) -> Page:
    """One rating on paper, as it was given; `?empty` shows also what was left unanswered."""
    pdf = filled_rating(
        database.session, current_actor(), rating_id, store=file_store(), with_empty="empty" in request.args
    )
    return file_answer(pdf, _("测评记录第%(number)s号.pdf", number=rating_id), "application/pdf", inline=True)


@blueprint.post("/ratings/<int:rating_id>/void")
@allow(*OFFICE)
def propose(rating_id: int) -> Page:
    """Propose to void it."""
    reason = request.form.get("reason", "").replace("\0", "")[:2000]
    try:
        propose_void(database.session, current_actor(), rating_id, reason=reason, now=now())
    except Refusal as refusal:
        return _page(rating_id, reason=reason, refusal=refusal), refusal.status
    flash(_("已提出作废，待另一人批准；批准之前仍然计入。"), "ok")
    return redirect(url_for("desk.rating", rating_id=rating_id))


@blueprint.post("/ratings/<int:rating_id>/void/<int:void_id>/approve")
@allow(Role.REVIEWER, Role.HEAD)
def approve(rating_id: int, void_id: int) -> Page:
    """Void it, as another person than the one who proposed."""
    try:
        approve_void(database.session, current_actor(), void_id, now=now())
    except Refusal as refusal:
        return _page(rating_id, refusal=refusal), refusal.status
    flash(_("测评已作废，得分随即重算。"), "ok")
    return redirect(url_for("desk.rating", rating_id=rating_id))


def _page(rating_id: int, *, reason: str = "", refusal: Refusal | None = None) -> str:
    actor = current_actor()
    sheet = rating_sheet(database.session, actor, rating_id)
    return render_template(
        "desk/rating.html",
        sheet=sheet,
        rating=sheet.rating,
        reason=reason,
        refusal=refusal,
        may_approve=actor.has(Role.REVIEWER, Role.HEAD),
        mine=sheet.void is not None and sheet.void.proposed_by_id == actor.user_id,
        may_open=actor.has(Role.OFFICER, Role.HEAD),
    )

"""核稿: drafts that wait for a second person."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from models.people import Role
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.desk.blueprint import Page, blueprint, campaign_or_404
from portal.posted import typed_form
from services.actor import OFFICE
from services.notice_drafts import check_draft, draft_for, open_drafts, pages_of_draft
from services.notice_lists import kind_names
from services.refusal import Refusal, not_found

_SEEN_BY = (*OFFICE, Role.ADMIN, Role.AUDITOR)


@blueprint.get("/drafts")
@allow(*_SEEN_BY)
def drafts() -> Page:
    """Every draft that waits: to be checked, to be issued, to be put right."""
    campaign = campaign_or_404()
    rows = open_drafts(database.session, current_actor(), campaign)
    kinds = kind_names(database.session, campaign)
    return render_template("desk/drafts.html", rows=rows, kinds=kinds)


@blueprint.get("/drafts/<int:draft_id>")
@allow(*_SEEN_BY)
def draft(draft_id: int) -> Page:
    """One draft as its pages."""
    return _draft_page(draft_id)


def _draft_page(draft_id: int, refusal: Refusal | None = None, remark: str = "") -> str:
    row = draft_for(database.session, current_actor(), draft_id)
    pages = pages_of_draft(database.session, current_actor(), draft_id)
    return render_template("desk/draft.html", draft=row, pages=pages, refusal=refusal, remark=remark)


@blueprint.get("/drafts/<int:draft_id>/pages/<int:page>.png")
@allow(*_SEEN_BY)
def draft_image(draft_id: int, page: int) -> Page:
    """One page of a draft as a picture."""
    pages = pages_of_draft(database.session, current_actor(), draft_id)
    if not 1 <= page <= len(pages.images):
        raise not_found(_("这一页"))
    answer = Response(pages.images[page - 1], mimetype="image/png")
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer


@blueprint.post("/drafts/<int:draft_id>/<any(approve, return):act>")
@allow(*OFFICE)
def check(draft_id: int, act: str) -> Page:
    """The second person's word on a draft."""
    remark = typed_form().get("remark", "")[:2000]
    try:
        check_draft(
            database.session, current_actor(), draft_id, approve=act == "approve", remark=remark, now=now()
        )
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return _draft_page(draft_id, refusal, remark), refusal.status
    flash(_("已核准，可以印发了。") if act == "approve" else _("已退回。"), "ok")
    return redirect(url_for("desk.drafts"))

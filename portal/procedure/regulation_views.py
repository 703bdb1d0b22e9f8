"""The procedure as a regulation: for everyone as it runs, for the administrator as the draft would have it."""

from __future__ import annotations

from flask import render_template
from werkzeug.wrappers import Response

from models.people import Role
from portal.access import PUBLIC, allow
from portal.clock import now
from portal.database import database
from portal.downloads import file_answer
from portal.page import current_campaign
from portal.procedure.blueprint import Page, blueprint, drawing, sight_of
from portal.ranking.asking import campaign_or_refuse
from services import regulations
from services.regulations import Regulation


@blueprint.get("/regulation")
@allow(PUBLIC)
def regulation() -> Page:
    """The regulation that the procedure in force amounts to."""
    found = regulations.regulation_of(database.session, campaign_or_refuse())
    return _page(found, draft="")


@blueprint.get("/regulation.pdf")
@allow(PUBLIC)
def regulation_pdf() -> Page:
    """The same to be printed."""
    campaign = campaign_or_refuse()
    found = regulations.regulation_of(database.session, campaign)
    return _pdf(found, campaign.settings["organ"]["name"], draft=False)


@blueprint.get("/<key>/draft/regulation")
@allow(Role.ADMIN)
def draft_regulation(key: str) -> Page:
    """The regulation that a draft would amount to."""
    sight = sight_of(key)
    return _page(regulations.told(sight.workflow, sight.found.names), draft=key)


@blueprint.get("/<key>/draft/regulation.pdf")
@allow(Role.ADMIN)
def draft_regulation_pdf(key: str) -> Page:
    """The same to be printed, marked as a draft."""
    sight = sight_of(key)
    campaign = current_campaign()
    organ = campaign.settings["organ"]["name"] if campaign else sight.found.pack.sheet.organ.name
    return _pdf(regulations.told(sight.workflow, sight.found.names), organ, draft=True)


def _page(found: Regulation, *, draft: str) -> str:
    return render_template(
        "procedure/regulation.html",
        found=found,
        drawing=drawing(found.workflow, found.points),
        draft=draft,
    )


def _pdf(found: Regulation, organ: str, *, draft: bool) -> Response:
    content = regulations.regulation_pdf(found, organ=organ, now=now(), draft=draft)
    return file_answer(content, f"{found.title}.pdf", "application/pdf", inline=True)

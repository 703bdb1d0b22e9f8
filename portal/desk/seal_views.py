"""The image of the office's seal: shown, replaced and put out of use by the head."""

from __future__ import annotations

from collections.abc import Mapping

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from models.people import Role
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.desk.blueprint import Page, blueprint, campaign_or_404
from portal.downloads import file_answer
from services.refusal import Refusal, not_found
from services.seals import active_seal, joint_organs, retire_seal, upload_seal


@blueprint.get("/notices/seal")
@allow(Role.HEAD)
def seal() -> Page:
    """What is printed in the place of the seal now."""
    return _page(None)


@blueprint.post("/notices/seal")
@allow(Role.HEAD)
def seal_upload() -> Page:
    """Print this image from now on."""
    given = request.files.get("image")
    content = b""
    if given is not None:
        content = given.stream.read()
        given.close()
    try:
        organ = _organ(request.form)
        upload_seal(database.session, current_actor(), campaign_or_404(), content, organ=organ, now=now())
    except Refusal as refusal:
        database.session.rollback()
        return _page(refusal), refusal.status
    flash(_("已启用印章图片，此后印发的文书印上它。"), "ok")
    return redirect(url_for("desk.seal"))


@blueprint.post("/notices/seal/retire")
@allow(Role.HEAD)
def seal_retire() -> Page:
    """Leave the place empty from now on."""
    retire_seal(database.session, current_actor(), campaign_or_404(), organ=_organ(request.form), now=now())
    flash(_("已停用印章图片，此后印发的文书留出盖章位置。"), "ok")
    return redirect(url_for("desk.seal"))


@blueprint.get("/notices/seal.png")
@allow(Role.HEAD)
def seal_image() -> Page:
    """The image in use, for the head's page alone."""
    row = active_seal(database.session, current_actor(), campaign_or_404(), _organ(request.args))
    if row is None:
        raise not_found("印章图片")
    answer = file_answer(row.image, "seal.png", "image/png", inline=True)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _organ(given: Mapping[str, str]) -> str:
    """The organ that is meant; blank for the office itself."""
    return given.get("organ", "")[:200].replace("\0", "")


def _page(refusal: Refusal | None) -> str:
    session, actor, campaign = database.session, current_actor(), campaign_or_404()
    organs = joint_organs(session, actor, campaign)
    seals = [(organ, active_seal(session, actor, campaign, organ)) for organ in ("", *organs)]
    own = campaign.settings["organ"]["name"]
    return render_template(
        "desk/seal.html", seals=seals, own=own, chosen=_organ(request.form), refusal=refusal
    )

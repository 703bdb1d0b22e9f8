"""日历订阅: the person's own feed of deadlines, and the address behind which it lies."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from portal.access import PUBLIC, SIGNED_IN, allow, current_actor
from portal.clock import now
from portal.database import database
from portal.page import current_campaign
from services import feeds

blueprint = Blueprint("feeds", __name__, url_prefix="/feeds")

Page = BaseResponse | str | tuple[str, int]


@blueprint.get("")
@allow(SIGNED_IN)
def index() -> Page:
    """Whether there is a feed, and how to have one."""
    return render_template(
        "feeds/index.html", feed=feeds.feed_of(database.session, current_actor()), address=""
    )


@blueprint.post("/open")
@allow(SIGNED_IN)
def open_feed() -> Page:
    """A new address, shown by this answer alone."""
    token = feeds.open_feed(database.session, current_actor(), now=now())
    address = f"{_site()}{url_for('feeds.feed', token=token)}"
    return render_template(
        "feeds/index.html", feed=feeds.feed_of(database.session, current_actor()), address=address
    )


@blueprint.post("/close")
@allow(SIGNED_IN)
def close_feed() -> Page:
    """End the address."""
    feeds.close_feed(database.session, current_actor(), now=now())
    flash(_("订阅地址已停用。"), "ok")
    return redirect(url_for("feeds.index"))


@blueprint.get("/<token>.ics")
@allow(PUBLIC)
def feed(token: str) -> Response:
    """The feed itself: whoever has the address reads it."""
    found = feeds.feed(database.session, token[:100], address=_site(), now=now())
    if found is None:
        abort(404)
    return Response(
        found,
        mimetype="text/calendar",
        headers={"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"},
    )


def _site() -> str:
    campaign = current_campaign()
    return str(campaign.settings["public_url"]).rstrip("/") if campaign else ""

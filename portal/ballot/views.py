"""The delegate's ballot: a code, a page to tick, thanks; nothing that could tell who it was.

No session: a cookie would tie the steps of one visitor together, so the ballot neither reads nor sets one, and
the forms carry no token of a session. They need none: what authorises a ballot is the one-time code in it,
which no foreign page can know. The code travels in the body of a POST or behind the `#` of the address on the
card, never in a path or query, because addresses end up in the logs of proxies. Nothing here logs an address,
a code or an answer; errors are logged by their kind and place in the program alone.
"""

from __future__ import annotations

import traceback
from typing import Any, cast

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from forms.answers import open_form
from portal.access import PUBLIC, allow
from portal.ballot.sessionless import SessionlessBallot
from portal.clock import now
from portal.database import database
from portal.posted import typed_form
from services.ballots import OpenBallot, cast_ballot, enter_ballot
from services.rating_forms import FormRefused
from services.refusal import Refusal

blueprint = Blueprint("ballot", __name__, url_prefix="/ballot")

Page = BaseResponse | str | tuple[str, int]


@blueprint.record_once
def _without_session(state: BlueprintSetupState) -> None:
    state.app.extensions["csrf"].exempt(blueprint)
    app = cast("Flask", state.app)
    app.session_interface = SessionlessBallot(str(blueprint.url_prefix))


@blueprint.after_request
def _leave_nothing(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.errorhandler(Refusal)
def _refused(refusal: Refusal) -> Page:
    return render_template("ballot/stopped.html", sentence=refusal.sentence), refusal.status


@blueprint.errorhandler(HTTPException)
def _http_error(error: HTTPException) -> Page:
    status = error.code or 500
    if status == 413:
        return render_template("ballot/stopped.html", sentence=_("提交的内容太大，没有接收。")), status
    return render_template("ballot/stopped.html", sentence=_("没有收到完整的内容，请重新输入代码。")), status


@blueprint.errorhandler(Exception)
def _failed(error: Exception) -> Page:
    """The message of a database error quotes what was sent; it must not reach a log."""
    places = "".join(traceback.format_tb(error.__traceback__))
    current_app.logger.error("ballot failed: %s\n%s", type(error).__name__, places)
    sentence = _("系统暂时不能办理，选票没有投出，代码仍然有效。请稍等片刻再试。")
    return render_template("ballot/stopped.html", sentence=sentence), 503


@blueprint.get("")
@allow(PUBLIC)
def enter() -> Page:
    """Where a code is typed, or filled in from the card's address."""
    return render_template("ballot/enter.html", code="")


@blueprint.post("/open")
@allow(PUBLIC)
def open_ballot() -> Page:
    """The ballot that a code opens."""
    code = typed_form().get("code", "")
    try:
        ballot = enter_ballot(database.session, code, now=now())
    except Refusal as refusal:
        return render_template("ballot/enter.html", code=code[:80], refusal=refusal), refusal.status
    form = open_form(ballot.form, choices=ballot.choices, now=now())
    return _vote_page(ballot, code, form)


@blueprint.post("/cast")
@allow(PUBLIC)
def vote() -> Page:
    """Drop the ballot in the box."""
    code = typed_form().get("code", "")
    try:
        cast_ballot(database.session, code, formdata=typed_form(), now=now())
    except FormRefused as refused:
        ballot = enter_ballot(database.session, code, now=now())
        return _vote_page(ballot, code, refused.bound.form, refused), refused.status
    return redirect(url_for("ballot.thanks"), 303)


@blueprint.get("/thanks")
@allow(PUBLIC)
def thanks() -> Page:
    """The same page for everyone."""
    return render_template("ballot/thanks.html")


def _vote_page(ballot: OpenBallot, code: str, form: Any, refused: FormRefused | None = None) -> str:
    return render_template("ballot/vote.html", ballot=ballot, code=code[:80], form=form, refusal=refused)

"""The delegate's ballot: a code, a page to tick, thanks; nothing that could tell who it was.

The code travels in the body of a POST or behind the `#` of the address on the card, never in a path or query, because
addresses end up in the logs of proxies. See `portal/sessionless.py` for the rest.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext as _

from forms.answers import open_form
from portal.access import PUBLIC, allow
from portal.clock import now
from portal.database import database
from portal.posted import typed_form
from portal.sessionless import Page, keep_nobody_known
from services.ballots import OpenBallot, cast_ballot, enter_ballot
from services.rating_forms import FormRefused
from services.refusal import Refusal

blueprint = Blueprint("ballot", __name__, url_prefix="/ballot")


def _stopped(sentence: str) -> str:
    return render_template("ballot/stopped.html", sentence=sentence)


keep_nobody_known(
    blueprint,
    _stopped,
    too_large=lambda: _("提交的内容太大，没有接收。"),
    unreadable=lambda: _("没有收到完整的内容，请重新输入代码。"),
    failed=lambda: _("系统暂时不能办理，选票没有投出，代码仍然有效。请稍等片刻再试。"),
)


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

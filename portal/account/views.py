"""Pages of the account."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import login_user, logout_user
from werkzeug.wrappers import Response

from portal.access import PUBLIC, SIGNED_IN, allow, current_actor, visitor, visitor_of
from portal.account.forms import LoginForm, PasswordForm
from portal.clock import now
from portal.database import database
from portal.language import LANGUAGES
from portal.page import CHOSEN
from services import accounts
from services.campaign_choice import campaigns_to_choose
from services.demonstration_staff import PASSWORD, demonstration_accounts
from services.refusal import Refusal

blueprint = Blueprint("account", __name__, url_prefix="/account")

Page = Response | str | tuple[str, int]


@blueprint.route("/login", methods=["GET", "POST"])
@allow(PUBLIC)
def login() -> Page:
    """Enter with name and password."""
    form = LoginForm()
    if not form.validate_on_submit():
        return _login_page(form), 422 if form.errors else 200
    try:
        user = accounts.enter(
            database.session,
            login=form.login.data,
            password=form.password.data,
            address=request.remote_addr or "",
            passwords=current_app.extensions["passwords"],
            now=now(),
        )
    except Refusal as refusal:
        return _login_page(form, refusal), refusal.status
    language = session.get("language")
    session.clear()  # a session from before the login is not carried over
    if language:
        session["language"] = language
    session.permanent = True
    login_user(visitor_of(user))
    return redirect(own_path(request.args.get("next", "")) or url_for("home"))


def _login_page(form: LoginForm, refusal: Refusal | None = None) -> str:
    """The page; where all data is simulated it also says with which accounts to look around."""
    return render_template(
        "account/login.html",
        form=form,
        refusal=refusal,
        demo_accounts=demonstration_accounts(database.session),
        demo_password=PASSWORD,
    )


@blueprint.post("/logout")
@allow(SIGNED_IN)
def logout() -> Page:
    """Leave, on every machine at once."""
    accounts.leave(database.session, current_actor(), now=now())
    logout_user()
    session.clear()
    flash(_("您已安全退出。"), "ok")
    return redirect(url_for("account.login"))


@blueprint.route("/password", methods=["GET", "POST"])
@allow(SIGNED_IN)
def password() -> Page:
    """Choose an own new password."""
    form = PasswordForm()
    asking = visitor()
    expired = asking is not None and asking.password_expired
    if not form.validate_on_submit():
        status = 422 if form.errors else 200
        return render_template("account/password.html", form=form, expired=expired), status
    try:
        user = accounts.change_password(
            database.session,
            current_actor(),
            old=form.old_password.data,
            new=form.new_password.data,
            passwords=current_app.extensions["passwords"],
            now=now(),
        )
    except Refusal as refusal:
        page = render_template("account/password.html", form=form, expired=expired, refusal=refusal)
        return page, refusal.status
    login_user(visitor_of(user))
    flash(_("密码已修改，其他地方的登录已全部退出。"), "ok")
    return redirect(url_for("home"))


@blueprint.post("/language")
@allow(PUBLIC)
def language() -> Page:
    """Switch the language of pages, and stay where one was."""
    wanted = request.form.get("language", "")
    if wanted not in LANGUAGES:
        abort(422)
    session["language"] = wanted
    return redirect(own_path(request.form.get("next", "")) or url_for("home"))


@blueprint.route("/campaign", methods=["GET", "POST"])
@allow(SIGNED_IN)
def campaign() -> Page:
    """Choose of which campaign the pages speak: the evaluation, or the complaints and reviews beside it."""
    found = {row.id: row for row in campaigns_to_choose(database.session)}
    if request.method == "GET":
        return render_template("account/campaign.html", campaigns=list(found.values()))
    wanted = request.form.get("campaign", "")
    number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 19 else None
    if number not in found:
        abort(422)
    session[CHOSEN] = number
    flash(_("已切换到“%(name)s”。", name=found[number].name), "ok")
    return redirect(url_for("home"))


def own_path(target: str) -> str | None:
    """The target if it is a path of this site; None for anything that could lead elsewhere.

    >>> own_path("/desk?due=today")
    '/desk?due=today'
    >>> own_path("//elsewhere.example") is None and own_path("https://elsewhere.example") is None
    True
    """
    if (
        not target.startswith("/")
        or target.startswith(("//", "/\\"))
        or any(ord(sign) < 32 for sign in target)
    ):
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc else target

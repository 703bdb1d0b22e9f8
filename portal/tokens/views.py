"""接口令牌: made, shown once, revoked."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from models.people import Role
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.menu import MenuEntry
from portal.posted import typed_form
from services.access_tokens import (
    LONGEST_DAYS,
    SCOPES,
    accounts_for_tokens,
    make_token,
    revoke_token,
    tokens,
)
from services.refusal import Refusal

blueprint = Blueprint("tokens", __name__, url_prefix="/tokens")
MENU = (MenuEntry("tokens.index", _l("接口令牌"), _l("设置"), 795),)

Page = Response | str | tuple[str, int]
SCOPE_WORDS = {
    "forms.read": _l("读取表单和它的版本"),
    "answers.read": _l("读取答卷和测评"),
    "answers.write": _l("提交答卷和测评"),
    "cases.read": _l("查看整改事项"),
    "cases.step": _l("办理整改事项的步骤"),
}


@blueprint.route("", methods=["GET", "POST"])
@allow(Role.ADMIN)
def index() -> Page:
    """All tokens; a new one is shown on the very answer that made it, and never again."""
    if request.method == "GET":
        return _page()
    form = typed_form()
    days, user = form.get("days", ""), form.get("user", "")
    try:
        row, secret = make_token(
            database.session,
            current_actor(),
            user_id=int(user) if user.isascii() and user.isdigit() and len(user) < 10 else 0,
            name=form.get("name", ""),
            scopes=form.getlist("scopes"),
            days=int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0,
            now=now(),
        )
    except Refusal as refusal:
        return _page(refusal=refusal, typed=form), refusal.status
    return _page(secret=secret, made=row.name)


@blueprint.post("/<int:token_id>/revoke")
@allow(Role.ADMIN)
def revoke(token_id: int) -> Page:
    """End one."""
    try:
        row = revoke_token(database.session, current_actor(), token_id, now=now())
    except Refusal as refusal:
        return _page(refusal=refusal), refusal.status
    flash(_("令牌“%(name)s”已停用，立即失效。", name=row.name), "ok")
    return redirect(url_for("tokens.index"))


def _page(**more: object) -> str:
    session, actor = database.session, current_actor()
    return render_template(
        "tokens/index.html",
        rows=tokens(session, actor),
        accounts=accounts_for_tokens(session, actor),
        scopes=[(scope, SCOPE_WORDS[scope]) for scope in SCOPES],
        scope_words=SCOPE_WORDS,
        longest=LONGEST_DAYS,
        now=now(),
        **more,
    )

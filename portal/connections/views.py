"""The administrator's pages of outgoing connections: set up, tried, stopped, and what they delivered."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from models.people import Role
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.menu import MenuEntry
from services import outgoing
from services.outgoing import ACTS, KINDS, Wanted
from services.refusal import Refusal

blueprint = Blueprint("connections", __name__, url_prefix="/connections")
MENU = (MenuEntry("connections.index", _l("对外连接"), _l("基础数据"), 799),)

Page = Response | str | tuple[str, int]


@blueprint.get("")
@allow(Role.ADMIN)
def index() -> Page:
    """All connections."""
    rows = outgoing.connections(database.session, current_actor())
    return render_template("connections/index.html", rows=rows, kinds=KINDS, acts=ACTS)


@blueprint.route("/new", methods=["GET", "POST"])
@allow(Role.ADMIN)
def new() -> Page:
    """Set one up; its secret is in this very answer alone."""
    typed = {name: value[:2100] for name, value in request.form.items()}
    chosen = request.form.getlist("acts") if request.method == "POST" else ["case.stepped", "notice.issued"]
    refusal = None
    if request.method == "POST":
        options = {name: typed.get(f"mail_{name}", "").strip() for name in ("from", "to", "user")}
        wanted = Wanted(
            name=typed.get("name", ""),
            kind=typed.get("kind", ""),
            address=typed.get("address", ""),
            acts=chosen,
            secret=typed.get("secret", ""),
            options=options if typed.get("kind") == "email" else None,
        )
        try:
            row, secret = outgoing.create_connection(
                database.session,
                current_actor(),
                wanted,
                allow_private=current_app.config["PINGDU_OUTGOING_PRIVATE"],
                now=now(),
            )
            return _show(row.id, secret=secret if row.kind == "webhook" else "")
        except Refusal as refused:
            database.session.rollback()
            refusal = refused
    page = render_template(
        "connections/new.html", typed=typed, chosen=chosen, kinds=KINDS, acts=ACTS, refusal=refusal
    )
    return page, refusal.status if refusal else 200


@blueprint.get("/<int:connection_id>")
@allow(Role.ADMIN)
def show(connection_id: int) -> Page:
    """One connection and what it delivered."""
    return _show(connection_id)


def _show(connection_id: int, *, secret: str = "") -> str:
    session, actor = database.session, current_actor()
    row = outgoing.connection_for(session, actor, connection_id)
    return render_template(
        "connections/show.html",
        row=row,
        secret=secret,
        kinds=KINDS,
        acts={**ACTS, "trial": _("试发")},
        lines=outgoing.deliveries(session, row),
    )


@blueprint.post("/<int:connection_id>/secret")
@allow(Role.ADMIN)
def secret(connection_id: int) -> Page:
    """Another secret, shown by this answer alone."""
    fresh = outgoing.new_secret(database.session, current_actor(), connection_id, now=now())
    return _show(connection_id, secret=fresh)


@blueprint.post("/<int:connection_id>/active")
@allow(Role.ADMIN)
def active(connection_id: int) -> Page:
    """Stop it, or start it again."""
    on = request.form.get("on") == "yes"
    outgoing.set_active(database.session, current_actor(), connection_id, active=on, now=now())
    flash(_("已启用，从现在起的事会通知出去。") if on else _("已停用，不再发送。"), "ok")
    return redirect(url_for("connections.show", connection_id=connection_id))


@blueprint.post("/<int:connection_id>/trial")
@allow(Role.ADMIN)
def trial(connection_id: int) -> Page:
    """Send a trial message."""
    outgoing.try_out(database.session, current_actor(), connection_id, now=now())
    flash(_("已排入发送；几秒后刷新本页查看结果。"), "ok")
    return redirect(url_for("connections.show", connection_id=connection_id))

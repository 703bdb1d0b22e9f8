"""Signing for a notice that starts no clock: a closure, a decision, a result."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from models.notice import Notice
from models.people import Role
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.department.blueprint import Page, blueprint
from services.notice_service import record_service, serving_step
from services.refusal import Refusal
from services.target_access import as_target, own_notice
from services.target_steps import ELECTRONIC


@blueprint.route("/notices/<int:notice_id>/sign", methods=["GET", "POST"])
@allow(Role.TARGET)
def sign(notice_id: int) -> Page:
    """The page to sign on; a notice that starts a clock leads to the step of its case."""
    actor = as_target(current_actor())
    row = own_notice(database.session, actor, notice_id)
    if row.status == "served":
        flash(_("这份文书已经签收，无需重复办理。"), "ok")
        return _back(row)
    step = serving_step(database.session, actor, row, now=now())
    if step is not None and row.waits:
        return redirect(url_for("department.take", case_id=row.case_id, trigger=step.key))
    if request.method == "GET":
        return _sign_page(row, actor.name, None)
    receiver = request.form.get("receiver", "").replace("\0", "").strip()[:60]
    try:
        if "confirmed" not in request.form:
            raise Refusal("not_confirmed", _("请先阅读文书，再勾选“已收到并阅读”后签收。"), 422)
        record_service(database.session, actor, notice_id, way=ELECTRONIC, receiver=receiver, now=now())
    except Refusal as refusal:
        database.session.rollback()
        return _sign_page(own_notice(database.session, actor, notice_id), receiver, refusal), refusal.status
    flash(_("已签收。"), "ok")
    return _back(row)


def _back(row: Notice) -> Response:
    here = url_for("department.index")
    return redirect(url_for("department.case", case_id=row.case_id) if row.case_id else here)


def _sign_page(row: Notice, receiver: str, refusal: Refusal | None) -> str:
    return render_template("department/sign.html", notice=row, receiver=receiver, refusal=refusal)

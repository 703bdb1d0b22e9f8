"""One notice and its life: its pages, its service, its voiding, its re-issue."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from models.notice import Notice
from models.people import Role
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.desk.blueprint import READERS, Page, blueprint, campaign_or_404
from portal.desk.sheets import ServiceForm
from portal.posted import typed_form
from services.actor import OFFICE
from services.notice_images import Pages
from services.notice_life import life_of
from services.notice_reissue import corrections, reissue_notice
from services.notice_service import moment_of_service, record_service, service_ways, serving_step
from services.notice_voiding import decide_void, needs_two_persons, void_notice, voidings_of
from services.notices import notice_for, pages_of
from services.refusal import Refusal, not_found
from workflow.definition import Trigger

_LONGEST = 2000


@blueprint.get("/notices/<int:notice_id>")
@allow(*READERS)
def notice(notice_id: int) -> Page:
    """The notice's page."""
    return _notice_page(notice_id)


def _notice_page(notice_id: int, refusal: Refusal | None = None) -> str:
    row = notice_for(database.session, current_actor(), notice_id)
    pages, undrawn = Pages("", (), 0), None
    try:
        pages = pages_of(database.session, row, now=now())
    except Refusal as unsigned:
        if unsigned.code != "not_signed":
            raise
        undrawn = unsigned
    return render_template(
        "desk/notice.html",
        notice=row,
        pages=pages,
        undrawn=undrawn,
        life=life_of(database.session, current_actor(), notice_id),
        pending=next(
            (item for item in voidings_of(database.session, notice_id) if item.approved is None), None
        ),
        two_persons=needs_two_persons(row.campaign),
        refusal=refusal,
    )


@blueprint.get("/notices/<int:notice_id>/pages/<int:page>.png")
@allow(*READERS)
def notice_page_image(notice_id: int, page: int) -> Page:
    """One page of the kept file as a picture; it never changes."""
    row = notice_for(database.session, current_actor(), notice_id)
    pages = pages_of(database.session, row, now=now())
    if not 1 <= page <= len(pages.images):
        raise not_found(_("这一页"))
    answer = Response(pages.images[page - 1], mimetype="image/png")
    answer.headers["Cache-Control"] = "private, max-age=86400, immutable"
    return answer


# -- voiding -------------------------------------------------------------------------------------------------


@blueprint.route("/notices/<int:notice_id>/void", methods=["GET", "POST"])
@allow(*OFFICE)
def void(notice_id: int) -> Page:
    """Propose that the notice be voided, with the reason; where one person suffices, void it."""
    row = notice_for(database.session, current_actor(), notice_id)
    if request.method == "GET":
        return _void_page(row, "", None)
    reason = typed_form().get("reason", "")[:_LONGEST]
    try:
        voiding = void_notice(
            database.session, current_actor(), row.campaign, notice_id, reason=reason, now=now()
        )
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        row = notice_for(database.session, current_actor(), notice_id)
        return _void_page(row, reason, refusal), refusal.status
    if voiding.approved:
        flash(_("%(number)s已作废，编号保留。", number=row.number), "ok")
    else:
        flash(_("已提出作废%(number)s，待负责人批准。", number=row.number), "ok")
    return redirect(url_for("desk.notice", notice_id=notice_id))


def _void_page(row: Notice, reason: str, refusal: Refusal | None) -> str:
    pending = next((item for item in voidings_of(database.session, row.id) if item.approved is None), None)
    return render_template(
        "desk/void_notice.html",
        notice=row,
        reason=reason,
        refusal=refusal,
        pending=pending,
        two_persons=needs_two_persons(row.campaign),
    )


@blueprint.post("/notices/<int:notice_id>/void/<int:voiding_id>/<any(approve, refuse):act>")
@allow(Role.HEAD)
def decide(notice_id: int, voiding_id: int, act: str) -> Page:
    """The second person's word on a proposed voiding."""
    remark = typed_form().get("remark", "")[:_LONGEST]
    try:
        row = decide_void(
            database.session, current_actor(), voiding_id, approve=act == "approve", remark=remark, now=now()
        )
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return _notice_page(notice_id, refusal), refusal.status
    if act == "approve":
        flash(_("%(number)s已作废，编号保留。", number=row.number), "ok")
    else:
        flash(_("不同意作废%(number)s。", number=row.number), "ok")
    return redirect(url_for("desk.notice", notice_id=row.id))


# -- re-issue ------------------------------------------------------------------------------------------------


@blueprint.route("/notices/<int:notice_id>/reissue", methods=["GET", "POST"])
@allow(*OFFICE)
def reissue(notice_id: int) -> Page:
    """Issue the notice anew under a new number, with corrected words."""
    row, worded = corrections(database.session, current_actor(), notice_id)
    if request.method == "GET":
        typed = {item.name: item.text for item in worded}
        return render_template(
            "desk/reissue.html", notice=row, worded=worded, typed=typed, reason="", refusal=None
        )
    form = typed_form()
    typed = {item.name: form.get(f"v-{item.name}", item.text).replace("\r\n", "\n") for item in worded}
    reason = form.get("reason", "")[:_LONGEST]
    try:
        new = reissue_notice(database.session, current_actor(), notice_id, typed, reason=reason, now=now())
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        row, worded = corrections(database.session, current_actor(), notice_id)
        page = render_template(
            "desk/reissue.html", notice=row, worded=worded, typed=typed, reason=reason, refusal=refusal
        )
        return page, refusal.status
    flash(_("已重发，新文号%(number)s。", number=new.number), "ok")
    return redirect(url_for("desk.notice", notice_id=new.id))


# -- service -------------------------------------------------------------------------------------------------


@blueprint.route("/notices/<int:notice_id>/serve", methods=["GET", "POST"])
@allow(*OFFICE)
def serve(notice_id: int) -> Page:
    """That a notice which starts no clock has arrived; one that starts a clock is served by its case's step."""
    row = notice_for(database.session, current_actor(), notice_id)
    step = serving_step(database.session, current_actor(), row, now=now())
    if step is not None and row.waits:
        return _to_step(row, step)
    form = ServiceForm()
    form.way.choices = [("", _("请选择")), *service_ways(database.session, campaign_or_404())]
    if not form.validate_on_submit():
        return _service_page(row, form, None), 422 if form.errors else 200
    try:
        record_service(
            database.session,
            current_actor(),
            notice_id,
            way=form.way.data,
            receiver=form.receiver.data or "",
            remark=form.remark.data or "",
            served_at=moment_of_service(row, form.served_on.data, now=now()),
            now=now(),
        )
    except Refusal as refusal:
        database.session.rollback()
        row = notice_for(database.session, current_actor(), notice_id)
        return _service_page(row, form, refusal), refusal.status
    flash(_("已记录%(number)s的送达。", number=row.number), "ok")
    return redirect(url_for("desk.case", case_id=row.case_id) if row.case_id else url_for("desk.notices"))


def _to_step(row: Notice, step: Trigger) -> Page:
    """To the step that starts the clock; whoever may not take it is told on the case's page."""
    if not {str(role) for role in step.roles} & current_actor().roles:
        flash(_("这份文书送达后开始计算期限，请由有权办理“%(step)s”的人在此办理。", step=step.name), "warn")
        return redirect(url_for("desk.case", case_id=row.case_id))
    return redirect(url_for("desk.step", case_id=row.case_id, trigger=step.key))


def _service_page(row: Notice, form: ServiceForm, refusal: Refusal | None) -> str:
    return render_template("desk/serve_notice.html", notice=row, form=form, refusal=refusal)

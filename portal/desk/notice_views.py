"""The register of notices, their PDF, and voiding one."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from models.notice import Notice
from models.people import Role
from portal.access import allow, current_actor
from portal.clock import OFFICE_ZONE, now
from portal.database import database
from portal.desk.blueprint import (
    READERS,
    XLSX,
    Page,
    blueprint,
    campaign_or_404,
    filter_from_query,
    page_number,
    same_list,
)
from portal.desk.sheets import ServiceForm
from portal.desk.workbooks import notices_workbook
from portal.downloads import file_answer
from services.actor import OFFICE
from services.case_lists import MOST_EXPORTED
from services.notice_lists import NoticeFilter, list_notices, years_of_notices
from services.notice_service import moment_of_service, record_service, service_ways, serving_step
from services.notices import notice_for, pdf_of, void_notice
from services.refusal import Refusal
from services.roster_choices import targets_by_unit
from workflow.definition import Trigger


@blueprint.get("/notices")
@allow(*READERS)
def notices() -> Page:
    """The filtered register."""
    campaign, session = campaign_or_404(), database.session
    which = filter_from_query(NoticeFilter)
    found = list_notices(session, current_actor(), campaign, which, page=page_number())
    return render_template(
        "desk/notices.html",
        found=found,
        which=which,
        series=campaign.settings["series"],
        years=[(str(year), str(year)) for year in years_of_notices(session, campaign)],
        targets=targets_by_unit(session, by_key=True),
        url=same_list("desk.notices"),
    )


@blueprint.get("/notices.xlsx")
@allow(*READERS)
def notices_export() -> Page:
    """The whole filtered register as a workbook."""
    which = filter_from_query(NoticeFilter)
    found = list_notices(database.session, current_actor(), campaign_or_404(), which, size=MOST_EXPORTED)
    day = now().astimezone(OFFICE_ZONE).date()
    name = _("发文登记簿%(day)s.xlsx", day=day.isoformat())
    return file_answer(notices_workbook(found.rows, found.kinds), name, XLSX)


@blueprint.get("/notices/<int:notice_id>.pdf")
@allow(*READERS)
def notice_pdf(notice_id: int) -> Page:
    """The kept PDF; `?save` to keep it instead of looking at it."""
    row = notice_for(database.session, current_actor(), notice_id)
    pdf = pdf_of(database.session, row, now=now())
    return file_answer(pdf, f"{row.number}.pdf", "application/pdf", inline="save" not in request.args)


@blueprint.get("/notices/<int:notice_id>/void")
@allow(Role.HEAD)
def void(notice_id: int) -> Page:
    """Ask once more, with the reason."""
    row = notice_for(database.session, current_actor(), notice_id)
    return render_template("desk/void_notice.html", notice=row, reason="", refusal=None)


@blueprint.post("/notices/<int:notice_id>/void")
@allow(Role.HEAD)
def void_now(notice_id: int) -> Page:
    """Void the notice; its number stays taken."""
    reason = request.form.get("reason", "").replace("\0", "")[:2000]
    try:
        row = void_notice(database.session, current_actor(), notice_id, reason=reason, now=now())
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        row = notice_for(database.session, current_actor(), notice_id)
        page = render_template("desk/void_notice.html", notice=row, reason=reason, refusal=refusal)
        return page, refusal.status
    flash(_("%(number)s已作废，编号保留。", number=row.number), "ok")
    return redirect(url_for("desk.case", case_id=row.case_id) if row.case_id else url_for("desk.notices"))


@blueprint.route("/notices/<int:notice_id>/serve", methods=["GET", "POST"])
@allow(*OFFICE)
def serve(notice_id: int) -> Page:
    """That a notice which starts no clock has arrived; one that starts a clock is served by its case's step."""
    row = notice_for(database.session, current_actor(), notice_id)
    step = serving_step(database.session, current_actor(), row, now=now())
    if step is not None and row.needs_service and row.status == "issued":
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

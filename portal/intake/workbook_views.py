"""Filled forms from a workbook: template, trial with every cell at fault, confirmation."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from models.people import Role
from packs.workbook import LARGEST_FILE
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.downloads import file_answer
from portal.files import file_store
from portal.intake.blueprint import Page, blueprint, campaign_now, day_typed, method_typed
from portal.kept_uploads import forget, keep, kept
from services import answer_import
from services.answer_import import DryRun
from services.batch_intake import intake_by_key, intakes
from services.refusal import Refusal

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: So many faults are shown; the marked workbook has them all.
MOST_SHOWN = 200


@blueprint.get("/template/<method>.xlsx")
@allow(Role.ADMIN, Role.OFFICER)
def template(method: str) -> Page:
    """The empty workbook for a method's form."""
    intake = intake_by_key(database.session, campaign_now(), method)
    data = answer_import.template(database.session, current_actor(), intake)
    return file_answer(data, _("%(name)s（录入模板）.xlsx", name=intake.form.name), XLSX)


@blueprint.route("/workbook", methods=["GET", "POST"])
@allow(Role.ADMIN, Role.OFFICER)
def upload() -> Page:
    """Take a workbook in, to be tried."""
    if request.method == "GET":
        return _upload_page(None)
    file = request.files.get("workbook")
    try:
        received_on = day_typed(request.form.get("received_on", ""))
        if file is None or not file.filename:
            raise Refusal("file_missing", _("请先选择要导入的 .xlsx 文件。"), 422)
        with file.stream:
            data = file.read(LARGEST_FILE + 1)
        _run(method_typed(), data, received_on.isoformat())
    except Refusal as refusal:
        return _upload_page(refusal), refusal.status
    return redirect(
        url_for(
            "intake.trial",
            token=keep(data),
            method=method_typed(),
            received_on=received_on.isoformat(),
            name=file.filename[-120:],
        )
    )


def _upload_page(refusal: Refusal | None) -> str:
    campaign = campaign_now()
    return render_template(
        "intake/workbook.html",
        intakes=intakes(database.session, campaign),
        chosen=method_typed(),
        received_on=request.values.get("received_on", "")[:20],
        refusal=refusal,
    )


def _run(method: str, data: bytes, received_on: str) -> DryRun:
    campaign = campaign_now()
    return answer_import.dry_run(
        database.session,
        current_actor(),
        campaign,
        intake_by_key(database.session, campaign, method),
        data,
        received_on=day_typed(received_on),
        now=now(),
    )


def _trial_run(token: str) -> DryRun:
    return _run(method_typed(), kept(token), request.values.get("received_on", ""))


@blueprint.get("/workbook/<token>")
@allow(Role.ADMIN, Role.OFFICER)
def trial(token: str) -> Page:
    """What the workbook would bring."""
    return _trial_page(token, None)


@blueprint.post("/workbook/<token>")
@allow(Role.ADMIN, Role.OFFICER)
def confirm(token: str) -> Page:
    """Take what was shown."""
    campaign, method, data = campaign_now(), method_typed(), kept(token)
    try:
        batch = answer_import.apply(
            database.session,
            current_actor(),
            campaign,
            intake_by_key(database.session, campaign, method),
            data,
            file_name=request.values.get("name", "")[:120].replace("\0", ""),
            received_on=day_typed(request.values.get("received_on", "")),
            good_only=bool(request.form.get("good_only")),
            fingerprint=request.form.get("fingerprint", ""),
            store=file_store(),
            now=now(),
        )
    except Refusal as refusal:
        return _trial_page(token, refusal), refusal.status
    forget(token)
    flash(_("导入完成。如有不妥，可以在本批页面整批撤销。"), "ok")
    return redirect(url_for("intake.batch", batch_id=batch.id))


def _trial_page(token: str, refusal: Refusal | None) -> str:
    run = _trial_run(token)
    kept_values = {
        "method": method_typed(),
        "received_on": request.values.get("received_on", "")[:20],
        "name": request.values.get("name", "")[:120],
    }
    return render_template(
        "intake/trial.html",
        run=run,
        result=run.result,
        token=token,
        kept=kept_values,
        most=MOST_SHOWN,
        refusal=refusal,
    )


@blueprint.get("/workbook/<token>/marked.xlsx")
@allow(Role.ADMIN, Role.OFFICER)
def marked(token: str) -> Page:
    """The same workbook with its faults coloured and explained."""
    data = answer_import.marked_workbook(_trial_run(token))
    return file_answer(data, _("答卷（已标注错误）.xlsx"), XLSX)


@blueprint.post("/workbook/<token>/discard")
@allow(Role.ADMIN, Role.OFFICER)
def discard(token: str) -> Page:
    """Forget the workbook; nothing was taken."""
    kept(token)
    forget(token)
    flash(_("已放弃本次导入，没有录入任何内容。"), "info")
    return redirect(url_for("intake.index"))

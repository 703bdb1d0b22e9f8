"""The page on which the words of a registered case are changed, where its state lets this person do so."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.desk.blueprint import Page, blueprint
from portal.desk.sheets import SheetForm
from services.actor import OFFICE
from services.case_access import case_for
from services.case_rights import hidden_from
from services.case_sheet import change_sheet, changeable
from services.refusal import Refusal, forbidden
from workflow.field_right import SHEET_FIELDS


@blueprint.route("/cases/<int:case_id>/sheet", methods=["GET", "POST"])
@allow(*OFFICE)
def sheet(case_id: int) -> Page:
    """Change the sheet's words."""
    session, actor = database.session, current_actor()
    case = case_for(session, actor, case_id)
    may = changeable(session, actor, case)
    fields = may.keys() - hidden_from(session, actor, case)
    if not fields:
        raise forbidden(_("在这一状态修改事项"))
    form = SheetForm(obj=case)
    for field in SHEET_FIELDS:
        if field not in fields:
            del form[field]
        elif may[field] or field == "facts":
            form[field].flags.required = True  # judged by the service; here it is only said
    if not form.is_submitted():
        form.seen_version.data = str(case.row_version)
    elif form.validate():
        words = {field: str(form[field].data or "") for field in SHEET_FIELDS if field in fields}
        try:
            change_sheet(session, actor, case_id, words, seen_version=form.version, now=now())
        except Refusal as refusal:
            session.rollback()
            if refusal.field in form:
                form[refusal.field].errors = [refusal.sentence]
            case = case_for(session, actor, case_id)
            form.seen_version.data = str(case.row_version)
            return render_template("desk/sheet.html", case=case, form=form, refusal=refusal), refusal.status
        flash(_("事项已修改，记入日志；已印发的文书不变。"), "ok")
        return redirect(url_for("desk.case", case_id=case_id))
    return render_template("desk/sheet.html", case=case, form=form, refusal=None), 422 if form.errors else 200

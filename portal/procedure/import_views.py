"""A procedure out of a file: first the difference in words, then the draft."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from models.people import Role
from portal.access import allow
from portal.database import database
from portal.definition_files import uploaded_definition
from portal.posted import typed_form
from portal.procedure.blueprint import Page, blueprint, hand, sight_of
from portal.procedure.places import fault_lines
from services.procedure_drafts import Unfit
from services.procedure_import import difference_to, replace_draft
from services.refusal import Refusal


@blueprint.route("/<key>/draft/import", methods=["GET", "POST"])
@allow(Role.ADMIN)
def bring(key: str) -> Page:
    """Replace the draft by a file: first the difference is shown, then it is done."""
    draft = sight_of(key).draft
    if request.method == "GET":
        return _page(key)
    form = typed_form()
    text = form.get("text", "")
    try:
        if not text:
            text = uploaded_definition("个流程")
        if form.get("sure"):
            replace_draft(hand(key), draft, text)
            flash(_("已导入。不合适可以“撤销”。"), "ok")
            return redirect(url_for("procedure.edit", key=key))
        found = difference_to(database.session, draft, text)
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        unfit = refusal.faults if isinstance(refusal, Unfit) else ()
        return _page(key, text=text, refusal=refusal, unfit=unfit), refusal.status
    lines = fault_lines(found.workflow, found.faults)
    return _page(key, text=text, changes=found.changes, faults=lines, compared=True)


def _page(key: str, **more: Any) -> str:
    return render_template("procedure/bring.html", draft=sight_of(key).draft, **more)

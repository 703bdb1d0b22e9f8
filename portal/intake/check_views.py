"""The second typing: the same paper, another person, the first typing out of sight."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from forms.builder import AnswerForm
from models.people import Role
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.intake.blueprint import Page, blueprint
from portal.posted import typed_form
from services import batches
from services.batch_checking import check_line, next_to_check
from services.batch_intake import intake_of
from services.choices import StoredChoices
from services.prefills import opened
from services.rating_forms import FormRefused
from services.refusal import Refusal


@blueprint.get("/<int:batch_id>/check")
@allow(Role.ADMIN, Role.OFFICER)
def check(batch_id: int) -> Page:
    """The next form to type a second time."""
    return _page(batch_id)


@blueprint.post("/<int:batch_id>/check/<int:line_id>")
@allow(Role.ADMIN, Role.OFFICER)
def compare(batch_id: int, line_id: int) -> Page:
    """Compare the second typing with the first."""
    form = typed_form()
    try:
        found = check_line(
            database.session,
            current_actor(),
            batch_id,
            line_id,
            monitor=form.get("monitor", ""),
            formdata=form,
            now=now(),
        )
    except FormRefused as refused:
        return _page(batch_id, form=refused.bound.form, refused=refused), refused.status
    if found:
        flash(_("两次录入有%(count)s处不同，请对照纸质表核定哪一遍对。", count=len(found)), "warn")
    else:
        flash(_("两次录入一致。"), "ok")
    return redirect(url_for("intake.check", batch_id=batch_id))


def _page(batch_id: int, *, form: AnswerForm | None = None, refused: FormRefused | None = None) -> str:
    session, actor = database.session, current_actor()
    row = batches.row_of(session, actor, batch_id)
    intake = intake_of(session, row.batch)
    line = next_to_check(session, actor, row.batch)
    refusal: Refusal | None = refused if refused and refused.beyond_fields else None
    return render_template(
        "intake/check.html",
        row=row,
        batch=row.batch,
        intake=intake,
        line=line,
        form=form or opened(intake.form, {}, intake.fixed(), choices=StoredChoices(session), now=now()),
        refused=refused,
        refusal=refusal,
        values=typed_form() if refused else {},
        monitors=StoredChoices(session).entries("monitor") if intake.monitors else (),
    )

"""Which of two typings is right: the differences of one form, the paper beside them, one choice each."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from models.people import Role
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.intake.blueprint import Page, blueprint
from portal.posted import typed_form
from services import batches
from services.batch_settling import next_to_settle, settle_line, to_settle
from services.refusal import Refusal


@blueprint.get("/<int:batch_id>/settle/<int:line_id>")
@allow(Role.ADMIN, Role.OFFICER)
def settle(batch_id: int, line_id: int) -> Page:
    """The differences of one form."""
    return _page(batch_id, line_id)


@blueprint.post("/<int:batch_id>/settle/<int:line_id>")
@allow(Role.ADMIN, Role.OFFICER)
def settled(batch_id: int, line_id: int) -> Page:
    """Keep what was found, correct what was wrong, and go on to the next form that waits."""
    session, actor, typed = database.session, current_actor(), typed_form()
    chosen = {name.removeprefix("d_"): value for name, value in typed.items() if name.startswith("d_")}
    try:
        row = settle_line(
            session,
            actor,
            batch_id,
            line_id,
            chosen=chosen,
            reason=typed.get("reason", ""),
            now=now(),
        )
    except Refusal as refusal:
        if refusal.status != 422:
            flash(refusal.sentence, "warn")
            return redirect(url_for("intake.batch", batch_id=batch_id))
        return _page(batch_id, line_id, refusal), refusal.status
    if row.wrong:
        flash(_("已更正%(count)s项，原来的一份留存可查。", count=row.wrong), "ok")
    else:
        flash(_("第一遍无误，已记下。"), "ok")
    following = next_to_settle(session, actor, batches.batch_for(session, actor, batch_id))
    if following is not None:
        return redirect(url_for("intake.settle", batch_id=batch_id, line_id=following.id))
    return redirect(url_for("intake.batch", batch_id=batch_id))


def _page(batch_id: int, line_id: int, refusal: Refusal | None = None) -> str:
    session, actor = database.session, current_actor()
    line, found = to_settle(session, actor, batch_id, line_id)
    return render_template(
        "intake/settle.html",
        batch=batches.batch_for(session, actor, batch_id),
        line=line,
        found=found,
        refusal=refusal,
        values=typed_form() if refusal else {},
    )

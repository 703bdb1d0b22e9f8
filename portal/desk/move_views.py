"""A stuck case moved by the head, with a second person's word."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from models.people import Role
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.desk.blueprint import Page, blueprint
from services import forced_moves
from services.actor import OFFICE
from services.case_access import case_for, history_of
from services.forced_moves import APPROVERS
from services.refusal import Refusal
from services.step_words import state_names


@blueprint.route("/cases/<int:case_id>/moves/new", methods=["GET", "POST"])
@allow(Role.HEAD)
def new_move(case_id: int) -> Page:
    """Propose to move the case."""
    session, actor = database.session, current_actor()
    case = case_for(session, actor, case_id)
    refusal = None
    if request.method == "POST":
        try:
            move = forced_moves.propose_move(
                session,
                actor,
                case_id,
                state=request.form.get("state", ""),
                book=request.form.get("book") == "yes",
                reason=request.form.get("reason", ""),
                now=now(),
            )
            flash(_("已提出，请另一位负责人或审核人批准。"), "ok")
            return redirect(url_for("desk.move", move_id=move.id))
        except Refusal as refused:
            session.rollback()
            case, refusal = case_for(session, actor, case_id), refused
    page = render_template(
        "desk/new_move.html",
        case=case,
        states=forced_moves.states_for(session, case),
        waiting=forced_moves.open_move(session, case_id),
        refusal=refusal,
        typed=request.form,
    )
    return page, refusal.status if refusal else 200


@blueprint.get("/moves/<int:move_id>")
@allow(*OFFICE)
def move(move_id: int) -> Page:
    """One move: what, why, by whom."""
    return _page(move_id)


def _page(move_id: int, refusal: Refusal | None = None) -> str:
    session, actor = database.session, current_actor()
    row = forced_moves.move_for(session, actor, move_id)
    case = case_for(session, actor, row.case_id)
    names = {key: name for key, name, _tier in forced_moves.states_for(session, case)}
    names |= state_names(session, history_of(session, case.id))
    own = row.proposed_by_id == actor.user_id
    return render_template(
        "desk/move.html",
        row=row,
        case=case,
        names=names,
        own=own,
        may_approve=actor.has(*APPROVERS) and not own,
        refusal=refusal,
        typed=request.form,
    )


@blueprint.post("/moves/<int:move_id>/approve")
@allow(*APPROVERS)
def approve_move(move_id: int) -> Page:
    """Move it."""
    try:
        row = forced_moves.approve_move(database.session, current_actor(), move_id, now=now())
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        database.session.rollback()
        return _page(move_id, refusal), refusal.status
    flash(_("已批准，事项状态已调整，并记入办理经过。"), "ok")
    return redirect(url_for("desk.case", case_id=row.case_id))


@blueprint.post("/moves/<int:move_id>/refuse")
@allow(*APPROVERS)
def refuse_move(move_id: int) -> Page:
    """Leave it where it is."""
    try:
        row = forced_moves.refuse_move(
            database.session, current_actor(), move_id, why=request.form.get("why", ""), now=now()
        )
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        database.session.rollback()
        return _page(move_id, refusal), refusal.status
    flash(_("已处理，事项状态没有变化。"), "ok")
    return redirect(url_for("desk.case", case_id=row.case_id))

"""Paper ballots typed in at speed: the code, one key for each target, Enter, and the next.

What was typed last is remembered by the clerk's own browser alone: the end of the code and how many targets, no grade.
"""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, render_template, session, url_for

from forms.answers import open_form
from models.people import Role
from portal.access import allow, current_actor
from portal.clock import OFFICE_ZONE, now
from portal.database import database
from portal.posted import typed_form
from portal.rounds.blueprint import Page, blueprint
from services.ballot_typing import ballot_to_type, code_fault, plain_code, type_ballot
from services.rating_forms import FormRefused
from services.refusal import Refusal

SHOWN = 10
_KEY = "typed_ballots"


@blueprint.get("/<int:round_id>/type")
@allow(Role.ADMIN, Role.OFFICER)
def typing(round_id: int) -> Page:
    """The next paper ballot."""
    try:
        return _page(round_id)
    except Refusal as refusal:
        if refusal.code not in ("round_closed", "round_not_open"):
            raise
        flash(refusal.sentence, "warn")
        return redirect(url_for("rounds.show", round_id=round_id))


@blueprint.post("/<int:round_id>/type")
@allow(Role.ADMIN, Role.OFFICER)
def typed(round_id: int) -> Page:
    """Take a paper ballot, and show the next."""
    form = typed_form()
    try:
        rated = type_ballot(
            database.session,
            current_actor(),
            round_id,
            form.get("code", ""),
            formdata=form,
            sure=bool(form.get("sure")),
            now=now(),
        )
    except FormRefused as refused:
        return _page(round_id, refused), refused.status
    _remember(round_id, plain_code(form.get("code", "")), rated)
    return redirect(url_for("rounds.typing", round_id=round_id), 303)


@blueprint.post("/<int:round_id>/type/look")
@allow(Role.ADMIN, Role.OFFICER)
def code_looked_at(round_id: int) -> Page:
    """What is wrong with a code, as soon as it is typed; takes nothing."""
    code = typed_form().get("code", "")
    return jsonify(code=code_fault(database.session, current_actor(), round_id, code, now=now()))


def _remembered(round_id: int) -> dict[str, Any]:
    kept = session.get(_KEY)
    own = isinstance(kept, dict) and kept.get("round") == round_id
    return dict(kept) if own and kept else {"round": round_id, "count": 0, "last": []}


def _remember(round_id: int, code: str, rated: int) -> None:
    kept = _remembered(round_id)
    ending = "".join(sign for sign in code.upper() if sign.isalnum())[-4:]
    line = [ending, rated, f"{now().astimezone(OFFICE_ZONE):%H:%M}"]
    session[_KEY] = {"round": round_id, "count": kept["count"] + 1, "last": [line, *kept["last"]][:SHOWN]}


def _page(round_id: int, refused: FormRefused | None = None) -> str:
    ballot = ballot_to_type(database.session, current_actor(), round_id, now=now())
    form = refused.bound.form if refused else open_form(ballot.form, choices=ballot.choices, now=now())
    binding = ballot.form.binding
    return render_template(
        "rounds/type.html",
        round=ballot.round,
        form=form,
        grades=form[f"f_{binding.grade}"] if binding else None,
        code=typed_form().get("code", "")[:200] if refused else "",
        refused=refused,
        ask_sure=refused is not None and refused.code == "rows_blank",
        kept=_remembered(round_id),
    )

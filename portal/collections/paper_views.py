"""What is printed of a collection: poster, QR code, cards; and the answer behind a receipt."""

from __future__ import annotations

import re

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from forms.answers import printed
from models.people import Role
from portal.access import allow, current_actor
from portal.clock import now
from portal.collections.pages import GROUPS, blueprint, link_of, show_page
from portal.database import database
from portal.posted import typed_form
from portal.qr import qr_file, qr_picture
from portal.sessionless import Page
from services import collection_codes, collections
from services.answer_access import answer_by_number
from services.answers import withdraw_answer
from services.choices import StoredChoices
from services.definitions import form_of
from services.one_time_codes import MOST_CODES, spelt
from services.refusal import Refusal


@blueprint.get("/<int:collection_id>/answer")
@allow(Role.ADMIN, Role.OFFICER)
def answer(collection_id: int) -> Page:
    """The answer whose receipt somebody shows, to be read out or withdrawn."""
    return _answer_page(collection_id, request.args.get("number", "")[:40])


def _answer_page(collection_id: int, number: str, refusal: Refusal | None = None) -> str:
    held = collections.collection_for(database.session, current_actor(), collection_id)
    row = answer_by_number(database.session, current_actor(), held, number)
    definition = form_of(database.session, row.form_id)
    return render_template(
        "collections/answer.html",
        held=held,
        answer=row,
        number=spelt(row.receipt or ""),
        printed=printed(definition, row.answers, choices=StoredChoices(database.session)),
        definition=definition,
        refusal=refusal,
        typed=request.form,
    )


@blueprint.post("/<int:collection_id>/answer")
@allow(Role.ADMIN, Role.OFFICER)
def withdraw(collection_id: int) -> Page:
    """Take it out of the count, with the reason."""
    number = request.form.get("number", "")[:40]
    held = collections.collection_for(database.session, current_actor(), collection_id)
    row = answer_by_number(database.session, current_actor(), held, number)
    reason = typed_form().get("reason", "")[:1000]
    try:
        withdraw_answer(database.session, current_actor(), row.id, reason=reason, now=now())
    except Refusal as refusal:
        return _answer_page(collection_id, number, refusal), refusal.status
    flash(_("第%(number)s份已作废，不再计入；内容留着备查。", number=row.position), "ok")
    return redirect(url_for("collections.show", collection_id=collection_id))


@blueprint.get("/<int:collection_id>/poster")
@allow(Role.ADMIN, Role.OFFICER)
def poster(collection_id: int) -> Page:
    """An A4 sheet to be put up. target: a poster for one target, whose answer is filled in beforehand."""
    held = collections.collection_for(database.session, current_actor(), collection_id)
    definition = form_of(database.session, held.form_id)
    entries = {entry.key: entry for entry in StoredChoices(database.session).entries("target")}
    asked = request.args.get("target", "")
    target = entries.get(asked)
    link = link_of(held, target=asked) if target else link_of(held)
    return render_template(
        "collections/poster.html",
        held=held,
        definition=definition,
        target=target,
        link=link,
        picture=qr_picture(link),
    )


@blueprint.get("/<int:collection_id>/qr.svg")
@allow(Role.ADMIN, Role.OFFICER)
def picture(collection_id: int) -> Page:
    """The code as a picture, for one's own layout."""
    held = collections.collection_for(database.session, current_actor(), collection_id)
    asked = request.args.get("target", "")
    known = {entry.key for entry in StoredChoices(database.session).entries("target")}
    link = link_of(held, target=asked) if asked in known else link_of(held)
    answer = Response(qr_file(link), mimetype="image/svg+xml")
    answer.headers["Content-Disposition"] = f"attachment; filename=collection-{held.id}.svg"
    return answer


@blueprint.post("/<int:collection_id>/cards")
@allow(Role.ADMIN, Role.OFFICER)
def cards(collection_id: int) -> Page:
    """New cards, shown once: the answer to this very request is the only place where the codes exist."""
    held = collections.collection_for(database.session, current_actor(), collection_id)
    try:
        dealt = collection_codes.issue_cards(
            database.session,
            current_actor(),
            collection_id,
            _wanted(),
            token=request.form.get("token", "")[:64],
            now=now(),
        )
    except Refusal as refusal:
        return show_page(collection_id, refusal), refusal.status
    address = link_of(held)
    shown = [(card, card.code.split("-"), qr_picture(f"{address}#{card.code}")) for card in dealt]
    return render_template("collections/cards.html", held=held, cards=shown, address=address)


def _wanted() -> list[collection_codes.Wanted]:
    which = request.form.get("which", "blank")
    if which == "monitors":
        return collection_codes.cards_for_monitors(database.session)
    if which == "targets":
        return collection_codes.cards_for_targets(database.session)
    if which == "names":
        lines = typed_form().get("names", "").splitlines()
        return [collection_codes.Wanted(label=line.strip()) for line in lines if line.strip()]
    pairs = []
    for row in range(GROUPS):
        count = request.form.get(f"count-{row}", "").strip()
        if not count:
            continue
        if not re.fullmatch(r"\d{1,5}", count, re.ASCII):
            raise Refusal("count_unreadable", _("张数请填写整数，例如12。"), 422)
        pairs.append((typed_form().get(f"group-{row}", ""), int(count)))
    if sum(count for _group, count in pairs) > MOST_CODES:
        raise Refusal("codes_count", _("一次印得太多，请核对张数。"), 422)
    return collection_codes.blank_cards(pairs)

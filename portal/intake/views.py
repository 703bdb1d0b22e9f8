"""Paper forms typed in at speed: a batch is opened, forms follow one another, the last ones stay in sight."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from forms.answers import bind
from forms.builder import PREFIX, AnswerForm
from models.batch import Batch
from models.campaign import Campaign
from models.people import Role
from portal.access import allow, current_actor
from portal.clock import OFFICE_ZONE, now
from portal.database import database
from portal.downloads import file_answer
from portal.files import file_store
from portal.intake import check_views, settle_views, workbook_views
from portal.intake.blueprint import Page, blueprint, campaign_now, count_typed, day_typed, method_typed
from portal.menu import MenuEntry
from portal.online import online_address
from portal.posted import typed_form
from services import batch_undo, batches
from services.actor import OFFICE
from services.batch_checking import checked_lines, next_to_check
from services.batch_intake import Intake, intake_by_key, intake_of, intakes, names_of
from services.batch_settling import error_rate, next_to_settle
from services.batch_taking import card_of, enter_form, received_at, serial_fault
from services.choices import StoredChoices
from services.form_paper import blank_form
from services.prefills import impose, opened
from services.rating_forms import FormRefused
from services.refusal import Refusal

__all__ = ["MENU", "blueprint", "check_views", "settle_views", "workbook_views"]

MENU = (MenuEntry("intake.index", _l("纸质表与 Excel"), _l("测评"), order=45),)

#: What can be held for the next form: answers that are posted as they are kept.
_HOLDABLE = {"picker", "dictionary", "date", "datetime", "choice", "short_text"}
_LONGEST_HELD = 120


@blueprint.get("")
@allow(Role.ADMIN, *OFFICE)
def index() -> Page:
    """All batches, and the ways to begin one."""
    return _index_page(None)


def _index_page(refusal: Refusal | None) -> str:
    campaign, actor = campaign_now(), current_actor()
    return render_template(
        "intake/index.html",
        rows=batches.batches_of(database.session, actor, campaign),
        intakes=intakes(database.session, campaign),
        names=names_of(database.session, campaign),
        open=campaign.status == "open",
        may_enter=actor.has(Role.ADMIN, Role.OFFICER),
        today=now().astimezone(OFFICE_ZONE).date(),
        typed=request.form,
        refusal=refusal,
    )


@blueprint.get("/blank/<method>.pdf")
@allow(Role.ADMIN, *OFFICE)
def blank(method: str) -> Page:
    """The form of a method, for the pen."""
    campaign = campaign_now()
    intake = intake_by_key(database.session, campaign, method)
    pdf = blank_form(
        database.session,
        current_actor(),
        campaign,
        intake.form_id,
        address=_address(campaign, intake),
        coded=intake.coded,
    )
    return file_answer(pdf, f"{intake.form.name}.pdf", "application/pdf", inline=True)


def _address(campaign: Campaign, intake: Intake) -> str:
    """Where the same form is filled on the web: by the collection's link, or by whoever rates."""
    if intake.held is None:
        return online_address(intake.form.key)
    return f"{campaign.settings['public_url']}{url_for('filling.show', slug=intake.held.slug)}"


@blueprint.post("/paper")
@allow(Role.ADMIN, Role.OFFICER)
def start() -> Page:
    """A stack of paper to be typed in."""
    campaign, method = campaign_now(), method_typed()
    try:
        intake = intake_by_key(database.session, campaign, method)
        batch = batches.open_batch(
            database.session,
            current_actor(),
            campaign,
            intake,
            source="paper",
            title=typed_form().get("title", ""),
            received_on=day_typed(request.form.get("received_on", "")),
            check_percent=count_typed(request.form.get("check_percent", ""), most=100),
            now=now(),
        )
    except Refusal as refusal:
        return _index_page(refusal), refusal.status
    return redirect(url_for("intake.batch", batch_id=batch.id))


@blueprint.get("/<int:batch_id>")
@allow(Role.ADMIN, *OFFICE)
def batch(batch_id: int) -> Page:
    """One batch: the next form to type, the last ones, the end of it."""
    return batch_page(batch_id)


@blueprint.post("/<int:batch_id>")
@allow(Role.ADMIN, Role.OFFICER)
def enter(batch_id: int) -> Page:
    """Take one form; the held answers stand in the next."""
    form = typed_form()
    try:
        enter_form(
            database.session,
            current_actor(),
            batch_id,
            serial=form.get("serial", ""),
            monitor=form.get("monitor", ""),
            code=form.get("code", ""),
            formdata=form,
            files=request.files,
            store=file_store(),
            now=now(),
        )
    except FormRefused as refused:
        return batch_page(batch_id, form=refused.bound.form, refused=refused), refused.status
    return redirect(f"{url_for('intake.batch', batch_id=batch_id)}?{urlencode(_carried(batch_id, form))}")


def _carried(batch_id: int, form: MultiDict[str, str]) -> list[tuple[str, str]]:
    """What the next form begins with: the answers that are held, and the number that follows."""
    batch = batches.batch_for(database.session, current_actor(), batch_id)
    intake = intake_of(database.session, batch)
    known = ["monitor", *(f"{PREFIX}{field.key}" for field in holdable(intake))]
    held = [name for name in known if name in form.getlist("hold") and form.get(name)]
    carried = [pair for name in held for pair in (("hold", name), (name, form[name][:_LONGEST_HELD]))]
    if form.get("count_up"):
        carried += [("count_up", "1"), ("serial", _next_serial(form.get("serial", "")))]
    return carried


def _next_serial(serial: str) -> str:
    """The serial after this one: its last number counted up, as wide as before; empty when it has none.

    >>> _next_serial("A-009"), _next_serial("甲")
    ('A-010', '')
    """
    digits = len(serial) - len(serial.rstrip("0123456789"))
    if not digits or digits > 15:
        return ""
    return f"{serial[:-digits]}{int(serial[-digits:]) + 1:0{digits}d}"


@blueprint.post("/<int:batch_id>/look")
@allow(Role.ADMIN, Role.OFFICER)
def look(batch_id: int) -> Response:
    """What is wrong with a form so far, for the page that is being typed in; takes nothing."""
    batch = batches.batch_for(database.session, current_actor(), batch_id)
    intake = intake_of(database.session, batch)
    typed = typed_form()
    card, refusal = card_of(database.session, intake, typed.get("code", ""))
    bound = bind(
        intake.form,
        impose(typed, intake.fixed(card)),
        choices=StoredChoices(database.session),
        now=received_at(batch.received_on, now()),
    )
    told = {
        "serial": serial_fault(database.session, intake, typed.get("serial", "")),
        "code": refusal.sentence if refusal is not None and typed.get("code", "").strip() else "",
    }
    return jsonify({**dict(bound.form.fault_list), **told})


def batch_page(
    batch_id: int,
    *,
    form: AnswerForm | None = None,
    refused: FormRefused | None = None,
    refusal: Refusal | None = None,
) -> str:
    """The page of one batch; form: as it was typed and refused."""
    session, actor = database.session, current_actor()
    row = batches.row_of(session, actor, batch_id)
    intake = intake_of(session, row.batch)
    may_enter = actor.has(Role.ADMIN, Role.OFFICER)
    checked = checked_lines(session, row.batch)
    typing = row.batch.source == "paper" and may_enter and row.batch.undo_at is None
    return render_template(
        "intake/batch.html",
        row=row,
        batch=row.batch,
        intake=intake,
        form=form or _next_form(intake, row.batch),
        typing=typing,
        ask_code=intake.coded,
        refused=refused,
        refusal=refusal or (refused if refused and refused.beyond_fields else None),
        values=typed_form() if refused else request.args,
        held=set((request.form if refused else request.args).getlist("hold")),
        holdable=holdable(intake),
        monitors=StoredChoices(session).entries("monitor") if intake.monitors else (),
        lines=batches.last_lines(session, row.batch),
        grades={grade["key"]: grade["name"] for grade in campaign_now().settings["grades"]},
        checked=checked,
        errors=error_rate(session, row.batch, checked),
        settling=next_to_settle(session, actor, row.batch),
        may_settle=may_enter and row.batch.undo_at is None,
        me=actor.user_id,
        may_check=may_enter and next_to_check(session, actor, row.batch) is not None,
        may_undo=actor.has(*OFFICE) and row.batch.undo_at is None and row.standing > 0,
        may_approve=actor.has(Role.REVIEWER, Role.HEAD) and row.batch.undo_by_id != actor.user_id,
    )


def _next_form(intake: Intake, batch: Batch) -> AnswerForm:
    """The next form, with what is held from the last one."""
    held: dict[str, Any] = {
        field.key: request.args[f"{PREFIX}{field.key}"][:_LONGEST_HELD]
        for field in holdable(intake)
        if request.args.get(f"{PREFIX}{field.key}")
    }
    moment = received_at(batch.received_on, now())
    choices = StoredChoices(database.session)
    return opened(intake.form, held, intake.fixed(), choices=choices, now=moment)


def holdable(intake: Intake) -> list[Any]:
    """The questions whose answers often stay the same from paper to paper; what is fixed stays anyway."""
    fixed = intake.fixed()
    return [field for field in intake.form.fields if field.type in _HOLDABLE and field.key not in fixed]


@blueprint.post("/<int:batch_id>/lines/<int:line_id>/withdraw")
@allow(Role.ADMIN, *OFFICE)
def withdraw(batch_id: int, line_id: int) -> Page:
    """Take one typed form back, with the reason."""
    reason = typed_form().get("reason", "")[:2000]
    try:
        batch_undo.withdraw_line(
            database.session, current_actor(), batch_id, line_id, reason=reason, now=now()
        )
    except Refusal as refusal:
        return batch_page(batch_id, refusal=refusal), refusal.status
    flash(_("已作废，或已提出作废待另一人批准。"), "ok")
    return redirect(url_for("intake.batch", batch_id=batch_id))


@blueprint.post("/<int:batch_id>/undo")
@allow(Role.ADMIN, *OFFICE)
def undo(batch_id: int) -> Page:
    """Ask that the whole batch be taken back."""
    reason = typed_form().get("reason", "")[:2000]
    try:
        count = batch_undo.undo_batch(database.session, current_actor(), batch_id, reason=reason, now=now())
    except Refusal as refusal:
        return batch_page(batch_id, refusal=refusal), refusal.status
    flash(_("已撤销或提出撤销%(count)s份；计为测评的待另一人批准，批准之前仍然计入。", count=count), "ok")
    return redirect(url_for("intake.batch", batch_id=batch_id))


@blueprint.post("/<int:batch_id>/undo/approve")
@allow(Role.REVIEWER, Role.HEAD)
def approve(batch_id: int) -> Page:
    """Take the whole batch back, as another person than the one who asked."""
    try:
        count = batch_undo.approve_undo(database.session, current_actor(), batch_id, now=now())
    except Refusal as refusal:
        return batch_page(batch_id, refusal=refusal), refusal.status
    flash(_("整批已撤销：%(count)s份作废，得分随即重算。", count=count), "ok")
    return redirect(url_for("intake.batch", batch_id=batch_id))

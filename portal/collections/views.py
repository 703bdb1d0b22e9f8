"""收集: from a published form to its link, poster and cards, and to the end."""

from __future__ import annotations

import re
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from forms.answers import open_form, reopen_form
from forms.builder import PREFIX, AnswerForm
from forms.definition import FormDefinition
from models.collection import Collection
from models.people import Role
from portal.access import allow, current_actor
from portal.clock import OFFICE_ZONE, now
from portal.collections import paper_views
from portal.collections.forms import RulesForm, shown_rules
from portal.collections.pages import blueprint, campaign_now, show_page, state_of
from portal.database import database
from portal.formats import local
from portal.menu import MenuEntry
from portal.posted import typed_form
from portal.sessionless import Page
from services import collections
from services.choices import StoredChoices
from services.definitions import form_of
from services.prefills import fixable
from services.refusal import Refusal

__all__ = ["MENU", "blueprint", "paper_views"]

MENU = (MenuEntry("collections.index", _l("表单收集"), _l("测评"), order=42),)


@blueprint.get("")
@allow(Role.ADMIN, Role.OFFICER)
def index() -> Page:
    """All collections of the campaign."""
    campaign = campaign_now()
    held = collections.collections_of(database.session, current_actor(), campaign.id)
    return render_template("collections/index.html", collections=held, now=now())


@blueprint.get("/new")
@allow(Role.ADMIN, Role.OFFICER)
def choose() -> Page:
    """Which form to send out."""
    campaign = campaign_now()
    found = collections.forms_to_send(database.session, current_actor(), campaign)
    return render_template("collections/choose.html", forms=found)


@blueprint.route("/new/<key>", methods=["GET", "POST"])
@allow(Role.ADMIN, Role.OFFICER)
def new(key: str) -> Page:
    """Set the rules and send it out."""
    campaign = campaign_now()
    forms = dict(collections.forms_to_send(database.session, current_actor(), campaign))
    definition = forms.get(key)
    if definition is None:
        raise Refusal("not_found", _("没有这个可以发出的表单，它可能还没有发布。请从列表重新选择。"), 404)
    form = RulesForm()
    if request.method == "GET":
        _suggest(form, definition)
        return _rules_page(form, definition, None)
    if not form.validate():
        return _rules_page(form, definition, None), 422
    try:
        held = collections.create_collection(
            database.session, current_actor(), campaign, key, form.rules(_fixed(definition)), now=now()
        )
    except Refusal as refusal:
        return _rules_page(form, definition, None, refusal), refusal.status
    flash(_("已建立，可以把链接、二维码发出去了。"), "ok")
    return redirect(url_for("collections.show", collection_id=held.id))


def _suggest(form: RulesForm, definition: FormDefinition) -> None:
    """What the form itself says about who fills it in."""
    access = {"public": "open", "code": "code", "account": "account"}[definition.access]
    form.title.data = definition.name
    form.access.data = access
    form.anonymous.data = definition.anonymous
    form.opens_at.data = local(now()).replace(tzinfo=None)


def _fixed(definition: FormDefinition) -> dict[str, str]:
    typed = typed_form()
    return {field.key: typed.get(f"{PREFIX}{field.key}", "") for field in fixable(definition)}


def _fixed_form(definition: FormDefinition, held: Collection | None) -> AnswerForm | None:
    """The fields whose answer can be fixed, as a small form of their own."""
    plain = {
        "required": False,
        "required_when": None,
        "visible_when": None,
        "advised_when": None,
        "prefill": "",
        "hint": "",
    }
    fields = tuple(field.model_copy(update=plain) for field in fixable(definition))
    if not fields:
        return None
    update = {"fields": fields, "binding": None, "intro": "", "privacy": None}
    small = definition.model_copy(update=update)
    choices = StoredChoices(database.session)
    if request.method == "POST":
        return reopen_form(small, typed_form(), choices=choices, now=now())
    if held is not None and held.prefill:
        from werkzeug.datastructures import MultiDict

        typed: MultiDict[str, str] = MultiDict(
            (f"{PREFIX}{key}", str(value)) for key, value in held.prefill.items()
        )
        return reopen_form(small, typed, choices=choices, now=now())
    return open_form(small, choices=choices, now=now())


def _rules_page(
    form: RulesForm, definition: FormDefinition, held: Collection | None, refusal: Refusal | None = None
) -> str:
    return render_template(
        "collections/rules.html",
        form=form,
        definition=definition,
        held=held,
        refusal=refusal,
        fixed=_fixed_form(definition, held),
        promised=held is not None and bool(held.taken or held.issued),
    )


@blueprint.route("/<int:collection_id>/rules", methods=["GET", "POST"])
@allow(Role.ADMIN, Role.OFFICER)
def rules(collection_id: int) -> Page:
    """Extend it, raise its quota, mend its words."""
    held = collections.collection_for(database.session, current_actor(), collection_id)
    definition = form_of(database.session, held.form_id)
    if request.method == "GET":
        return _rules_page(RulesForm(data=shown_rules(held)), definition, held)
    form = RulesForm()
    if not form.validate():
        return _rules_page(form, definition, held), 422
    try:
        seen = request.form.get("seen", "")
        collections.change_collection(
            database.session,
            current_actor(),
            collection_id,
            form.rules(_fixed(definition)),
            seen=int(seen) if seen.isascii() and seen.isdigit() else 0,
            now=now(),
        )
    except Refusal as refusal:
        return _rules_page(form, definition, held, refusal), refusal.status
    flash(_("已修改。"), "ok")
    return redirect(url_for("collections.show", collection_id=collection_id))


@blueprint.get("/<int:collection_id>")
@allow(Role.ADMIN, Role.OFFICER)
def show(collection_id: int) -> Page:
    """One collection: its link, what came, its cards, its end."""
    return show_page(collection_id)


@blueprint.app_context_processor
def _words() -> dict[str, Any]:
    return {"collection_state": state_of}


@blueprint.post("/<int:collection_id>/form")
@allow(Role.ADMIN, Role.OFFICER)
def adopt(collection_id: int) -> Page:
    """Give out the newer version of the form from now on."""
    offered = request.form.get("form", "")
    try:
        collections.adopt_newer_form(
            database.session,
            current_actor(),
            collection_id,
            form_id=int(offered) if re.fullmatch(r"\d{1,9}", offered, re.ASCII) else 0,
            now=now(),
        )
    except Refusal as refusal:
        return show_page(collection_id, refusal), refusal.status
    flash(_("从现在起发出新版；已收到的答卷仍按原来的版本保存。"), "ok")
    return redirect(url_for("collections.show", collection_id=collection_id))


@blueprint.post("/<int:collection_id>/close")
@allow(Role.ADMIN, Role.OFFICER)
def close(collection_id: int) -> Page:
    """End it."""
    try:
        if not request.form.get("sure"):
            raise Refusal("not_sure", _("结束后不再接收填写。请勾选确认后再结束。"), 422)
        held = collections.close_collection(database.session, current_actor(), collection_id, now=now())
    except Refusal as refusal:
        return show_page(collection_id, refusal), refusal.status
    flash(_("已结束，共收到%(count)s份。", count=held.standing), "ok")
    return redirect(url_for("collections.show", collection_id=collection_id))


@blueprint.post("/<int:collection_id>/reopen")
@allow(Role.ADMIN, Role.OFFICER)
def reopen(collection_id: int) -> Page:
    """Take answers again."""
    from datetime import datetime

    typed = request.form.get("closes_at", "").strip()
    try:
        try:
            until = datetime.fromisoformat(typed).replace(tzinfo=OFFICE_ZONE) if typed else None
        except ValueError as error:
            raise Refusal("times", _("截止时间看不懂，请写作2026-04-09 18:00，或者留空。"), 422) from error
        collections.reopen_collection(
            database.session, current_actor(), collection_id, closes_at=until, now=now()
        )
    except Refusal as refusal:
        return show_page(collection_id, refusal), refusal.status
    flash(_("已重新开放。"), "ok")
    return redirect(url_for("collections.show", collection_id=collection_id))

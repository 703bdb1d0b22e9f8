"""The form builder: every change is a plain POST that is kept at once; scripts only make it livelier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from definitions.sentences import Relation, Sentence
from forms.describe import extensions_known, words_of
from forms.edit import EditRefused, field_in
from forms.fields import TYPES
from forms.fields.rows import Column
from forms.references import uses_of
from forms.unfinished import unfinished
from models.people import Role
from portal.access import allow, current_actor
from portal.builder import exchange_views, publishing_views, trial_views
from portal.builder.blueprint import Page, blueprint, draft_page, hand, preview_of
from portal.builder.pages import asked_settings, facts_in, fault_lines, rows_of
from portal.builder.reading import posted_settings
from portal.clock import now
from portal.database import database
from portal.menu import MenuEntry
from portal.posted import typed_form
from portal.rule_lines import Unreadable, rule_options
from services import form_drafts, form_fields, form_versions
from services.definition_versions import Draft
from services.form_drafts import DraftChanged, FieldInUse
from services.form_fields import Hand
from services.refusal import Refusal

__all__ = ["MENU", "blueprint", "exchange_views", "publishing_views", "trial_views"]

MENU = (MenuEntry("builder.index", _l("表单"), _l("设置"), 790),)


@blueprint.get("")
@allow(Role.ADMIN)
def index() -> Page:
    """All forms."""
    lines = form_versions.form_lines(database.session, current_actor())
    return render_template("builder/index.html", lines=lines)


@blueprint.post("/new")
@allow(Role.ADMIN)
def start() -> Page:
    """A new form: empty, or with the fields of another."""
    form = typed_form()
    try:
        draft = form_drafts.start_form(
            database.session,
            current_actor(),
            name=form.get("name", ""),
            copy_of=form.get("copy_of", ""),
            now=now(),
        )
    except Refusal as refusal:
        lines = form_versions.form_lines(database.session, current_actor())
        page = render_template("builder/index.html", lines=lines, refusal=refusal, typed=form)
        return page, refusal.status
    return redirect(url_for("builder.edit", key=draft.key))


@blueprint.post("/<key>/draft")
@allow(Role.ADMIN)
def begin(key: str) -> Page:
    """Open the draft of a form."""
    form_drafts.open_draft(database.session, current_actor(), key, now=now())
    return redirect(url_for("builder.edit", key=key))


@blueprint.get("/<key>/draft")
@allow(Role.ADMIN)
def edit(key: str) -> Page:
    """The fields of a draft, with the form beside them."""
    return _edit_page(draft_page(key))


def _edit_page(draft: Draft, refusal: Refusal | None = None) -> str:
    state = unfinished(draft.document)
    return render_template(
        "builder/edit.html",
        draft=draft,
        rows=rows_of(draft.document, state),
        types=TYPES,
        faults=fault_lines(draft.document, state.faults),
        refusal=refusal,
        **preview_of(state),
    )


@blueprint.post("/<key>/draft/fields")
@allow(Role.ADMIN)
def add(key: str) -> Page:
    """A new field; its settings come next."""
    form = typed_form()
    after = form.get("after", "last")
    try:
        _, field = form_fields.add(
            hand(key), form.get("type", ""), after={"last": None, "first": ""}.get(after, after)
        )
    except Refusal as refusal:
        return _stopped(key, refusal)
    return redirect(url_for("builder.field", key=key, field=field, new=1))


def _stopped(key: str, refusal: Refusal) -> Page:
    if refusal.status in (403, 404):
        raise refusal
    return _edit_page(draft_page(key), refusal), refusal.status


@blueprint.post("/<key>/draft/fields/<field>/<any(up, down, copy, place):act>")
@allow(Role.ADMIN)
def arrange(key: str, field: str, act: str) -> Page:
    """Move or copy a field."""
    try:
        if act == "copy":
            _, field = form_fields.copy(hand(key), field)
        elif act == "place":
            form_fields.place(hand(key), field, after=typed_form().get("after", ""))
        else:
            form_fields.move(hand(key), field, up=act == "up")
    except Refusal as refusal:
        return _stopped(key, refusal)
    # The page puts the focus back on the button that was pressed; an anchor would take it away.
    anchor = None if act in ("up", "down") else f"row-{field}"
    return redirect(url_for("builder.edit", key=key, at=field, did=act, _anchor=anchor))


@blueprint.route("/<key>/draft/fields/<field>/delete", methods=["GET", "POST"])
@allow(Role.ADMIN)
def delete(key: str, field: str) -> Page:
    """Delete a field; while it is used, the places are listed first."""
    if request.method == "POST":
        try:
            form_fields.delete(hand(key), field, with_uses=bool(request.form.get("with_uses")))
        except FieldInUse:
            return _delete_page(key, field), 409
        except Refusal as refusal:
            return _stopped(key, refusal)
        flash(_("已删除，可以用“撤销”找回。"), "ok")
        return redirect(url_for("builder.edit", key=key))
    return _delete_page(key, field)


def _delete_page(key: str, field: str) -> str:
    draft = draft_page(key)
    found = _field_of(draft, field)
    uses = uses_of(draft.document, field)
    return render_template("builder/delete.html", draft=draft, field=found, uses=uses)


def _field_of(draft: Draft, field: str) -> dict[str, Any]:
    try:
        return field_in(draft.document, field)
    except EditRefused as refused:
        raise Refusal("field_gone", refused.sentence, 404) from refused


@blueprint.post("/<key>/draft/<any(undo, redo):act>")
@allow(Role.ADMIN)
def turn(key: str, act: str) -> Page:
    """One step back, or forth again."""
    step = form_drafts.undo if act == "undo" else form_drafts.redo
    try:
        seen = request.form.get("seen", "")
        draft = step(database.session, current_actor(), key, seen=seen, now=now())
    except Refusal as refusal:
        return _stopped(key, refusal)
    flash(draft.words, "ok")
    return redirect(url_for("builder.edit", key=key, did=act))


@blueprint.route("/<key>/draft/fields/<field>", methods=["GET", "POST"])
@allow(Role.ADMIN)
def field(key: str, field: str) -> Page:
    """The settings of one field."""
    draft = draft_page(key)
    if request.method == "GET":
        return _field_page(draft, _field_of(draft, field))
    typed, form = _field_of(draft, field), typed_form()
    try:
        settings = posted_settings(typed, form, facts_in(unfinished(draft.document)))
        form_fields.change(hand(key), field, settings)
        if form.get("key", field) != field:
            draft = draft_page(key)
            renaming = Hand(database.session, current_actor(), key, draft.seen, now())
            form_fields.rename(renaming, field, form["key"])
            field = form["key"]
    except Unreadable as refused:
        if form.get("auto"):
            # A page that saves itself while a rule is half written has done nothing wrong.
            return "", 204
        return _field_page(draft, typed, faults=refused.faults, rules=refused.rules), 422
    except DraftChanged as refused:
        shown = _field_of(refused.draft, field)
        return _field_page(refused.draft, {**shown, **settings}, refusal=refused), 409
    except Refusal as refusal:
        return _field_page(draft_page(key), {**typed, **settings}, refusal=refusal), refusal.status
    if form.get("stay"):
        return redirect(url_for("builder.field", key=key, field=field, saved=1))
    return redirect(url_for("builder.edit", key=key, after=field))


def _field_page(
    draft: Draft,
    shown: Mapping[str, Any],
    *,
    faults: Mapping[str, str] | None = None,
    rules: Mapping[str, Sentence] | None = None,
    refusal: Refusal | None = None,
) -> str:
    state = unfinished(draft.document)
    return render_template(
        "builder/field.html",
        draft=draft,
        field=shown,
        kind=TYPES[shown["type"]],
        asked=asked_settings(draft.document, shown, state, rules=rules or {}),
        typed_faults=faults or {},
        facts=facts_in(state),
        rule_options=rule_options(facts_in(state)),
        relations=list(Relation),
        uses=uses_of(draft.document, shown["key"]),
        dictionaries=form_versions.dictionary_names(database.session, draft.pack_key),
        extensions=extensions_known(),
        column_words=words_of(Column),
        refusal=refusal,
        **preview_of(state),
    )

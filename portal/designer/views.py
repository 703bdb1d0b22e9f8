"""The notice designer: every change is a plain POST that is kept at once; scripts only make it livelier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from definitions.sentences import Relation, Sentence
from models.people import Role
from notices import edit as parts
from notices.edit import EditRefused
from notices.unfinished import unfinished
from notices.worded import ALIGNS, FORMATS, LEVELS, QR_PLACES, STYLES
from notices.wording import read_aloud
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.designer import publishing_views
from portal.designer.blueprint import Page, blueprint, draft_page, hand, preview_of
from portal.designer.pages import (
    column_names,
    facts_for,
    fault_lines,
    group_line,
    list_names,
    rows_of,
    value_lines,
)
from portal.designer.reading import (
    ABSENT,
    posted_attachment,
    posted_block,
    posted_end,
    posted_head,
    posted_slip,
)
from portal.menu import MenuEntry
from portal.posted import typed_form
from portal.rule_lines import Unreadable, rule_options, rule_shown
from services import kind_drafts, kind_versions
from services.definition_drafts import DraftChanged
from services.definition_versions import Draft
from services.refusal import Refusal, not_found

__all__ = ["MENU", "blueprint", "publishing_views"]

MENU = (MenuEntry("designer.index", _l("文书"), _l("设置"), 791),)


@blueprint.get("")
@allow(Role.ADMIN)
def index() -> Page:
    """All kinds of notices."""
    return _index_page()


def _index_page(refusal: Refusal | None = None, typed: Mapping[str, str] | None = None) -> str:
    lines = kind_versions.kind_lines(database.session, current_actor())
    return render_template("designer/index.html", lines=lines, refusal=refusal, typed=typed)


@blueprint.post("/new")
@allow(Role.ADMIN)
def start() -> Page:
    """A new kind: empty, or with the words of another."""
    form = typed_form()
    name, copy_of = form.get("name", ""), form.get("copy_of", "")
    try:
        draft = kind_drafts.start_kind(
            database.session, current_actor(), name=name, copy_of=copy_of, now=now()
        )
    except Refusal as refusal:
        return _index_page(refusal, form), refusal.status
    return redirect(url_for("designer.edit", key=draft.key))


@blueprint.post("/<key>/draft")
@allow(Role.ADMIN)
def begin(key: str) -> Page:
    """Open the draft of a kind; with a version, put that one back."""
    typed = request.form.get("version", "")
    version = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else None
    try:
        kind_drafts.open_draft(database.session, current_actor(), key, version=version, now=now())
    except Refusal as refusal:
        if refusal.code != "draft_exists":
            raise
        flash(refusal.sentence, "warn")
        return redirect(url_for("designer.show", key=key))
    return redirect(url_for("designer.edit", key=key))


@blueprint.get("/<key>/draft")
@allow(Role.ADMIN)
def edit(key: str) -> Page:
    """The parts of a draft, with its pages beside them."""
    return _edit_page(draft_page(key))


def _edit_page(draft: Draft, refusal: Refusal | None = None) -> str:
    state = unfinished(draft.document)
    issuers = kind_versions.issuers_in_force(database.session, draft.key)
    return render_template(
        "designer/edit.html",
        draft=draft,
        rows=rows_of(draft.document, state.faults),
        has_slip=bool(draft.document.get("reply_slip")),
        faults=fault_lines(draft.document, state.faults, draft.key),
        issuers=issuers,
        refusal=refusal,
        **preview_of(draft.key, state, issuers),
    )


def _stopped(key: str, refusal: Refusal) -> Page:
    if refusal.status in (403, 404):
        raise refusal
    return _edit_page(draft_page(key), refusal), refusal.status


@blueprint.post("/<key>/draft/blocks")
@allow(Role.ADMIN)
def add(key: str) -> Page:
    """A new block, attachment or reply slip; its settings come next."""
    form = typed_form()
    kind, (owner, after) = form.get("type", ""), _place(form.get("after", ""))
    try:
        if kind == "attachment":
            _draft, part = kind_drafts.add_attachment(hand(key))
        elif kind == "slip":
            slip = {"title": "回执", "form": [[{"label": "签收人"}]]}
            kind_drafts.change_settings(hand(key), {"reply_slip": slip}, "增加回执", absent=ABSENT)
            part = "slip"
        else:
            _draft, part = kind_drafts.add(hand(key), kind, owner=owner, after=after)
    except Refusal as refusal:
        return _stopped(key, refusal)
    return redirect(url_for("designer.part", key=key, part=part, new=1))


def _place(after: str) -> tuple[int | None, int | None]:
    """Where a new block goes: (attachment or None, position it follows: -1 first, None last)."""
    owner, _dash, position = after.partition("-")
    of = int(owner[1:]) if owner[1:].isascii() and owner[1:].isdigit() and len(owner) < 4 else None
    if position == "first":
        return of, -1
    return of, int(position) if position.isascii() and position.isdigit() and len(position) < 4 else None


@blueprint.post("/<key>/draft/parts/<part>/<any(up, down, copy):act>")
@allow(Role.ADMIN)
def arrange(key: str, part: str, act: str) -> Page:
    """Move or copy a block."""
    try:
        if act == "copy":
            _draft, part = kind_drafts.copy(hand(key), part)
        else:
            _draft, part = kind_drafts.move(hand(key), part, up=act == "up")
    except Refusal as refusal:
        return _stopped(key, refusal)
    # The page puts the focus back on the button that was pressed; an anchor would take it away.
    anchor = f"row-{part}" if act == "copy" else None
    return redirect(url_for("designer.edit", key=key, at=part, did=act, _anchor=anchor))


@blueprint.post("/<key>/draft/parts/<part>/delete")
@allow(Role.ADMIN)
def delete(key: str, part: str) -> Page:
    """Delete a block, an attachment or the reply slip; undo brings it back."""
    try:
        if part == "slip":
            kind_drafts.change_settings(hand(key), {"reply_slip": None}, "删除回执", absent=ABSENT)
        else:
            kind_drafts.delete(hand(key), part)
    except Refusal as refusal:
        return _stopped(key, refusal)
    flash(_("已删除，可以用“撤销”找回。"), "ok")
    return redirect(url_for("designer.edit", key=key))


@blueprint.post("/<key>/draft/<any(undo, redo):act>")
@allow(Role.ADMIN)
def turn(key: str, act: str) -> Page:
    """One step back, or forth again."""
    seen = request.form.get("seen", "")
    try:
        draft = kind_drafts.turn(
            database.session, current_actor(), key, seen=seen, now=now(), back=act == "undo"
        )
    except Refusal as refusal:
        return _stopped(key, refusal)
    flash(draft.words, "ok")
    return redirect(url_for("designer.edit", key=key, did=act))


@blueprint.route("/<key>/draft/parts/<part>", methods=["GET", "POST"])
@allow(Role.ADMIN)
def part(key: str, part: str) -> Page:
    """The page of one part: its words, its condition, the values that it can print."""
    draft = draft_page(key)
    held = _part_of(draft, part)
    if request.method == "GET":
        return _part_page(draft, part, held)
    form = typed_form()
    shown = held
    try:
        shown = _read(draft, part, held, form)
        _keep(key, part, shown)
    except Unreadable as refused:
        if form.get("auto"):
            # A page that saves itself while a rule is half written has done nothing wrong.
            return "", 204
        return _part_page(draft, part, held, faults=refused.faults, rules=refused.rules), 422
    except DraftChanged as refused:
        return _part_page(refused.draft, part, shown, refusal=refused), 409
    except Refusal as refusal:
        return _part_page(draft_page(key), part, shown, refusal=refusal), refusal.status
    if form.get("stay") or form.get("insert"):
        return redirect(url_for("designer.part", key=key, part=part, saved=1))
    return redirect(url_for("designer.edit", key=key, at=part, did="saved", _anchor=f"row-{part}"))


def _part_of(draft: Draft, part: str) -> Mapping[str, Any]:
    document = draft.document
    try:
        if part in ("head", "end"):
            return document
        if part == "slip":
            slip: Mapping[str, Any] | None = document.get("reply_slip")
            if not slip:
                raise not_found("回执；要加的请从左边的列表增加")
            return slip
        return parts.block_at(document, part) if "-" in part else parts.attachment_at(document, part)
    except EditRefused as refused:
        raise Refusal("part_gone", refused.sentence, 404) from refused


def _read(draft: Draft, part: str, held: Mapping[str, Any], form: Any) -> dict[str, Any]:
    """What was typed, as the part's settings. Raises Unreadable for its condition."""
    inserted = form.get("insert-value", "") if form.get("insert") else ""
    if inserted:
        name = "text" if "text" in form else "title" if "title" in form else "note"
        form[name] = form.get(name, "") + inserted
    if part == "head":
        return posted_head(form)
    if part == "end":
        return posted_end(held, form)
    if part == "slip":
        return posted_slip(held, form) or {}
    issuers = kind_versions.issuers_in_force(database.session, draft.key)
    facts = facts_for(issuers, held.get("when"))
    return posted_block(held, form, facts) if "-" in part else posted_attachment(held, form, facts)


def _keep(key: str, part: str, settings: dict[str, Any]) -> None:
    if part == "head":
        kind_drafts.change_settings(hand(key), settings, "修改版头和标题", absent=ABSENT)
    elif part == "end":
        kind_drafts.change_settings(hand(key), settings, "修改落款、附注和版记", absent=ABSENT)
    elif part == "slip":
        kind_drafts.change_settings(hand(key), {"reply_slip": settings or None}, "修改回执", absent=ABSENT)
    elif "-" in part:
        kind_drafts.change_block(hand(key), part, settings)
    else:
        kind_drafts.change_attachment(hand(key), part, settings)


def _part_page(
    draft: Draft,
    part: str,
    shown: Mapping[str, Any],
    *,
    faults: Mapping[str, str] | None = None,
    rules: Mapping[str, Sentence] | None = None,
    refusal: Refusal | None = None,
) -> str:
    state = unfinished(draft.document)
    issuers = kind_versions.issuers_in_force(database.session, draft.key)
    facts = facts_for(issuers, shown.get("when"))
    labels = dict(facts.labels)
    rule, said = rule_shown(shown.get("when"), facts, labels, (rules or {}).get("when"))
    values = value_lines(issuers, shown.get("each"))
    rows = {row.part: row for row in rows_of(draft.document, state.faults)}
    return render_template(
        f"designer/{_template(part, shown)}.html",
        draft=draft,
        part=part,
        called=kind_drafts.part_words(part)
        if part[-1:].isdigit()
        else rows[part].type
        if part in rows
        else part,
        shown=shown,
        aloud=lambda text: read_aloud(text or "", shown.get("each")),
        rule=rule,
        said=said,
        facts=facts,
        relations=list(Relation),
        rule_options=rule_options(facts),
        values=[group_line(), *values] if part.startswith("a") and "-" not in part else values,
        typed_faults=faults or {},
        faults=[line for line in fault_lines(draft.document, state.faults, draft.key) if line.part == part],
        refusal=refusal,
        series=kind_versions.series_names(database.session),
        words={"levels": LEVELS, "formats": FORMATS, "styles": STYLES, "qr": QR_PLACES, "aligns": ALIGNS},
        lists=list_names(),
        columns=column_names(),
        **preview_of(draft.key, state, issuers),
    )


def _template(part: str, shown: Mapping[str, Any]) -> str:
    if part in ("head", "end", "slip"):
        return part
    if "-" not in part:
        return "attachment"
    return "grid" if "form" in shown else "table" if "rows" in shown else "paragraph"

"""The designer of procedures: every change is a plain POST that is kept at once; scripts only make it livelier."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from models.people import Role
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.menu import MenuEntry
from portal.posted import typed_form
from portal.procedure import (
    entry_views,
    import_views,
    publishing_views,
    regulation_views,
    right_views,
    trial_views,
)
from portal.procedure.blueprint import PARTS, Page, Sight, blueprint, hand, shared, sight_of
from portal.procedure.pages import end_words, state_rows, step_rows
from services import procedure_drafts, procedure_versions
from services.procedure_drafts import EntryInUse
from services.refusal import Refusal
from workflow.edit import (
    NOUNS,
    Document,
    Part,
    ProcedureEditRefused,
    add_entry,
    copy_entry,
    delete_entry,
    entry_in,
    move_entry,
)
from workflow.uses import uses_of

__all__ = [
    "MENU",
    "blueprint",
    "entry_views",
    "import_views",
    "publishing_views",
    "regulation_views",
    "right_views",
    "trial_views",
]

#: The regulation's line stands with the others for everyone, in `portal.public.front`.
MENU = (MenuEntry("procedure.index", _l("流程"), _l("设置"), 791),)


@blueprint.get("")
@allow(Role.ADMIN)
def index() -> Page:
    """All procedures."""
    return _index_page()


def _index_page(refusal: Refusal | None = None) -> str:
    lines = procedure_versions.procedure_lines(database.session, current_actor())
    return render_template("procedure/index.html", lines=lines, refusal=refusal, typed=typed_form())


@blueprint.post("/new")
@allow(Role.ADMIN)
def start() -> Page:
    """A new procedure: the smallest one, or a copy of another."""
    form = typed_form()
    try:
        draft = procedure_drafts.start_procedure(
            database.session,
            current_actor(),
            name=form.get("name", ""),
            copy_of=form.get("copy_of", ""),
            now=now(),
        )
    except Refusal as refusal:
        return _index_page(refusal), refusal.status
    return redirect(url_for("procedure.edit", key=draft.key))


@blueprint.post("/<key>/draft")
@allow(Role.ADMIN)
def begin(key: str) -> Page:
    """Open the draft of a procedure."""
    procedure_drafts.open_draft(database.session, current_actor(), key, now=now())
    return redirect(url_for("procedure.edit", key=key))


@blueprint.get("/<key>/draft")
@allow(Role.ADMIN)
def edit(key: str) -> Page:
    """A draft as a drawing and as tables."""
    return edit_page(sight_of(key))


def edit_page(sight: Sight, refusal: Refusal | None = None) -> str:
    """The drawing and the tables of a draft. refusal: why the last change was not made."""
    workflow, names = sight.workflow, sight.found.names
    return render_template(
        "procedure/edit.html",
        states=state_rows(workflow, names, sight.wrong),
        steps=step_rows(workflow, names, sight.wrong),
        refusal=refusal,
        **shared(sight),
    )


def stopped(key: str, refusal: Refusal) -> Page:
    """The list with the reason; a page that is gone stays gone."""
    if refusal.status in (403, 404):
        raise refusal
    return edit_page(sight_of(key), refusal), refusal.status


@blueprint.post(f"/<key>/draft/<{PARTS}:part>")
@allow(Role.ADMIN)
def add(key: str, part: Part) -> Page:
    """A new state, step, suspension or count; its settings come next."""
    form = typed_form()
    name = form.get("name", "").strip()

    def change(document: Document) -> tuple[Document, str]:
        if not name:
            raise ProcedureEditRefused(f"请写新{NOUNS[part]}的名称。")
        return add_entry(document, part, _beginning(document, part, name), after=form.get("after", ""))

    try:
        _draft, entry = hand(key).edit_with_key(f"增加{NOUNS[part]}“{name[:40]}”", change)
    except Refusal as refusal:
        return stopped(key, refusal)
    return redirect(url_for("procedure.entry", key=key, part=part, entry=entry, new=1))


def _beginning(document: Document, part: Part, name: str) -> Document:
    """What a new entry begins with."""
    if part == "counts":
        return {"label": name}
    if part == "triggers":
        first = str(document["initial"])
        return {"name": name, "from": [first], "to": "same", "roles": ["officer"], "source": "实施口径"}
    return {"name": name, "source": "实施口径"}


@blueprint.post(f"/<key>/draft/<{PARTS}:part>/<entry>/<any(up, down, copy):act>")
@allow(Role.ADMIN)
def arrange(key: str, part: Part, entry: str, act: str) -> Page:
    """Move or copy an entry."""
    try:
        if act == "copy":
            words = f"复制{NOUNS[part]}“{entry}”"
            _draft, entry = hand(key).edit_with_key(words, lambda document: copy_entry(document, part, entry))
            return redirect(url_for("procedure.entry", key=key, part=part, entry=entry, new=1))
        words = f"{'上移' if act == 'up' else '下移'}{NOUNS[part]}“{entry}”"
        hand(key).edit(words, lambda document: move_entry(document, part, entry, up=act == "up"))
    except Refusal as refusal:
        return stopped(key, refusal)
    return redirect(url_for("procedure.edit", key=key, at=entry, did=act))


@blueprint.route(f"/<key>/draft/<{PARTS}:part>/<entry>/delete", methods=["GET", "POST"])
@allow(Role.ADMIN)
def delete(key: str, part: Part, entry: str) -> Page:
    """Delete an entry; while it is used, the places are listed first."""
    if request.method == "POST":
        along = bool(request.form.get("with_uses"))
        words = f"删除{NOUNS[part]}“{entry}”"
        try:
            hand(key).edit(words, lambda document: delete_entry(document, part, entry, with_uses=along))
        except EntryInUse as refusal:
            return _delete_page(key, part, entry, refusal), 409
        except Refusal as refusal:
            return stopped(key, refusal)
        flash(_("已删除，可以用“撤销”找回。"), "ok")
        return redirect(url_for("procedure.edit", key=key))
    return _delete_page(key, part, entry)


def _delete_page(key: str, part: Part, entry: str, refusal: Refusal | None = None) -> str:
    sight = sight_of(key)
    try:
        found = entry_in(sight.draft.document, part, entry)
    except ProcedureEditRefused as refused:
        raise Refusal("entry_gone", refused.sentence, 404) from refused
    return render_template(
        "procedure/delete.html",
        part=part,
        noun=NOUNS[part],
        entry=found,
        label=found.get("name") or found.get("label"),
        uses=uses_of(sight.draft.document, part, entry),
        refusal=refusal,
        **shared(sight, entry),
    )


@blueprint.post("/<key>/draft/<any(undo, redo):act>")
@allow(Role.ADMIN)
def turn(key: str, act: str) -> Page:
    """One step back, or forth again."""
    step = procedure_drafts.undo if act == "undo" else procedure_drafts.redo
    try:
        draft = step(database.session, current_actor(), key, seen=request.form.get("seen", ""), now=now())
    except Refusal as refusal:
        return stopped(key, refusal)
    flash(draft.words, "ok")
    return redirect(url_for("procedure.edit", key=key, did=act))


blueprint.add_app_template_global(end_words, "end_words")

"""A form as a whole: its versions, its own settings, files in and out, publishing."""

from __future__ import annotations

from typing import Any

import yaml
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from definitions.sentences import Relation
from forms.definition import FormDefinition
from forms.fields import TYPES
from forms.unfinished import unfinished
from models.people import Role
from portal.access import allow, current_actor
from portal.builder.blueprint import Page, blueprint, draft_page, hand, preview_of
from portal.builder.exchange_views import document_in
from portal.builder.pages import facts_in, fault_lines, labels_of
from portal.builder.reading import PRIVACY, posted_head
from portal.clock import now
from portal.database import database
from portal.definition_files import uploaded_definition
from portal.downloads import file_answer
from portal.online import online_address
from portal.posted import typed_form
from portal.rule_lines import Unreadable, rule_options, rule_shown
from services import form_drafts, form_fields, form_paper, form_publishing, form_versions
from services.definition_versions import Draft
from services.form_publishing import NotReady, Outlook
from services.refusal import Refusal, not_found

#: Larger workbooks are no forms; what is beyond is cut off and refused as damaged.
_LARGEST = 2_000_000
PRIVACY_WORDS = {
    "who": _l("谁在收集"),
    "why": _l("为了什么"),
    "what": _l("收集什么"),
    "how_long": _l("保存多久"),
    "rights": _l("填表人的权利"),
}


@blueprint.get("/<key>")
@allow(Role.ADMIN)
def show(key: str) -> Page:
    """The versions of a form."""
    lines = form_versions.form_lines(database.session, current_actor())
    line = next((line for line in lines if line.key == key), None)
    if line is None:
        raise not_found("这个表单")
    versions = form_versions.form_versions(database.session, key)
    answers = form_versions.answers_by_version(database.session, [row.id for row in versions])
    return render_template("builder/show.html", line=line, versions=versions, answers=answers)


@blueprint.get("/<key>/v<int:version>")
@allow(Role.ADMIN)
def look(key: str, version: int) -> Page:
    """One published version as people see it."""
    row = form_versions.published_version(database.session, current_actor(), key, version)
    return render_template("builder/look.html", row=row, **preview_of(unfinished(row.body)))


@blueprint.get("/<key>/v<int:version>.yaml")
@allow(Role.ADMIN)
def export(key: str, version: int) -> Page:
    """One published version as a file."""
    row = form_versions.published_version(database.session, current_actor(), key, version)
    return _file(row.body, f"{key}-v{version}.yaml")


@blueprint.get("/<key>/v<int:version>/blank.pdf")
@allow(Role.ADMIN)
def blank(key: str, version: int) -> Page:
    """One published version for the pen."""
    return _blank(key, version)


@blueprint.get("/<key>/draft/blank.pdf")
@allow(Role.ADMIN)
def blank_draft(key: str) -> Page:
    """The draft for the pen, marked as a draft."""
    return _blank(key, None)


def _blank(key: str, version: int | None) -> Response:
    pdf = form_paper.blank_version(
        database.session, current_actor(), key, version, address=online_address(key) if version else ""
    )
    word = f"v{version}" if version else "draft"
    return file_answer(pdf, f"{key}-{word}-blank.pdf", "application/pdf", inline=True)


@blueprint.get("/<key>/draft.yaml")
@allow(Role.ADMIN)
def export_draft(key: str) -> Page:
    """The draft as a file, faults and all."""
    draft = draft_page(key)
    return _file(draft.document, f"{key}-draft.yaml")


def _file(document: dict[str, Any], name: str) -> Response:
    text = yaml.safe_dump(ordered(document), allow_unicode=True, sort_keys=False, width=110)
    return file_answer(text, name, "application/yaml")


def ordered(document: dict[str, Any]) -> dict[str, Any]:
    """The document with its settings in the order of their classes, since a database may not keep any."""
    head = [name for name in FormDefinition.model_fields if name in document]
    fields = []
    for field in document.get("fields", ()):
        kind = TYPES[field["type"]]
        names = [info.alias or name for name, info in kind.model_fields.items()]
        names = ["key", "type", *(name for name in names if name not in ("key", "type"))]
        fields.append({name: field[name] for name in [*names, *field] if name in field})
    return {**{name: document[name] for name in [*head, *document]}, "fields": fields}


@blueprint.route("/<key>/draft/settings", methods=["GET", "POST"])
@allow(Role.ADMIN)
def head(key: str) -> Page:
    """The form's own settings: name, words, who fills it, what it counts as."""
    draft = draft_page(key)
    if request.method == "GET":
        return _head_page(draft, draft.document)
    settings: dict[str, Any] = {}
    try:
        settings = posted_head(draft.document, typed_form(), facts_in(unfinished(draft.document)))
        form_fields.change_form(hand(key), settings)
    except Unreadable as refused:
        return _head_page(draft, draft.document, refused=refused), 422
    except Refusal as refusal:
        latest = draft_page(key)
        return _head_page(latest, {**latest.document, **settings}, refusal=refusal), refusal.status
    return redirect(url_for("builder.edit", key=key))


def _head_page(
    draft: Draft, document: Any, *, refused: Unreadable | None = None, refusal: Refusal | None = None
) -> str:
    state = unfinished(draft.document)
    binding = document.get("binding") or {}
    facts, labels = facts_in(state), labels_of(state)
    typed = refused.rules.get("case_when") if refused else None
    rule, said = rule_shown(binding.get("case_when"), facts, labels, typed)
    lines = fault_lines(draft.document, state.faults)
    return render_template(
        "builder/head.html",
        draft=draft,
        document=document,
        binding=binding,
        methods=form_versions.sheet_of(database.session, draft.pack_key).get("methods", ()),
        facts=facts,
        rule_options=rule_options(facts),
        relations=list(Relation),
        rule=rule,
        said=said,
        privacy_words={name: PRIVACY_WORDS[name] for name in PRIVACY},
        faults=[line for line in lines if not line.key],
        typed_faults=refused.faults if refused else {},
        refusal=refusal,
    )


@blueprint.route("/<key>/draft/publish", methods=["GET", "POST"])
@allow(Role.ADMIN)
def publish(key: str) -> Page:
    """What publishing changes, in words; then do it."""
    if request.method == "GET":
        return _publish_page(form_publishing.outlook(database.session, current_actor(), key))
    adopt = [int(value) for value in request.form.getlist("adopt") if value.isascii() and value.isdigit()]
    try:
        row = form_publishing.publish_draft(
            database.session,
            current_actor(),
            key,
            seen=request.form.get("seen", ""),
            adopt=adopt,
            now=now(),
        )
    except NotReady as refused:
        return _publish_page(refused.outlook, refused), refused.status
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        found = form_publishing.outlook(database.session, current_actor(), key)
        return _publish_page(found, refusal), refusal.status
    flash(_("“%(name)s”第%(n)s版已发布。", name=row.name, n=row.version), "ok")
    return redirect(url_for("builder.show", key=key))


def _publish_page(found: Outlook, refusal: Refusal | None = None) -> str:
    draft = found.draft
    return render_template(
        "builder/publish.html",
        outlook=found,
        draft=draft,
        faults=fault_lines(draft.document, found.faults),
        refusal=refusal,
    )


@blueprint.route("/<key>/draft/import", methods=["GET", "POST"])
@allow(Role.ADMIN)
def bring(key: str) -> Page:
    """Replace the draft by a file: first the difference is shown, then it is done."""
    draft = draft_page(key)
    if request.method == "GET":
        return render_template("builder/bring.html", draft=draft)
    form = typed_form()
    text = form.get("text", "")
    lost: list[tuple[int, str]] = []
    try:
        if not text:
            text, lost = _uploaded(draft)
        if form.get("sure"):
            form_fields.replace(hand(key), text)
            flash(_("已导入。不合适可以“撤销”。"), "ok")
            return redirect(url_for("builder.edit", key=key))
        changes, faults = form_fields.difference_to(draft, text)
    except Refusal as refusal:
        page = render_template("builder/bring.html", draft=draft_page(key), refusal=refusal, text=text)
        return page, refusal.status
    return render_template(
        "builder/bring.html", draft=draft, text=text, changes=changes, faults=faults, lost=lost, compared=True
    )


def _uploaded(draft: Draft) -> tuple[str, list[tuple[int, str]]]:
    """The form in the file as text, and what of an XLSForm could not be taken over, with its row."""
    upload = request.files.get("file")
    if upload is None or upload.stream.read(2) != b"PK":
        if upload is not None:
            upload.stream.seek(0)
        return uploaded_definition("个表单"), []
    content = b"PK" + upload.stream.read(_LARGEST)
    document, lost = document_in(content, draft)
    return yaml.safe_dump(ordered(document), allow_unicode=True, sort_keys=False, width=110), lost


@blueprint.route("/<key>/draft/discard", methods=["GET", "POST"])
@allow(Role.ADMIN)
def discard(key: str) -> Page:
    """Throw the draft away."""
    draft = draft_page(key)
    if request.method == "GET":
        return render_template("builder/discard.html", draft=draft)
    try:
        form_drafts.discard_draft(
            database.session, current_actor(), key, seen=request.form.get("seen", ""), now=now()
        )
    except Refusal as refusal:
        page = render_template("builder/discard.html", draft=draft_page(key), refusal=refusal)
        return page, refusal.status
    flash(_("“%(name)s”的草稿已删去。", name=draft.name), "ok")
    return redirect(url_for("builder.index"))

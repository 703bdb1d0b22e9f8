"""A procedure as a whole: its versions, files out, publishing, the end of a draft."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from models.people import Role
from portal.access import allow, current_actor
from portal.clock import now
from portal.database import database
from portal.downloads import file_answer
from portal.procedure.blueprint import Page, blueprint, drawing, shared, sight_of
from portal.procedure.pages import state_rows, step_rows
from portal.procedure.places import fault_lines
from services import procedure_drafts, procedure_publishing, procedure_versions
from services.definition_versions import office_pack
from services.procedure_publishing import ProcedureOutlook
from services.procedure_versions import names_in
from services.refusal import Refusal, not_found
from services.stored_pack import stored_pack
from workflow.definition import Workflow
from workflow.diagram import mermaid
from workflow.scxml import to_scxml
from workflow.svg import legend

FORMATS = "any(yaml, scxml, mmd)"
#: The parts of a document in the order in which people read them.
_ORDER = (
    "key",
    "name",
    "version",
    "source",
    "note",
    "calendar",
    "initial",
    "states",
    "suspensions",
    "counts",
)


@blueprint.get("/<key>")
@allow(Role.ADMIN)
def show(key: str) -> Page:
    """The versions of a procedure."""
    lines = procedure_versions.procedure_lines(database.session, current_actor())
    line = next((line for line in lines if line.key == key), None)
    if line is None:
        raise not_found("这个流程")
    versions = procedure_versions.procedure_versions(database.session, key)
    counts = {count.version: count for count in procedure_versions.case_counts(database.session, versions)}
    return render_template("procedure/show.html", line=line, versions=versions, counts=counts)


@blueprint.get("/<key>/v<int:version>")
@allow(Role.ADMIN)
def look(key: str, version: int) -> Page:
    """One published version as a drawing and as tables."""
    row = procedure_versions.published_version(database.session, current_actor(), key, version)
    workflow = Workflow.read(row.body)
    names = names_in(stored_pack(database.session, office_pack(database.session)))
    return render_template(
        "procedure/look.html",
        row=row,
        drawing=drawing(workflow, names.points),
        legend=legend(),
        states=state_rows(workflow, names, frozenset()),
        steps=step_rows(workflow, names, frozenset()),
    )


@blueprint.get(f"/<key>/v<int:version>.<{FORMATS}:form>")
@allow(Role.ADMIN)
def export(key: str, version: int, form: str) -> Page:
    """One published version as a file: YAML, SCXML or Mermaid."""
    row = procedure_versions.published_version(database.session, current_actor(), key, version)
    return _file(row.body, f"{key}-v{version}", form)


@blueprint.get(f"/<key>/draft.<{FORMATS}:form>")
@allow(Role.ADMIN)
def export_draft(key: str, form: str) -> Page:
    """The draft as a file, faults and all."""
    draft = procedure_versions.draft_of(database.session, current_actor(), key)
    return _file(draft.document, f"{key}-draft", form)


def _file(document: Mapping[str, Any], name: str, form: str) -> Response:
    if form == "yaml":
        ordered = {part: document[part] for part in [*_ORDER, *document] if part in document}
        text = yaml.safe_dump(ordered, allow_unicode=True, sort_keys=False, width=110)
        return file_answer(text, f"{name}.yaml", "application/yaml")
    workflow = Workflow.read(document)
    if form == "scxml":
        return file_answer(to_scxml(workflow), f"{name}.scxml", "application/scxml+xml")
    return file_answer(mermaid(workflow), f"{name}.mmd", "text/vnd.mermaid")


@blueprint.route("/<key>/draft/publish", methods=["GET", "POST"])
@allow(Role.ADMIN)
def publish(key: str) -> Page:
    """What publishing would do, and doing it."""
    if request.method == "GET":
        return _publish_page(procedure_publishing.outlook(database.session, current_actor(), key))
    adopt = [int(value) for value in request.form.getlist("adopt") if value.isascii() and value.isdigit()]
    try:
        row = procedure_publishing.publish_draft(
            database.session,
            current_actor(),
            key,
            seen=request.form.get("seen", ""),
            adopt=adopt,
            now=now(),
        )
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        found = procedure_publishing.outlook(database.session, current_actor(), key)
        return _publish_page(found, refusal), refusal.status
    flash(_("第%(n)s版已发布。", n=row.version), "ok")
    return redirect(url_for("procedure.show", key=key))


def _publish_page(found: ProcedureOutlook, refusal: Refusal | None = None) -> str:
    workflow = Workflow.read(found.draft.document)
    return render_template(
        "procedure/publish.html",
        draft=found.draft,
        outlook=found,
        faults=fault_lines(workflow, found.faults),
        refusal=refusal,
    )


@blueprint.route("/<key>/draft/discard", methods=["GET", "POST"])
@allow(Role.ADMIN)
def discard(key: str) -> Page:
    """Throw the draft away."""
    sight = sight_of(key)
    if request.method == "GET":
        return render_template("procedure/discard.html", refusal=None, **shared(sight))
    try:
        procedure_drafts.discard_draft(
            database.session, current_actor(), key, seen=request.form.get("seen", ""), now=now()
        )
    except Refusal as refusal:
        return render_template(
            "procedure/discard.html", refusal=refusal, **shared(sight_of(key))
        ), refusal.status
    flash(_("草稿已删去。"), "ok")
    return redirect(url_for("procedure.index"))

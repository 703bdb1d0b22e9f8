"""A form in other systems' hands: as XLSForm, as the JSON Schema of its answers; and taken from a workbook."""

from __future__ import annotations

import json
from typing import Any

from forms.answer_schema import answers_schema
from forms.definition import FormDefinition
from forms.unfinished import unfinished
from models.people import Role
from packs.workbook import Sheets, WorkbookRefused, cell_text, read, write
from portal.access import allow, current_actor
from portal.builder.blueprint import Page, blueprint, draft_page
from portal.database import database
from portal.downloads import file_answer
from services import form_versions
from services.choices import StoredChoices
from services.definition_versions import Draft
from services.definitions import form_of
from services.refusal import Refusal

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/<key>/v<int:version>.xlsx")
@allow(Role.ADMIN)
def export_xlsform(key: str, version: int) -> Page:
    """One published version as XLSForm."""
    row = form_versions.published_version(database.session, current_actor(), key, version)
    return _xlsform(form_of(database.session, row.id), f"{key}-v{version}.xlsx")


@blueprint.get("/<key>/draft.xlsx")
@allow(Role.ADMIN)
def export_draft_xlsform(key: str) -> Page:
    """What of the draft is without fault, as XLSForm."""
    draft = draft_page(key)
    return _xlsform(unfinished(draft.document).shown, f"{key}-draft.xlsx")


def _xlsform(form: FormDefinition, name: str) -> Page:
    from forms.xlsform import sheets_of, to_xlsform

    made = to_xlsform(form, choices=StoredChoices(database.session))
    return file_answer(write(Sheets(sheets_of(made))), name, XLSX)


@blueprint.get("/<key>/v<int:version>.schema.json")
@allow(Role.ADMIN)
def export_schema(key: str, version: int) -> Page:
    """What the answers to one published version look like, as JSON Schema."""
    row = form_versions.published_version(database.session, current_actor(), key, version)
    schema = answers_schema(form_of(database.session, row.id))
    text = json.dumps(schema, ensure_ascii=False, indent=2)
    return file_answer(text, f"{key}-v{version}.schema.json", "application/schema+json")


def document_in(content: bytes, draft: Draft) -> tuple[dict[str, Any], list[tuple[int, str]]]:
    """The form in a workbook, and what could not be taken over with its row. Refusal 422 in words."""
    from forms.edit import EditRefused
    from forms.xlsform_reading import read_xlsform

    try:
        sheets = {
            name: [[cell_text(cell) for cell in row] for row in rows]
            for name, rows in read(content).rows.items()
        }
        source = str(draft.document.get("source") or "由 XLSForm 导入")
        found = read_xlsform(sheets, key=draft.key, version=draft.version, source=source)
    except (WorkbookRefused, EditRefused) as refused:
        raise Refusal("unreadable_form", refused.sentence, 422) from refused
    return found.document, found.lost

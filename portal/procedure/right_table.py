"""字段权限 as a table: a row for each field, a column for each role, a choice in each cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.procedure.blueprint import Sight
from portal.procedure.pages import PERSONS
from portal.procedure.reader import Posted
from workflow.definition import Workflow
from workflow.edit import Document, change_entry, entry_in
from workflow.field_right import CASE_FIELDS, MAY_WORDS, SHEET_FIELDS, SHEET_ROLES, May
from workflow.rights import asked_in, fields_of, rights_in_words
from workflow.vocabulary import Role


@dataclass(frozen=True)
class Cell:
    """One choice. name: of its control; choices: key → words, empty where nothing can be chosen."""

    name: str
    role: str
    chosen: str
    choices: Mapping[str, str]


@dataclass(frozen=True)
class Line:
    """One field. said: whether any role has a word about it here."""

    field: str
    label: str
    said: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Group:
    """Fields that belong together. open: to be seen at once."""

    heading: str
    open: bool
    lines: tuple[Line, ...]


def control(field: str, role: str) -> str:
    """The name of a cell's control; neither part has a hyphen."""
    return f"right-{field}-{role}"


def table_of(workflow: Workflow, state: str, kept: Mapping[tuple[str, str], str]) -> list[Group]:
    """The table of a state: the case's own fields, what is asked here, what is asked elsewhere and seen here.

    kept: (role, field) → what is said of them.
    """
    labels, asked = fields_of(workflow), asked_in(workflow, state)
    own = [field for field in labels if field in CASE_FIELDS]
    here = [field for field in labels if field in asked and field not in CASE_FIELDS]
    rest = [field for field in labels if field not in CASE_FIELDS and field not in asked]
    stray = [field for _role, field in kept if field not in labels]
    groups = (
        ("事项本身", True, own),
        ("在这一状态办理时填写", True, here),
        ("其他状态填写过的", any(field in rest for _role, field in kept), rest),
        ("流程里已经没有的", True, list(dict.fromkeys(stray))),
    )
    return [
        Group(heading, shown, tuple(_line(field, labels, asked, kept) for field in fields))
        for heading, shown, fields in groups
        if fields
    ]


def _line(
    field: str,
    labels: Mapping[str, str],
    asked: Mapping[str, frozenset[str]],
    kept: Mapping[tuple[str, str], str],
) -> Line:
    cells = tuple(_cell(field, role.value, asked, kept.get((role.value, field), "")) for role in PERSONS)
    return Line(field, labels.get(field, field), any(cell.chosen for cell in cells), cells)


def _cell(field: str, role: str, asked: Mapping[str, frozenset[str]], chosen: str) -> Cell:
    choices: dict[str, str] = {May.HIDDEN: MAY_WORDS[May.HIDDEN]}
    if role in asked.get(field, ()):
        choices |= {may: MAY_WORDS[may] for may in (May.READ, May.MUST)}
    if field in SHEET_FIELDS and role in SHEET_ROLES:
        choices |= {may: MAY_WORDS[may] for may in (May.EDIT, May.MUST)}
    if chosen:
        choices.setdefault(chosen, MAY_WORDS.get(chosen, chosen))
    if (role, field) == (Role.TARGET, "rating") and not chosen:
        choices = {}
    return Cell(control(field, role), role, chosen, choices)


def cells_of(document: Document, state: str) -> dict[tuple[str, str], str]:
    """(role, field) → what a state of the draft says of them."""
    return {
        (right["role"], right["field"]): right["may"]
        for right in entry_in(document, "states", state).get("rights") or ()
    }


def posted_cells(groups: list[Group], form: Posted) -> dict[tuple[str, str], str]:
    """What a posted table says; a cell that was not sent, or says what it does not offer, stays as it is."""
    found: dict[tuple[str, str], str] = {}
    for line in (line for group in groups for line in group.lines):
        for cell in line.cells:
            sent = form.get(cell.name)
            chosen = sent if sent is not None and (sent == "" or sent in cell.choices) else cell.chosen
            if chosen:
                found[cell.role, line.field] = chosen
    return found


def with_cells(document: Document, state: str, cells: Mapping[tuple[str, str], str]) -> Document:
    """The draft with the rights of one state: those that stay in their order, then new ones by role and field."""
    held = cells_of(document, state)
    order = [*(key for key in held if key in cells), *(key for key in cells if key not in held)]
    rights: list[dict[str, Any]] = [
        {"role": role, "field": field, "may": cells[role, field]} for role, field in order
    ]
    return change_entry(document, "states", state, {"rights": rights or None})


def rights_said(sight: Sight, state: str) -> list[str]:
    """The rights of a state in sentences, as the regulation has them."""
    known = sight.workflow.states_by_key.get(state)
    return rights_in_words(sight.workflow, known, sight.found.names.roles) if known else []

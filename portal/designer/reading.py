"""What the designer's pages posted, as parts of a kind of notice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from definitions.lines import read_lines, whole
from definitions.sentences import Facts
from definitions.texts import clean
from notices.edit import Block
from notices.wording import written_down
from portal.rule_lines import Posted, Unreadable, read_rule

#: What a setting of the kind is when it is not written.
ABSENT: Mapping[str, Any] = {
    "mark": "{org_mark}", "number": "{number}", "copy_number": "", "secrecy": "", "urgency": "", "signer": "",
    "addressee": "", "note": "", "cc": "", "cited": False, "served": True, "checked": False, "imprint": None,
    "qr": "signature", "reply_slip": None, "signature": {}, "duplex": False, "joint": [],
}  # fmt: skip
_HEAD = ("title", "addressee", "mark", "number", "copy_number", "secrecy", "urgency", "signer")
_TICKS = ("cited", "served", "checked")


def text_of(form: Posted, name: str, rows: str | None = None) -> str:
    """A typed text with its placeholders as they are kept."""
    return written_down(clean(form.get(name, "")), rows)


def line_of(form: Posted, name: str, rows: str | None = None) -> str:
    """The same on one line."""
    return text_of(form, name, rows).replace("\n", " ")


def posted_block(held: Mapping[str, Any], form: Posted, facts: Facts) -> Block:
    """A block as its page posted it; what the page does not ask stays. Raises Unreadable for its condition."""
    if "form" in held:
        block: Block = {**held, "form": _rows(form)}
    elif "rows" in held:
        block = {**held, "rows": form.get("rows", ""), "columns": _columns(form)}
    else:
        block = _paragraph(held, form)
    return _with_rule(block, held, form, facts)


def _with_rule(
    changed: dict[str, Any], held: Mapping[str, Any], form: Posted, facts: Facts
) -> dict[str, Any]:
    settings: dict[str, Any] = {"when": held.get("when")}
    faults: dict[str, str] = {}
    rules: dict[str, Any] = {}
    read_rule("when", form, facts, settings, faults, rules)
    if faults:
        raise Unreadable(faults, rules)
    changed = {name: value for name, value in changed.items() if name != "when"}
    return changed if settings["when"] is None else {"when": settings["when"], **changed}


def _paragraph(held: Mapping[str, Any], form: Posted) -> Block:
    rows = form.get("each") or None
    level = whole(form.get("level", "0"))
    asked: Block = {
        "level": level if isinstance(level, int) and 0 <= level <= 4 else 0,
        "each": rows,
        "heading": line_of(form, "heading", rows),
        "text": text_of(form, "text", rows),
    }
    others = {name: value for name, value in held.items() if name not in asked}
    return {**others, **{name: value for name, value in asked.items() if value}}


def _columns(form: Posted) -> list[dict[str, Any]]:
    columns: list[dict[str, Any]] = []
    for line in read_lines("columns", form):
        if not line.get("title"):
            continue
        width = whole(line.get("width", ""))
        column = {"title": line["title"], "column": line.get("column", ""), "width": width or 10}
        if line.get("align") not in (None, "", "centre"):
            column["align"] = line["align"]
        columns.append(column)
    return columns


def _rows(form: Posted) -> list[list[dict[str, Any]]]:
    """Labelled places; one that stands beside the one before shares its row."""
    rows: list[list[dict[str, Any]]] = []
    for line in read_lines("cells", form, whole_texts=frozenset({"text"})):
        if not line.get("label"):
            continue
        cell: dict[str, Any] = {"label": written_down(line["label"])}
        if line.get("text", "").strip(" \t"):
            cell["text"] = written_down(line["text"])
        lines = whole(line.get("lines", ""))
        if lines not in (None, 1):
            cell["lines"] = lines
        if line.get("beside") and rows and len(rows[-1]) == 1:
            rows[-1].append(cell)
        else:
            rows.append([cell])
    return rows


def posted_head(form: Posted) -> dict[str, Any]:
    """Identity, make-up and head of the kind."""
    settings: dict[str, Any] = {name: line_of(form, name) for name in _HEAD}
    settings |= {name: clean(form.get(name, "")).replace("\n", " ") for name in ("name", "source")}
    settings |= {name: form.get(name, "") for name in ("format", "series")}
    return settings | {name: bool(form.get(name)) for name in _TICKS}


def posted_end(held: Mapping[str, Any], form: Posted) -> dict[str, Any]:
    """Signature, note, copies, imprint, code."""
    settings: dict[str, Any] = {
        "note": line_of(form, "note"),
        "cc": line_of(form, "cc"),
        "qr": form.get("qr", ""),
    }
    signature = dict(held.get("signature") or {})
    if form.get("signed"):
        signature |= {
            "organ": line_of(form, "organ"),
            "date": line_of(form, "date"),
            "style": form.get("style", ""),
        }
        signature["post"] = line_of(form, "post")
        plain = {"organ": "{org}", "date": "{issued_on}", "style": "plain", "post": ""}
        signature = {name: value for name, value in signature.items() if value != plain.get(name)}
        settings["signature"] = signature
    else:
        settings["signature"] = None
    settings["imprint"] = _imprint(held, form)
    settings["duplex"] = bool(form.get("duplex"))
    settings["joint"] = [
        {"mark": written_down(line.get("mark", "")), "name": written_down(line.get("name", ""))}
        for line in read_lines("joint", form)
        if line.get("mark") or line.get("name")
    ]
    return settings


def _imprint(held: Mapping[str, Any], form: Posted) -> dict[str, Any] | None:
    if not form.get("imprinted"):
        return None
    plain = {"organ": "{org}", "date": "{issued_on}"}
    told = {"organ": line_of(form, "imprint-organ"), "date": line_of(form, "imprint-date")}
    kept = {**(held.get("imprint") or {}), **told}
    return {name: value for name, value in kept.items() if value != plain.get(name)}


def posted_attachment(held: Mapping[str, Any], form: Posted, facts: Facts) -> dict[str, Any]:
    """Settings of an attachment; None takes one away. Raises Unreadable for its condition."""
    asked = {
        "title": line_of(form, "title"),
        "group_by": form.get("group_by") or None,
        "landscape": True if form.get("landscape") else None,
    }
    found = _with_rule(dict(asked), held, form, facts)
    return {"when": None, **found}


def posted_slip(held: Mapping[str, Any], form: Posted) -> dict[str, Any] | None:
    """The reply slip; None when it is not wanted."""
    if not form.get("wanted"):
        return None
    told = {"title": line_of(form, "title"), "intro": text_of(form, "intro"), "form": _rows(form),
            "note": text_of(form, "note")}  # fmt: skip
    kept = {**held, **told}
    return {name: value for name, value in kept.items() if value or name in ("title", "form")}

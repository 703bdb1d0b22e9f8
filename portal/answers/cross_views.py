"""Several questions by category, month, target or channel: on one page, and as files."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask_babel import lazy_gettext as _l

from portal.access import allow, current_actor
from portal.answers.cross_files import cross_csv, cross_workbook
from portal.answers.files import XLSX
from portal.answers.pages import SOURCE_WORDS, Page, blueprint, filter_of_address, shared
from portal.clock import now
from portal.database import database
from portal.downloads import file_answer
from portal.formats import local
from portal.security import allow_chart_styles
from services.answer_filters import READERS, issued_versions
from services.cross_tables import LINES, CrossTable, CrossTables, cross_tables, crossable
from services.exports import record_export

_LINE_WORDS = {
    "category_month": _l("类别和月份"),
    "category": _l("类别"),
    "month": _l("月份"),
    "target": _l("测评对象"),
    "source": _l("来源"),
}
_HEADS = {
    "category_month": (_l("类别"), _l("月份")),
    "category": (_l("类别"),),
    "month": (_l("月份"),),
    "target": (_l("单位"), _l("测评对象")),
    "source": (_l("来源"),),
}
#: More bars than this make no chart anybody reads.
MOST_BARS = 40


@blueprint.get("/<key>/cross")
@allow(*READERS)
def cross(key: str) -> Page:
    """The questions asked for, one table each."""
    allow_chart_styles()
    versions = issued_versions(database.session, key)
    found = _found(key)
    return render_template(
        "answers/cross.html",
        found=found,
        questions=[(field.key, field.label) for field in crossable(database.session, versions)],
        chosen=[table.question.key for table in found.tables] if found else [],
        lines=[(name, _LINE_WORDS[name]) for name in LINES],
        heads=[str(head) for head in _HEADS[found.by]] if found else [],
        line_words=_LINE_WORDS[found.by] if found else "",
        said=_said(found),
        charts={
            f"cross-{table.question.key}": _stacked(table, found)
            for table in (found.tables if found else ())
            if len(table.lines) <= MOST_BARS
        },
        **shared(key, filter_of_address()),
    )


@blueprint.get("/<key>/cross.<any(csv, xlsx):kind>")
@allow(*READERS)
def cross_file(key: str, kind: str) -> Page:
    """The same tables as a file: a workbook with a sheet for each question, or one list."""
    found = _found(key)
    heads = [str(head) for head in _HEADS[found.by]] if found else []
    rows = sum(len(table.lines) for table in found.tables) if found else 0
    record_export(database.session, current_actor(), table=f"answers.{key}.cross", rows=rows, now=now())
    name = f"{key}-cross-{local(now()):%Y%m%d}.{kind}"
    tables = found.tables if found else ()
    if kind == "csv":
        return file_answer(cross_csv(tables, heads, _said(found)), name, "text/csv; charset=utf-8")
    return file_answer(cross_workbook(tables, heads, _said(found)), name, XLSX)


def _found(key: str) -> CrossTables | None:
    questions = [word[:120] for word in request.args.getlist("question")[:100]]
    by = request.args.get("by", "")
    return cross_tables(database.session, current_actor(), key, questions, by, filter_of_address(), now=now())


def _said(found: CrossTables | None) -> Any:
    """How the words of a line are told: a source by its name."""
    if found is not None and found.by == "source":
        return lambda words: (str(SOURCE_WORDS.get(words[0], words[0])),)
    return lambda words: words


def _stacked(table: CrossTable, found: CrossTables | None) -> dict[str, Any]:
    said = _said(found)
    return {
        "kind": "bar",
        "labels": ["\n".join(said(words)).strip() or "—" for words, _counts in table.lines],
        "series": [
            {"name": name, "values": [counts[place] for _words, counts in table.lines]}
            for place, name in enumerate(table.answers[:5])
        ],
    }

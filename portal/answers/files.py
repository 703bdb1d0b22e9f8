"""Filled forms as files: streamed row by row, no text of which can become a formula."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import IO, Any

from flask import Response, stream_with_context
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from definitions.texts import safe_cell
from forms.context import Context
from portal.downloads import disposition
from portal.formats import local
from services.actor import Actor
from services.answer_filters import AnswerFilter, issued_versions
from services.answer_lines import Line
from services.answer_lists import Column, answer_page, columns_of, every_line
from services.every_choice import EveryChoice
from services.exports import record_export

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: A sheet of Excel ends here.
MOST_ROWS = 1_048_575

Row = list[str | int]
Words = Mapping[str, Any]


def csv_answer(
    session: Session,
    actor: Actor,
    key: str,
    which: AnswerFilter,
    *,
    grades: Words,
    sources: Words,
    now: datetime,
) -> Response:
    """One line a filled form, with the sign at the beginning by which Excel knows the script."""
    rows = _rows(session, actor, key, which, grades, sources, now)
    answer = Response(stream_with_context(_csv(rows)), mimetype="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = disposition(f"{key}-{local(now):%Y%m%d}.csv")
    return answer


def _csv(rows: Iterable[Row]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    for row in rows:
        writer.writerow(row)
        if buffer.tell() > 32_768:
            yield buffer.getvalue().encode("utf-8", "replace")
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode("utf-8", "replace")


def workbook_answer(
    session: Session,
    actor: Actor,
    key: str,
    which: AnswerFilter,
    *,
    grades: Words,
    sources: Words,
    now: datetime,
) -> Response:
    """The same as a workbook; written to a file of its own first, never held whole."""
    from packs.workbook_writing import write_rows

    rows = _rows(session, actor, key, which, grades, sources, now)
    kept = tempfile.TemporaryFile()  # noqa: SIM115 - closed by whoever sends it
    write_rows(kept, _("答卷"), (row for number, row in enumerate(rows) if number <= MOST_ROWS))
    kept.seek(0)
    answer = Response(_pieces(kept), mimetype=XLSX)
    answer.headers["Content-Disposition"] = disposition(f"{key}-{local(now):%Y%m%d}.xlsx")
    return answer


def _pieces(kept: IO[bytes]) -> Iterator[bytes]:
    with kept:
        while piece := kept.read(65_536):
            yield piece


def _rows(
    session: Session,
    actor: Actor,
    key: str,
    which: AnswerFilter,
    grades: Words,
    sources: Words,
    now: datetime,
) -> Iterator[Row]:
    """The heading and the lines; that they left the house is in the log before the first goes."""
    versions = issued_versions(session, key)
    columns = columns_of(session, versions)
    lines = every_line(session, actor, key, which)
    if which.word:
        found = list(lines)
        lines, count = iter(found), len(found)
    else:
        count = answer_page(session, actor, key, which, size=1).total or 0
    record_export(session, actor, table=f"answers.{key}", rows=count, now=now)
    context = Context(EveryChoice(session))
    return _written(lines, columns, context, grades, sources)


def _written(
    lines: Iterator[Line], columns: list[Column], context: Context, grades: Words, sources: Words
) -> Iterator[Row]:
    yield [
        *(
            _("编号"),
            _("来源"),
            _("收集"),
            _("版本"),
            _("类别"),
            _("单位"),
            _("测评对象"),
            _("档次"),
            _("月份"),
        ),
        *(_("日期"), _("提交时间"), _("计入")),
        *(heading for column in columns for heading in _headings(column)),
    ]
    for line in lines:
        yield [
            f"{'R' if line.kind == 'rating' else 'A'}{line.id}",
            str(sources.get(line.source, line.source)),
            safe_cell(line.collection),
            line.version,
            *(safe_cell(line.category), safe_cell(line.unit), safe_cell(line.target)),
            str(grades.get(line.grade, line.grade)),
            line.period,
            line.on.isoformat(),
            f"{local(line.at):%Y-%m-%d %H:%M}",
            _("是") if line.counted else _("否"),
            *(
                cell
                for column in columns
                for cell in column.field.export(line.answers.get(column.key), context)
            ),
        ]


def _headings(column: Column) -> list[str]:
    return [f"{heading}{_('（旧版）') if column.old else ''}" for _key, heading in column.field.columns()]

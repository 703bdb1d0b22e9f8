"""Cross tables as files, no text of which can become a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence

from flask_babel import gettext as _

from definitions.texts import safe_cell
from packs.workbook import Cell, Sheets
from services.cross_tables import CrossTable

Said = Callable[[tuple[str, ...]], tuple[str, ...]]


def cross_workbook(tables: Sequence[CrossTable], heads: Sequence[str], said: Said) -> bytes:
    """A sheet for each question, as its table on the page."""
    from packs.workbook_writing import write

    sheets: dict[str, tuple[tuple[Cell, ...], ...]] = {}
    for number, table in enumerate(tables, start=1):
        rows: list[tuple[Cell, ...]] = [(*heads, *map(safe_cell, table.answers), _("合计"))]
        rows += [(*map(safe_cell, said(words)), *counts, sum(counts)) for words, counts in table.lines]
        rows.append((_("合计"), *("" for _head in heads[1:]), *table.totals, sum(table.totals)))
        sheets[f"{number} {table.question.label}"] = tuple(rows)
    return write(Sheets(sheets))


def cross_csv(tables: Sequence[CrossTable], heads: Sequence[str], said: Said) -> bytes:
    """One line for each count, so that a program finds every question in the same columns."""
    buffer = io.StringIO()
    buffer.write("\ufeff")
    writer = csv.writer(buffer)
    writer.writerow([_("题目"), *heads, _("答案"), _("份数")])
    for table in tables:
        for words, counts in table.lines:
            for answer, count in zip(table.answers, counts, strict=True):
                writer.writerow(
                    [safe_cell(table.question.label), *map(safe_cell, said(words)), safe_cell(answer), count]
                )
    return buffer.getvalue().encode("utf-8", "replace")

"""The ranking as a workbook: a sheet per category, every figure as the exact text that pages show."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable

from flask_babel import gettext as _
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from scoring.exact import ratio
from services.explanations import leaf_names, shown
from services.scores import Placed, Ranking

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Signs that no workbook may hold.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NOT_IN_SHEET_NAMES = re.compile(r"[\[\]:*?/\\]")
_WIDTHS = (8, 26, 30)


def ranking_workbook(ranking: Ranking, *, heading: tuple[str, ...]) -> bytes:
    """The workbook's bytes. heading: lines above each table: campaign, day, scheme, what is provisional."""
    book = Workbook(write_only=True)
    taken: set[str] = set()
    for key, name in ranking.categories.items():
        sheet = book.create_sheet(_sheet_name(name, taken))
        for column, width in zip("ABC", _WIDTHS, strict=True):
            sheet.column_dimensions[column].width = width
        for line in heading:
            sheet.append(_cells(sheet, [line]))
        sheet.append(_cells(sheet, _columns(ranking)))
        for placed in ranking.by_category[key]:
            sheet.append(_cells(sheet, _values(placed)))
    if not ranking.categories:
        book.create_sheet(_("排名"))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet_name(name: str, taken: set[str]) -> str:
    """A name that Excel takes, and that no other sheet has."""
    plain = _NOT_IN_SHEET_NAMES.sub(" ", _UNSTORABLE.sub("", name)).strip(" '")[:28] or _("类别")
    found, number = plain, 1
    while found.casefold() in taken:
        number += 1
        found = f"{plain}{number}"
    taken.add(found.casefold())
    return found


def _columns(ranking: Ranking) -> list[str]:
    names = leaf_names(ranking.scheme)
    methods = [names[key] for key in ranking.scheme.ballot_keys]
    return [
        _("名次"),
        _("单位"),
        _("测评对象"),
        *methods,
        _("综合满意度"),
        _("整改情况"),
        _("总得分"),
        _("总得分（精确值）"),
        _("暂缺"),
        _("结果运用"),
        _("冲突"),
    ]


def _values(placed: Placed) -> list[str]:
    line = shown(placed)
    return [
        "" if line.rank is None else str(line.rank),
        line.unit,
        line.target,
        *(value or "" for value in line.satisfaction),
        line.composite or "",
        line.rectification or "",
        line.total or "",
        "" if placed.score.total is None else ratio(placed.score.total),
        "、".join(line.missing),
        "、".join(line.outcomes),
        "、".join(line.conflicts),
    ]


def _cells(sheet: WriteOnlyWorksheet, texts: Iterable[str]) -> list[Cell]:
    """Text cells, whatever they begin with: a name like ``=1+1`` stays a name."""
    cells = []
    for text in texts:
        cell = WriteOnlyCell(sheet, _UNSTORABLE.sub("", text))
        cell.data_type = "s"
        cells.append(cell)
    return cells

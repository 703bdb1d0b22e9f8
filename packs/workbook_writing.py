"""Workbooks written: formulas stay text, faults are marked in their cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import IO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, MergedCell
from openpyxl.cell.cell import Cell as OpenpyxlCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from packs.workbook import LONGEST_TEXT, Cell, Mark, Sheets, cell_name, cell_text, column_letters

_HEADER_FONT = Font(bold=True)
_HEADER_FILL = PatternFill("solid", start_color="FFE8EEF4")
_FAULT_FILL = PatternFill("solid", start_color="FFF8CBAD")


def write(sheets: Sheets) -> bytes:
    """An .xlsx file whose first rows are headings; no text of it can become a formula."""
    return write_marked(sheets, ())


def write_marked(sheets: Sheets, marks: Iterable[Mark]) -> bytes:
    """The same cells, faulty ones coloured with a note, and a last sheet 问题清单 that lists them."""
    by_cell: dict[tuple[str, int, int], list[str]] = {}
    listed = list(marks)
    for mark in listed:
        by_cell.setdefault((mark.sheet, mark.row, mark.column), []).append(mark.text)
    workbook = Workbook(write_only=True)
    for name, rows in sheets.rows.items():
        extent = max((column for sheet, _, column in by_cell if sheet == name), default=0)
        _write_sheet(workbook, name, rows, notes=by_cell, columns_at_least=extent)
    if listed:
        rows = tuple((mark.sheet, cell_name(mark.row, mark.column), mark.text) for mark in listed)
        title = _free_name("问题清单", sheets.names)
        _write_sheet(workbook, title, (("工作表", "单元格", "问题"), *rows), notes={}, columns_at_least=0)
    if not workbook.worksheets:
        workbook.create_sheet("空表")
    buffer = BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def write_rows(file: IO[bytes], title: str, rows: Iterable[Sequence[Cell]]) -> None:
    """One sheet into an open file, row by row as they come; the first row is the heading."""
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(re.sub(r"[\\*?:/\[\]]", "_", title)[:31])
    sheet.freeze_panes = "A2"
    for number, row in enumerate(rows, start=1):
        sheet.append([_styled(sheet, value, header=number == 1, notes=[]) for value in row])
    workbook.save(file)


def _write_sheet(
    workbook: Workbook,
    name: str,
    rows: Sequence[Sequence[Cell]],
    *,
    notes: Mapping[tuple[str, int, int], list[str]],
    columns_at_least: int,
) -> None:
    sheet = workbook.create_sheet(re.sub(r"[\\*?:/\[\]]", "_", name)[:31])
    sheet.freeze_panes = "A2"
    columns = max((len(row) for row in rows), default=0)
    for column in range(1, columns + 1):
        widest = max(_width(row[column - 1]) for row in rows if len(row) >= column)
        sheet.column_dimensions[column_letters(column)].width = min(max(widest + 3, 10), 48)
    for number, row in enumerate(rows, start=1):
        padded = [*row, *[""] * (columns_at_least - len(row))]
        sheet.append(
            [
                _styled(sheet, value, header=number == 1, notes=notes.get((name, number, column), []))
                for column, value in enumerate(padded, start=1)
            ]
        )


def _styled(
    sheet: WriteOnlyWorksheet, value: Cell, *, header: bool, notes: list[str]
) -> OpenpyxlCell | MergedCell:
    cell = WriteOnlyCell(sheet)
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:LONGEST_TEXT]
        # Without this a text that starts with "=" is written as a live formula.
        cell.data_type = "s"
    else:
        cell.value = value
    if header:
        cell.font = _HEADER_FONT
        cell.fill = _HEADER_FILL
        cell.alignment = Alignment(horizontal="center")
    if notes:
        cell.fill = _FAULT_FILL
        cell.comment = Comment("\n".join(notes), "评督", height=120, width=280)
    return cell


def _width(value: Cell) -> int:
    return sum(2 if ord(sign) > 0x2E7F else 1 for sign in cell_text(value))


def _free_name(wanted: str, taken: Sequence[str]) -> str:
    name = wanted
    number = 2
    while name in taken:
        name = f"{wanted}{number}"
        number += 1
    return name

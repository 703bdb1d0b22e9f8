"""Workbooks as plain cells: read what an office uploads, write what it downloads.

Nothing that can be uploaded makes this module fail other than by WorkbookRefused.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, MergedCell
from openpyxl.cell.cell import Cell as OpenpyxlCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from python_calamine import CalamineError, CalamineWorkbook

Cell = str | int | float | bool | date | datetime | time | timedelta

#: Largest file that is opened at all, in bytes.
LARGEST_FILE = 10 * 1024 * 1024
#: Largest sum of all parts once unpacked, in bytes.
LARGEST_UNPACKED = 60 * 1024 * 1024
MOST_PARTS = 500
MOST_ROWS = 20_000
MOST_COLUMNS = 200
#: Of characters in one cell that we write; Excel's own limit.
LONGEST_TEXT = 32_767

_CELL_TAG = re.compile(rb"<(?:\w+:)?c(?=[\s/>])([^>]*)>")
_REFERENCE = re.compile(rb"""(?:^|\s)r\s*=\s*["']([A-Za-z]{1,4})([0-9]{1,9})["']""")
_ROW_TAG = re.compile(rb"""<(?:\w+:)?row(?=[\s/>])[^>]*?\br\s*=\s*["']([0-9]+)["']""")

#: Parts that make a zip another kind of spreadsheet, which the reader would also open.
_OTHER_BOOKS = {"content.xml", "xl/workbook.bin"}

_HEADER_FONT = Font(bold=True)
_HEADER_FILL = PatternFill("solid", start_color="FFE8EEF4")
_FAULT_FILL = PatternFill("solid", start_color="FFF8CBAD")


@dataclass(frozen=True)
class Sheets:
    """The sheets of a workbook by name; rows start at row 1, cells at column A, empty is ``""``."""

    rows: Mapping[str, tuple[tuple[Cell, ...], ...]]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.rows)


@dataclass(frozen=True)
class Mark:
    """A cell that is shown as faulty: sheet name, row and column from 1, and what is to be said there."""

    sheet: str
    row: int
    column: int
    text: str


class WorkbookRefused(Exception):
    """A file that cannot be read as a workbook; `sentence` says why and what to do."""

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        self.sentence = sentence
        super().__init__(sentence)


def cell_name(row: int, column: int) -> str:
    """How a spreadsheet names a cell.

    >>> cell_name(7, 3)
    'C7'
    """
    return f"{get_column_letter(column)}{row}"


def cell_text(value: Cell) -> str:
    """A cell as a clerk reads it: 13 for 13.0, 是/否 for a tick, blanks at the ends gone.

    >>> cell_text(13.0), cell_text(True), cell_text(" 治安大队\\u3000")
    ('13', '是', '治安大队')
    """
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()


def read(data: bytes) -> Sheets:
    """The cells of an .xlsx file, or WorkbookRefused.

    Sizes, number of parts and extent of every sheet are checked before anything is laid out in memory.
    Formulas give the value that was last calculated.
    """
    _refuse_unsafe(data)
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(data))
        rows = {
            name: tuple(
                tuple(row) for row in workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            )
            for name in workbook.sheet_names
        }
    except (CalamineError, OSError, ValueError, KeyError, OverflowError, MemoryError) as error:
        raise _unreadable() from error
    except BaseException as error:
        # The reader is Rust; its panics reach Python as a BaseException without an importable class.
        if type(error).__name__ != "PanicException":
            raise
        raise _unreadable() from error
    if not rows:
        raise _unreadable()
    return Sheets(rows)


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
        sheet.column_dimensions[get_column_letter(column)].width = min(max(widest + 3, 10), 48)
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


def _refuse_unsafe(data: bytes) -> None:
    if len(data) > LARGEST_FILE:
        limit = LARGEST_FILE // 1024 // 1024
        raise WorkbookRefused("too_large", f"文件超过 {limit} 兆，无法导入；请删去图片和无关的工作表后再试。")
    if not data.startswith(b"PK"):
        raise _not_xlsx()
    try:
        with ZipFile(BytesIO(data)) as archive:
            _refuse_bomb(archive.infolist())
            for part in archive.infolist():
                # Reading also proves that a part is as long as it says: its checksum would not agree.
                _refuse_unsafe_part(archive.read(part))
    except WorkbookRefused:
        raise
    except (BadZipFile, OSError, ValueError, EOFError, RuntimeError, zlib.error, struct.error) as error:
        raise _unreadable() from error


def _refuse_bomb(parts: Sequence[ZipInfo]) -> None:
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
        raise WorkbookRefused("too_large", "文件解压后过大，无法导入；请只保留名册各表后再试。")
    if any(part.flag_bits & 0x1 for part in parts):
        raise WorkbookRefused("encrypted", "文件设有密码；请取消密码后再试。")
    if _OTHER_BOOKS & {part.filename.lower() for part in parts}:
        raise _not_xlsx()
    if any(part.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for part in parts):
        raise _unreadable()


def _refuse_unsafe_part(content: bytes) -> None:
    """A sheet is laid out as a full rectangle, so one cell at XFD1048576 would take all memory."""
    head = content[:3000]
    sixteen_bits = head.startswith((b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<"))
    if sixteen_bits or b"<!DOCTYPE" in head:
        raise _unreadable()
    for match in _CELL_TAG.finditer(content):
        references = _REFERENCE.findall(match[1])
        if not references:
            raise _unreadable()
        for letters, digits in references:
            if int(digits) > MOST_ROWS or _column_number(letters) > MOST_COLUMNS:
                raise _too_wide()
    for match in _ROW_TAG.finditer(content):
        if len(match[1]) > 9 or int(match[1]) > 1_048_576:
            raise _too_wide()


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _not_xlsx() -> WorkbookRefused:
    return WorkbookRefused(
        "not_xlsx", "这不是 .xlsx 文件；请在 Excel 或 WPS 中另存为“Excel 工作簿（.xlsx）”后再试。"
    )


def _too_wide() -> WorkbookRefused:
    return WorkbookRefused(
        "too_wide",
        f"工作表超过 {MOST_ROWS} 行或 {MOST_COLUMNS} 列；请删去多余的行列（包括看似空白的）后再试。",
    )


def _unreadable() -> WorkbookRefused:
    return WorkbookRefused(
        "unreadable", "文件已损坏或不是 Excel 工作簿；请在 Excel 或 WPS 中打开，另存为 .xlsx 后再试。"
    )

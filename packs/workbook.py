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


def column_letters(column: int) -> str:
    """The letters of a column, 1 for the first.

    >>> column_letters(1), column_letters(27), column_letters(703)
    ('A', 'AA', 'AAA')
    """
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def cell_name(row: int, column: int) -> str:
    """How a spreadsheet names a cell.

    >>> cell_name(7, 3)
    'C7'
    """
    return f"{column_letters(column)}{row}"


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


def read(data: bytes, *, most_columns: int = MOST_COLUMNS) -> Sheets:
    """The cells of an .xlsx file, or WorkbookRefused.

    Sizes, number of parts and extent of every sheet are checked before anything is laid out in memory.
    Formulas give the value that was last calculated.
    """
    _refuse_unsafe(data, most_columns)
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
    """See `packs.workbook_writing.write`, whose library is only loaded when something is written."""
    from packs import workbook_writing

    return workbook_writing.write(sheets)


def write_marked(sheets: Sheets, marks: Iterable[Mark]) -> bytes:
    """See `packs.workbook_writing.write_marked`."""
    from packs import workbook_writing

    return workbook_writing.write_marked(sheets, marks)


def _refuse_unsafe(data: bytes, most_columns: int) -> None:
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
                _refuse_unsafe_part(archive.read(part), most_columns)
    except WorkbookRefused:
        raise
    except (BadZipFile, OSError, ValueError, EOFError, RuntimeError, zlib.error, struct.error) as error:
        raise _unreadable() from error


def _refuse_bomb(parts: Sequence[ZipInfo]) -> None:
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
        raise WorkbookRefused("too_large", "文件解压后过大，无法导入；请只保留要导入的各表后再试。")
    if any(part.flag_bits & 0x1 for part in parts):
        raise WorkbookRefused("encrypted", "文件设有密码；请取消密码后再试。")
    if _OTHER_BOOKS & {part.filename.lower() for part in parts}:
        raise _not_xlsx()
    if any(part.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for part in parts):
        raise _unreadable()


def _refuse_unsafe_part(content: bytes, most_columns: int) -> None:
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
            if int(digits) > MOST_ROWS or _column_number(letters) > most_columns:
                raise _too_wide(most_columns)
    for match in _ROW_TAG.finditer(content):
        if len(match[1]) > 9 or int(match[1]) > 1_048_576:
            raise _too_wide(most_columns)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _not_xlsx() -> WorkbookRefused:
    return WorkbookRefused(
        "not_xlsx", "这不是 .xlsx 文件；请在 Excel 或 WPS 中另存为“Excel 工作簿（.xlsx）”后再试。"
    )


def _too_wide(most_columns: int) -> WorkbookRefused:
    return WorkbookRefused(
        "too_wide",
        f"工作表超过 {MOST_ROWS} 行或 {most_columns} 列；请删去多余的行列（包括看似空白的）后再试。",
    )


def _unreadable() -> WorkbookRefused:
    return WorkbookRefused(
        "unreadable", "文件已损坏或不是 Excel 工作簿；请在 Excel 或 WPS 中打开，另存为 .xlsx 后再试。"
    )

"""Whatever bytes are uploaded: cells, or a refusal with a sentence."""

from __future__ import annotations

import random
import zipfile
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from packs import workbook
from packs.workbook import Mark, Sheets, WorkbookRefused

ROSTER = Path(__file__).resolve().parents[3] / "packs" / "district-2012" / "roster.xlsx"


def with_part(name: str, content: bytes | None, *, data: bytes | None = None) -> bytes:
    """The roster workbook with one part replaced, added, or left out (None)."""
    source = zipfile.ZipFile(BytesIO(data or ROSTER.read_bytes()))
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.namelist():
            if part != name:
                target.writestr(part, source.read(part))
        if content is not None:
            target.writestr(name, content)
    return buffer.getvalue()


def sheet_xml(cells: bytes) -> bytes:
    main = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return b'<worksheet xmlns="' + main + b'"><sheetData>' + cells + b"</sheetData></worksheet>"


SHEET = "xl/worksheets/sheet1.xml"
CELL = b'<c r="%s" t="inlineStr"><is><t>x</t></is></c>'

REFUSED = {
    "nothing": (b"", "not_xlsx"),
    "text": ("类别,单位".encode(), "not_xlsx"),
    "old xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "not_xlsx"),
    "too large": (b"PK" + bytes(workbook.LARGEST_FILE), "too_large"),
    "cut off": (ROSTER.read_bytes()[:4000], "unreadable"),
    "zip of something else": (b"PK\x05\x06" + bytes(18), "unreadable"),
    "no workbook part": (with_part("xl/workbook.xml", None), "unreadable"),
    "no sheet part": (with_part(SHEET, None), "unreadable"),
    "ods inside": (with_part("content.xml", b"<office/>"), "not_xlsx"),
    "bomb": (with_part("xl/media/big.bin", bytes(workbook.LARGEST_UNPACKED + 1)), "too_large"),
    "cell at the far corner": (
        with_part(SHEET, sheet_xml(b"<row>" + CELL % b"A1" + CELL % b"XFD1048576" + b"</row>")),
        "too_wide",
    ),
    "far cell behind a false reference": (
        with_part(SHEET, sheet_xml(b'<row><c x-r="A1" r="XFD1048576"><v>1</v></c></row>')),
        "too_wide",
    ),
    "cells without reference": (with_part(SHEET, sheet_xml(b"<row><c/><c/></row>")), "unreadable"),
    "entities": (
        with_part(SHEET, b'<!DOCTYPE x [<!ENTITY a "b">]>' + sheet_xml(b"")),
        "unreadable",
    ),
    "sixteen bits": (with_part(SHEET, sheet_xml(b"").decode().encode("utf-16")), "unreadable"),
}


@pytest.mark.parametrize(("data", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_file_that_is_no_safe_workbook_is_refused_with_a_sentence(data: bytes, code: str) -> None:
    with pytest.raises(WorkbookRefused) as caught:
        workbook.read(data)
    assert caught.value.code == code
    assert "请" in caught.value.sentence


def test_damaged_bytes_are_read_or_refused_and_never_fail_otherwise() -> None:
    good = ROSTER.read_bytes()
    chance = random.Random(2012)
    refused = 0
    for _ in range(150):
        data = bytearray(good)
        for _ in range(chance.randint(1, 12)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            workbook.read(bytes(data))
        except WorkbookRefused:
            refused += 1
    assert refused > 100


def test_damaged_parts_inside_a_sound_zip_are_read_or_refused() -> None:
    parts = zipfile.ZipFile(ROSTER)
    chance = random.Random(5)
    refused = 0
    for number in range(120):
        name = parts.namelist()[number % len(parts.namelist())]
        content = bytearray(parts.read(name))
        for _ in range(chance.randint(1, 8)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        try:
            workbook.read(with_part(name, bytes(content)))
        except WorkbookRefused:
            refused += 1
    assert 0 < refused < 120


def test_what_was_written_is_read_back_with_its_kind() -> None:
    sheets = Sheets({"表": (("列", "数"), ("甲", 3.0), ("", True), ("乙", date(2026, 11, 23)))})
    assert workbook.read(workbook.write(sheets)) == sheets


@pytest.mark.parametrize("text", ["=1+1", '=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_text_becomes_a_formula(text: str) -> None:
    data = workbook.write(Sheets({"表": (("列",), (text,))}))
    cell = load_workbook(BytesIO(data))["表"]["A2"]
    assert cell.data_type == "s"
    assert cell.value == text
    assert workbook.read(data).rows["表"][1] == (text,)


def test_signs_that_a_workbook_cannot_hold_are_left_out() -> None:
    data = workbook.write(Sheets({"表/一": (("列",), ("甲\x00乙",))}))
    assert workbook.read(data).rows == {"表_一": (("列",), ("甲乙",))}


def test_rows_start_at_the_first_row_even_if_it_is_empty() -> None:
    book = Workbook()
    sheet = book.create_sheet("单位")
    sheet["C7"] = "公安"
    buffer = BytesIO()
    book.save(buffer)
    rows = workbook.read(buffer.getvalue()).rows["单位"]
    assert rows[6][2] == "公安"
    assert len(rows) == 7


def test_marked_cells_are_coloured_noted_and_listed() -> None:
    sheets = Sheets({"单位": (("编码", "名称"), ("police",))})
    marks = [Mark("单位", 2, 2, "“名称”不能为空；请填写。"), Mark("单位", 2, 1, "重复")]
    book = load_workbook(BytesIO(workbook.write_marked(sheets, marks)))
    cell = book["单位"]["B2"]
    assert cell.comment.text == "“名称”不能为空；请填写。"
    assert cell.fill.start_color.rgb == "FFF8CBAD"
    listed = [[cell.value for cell in row] for row in book["问题清单"].iter_rows()]
    assert listed == [
        ["工作表", "单元格", "问题"],
        ["单位", "B2", "“名称”不能为空；请填写。"],
        ["单位", "A2", "重复"],
    ]

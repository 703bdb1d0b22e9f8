"""The workbook that answers are typed into: headings with hints, lists to choose from, a guide; faults marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from definitions.expression import in_words
from packs.answer_sheets import GUIDE, LISTS, MOST_ANSWERS, SERIAL, TAG_LABEL, AnswerBook, Column, Sheet
from packs.workbook import LONGEST_TEXT, Mark, cell_name, column_letters

FAULTS = "问题清单"
_HEADING = Font(bold=True)
_PLAIN_FILL = PatternFill("solid", start_color="FFE8EEF4")
_MUST_FILL = PatternFill("solid", start_color="FFFCE4D6")
_FAULT_FILL = PatternFill("solid", start_color="FFF8CBAD")
_TEXT = "@"

#: Sheet name → its lines, headings first.
Lines = Mapping[str, Sequence[Sequence[str]]]


def write_book(book: AnswerBook, *, lines: Lines | None = None, marks: Iterable[Mark] = ()) -> bytes:
    """The template, or with `lines` the same workbook filled, faulty cells coloured with a note.

    No text in it can become a formula.
    """
    workbook = Workbook()
    workbook.remove(workbook.active)  # type: ignore[arg-type]  # a fresh one always has its first sheet
    listed: dict[tuple[str, ...], str] = {}
    marked = list(marks)
    for sheet in book.sheets:
        given = (lines or {}).get(sheet.name) or [[column.heading for column in sheet.columns]]
        _write_sheet(workbook.create_sheet(sheet.name), sheet, given, listed)
    for mark in marked:
        if mark.sheet in workbook.sheetnames:
            _write_mark(workbook[mark.sheet], mark)
    if marked:
        _write_table(
            workbook.create_sheet(FAULTS),
            [("工作表", "单元格", "问题"), *((m.sheet, cell_name(m.row, m.column), m.text) for m in marked)],
            widths=(16, 10, 80),
        )
    _write_guide(workbook.create_sheet(GUIDE), book)
    _write_lists(workbook.create_sheet(LISTS), listed)
    buffer = BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def _write_sheet(
    sheet: Worksheet, plan: Sheet, lines: Sequence[Sequence[str]], listed: dict[tuple[str, ...], str]
) -> None:
    by_heading = {column.heading: column for column in plan.columns}
    sheet.freeze_panes = "B2"
    for number, heading in enumerate(lines[0], 1):
        letters = column_letters(number)
        column = by_heading.get(heading)
        _put(sheet, 1, number, heading)
        cell = sheet.cell(1, number)
        cell.font, cell.alignment = (
            _HEADING,
            Alignment(wrap_text=True, vertical="center", horizontal="center"),
        )
        cell.fill = _MUST_FILL if column and column.required else _PLAIN_FILL
        # Text, so that 001 stays 001 and a date stays as it was typed.
        sheet.column_dimensions[letters].number_format = _TEXT
        sheet.column_dimensions[letters].width = min(
            max(sum(2 if ord(c) > 255 else 1 for c in heading) + 4, 12), 40
        )
        if column is not None:
            if column.hint:
                cell.comment = Comment(_hint(column), "评督", height=140, width=300)
            if column.choices and not column.several:
                _offer(
                    sheet, letters, listed.setdefault(column.choices, column_letters(len(listed) + 1)), column
                )
    for row, line in enumerate(lines[1:], 2):
        for number, text in enumerate(line, 1):
            if text:
                _put(sheet, row, number, text)
                sheet.cell(row, number).number_format = _TEXT


def _hint(column: Column) -> str:
    offered = f"\n可填：{'、'.join(column.choices[:40])}" if column.several else ""
    return f"{column.hint}{offered}"[:1500]


def _put(sheet: Worksheet, row: int, number: int, text: str) -> None:
    cell = sheet.cell(row, number)
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)[:LONGEST_TEXT]
    # Without this a text that starts with "=" is written as a live formula.
    cell.data_type = "s"


def _offer(sheet: Worksheet, letters: str, source: str, column: Column) -> None:
    rule = DataValidation(
        type="list",
        formula1=f"'{LISTS}'!${source}$1:${source}${len(column.choices)}",
        allow_blank=True,
        showErrorMessage=True,
        errorTitle="不在列表中",
        error="请从列表中选一项。",
    )
    rule.add(f"{letters}2:{letters}{MOST_ANSWERS + 1}")
    sheet.add_data_validation(rule)


def _write_mark(sheet: Worksheet, mark: Mark) -> None:
    cell = sheet.cell(mark.row, mark.column)
    cell.fill = _FAULT_FILL
    earlier = f"{cell.comment.text}\n" if cell.comment is not None and mark.row > 1 else ""
    cell.comment = Comment(f"{earlier}{mark.text}"[:1500], "评督", height=120, width=300)


def _write_table(sheet: Worksheet, rows: Sequence[Sequence[str]], *, widths: Sequence[int]) -> None:
    for row, line in enumerate(rows, 1):
        for number, text in enumerate(line, 1):
            _put(sheet, row, number, text)
            cell = sheet.cell(row, number)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if row == 1:
                cell.font, cell.fill = _HEADING, _PLAIN_FILL
    for number, width in enumerate(widths, 1):
        sheet.column_dimensions[column_letters(number)].width = width


def _write_guide(sheet: Worksheet, book: AnswerBook) -> None:
    form, labels = book.form, book.form.words_for_expressions()
    main = book.sheets[0].name
    rows = [
        ("项目", "说明", ""),
        ("表单", form.name, ""),
        (TAG_LABEL, book.tag, "请不要改动，导入时据此核对"),
        ("怎样填", f"在“{main}”表从第 2 行起，一行一份答卷；橙色标题的列必填，鼠标停在标题上看提示。", ""),
        ("", "有下拉列表的从列表中选；多选的几项之间写顿号；不填的格子留空。", ""),
        ("", "不要改标题和工作表的名称；列的先后可以调整。公式不会运行，请填数值。", ""),
        ("", f"一次最多 {MOST_ANSWERS} 份。填好后上传，系统先试导入，列出每一格的问题，改好再导入。", ""),
        *(
            ("", f"“{sheet.name}”表写重复行，第一列写“{main}”表里的{SERIAL}。", "")
            for sheet in book.sheets
            if sheet.field
        ),
        *(
            ("不能用 Excel 填的", spec.label, "文件和照片请在网上补交，或附在纸质表后")
            for spec in book.left_out
        ),
        ("", "", ""),
        ("工作表", "列", "怎样填"),
        *((sheet.name, column.heading, column.hint) for sheet in book.sheets for column in sheet.columns),
        *(
            ("条件", spec.label, f"仅当 {in_words(spec.visible_when, labels)} 时填写")
            for spec in form.fields
            if spec.visible_when is not None
        ),
    ]
    _write_table(sheet, rows, widths=(18, 50, 60))


def _write_lists(sheet: Worksheet, listed: Mapping[tuple[str, ...], str]) -> None:
    for number, choices in enumerate(listed, 1):
        for row, text in enumerate(choices, 1):
            _put(sheet, row, number, text)
    sheet.sheet_state = "hidden"

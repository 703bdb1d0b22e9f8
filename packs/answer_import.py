"""What an uploaded workbook of answers says, cell by cell, before anything is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from werkzeug.datastructures import MultiDict

from definitions.expression import in_words
from definitions.texts import clean
from forms.answers import bind
from forms.builder import PREFIX
from forms.context import Context
from forms.fields.base import Field, Posted
from forms.fields.rows import Rows
from packs.answer_sheets import GUIDE, MOST_ANSWERS, SERIAL, TAG_LABEL, AnswerBook, Column, Sheet, extra_key
from packs.roster_import import CellFault
from packs.workbook import Cell, Mark, Sheets, cell_text

LONGEST_SERIAL = 40
_LONGEST_CELL = 20_000
_MEND = "请在此格改正"
_LONGEST_OFFER = 60


@dataclass(frozen=True)
class ReadAnswer:
    """One line without fault. row: of the main sheet. extras: key → key of the entry chosen."""

    row: int
    serial: str
    answers: Mapping[str, Any]
    extras: Mapping[str, str]


@dataclass(frozen=True)
class AnswerImport:
    """The dry run. total: lines that hold anything; good: those without fault, in their order."""

    total: int
    good: tuple[ReadAnswer, ...]
    faults: tuple[CellFault, ...]
    ignored_sheets: tuple[str, ...] = ()

    def marks(self) -> tuple[Mark, ...]:
        """The faults as marks for `packs.answer_workbook.write_book`."""
        return tuple(
            Mark(fault.sheet, fault.row, fault.column, f"{fault.wrong}；{fault.remedy}。")
            for fault in self.faults
        )


@dataclass
class _Line:
    """One form while it is read: its cells by (field, suffix), and where they stand."""

    row: int
    serial: str = ""
    cells: dict[tuple[str, str], str] = field(default_factory=dict)
    extras: dict[str, str] = field(default_factory=dict)
    places: dict[tuple[str, str], tuple[str, int, int]] = field(default_factory=dict)
    lines: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    faulty: bool = False


Fixed = Callable[[Mapping[str, str]], Mapping[str, str]]


@dataclass
class _Reading:
    book: AnswerBook
    context: Context
    fixed: Fixed
    faults: list[CellFault] = field(default_factory=list)
    lines: dict[str, _Line] = field(default_factory=dict)
    total: int = 0

    def fault(self, place: tuple[str, int, int], value: str, wrong: str, remedy: str) -> None:
        """Note one cell at fault."""
        sheet, row, column = place
        self.faults.append(CellFault(sheet, row, column, value[:80], wrong, remedy))


def nothing_fixed(_extras: Mapping[str, str]) -> Mapping[str, str]:
    """What stands whatever a line says, where nothing does."""
    return {}


def check_answers(
    sheets: Sheets, book: AnswerBook, context: Context, fixed: Fixed = nothing_fixed
) -> AnswerImport:
    """Every line of the workbook read as the form would read it, with every cell at fault. Takes nothing.

    context: lists as they are now, and the time of the import. fixed: the extras of a line → field key → the answer,
    as it would be posted, that stands whatever the line says.
    """
    reading = _Reading(book, context, fixed)
    wanted = {sheet.name for sheet in book.sheets}
    main = book.sheets[0]
    if main.name not in sheets.rows:
        first = sheets.names[0] if sheets.names else main.name
        remedy = "请下载本表的模板，在模板里填写，不要改工作表的名称"
        return AnswerImport(0, (), (CellFault(first, 1, 1, "", f"没有“{main.name}”工作表", remedy),))
    _refuse_other_form(reading, sheets)
    for sheet in book.sheets:
        if sheet.name in sheets.rows and not (sheet is not main and reading.faults and not reading.lines):
            _read_sheet(reading, sheet, sheets.rows[sheet.name])
    good = [read for line in reading.lines.values() if (read := _read(reading, line)) is not None]
    ignored = tuple(name for name in sheets.names if name not in wanted and name not in _OURS)
    return AnswerImport(reading.total, tuple(good), tuple(_in_order(reading)), ignored)


_OURS = {GUIDE, "选项", "问题清单"}


def _in_order(reading: _Reading) -> list[CellFault]:
    names = [sheet.name for sheet in reading.book.sheets]
    return sorted(
        reading.faults,
        key=lambda fault: (names.index(fault.sheet) if fault.sheet in names else -1, fault.row, fault.column),
    )


def _refuse_other_form(reading: _Reading, sheets: Sheets) -> None:
    for number, row in enumerate(sheets.rows.get(GUIDE, ()), 1):
        if len(row) > 1 and cell_text(row[0]) == TAG_LABEL and cell_text(row[1]) != reading.book.tag:
            wrong = f"这是“{cell_text(row[1])[:60]}”的工作簿，现在要的是“{reading.book.tag}”"
            reading.fault(
                (GUIDE, number, 2), cell_text(row[1]), wrong, "请下载现行模板，把内容复制过去再上传"
            )


def _read_sheet(reading: _Reading, sheet: Sheet, rows: tuple[tuple[Cell, ...], ...]) -> None:
    columns = _header(reading, sheet, rows[0] if rows else ())
    if columns is None:
        return
    for number, cells in enumerate(rows[1:], start=2):
        texts = {place: text_of(cells[place - 1]) for place in columns if place <= len(cells)}
        if not any(texts.values()):
            continue
        if sheet.field:
            _read_row(reading, sheet, number, columns, texts)
            continue
        reading.total += 1
        if reading.total > MOST_ANSWERS:
            wrong = f"一次最多导入 {MOST_ANSWERS} 份"
            reading.fault((sheet.name, number, 1), "", wrong, "请把后面的另存一个文件，分次导入")
            return
        _read_line(reading, sheet, number, columns, texts)


def _header(reading: _Reading, sheet: Sheet, heading: tuple[Cell, ...]) -> dict[int, Column] | None:
    """Column number → column; None when the headings cannot be used."""
    by_heading = {column.heading: column for column in sheet.columns}
    found: dict[int, Column] = {}
    before = len(reading.faults)
    for number, cell in enumerate(heading, start=1):
        title = heading_text(cell)
        if not title:
            continue
        column = by_heading.get(title)
        if column is None:
            reading.fault((sheet.name, 1, number), title, "不认识的列", "请照模板改正标题，或删去此列")
        elif column in found.values():
            reading.fault((sheet.name, 1, number), title, "列重复", "请只保留一列")
        else:
            found[number] = column
    for column in sheet.columns:
        if column.required and column not in found.values():
            reading.fault((sheet.name, 1, 1), "", f"缺少“{column.heading}”列", "请照模板补上此列")
    return found if len(reading.faults) == before else None


def heading_text(cell: Cell) -> str:
    """A heading with its blanks as the template writes them."""
    return " ".join(cell_text(cell).split())


def text_of(cell: Cell) -> str:
    """A cell as the form wants it typed."""
    if isinstance(cell, datetime):
        midnight = cell.time() == time(0)
        return cell.date().isoformat() if midnight else cell.strftime("%Y-%m-%d %H:%M")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return cell.strftime("%H:%M")
    if isinstance(cell, timedelta):
        minutes = int(cell.total_seconds()) // 60
        return f"{minutes // 60:02d}:{minutes % 60:02d}"
    return clean(cell_text(cell))


def _read_line(
    reading: _Reading, sheet: Sheet, number: int, columns: Mapping[int, Column], texts: Mapping[int, str]
) -> None:
    line = _Line(number)
    before = len(reading.faults)
    for place, column in columns.items():
        text, where = texts.get(place, ""), (sheet.name, number, place)
        line.places[column.field, column.suffix] = where
        if column.field == "" and column.suffix == SERIAL:
            line.serial = text
        elif column.field == "":
            _read_extra(reading, line, column, text, where)
        elif text and _acceptable(reading, column, text, where):
            line.cells[column.field, column.suffix] = text
    serial_at = line.places["", SERIAL]
    if not line.serial or len(line.serial) > LONGEST_SERIAL:
        wrong = "没有编号" if not line.serial else f"编号超过 {LONGEST_SERIAL} 字"
        reading.fault(serial_at, line.serial, wrong, "请给这份答卷写一个不重复的编号")
    elif line.serial in reading.lines:
        wrong = f"编号与第{reading.lines[line.serial].row}行重复"
        reading.fault(serial_at, line.serial, wrong, "请核对是否重复录入；不重复的请改编号")
    line.faulty = len(reading.faults) > before
    reading.lines.setdefault(line.serial if line.serial not in reading.lines else f"\0{number}", line)


def _read_extra(
    reading: _Reading, line: _Line, column: Column, text: str, where: tuple[str, int, int]
) -> None:
    extra = next(extra for extra in reading.book.extras if extra.key == column.suffix)
    if not text:
        if extra.required:
            remedy = "请照卡片填写" if extra.free else "请从列表中选一项"
            reading.fault(where, "", f"“{column.heading}”不能为空", remedy)
        return
    key = extra_key(extra, text)
    if key is None:
        reading.fault(where, text, f"没有这个{column.heading}", "请从列表中选一项")
    else:
        line.extras[extra.key] = key


def _acceptable(reading: _Reading, column: Column, text: str, where: tuple[str, int, int]) -> bool:
    """Whether the cell can be read at all; its meaning is the field's own matter."""
    if len(text) > _LONGEST_CELL:
        reading.fault(where, text, f"超过 {_LONGEST_CELL} 字", "请缩短")
        return False
    spec = reading.book.form.field(column.field)
    if not column.choices or column.several or spec is None:
        return True
    cell: Field = spec
    cells = {column.suffix: text}
    if isinstance(spec, Rows):
        cell = next(item for item in spec.of if item.key == column.suffix).as_field()
        cells = {"": text}
    meant = [value for values in cell.posted_from_cells(cells, reading.context).values() for value in values]
    known = {entry.key for entry in cell.options_for(reading.context)}
    if set(meant) <= known:
        return True
    reading.fault(where, text, "不是可选的一项", f"请从列表中选：{_offered(column.choices)}")
    return False


def _offered(choices: tuple[str, ...]) -> str:
    """What can be chosen, as much of it as a cell of a list holds; the workbook has the whole list."""
    shown: list[str] = []
    for choice in choices:
        if shown and len("、".join([*shown, choice])) > _LONGEST_OFFER:
            return "、".join(shown) + f"等{len(choices)}项"
        shown.append(choice)
    return "、".join(shown)


def _read_row(
    reading: _Reading, sheet: Sheet, number: int, columns: Mapping[int, Column], texts: Mapping[int, str]
) -> None:
    places = {column.suffix: place for place, column in columns.items()}
    serial = texts.get(places[SERIAL], "")
    line = reading.lines.get(serial)
    if line is None:
        where = (sheet.name, number, places[SERIAL])
        wrong = "没有写编号" if not serial else f"“{reading.book.sheets[0].name}”表里没有这个编号"
        reading.fault(where, serial, wrong, "请写这一行所属答卷的编号")
        return
    kept: dict[str, str] = {}
    for place, column in columns.items():
        text = texts.get(place, "")
        if column.field and text:
            if _acceptable(reading, column, text, (sheet.name, number, place)):
                kept[column.suffix] = text
            else:
                line.faulty = True
    line.places.setdefault((sheet.field, ""), (sheet.name, number, places[SERIAL]))
    line.lines.setdefault(sheet.field, []).append(kept)


def _read(reading: _Reading, line: _Line) -> ReadAnswer | None:
    """The line as the form reads it, or None with its faults noted."""
    form = reading.book.form
    post: MultiDict[str, str] = MultiDict()
    for spec in form.fields:
        for suffix, values in _posted(spec, line, reading.context).items():
            for value in values:
                post.add(f"{PREFIX}{spec.key}" + (f"-{suffix}" if suffix else ""), value)
    for key, text in reading.fixed(line.extras).items():
        post.setlist(f"{PREFIX}{key}", [text])
    bound = bind(form, post, choices=reading.context.choices, now=reading.context.now)
    told = line.faulty
    for control in bound.form:
        written = any(field == control.spec.key for field, _ in line.cells) or control.spec.key in line.lines
        if (
            control.asked
            and control.errors
            and not (told and not written and _fault_told(reading, line, control.spec))
        ):
            for sentence in control.errors:
                reading.fault(_place(line, control.spec), "", str(sentence).rstrip("。"), _MEND)
                line.faulty = True
        elif not control.asked and written and control.spec.visible_when is not None:
            when = in_words(control.spec.visible_when, form.words_for_expressions())
            wrong = f"“{control.spec.label}”在这份答卷里不用填（仅当 {when} 时填写）"
            reading.fault(_place(line, control.spec), "", wrong, "请清空，或核对前面的答案")
            line.faulty = True
    if line.faulty or bound.answers is None:
        return None
    return ReadAnswer(line.row, line.serial, bound.answers, line.extras)


def _fault_told(reading: _Reading, line: _Line, spec: Field) -> bool:
    """Whether a cell of this field was already said to be at fault, so that “missing” need not be said too."""
    places = {where for (field, _), where in line.places.items() if field == spec.key}
    return any((fault.sheet, fault.row, fault.column) in places for fault in reading.faults)


def _posted(spec: Field, line: _Line, context: Context) -> Posted:
    if isinstance(spec, Rows):
        return spec.posted_from_lines(line.lines.get(spec.key, []), context)
    cells = {suffix: text for (field, suffix), text in line.cells.items() if field == spec.key}
    return spec.posted_from_cells(cells, context) if cells else {}


def _place(line: _Line, spec: Field) -> tuple[str, int, int]:
    """Where a fault of a field is shown: its first cell, or the line's serial."""
    own = [where for (field, _), where in line.places.items() if field == spec.key]
    return own[0] if own else line.places["", SERIAL]

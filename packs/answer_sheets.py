"""How answers to a form look as a workbook: one line a form, lists beside it, repeating rows in sheets of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from forms.choices import Entry
from forms.context import Context
from forms.definition import FormDefinition
from forms.fields.base import Field, SheetColumn
from forms.fields.file import File
from forms.fields.rows import Rows
from forms.fields.ticked import key_written, written

MAIN = "答卷"
GUIDE = "填写说明"
LISTS = "选项"
SERIAL = "编号"
#: Where the guide says which form and version the workbook is for.
TAG_LABEL = "表单标识"
MOST_ANSWERS = 2_000
MOST_COLUMNS = 1_000
_FORBIDDEN = re.compile(r"[\\*?:/\[\]'\x00-\x1f]")
_LONGEST_NAME = 28


@dataclass(frozen=True)
class Column:
    """One column: which field and part of its answer it holds; a field of "" is the serial or an extra."""

    field: str
    suffix: str
    heading: str
    hint: str
    choices: tuple[str, ...] = ()
    several: bool = False
    required: bool = False


@dataclass(frozen=True)
class Sheet:
    """One sheet. field: the repeating rows it holds, empty for the main sheet."""

    name: str
    field: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Extra:
    """Something asked beside the form's own questions: who reported, the code of a card.

    entries: what can be chosen; none of it where `free` says that anything is written.
    """

    key: str
    heading: str
    hint: str
    entries: Sequence[Entry]
    required: bool = True
    free: bool = False


@dataclass(frozen=True)
class AnswerBook:
    """The workbook of one version of a form. left_out: questions that no workbook can hold."""

    form: FormDefinition
    sheets: tuple[Sheet, ...]
    extras: tuple[Extra, ...]
    left_out: tuple[Field, ...]

    @property
    def tag(self) -> str:
        """What says for which form and version a workbook is."""
        return f"{self.form.key} 第{self.form.version}版"

    def sheet(self, name: str) -> Sheet | None:
        """The sheet of that name."""
        return next((sheet for sheet in self.sheets if sheet.name == name), None)


class BookRefused(Exception):
    """A form whose answers cannot come by workbook; `sentence` says why and what to do."""

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        self.sentence = sentence
        super().__init__(sentence)


@dataclass
class _Names:
    """Headings or sheet names, no two alike."""

    taken: set[str] = field(default_factory=set)

    def free(self, wanted: str, longest: int = 200) -> str:
        """The name, with a number behind it where it is taken."""
        name, number = wanted[:longest], 2
        while name.casefold() in self.taken:
            name = f"{wanted[: longest - 5]}（{number}）"
            number += 1
        self.taken.add(name.casefold())
        return name


def book_of(form: FormDefinition, context: Context, extras: Sequence[Extra] = ()) -> AnswerBook:
    """The workbook for answers to a form. Raises BookRefused."""
    left_out = tuple(spec for spec in form.fields if isinstance(spec, File))
    demanded = [spec.label for spec in left_out if spec.required]
    if demanded:
        raise BookRefused(
            "files_required",
            f"这张表必须交{'、'.join(demanded)}，Excel 里放不下文件，请逐份录入或在网上填写。",
        )
    names = _Names({GUIDE.casefold(), LISTS.casefold()})
    main = Sheet(names.free(MAIN), "", tuple(_main_columns(form, context, extras)))
    others = [
        Sheet(
            names.free(_FORBIDDEN.sub("", spec.label) or spec.key, _LONGEST_NAME),
            spec.key,
            _lines(spec, context),
        )
        for spec in form.fields
        if isinstance(spec, Rows)
    ]
    if len(main.columns) > MOST_COLUMNS:
        raise BookRefused(
            "too_wide", f"这张表要用 {len(main.columns)} 列，超过 {MOST_COLUMNS} 列，不能用 Excel 录入。"
        )
    return AnswerBook(form, (main, *others), tuple(extras), left_out)


def _main_columns(form: FormDefinition, context: Context, extras: Sequence[Extra]) -> Iterator[Column]:
    names = _Names({SERIAL})
    yield Column("", SERIAL, SERIAL, "每份答卷一个编号，不能重复；纸质表写表上的编号", required=True)
    for extra in extras:
        offered = tuple(written(entry) for entry in extra.entries)
        yield Column("", extra.key, names.free(extra.heading), extra.hint, offered, required=extra.required)
    for spec in form.fields:
        if not spec.own_sheet:
            for column in spec.sheet_columns(context):
                yield _column(spec, column, names)


def _lines(spec: Rows, context: Context) -> tuple[Column, ...]:
    names = _Names({SERIAL})
    serial = Column("", SERIAL, SERIAL, f"写“{MAIN}”表里的编号；一份答卷有几行就写几行", required=True)
    return (serial, *(_column(spec, column, names) for column in spec.sheet_columns(context)))


def _column(spec: Field, column: SheetColumn, names: _Names) -> Column:
    words = [
        "必填" if spec.required and not spec.own_sheet else "",
        "按条件填写" if spec.visible_when is not None or spec.required_when is not None else "",
        column.hint,
        spec.hint,
    ]
    return Column(
        field=spec.key,
        suffix=column.suffix,
        heading=names.free(" ".join(column.heading.split())),
        hint="；".join(word for word in words if word),
        choices=column.choices,
        several=column.several,
        required=spec.required and not spec.own_sheet,
    )


def cells_of(
    book: AnswerBook, serial: str, answers: Mapping[str, Any], context: Context, extras: Mapping[str, str]
) -> dict[str, list[list[str]]]:
    """One filled form as lines of the workbook: sheet name → lines of cells, in the order of the columns."""
    lines: dict[str, list[list[str]]] = {sheet.name: [] for sheet in book.sheets}
    for sheet in book.sheets:
        if sheet.field:
            spec = book.form.field(sheet.field)
            rows = spec.lines_from(answers.get(sheet.field), context) if isinstance(spec, Rows) else []
            lines[sheet.name] = [
                [serial if column.field == "" else row.get(column.suffix, "") for column in sheet.columns]
                for row in rows
            ]
            continue
        cells = {
            (spec.key, suffix): text
            for spec in book.form.fields
            if not spec.own_sheet and answers.get(spec.key) is not None
            for suffix, text in spec.cells_from(answers[spec.key], context).items()
        }
        own = {SERIAL: serial, **extras}
        lines[sheet.name] = [
            [
                own.get(column.suffix, "")
                if column.field == ""
                else cells.get((column.field, column.suffix), "")
                for column in sheet.columns
            ]
        ]
    return lines


def extra_key(extra: Extra, text: str) -> str | None:
    """The key that a cell of an extra column names, or what is written there; None when it names none."""
    if extra.free:
        return text
    key = key_written(text, extra.entries)
    return key if any(entry.key == key for entry in extra.entries) else None

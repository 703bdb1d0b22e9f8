"""Repeating rows with totals."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, ClassVar, Literal

from pydantic import Field as Setting

from definitions.base import Definition, Key, Text
from definitions.expression import ValueType
from definitions.operators import number as exact
from definitions.operators import whole
from forms.context import Context
from forms.fields.base import AnswerRefused, Field, Option, Posted, SheetColumn, Summary, Words
from forms.fields.choice import Choice
from forms.fields.date import Date
from forms.fields.number import Number, as_text, figures_of
from forms.fields.short_text import ShortText
from forms.fields.ticked import counts_by_name, repeated
from forms.handwriting import Markup, Picture, table
from forms.tally import Tally, numbers_in

MOST_ROWS = 200
#: Empty lines on a blank form, if as many may be filled.
_BLANK_LINES = 6
_SUFFIX = re.compile(r"(\d{1,6})-([a-z][a-z0-9_]*)")


class Column(Definition):
    """One column of a table that people fill row by row."""

    key: Key
    label: Text
    type: Literal["short_text", "number", "date", "choice"] = "short_text"
    required: bool = False
    total: bool = False
    decimals: int = 0
    max_length: int = 100
    options: tuple[Option, ...] = ()

    #: As `Field.asked_as`.
    asked_as: ClassVar[Mapping[str, Words]] = {
        "label": Words("列名"),
        "type": Words(
            "填什么", "", {"short_text": "文字", "number": "数字", "date": "日期", "choice": "单选"}
        ),
        "required": Words("必填"),
        "total": Words("合计"),
        "decimals": Words("小数位数"),
        "max_length": Words("最多字数"),
        "options": Words("选项", "单选列才填，用顿号隔开"),
    }

    def as_field(self) -> Field:
        """The field type that reads one cell."""
        basis = {"key": self.key, "label": self.label}
        if self.type == "number":
            return Number(**basis, decimals=self.decimals)
        if self.type == "choice":
            return Choice(**basis, options=self.options)
        if self.type == "date":
            return Date(**basis)
        return ShortText(**basis, max_length=self.max_length)


class Rows(Field):
    """A table with as many rows as needed; the answer is a list of rows, blank ones dropped."""

    type: Literal["rows"] = "rows"
    # `columns` is every field's export heading, so the setting has its own name inside.
    of: tuple[Column, ...] = Setting(alias="columns")
    at_least: int = 0
    at_most: int = 20

    words: ClassVar[str] = "重复行"
    asked_as: ClassVar[Mapping[str, Words]] = {
        "of": Words("列"),
        "at_least": Words("至少填几行", "0 表示不限"),
        "at_most": Words("最多填几行"),
    }
    starter: ClassVar[Mapping[str, Any]] = {
        "columns": (
            {"key": "column_1", "label": "第一列"},
            {"key": "column_2", "label": "第二列"},
        )
    }
    value_type: ClassVar[ValueType | None] = ValueType.NUMBER
    grouped: ClassVar[bool] = True
    wide: ClassVar[bool] = True
    own_sheet: ClassVar[bool] = True

    def own_faults(self) -> Iterator[tuple[str, str]]:
        if not self.of:
            yield "columns", "至少要有一列"
        for key in repeated(column.key for column in self.of):
            yield "columns", f"列的键“{key}”重复"
        for index, column in enumerate(self.of):
            if column.total and column.type != "number":
                yield f"columns[{index}].total", "只有数字列可以合计"
            for setting, sentence in column.as_field().own_faults():
                yield f"columns[{index}].{setting}", sentence
        if not 1 <= self.at_most <= MOST_ROWS:
            yield "at_most", f"最多行数应在 1 和 {MOST_ROWS} 之间"
        if not 0 <= self.at_least <= self.at_most:
            yield "at_least", "最少行数应在 0 和最多行数之间"

    def fact_types(self) -> dict[str, ValueType]:
        totals = {f"{self.key}.{column.key}": ValueType.NUMBER for column in self.of if column.total}
        return {self.key: ValueType.NUMBER, **totals}

    def holds_typed(self, suffix: str, value: str, context: Context) -> bool:
        match = _SUFFIX.fullmatch(suffix)
        cells = {column.key: column.as_field() for column in self.of}
        return match is not None and match[2] in cells and cells[match[2]].holds_typed("", value, context)

    def collect(self, name: str, formdata: Any, context: Context) -> Posted:
        prefix = f"{name}-"
        found = {}
        for posted_name in formdata:
            if posted_name.startswith(prefix) and _SUFFIX.fullmatch(posted_name[len(prefix) :]):
                found[posted_name[len(prefix) :]] = list(formdata.getlist(posted_name))
        return found

    def lines(self, posted: Posted) -> list[dict[str, str]]:
        """What was typed, row by row in the order of their numbers; wholly blank rows left out."""
        by_index: dict[int, dict[str, str]] = {}
        known = {column.key for column in self.of}
        for suffix, values in posted.items():
            match = _SUFFIX.fullmatch(suffix)
            if match and match[2] in known and values and values[0].strip():
                by_index.setdefault(int(match[1]), {})[match[2]] = values[0]
        return [by_index[index] for index in sorted(by_index)]

    def parse(self, posted: Posted, context: Context) -> list[dict[str, Any]] | None:
        lines = self.lines(posted)
        if len(lines) > self.at_most:
            raise AnswerRefused(
                f"“{self.label}”最多 {self.at_most} 行，现在有 {len(lines)} 行，请删去多余的行"
            )
        faults: list[str] = []
        answer = [self._line(line, index, faults, context) for index, line in enumerate(lines, 1)]
        if faults:
            raise AnswerRefused(f"“{self.label}”" + "；".join(faults[:5]))
        return answer or None

    def _line(self, line: dict[str, str], index: int, faults: list[str], context: Context) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for column in self.of:
            cell = column.as_field()
            try:
                value = cell.parse({"": [line.get(column.key, "")]}, context)
                if value is not None:
                    cell.check(value, context)
                    kept[column.key] = value
                elif column.required:
                    faults.append(f"第 {index} 行请填写“{column.label}”")
            except AnswerRefused as refused:
                faults.append(f"第 {index} 行{refused}")
        return kept

    def check(self, answer: Any, context: Context) -> None:
        if len(answer) < self.at_least:
            raise AnswerRefused(f"“{self.label}”至少要填 {self.at_least} 行，现在有 {len(answer)} 行，请补充")

    def totals(self, answer: Sequence[dict[str, Any]]) -> dict[str, int | Fraction]:
        """Column key → exact sum, for the columns that are summed."""
        sums: dict[str, int | Fraction] = {}
        for column in self.of:
            if column.total:
                values = [exact(row.get(column.key)) or 0 for row in answer]
                sums[column.key] = whole(sum(values, Fraction(0)))
        return sums

    def facts(self, answer: Any) -> dict[str, Any]:
        """Expressions see the number of rows, and each total as ``field.column``."""
        if not answer:
            return {self.key: None}
        return {self.key: len(answer), **{f"{self.key}.{k}": v for k, v in self.totals(answer).items()}}

    def posted_from(self, answer: Any) -> Posted:
        return {
            f"{index}-{key}": [str(value)]
            for index, row in enumerate(answer or ())
            for key, value in row.items()
        }

    def missing_sentence(self) -> str:
        return f"请填写“{self.label}”，至少 {max(self.at_least, 1)} 行"

    def printed(self, answer: Any, context: Context | None = None) -> str:
        cells = {column.key: column.as_field() for column in self.of}
        lines = [
            "，".join(cells[key].printed(value, context) for key, value in row.items() if key in cells)
            for row in answer or ()
        ]
        decimals = {column.key: column.decimals for column in self.of}
        names = {column.key: column.label for column in self.of}
        sums = self.totals(answer) if answer else {}
        total = "，".join(f"{names[key]}合计 {as_text(value, decimals[key])}" for key, value in sums.items())
        return "；".join([*lines, total] if total else lines)

    def counted(self, answer: Any) -> Iterable[Hashable]:
        return [("", len(answer)), *(cell for row in answer for cell in row.items())]

    def summed(self, tally: Tally, context: Context | None = None) -> Summary:
        by_column: dict[str, Tally] = {}
        for cell, times in tally.cells.items():
            if isinstance(cell, tuple):
                by_column.setdefault(cell[0], Tally()).cells[cell[1]] += times
        many = numbers_in(by_column.pop("", Tally()).cells.items())
        figures = (
            {"行数": as_text(sum((n * times for n, times in many.items()), Fraction(0)), 0)} if many else {}
        )
        table: dict[str, Mapping[str, int]] = {}
        for column in self.of:
            cells = by_column.get(column.key, Tally())
            if column.type == "number":
                found = figures_of(numbers_in(cells.cells.items()), column.decimals)
                figures |= {
                    f"{column.label}{name}": text for name, text in found.items() if name in ("合计", "平均")
                }
            elif column.type == "choice":
                table[column.label] = counts_by_name({o.key: o.name for o in column.options}, cells)
        return Summary(tally.answered, {}, figures, table=table)

    def answer_schema(self) -> dict[str, Any]:
        row = {
            "type": "object",
            "properties": {column.key: column.as_field().answer_schema() for column in self.of},
            "required": [column.key for column in self.of if column.required],
            "additionalProperties": False,
        }
        return {
            "type": "array",
            "items": row,
            "minItems": max(self.at_least, 1),
            "maxItems": self.at_most,
        }

    def example(self, context: Context) -> Posted:
        return {
            f"{index}-{column.key}": list(column.as_field().example(context)[""])
            for index in range(max(self.at_least, 1))
            for column in self.of
        }

    def blank(self, context: Context) -> Markup:
        lines: list[list[str | Markup]] = [
            [str(number), *("" for _ in self.of)]
            for number in range(1, max(self.at_least, min(self.at_most, _BLANK_LINES)) + 1)
        ]
        if any(column.total for column in self.of):
            lines.append(["合计", *("" if column.total else "／" for column in self.of)])
        return table(["序号", *(self._heading(column) for column in self.of)], lines, css_class="rows empty")

    @staticmethod
    def _heading(column: Column) -> str:
        """Its name, with what can be written where that is a choice."""
        offered = "／".join(option.name for option in column.options)
        must = "＊" if column.required else ""
        return f"{column.label}{must}（{offered}）" if offered else f"{column.label}{must}"

    def paper_remark(self, labels: Mapping[str, str]) -> str:
        least = f"至少 {self.at_least} 行，" if self.at_least else ""
        return f"{least}最多 {self.at_most} 行，不够写可另附纸"

    def filled(self, answer: Any, context: Context, pictures: Sequence[Picture] = ()) -> Markup:
        cells = [(column, column.as_field()) for column in self.of]
        lines: list[list[str | Markup]] = [
            [str(number), *(cell.printed(row.get(column.key), context) for column, cell in cells)]
            for number, row in enumerate(answer or (), 1)
        ]
        sums = self.totals(answer or ())
        if sums:
            shown = [
                as_text(sums[column.key], column.decimals) if column.key in sums else "" for column in self.of
            ]
            lines.append(["合计", *shown])
        return table(["序号", *(column.label for column in self.of)], lines, css_class="rows")

    def sheet_columns(self, context: Context) -> tuple[SheetColumn, ...]:
        found = []
        for column in self.of:
            cell = column.as_field().sheet_columns(context)[0]
            must = "必填" if column.required else ""
            hint = "；".join(filter(None, (must, cell.hint)))
            found.append(SheetColumn(column.key, column.label, hint, cell.choices))
        return tuple(found)

    def posted_from_lines(self, lines: Sequence[Mapping[str, str]], context: Context) -> Posted:
        """What the lines of one form (column key → text) mean as a post."""
        fields = {column.key: column.as_field() for column in self.of}
        return {
            f"{index}-{key}": list(fields[key].posted_from_cells({"": typed}, context)[""])
            for index, line in enumerate(lines)
            for key, typed in line.items()
            if typed and key in fields
        }

    def lines_from(self, answer: Any, context: Context) -> list[Mapping[str, str]]:
        """The inverse of `posted_from_lines`."""
        fields = {column.key: column.as_field() for column in self.of}
        return [
            {key: fields[key].cells_from(value, context)[""] for key, value in row.items() if key in fields}
            for row in answer or ()
        ]

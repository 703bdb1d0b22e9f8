"""Many rows, one scale: targets by grades, or items by grades."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from definitions.expression import ValueType
from forms.choices import Entry
from forms.context import Context
from forms.fields.base import AnswerRefused, Field, Option, Posted, SheetColumn, Summary, Words
from forms.fields.ticked import distinct_names, key_written, option_faults, repeated, written
from forms.handwriting import Markup, Picture, box, table
from forms.tally import Tally


class Matrix(Field):
    """One tick per row; rows are the campaign's targets or a list of items.

    The answer is row key → option key; rows that were left out, or ticked with the abstention, are not in it.
    """

    type: Literal["matrix"] = "matrix"
    rows: Literal["targets"] | tuple[Option, ...]
    options: tuple[Option, ...]
    #: The name of the way out (不了解), or empty for none.
    abstention: str = ""
    #: Every row has to be ticked, with a grade or with the abstention.
    every_row: bool = False

    words: ClassVar[str] = "矩阵"
    asked_as: ClassVar[Mapping[str, Words]] = {
        "rows": Words("评什么", values={"targets": "全部测评对象，每个一行"}),
        "options": Words("可选的档次或选项"),
        "abstention": Words("另加一栏“不了解”之类", "写这一栏的名称；不填表示没有"),
        "every_row": Words("每一行都要选"),
    }
    starter: ClassVar[Mapping[str, Any]] = {
        "rows": ({"key": "row_1", "name": "第一项"}, {"key": "row_2", "name": "第二项"}),
        "options": ({"key": "option_1", "name": "选项一"}, {"key": "option_2", "name": "选项二"}),
    }
    value_type: ClassVar[ValueType | None] = ValueType.NUMBER
    grouped: ClassVar[bool] = True
    wide: ClassVar[bool] = True

    #: What a tick in the abstention's column posts; no option can have this key.
    ABSTAINED: ClassVar[str] = "-"

    def own_faults(self) -> Iterator[tuple[str, str]]:
        yield from option_faults(self.options)
        if self.rows != "targets":
            if not self.rows:
                yield "rows", "至少要有一行"
            for key in repeated(row.key for row in self.rows):
                yield "rows", f"行的键“{key}”重复"

    def rows_for(self, context: Context) -> Sequence[Entry]:
        """The rows; targets stand under their unit."""
        if self.rows == "targets":
            return context.entries("target")
        return [Entry(row.key, row.name) for row in self.rows]

    def options_for(self, context: Context) -> Sequence[Entry]:
        given = [Entry(option.key, option.name) for option in self.options]
        return [*given, Entry(self.ABSTAINED, self.abstention)] if self.abstention else given

    def holds_typed(self, suffix: str, value: str, context: Context) -> bool:
        known = any(row.key == suffix for row in self.rows_for(context))
        return known and super().holds_typed("", value, context)

    def collect(self, name: str, formdata: Any, context: Context) -> Posted:
        return {row.key: list(formdata.getlist(f"{name}-{row.key}")) for row in self.rows_for(context)}

    def parse(self, posted: Posted, context: Context) -> dict[str, str] | None:
        known = {entry.key for entry in self.options_for(context)}
        ticked = {row: values[0] for row, values in posted.items() if values and values[0]}
        if not set(ticked.values()) <= known:
            raise AnswerRefused(f"“{self.label}”里有不在表上的选择，请重新选择")
        if self.every_row:
            self._refuse_gaps(ticked, context)
        return {row: value for row, value in ticked.items() if value != self.ABSTAINED} or None

    def _refuse_gaps(self, ticked: dict[str, str], context: Context) -> None:
        left = [row.label for row in self.rows_for(context) if row.key not in ticked]
        if not ticked or not left:
            return
        shown = "、".join(left[:3]) + ("等" if len(left) > 3 else "")
        raise AnswerRefused(f"“{self.label}”还有 {len(left)} 行没有选：{shown}")

    def posted_from(self, answer: Any) -> Posted:
        return {row: [value] for row, value in (answer or {}).items()}

    def facts(self, answer: Any) -> dict[str, Any]:
        """Expressions see how many rows were graded."""
        return {self.key: len(answer) if answer else None}

    def missing_sentence(self) -> str:
        return f"请在“{self.label}”里至少为一行选择"

    def printed(self, answer: Any, context: Context | None = None) -> str:
        names = {option.key: option.name for option in self.options}
        rows = {row.key: row.label for row in self.rows_for(context or Context())}
        return "；".join(
            f"{rows.get(row, row)}：{names.get(value, value)}" for row, value in (answer or {}).items()
        )

    def counted(self, answer: Any) -> Iterable[Hashable]:
        return tuple(answer.items())

    def summed(self, tally: Tally, context: Context | None = None) -> Summary:
        names = {option.key: option.name for option in self.options}
        rows = distinct_names(self.rows_for(context or Context()))
        table: dict[str, Counter[str]] = {
            label: Counter(dict.fromkeys(names.values(), 0)) for label in rows.values()
        }
        counts: Counter[str] = Counter(dict.fromkeys(names.values(), 0))
        for cell, times in tally.cells.items():
            row, option = cell if isinstance(cell, tuple) else ("", cell)
            name = names.get(option, str(option))
            table.setdefault(rows.get(row, str(row)), Counter())[name] += times
            counts[name] += times
        return Summary(tally.answered, counts, {}, table=table)

    def answer_schema(self) -> dict[str, Any]:
        option = {"type": "string", "enum": [option.key for option in self.options]}
        if self.rows == "targets":
            return {"type": "object", "minProperties": 1, "additionalProperties": option}
        known = {row.key: option for row in self.rows}
        return {"type": "object", "minProperties": 1, "properties": known, "additionalProperties": False}

    def columns(self) -> tuple[tuple[str, str], ...]:
        if self.rows == "targets":
            return ((self.key, self.label),)
        return tuple((f"{self.key}.{row.key}", f"{self.label}：{row.name}") for row in self.rows)

    def export(self, answer: Any, context: Context | None = None) -> tuple[str | int, ...]:
        if self.rows == "targets":
            return super().export(answer, context)
        names = {option.key: option.name for option in self.options}
        return tuple(names.get((answer or {}).get(row.key, ""), "") for row in self.rows)

    def example(self, context: Context) -> Posted:
        return {row.key: [self.options[0].key] for row in self.rows_for(context)}

    def blank(self, context: Context) -> Markup:
        return self._printed_table(self.rows_for(context), {}, context)

    def paper_remark(self, labels: Mapping[str, str]) -> str:
        return "每行选一项，每行都要选" if self.every_row else "每行最多选一项"

    def filled(self, answer: Any, context: Context, pictures: Sequence[Picture] = ()) -> Markup:
        given = answer or {}
        rows = [row for row in self.rows_for(context) if row.key in given]
        rows += [Entry(key, key) for key in given if all(row.key != key for row in rows)]
        return self._printed_table(rows, given, context)

    def _printed_table(self, rows: Sequence[Entry], given: Mapping[str, str], context: Context) -> Markup:
        """One line a row with a box for each option; rows with headings are numbered through."""
        options = self.options_for(context)
        if given:
            options = [option for option in options if option.key != self.ABSTAINED]
        grouped = any(row.group for row in rows)
        head = [
            *(["序号", "单位", "测评对象"] if grouped else ["项目"]),
            *(option.label for option in options),
        ]
        lines: list[list[str | Markup]] = []
        for number, row in enumerate(rows, 1):
            names: list[str | Markup] = [str(number), row.group, row.label]
            marks = [box(given.get(row.key) == option.key) for option in options]
            lines.append([*(names if grouped else [row.label]), *marks])
        return table(head, lines, css_class="matrix grouped" if grouped else "matrix")

    def sheet_columns(self, context: Context) -> tuple[SheetColumn, ...]:
        offered = tuple(option.label for option in self.options_for(context))
        return tuple(
            SheetColumn(row.key, f"{self.label}：{written(row)}", "从列表中选一项", offered)
            for row in self.rows_for(context)
        )

    def posted_from_cells(self, cells: Mapping[str, str], context: Context) -> Posted:
        options = self.options_for(context)
        return {row: [key_written(typed, options)] for row, typed in cells.items() if typed}

    def cells_from(self, answer: Any, context: Context) -> Mapping[str, str]:
        names = {option.key: option.label for option in self.options_for(context)}
        return {row: names.get(value, value) for row, value in (answer or {}).items()}

"""A time of day."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from typing import Any, ClassVar, Literal

from definitions.expression import ValueType
from definitions.texts import narrow
from forms.context import Context
from forms.fields.base import AnswerRefused, Field, Posted, SheetColumn, Summary
from forms.handwriting import Markup, gaps
from forms.tally import Tally

_TIME = re.compile(r"([01]?\d|2[0-3])[:时点]([0-5]\d)分?(?::[0-5]\d)?")


class Time(Field):
    """A time of day on the office's wall clock; kept as 09:30."""

    type: Literal["time"] = "time"
    words: ClassVar[str] = "时间"
    value_type: ClassVar[ValueType | None] = ValueType.DATE

    def parse(self, posted: Posted, context: Context) -> str | None:
        typed = narrow(self.first(posted))
        if not typed:
            return None
        match = _TIME.fullmatch(typed)
        if match is None:
            raise AnswerRefused(f"“{self.label}”不是有效的时间，请写作 09:30")
        return f"{int(match[1]):02d}:{match[2]}"

    def export(self, answer: Any, context: Context | None = None) -> tuple[str | int, ...]:
        return (answer or "",)

    def example(self, context: Context) -> Posted:
        return {"": ["09:30"]}

    def blank(self, context: Context) -> Markup:
        return gaps("时", "分")

    def sheet_columns(self, context: Context) -> tuple[SheetColumn, ...]:
        return (SheetColumn("", self.label, "写作 09:30"),)

    def counted(self, answer: Any) -> Iterable[Hashable]:
        return (f"{str(answer)[:2]}时",)

    def summed(self, tally: Tally, context: Context | None = None) -> Summary:
        return Summary(
            tally.answered, {str(key): tally.cells[key] for key in sorted(tally.cells, key=str)}, {}
        )

    def answer_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}

"""A time of day."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from definitions.expression import ValueType
from definitions.texts import narrow
from forms.context import Context
from forms.fields.base import AnswerRefused, Field, Posted, SheetColumn
from forms.handwriting import Markup, gaps

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

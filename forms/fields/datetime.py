"""A day with its time."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, ClassVar, Literal

from definitions.expression import ValueType
from definitions.texts import narrow
from forms.context import Context
from forms.fields.base import AnswerRefused, Field, Posted, SheetColumn, Summary, Words
from forms.fields.date import day_from
from forms.handwriting import Markup, gaps
from forms.tally import Tally

_PARTS = re.compile(r"(.+?)[T ]\s*(\d{1,2}):(\d{2})(?::\d{2})?")


class DateTime(Field):
    """A day and time on the office's wall clock; kept as 2012-04-09T09:30."""

    type: Literal["datetime"] = "datetime"
    #: The time of filling is the last possible one.
    not_future: bool = False

    words: ClassVar[str] = "日期和时间"
    asked_as: ClassVar[Mapping[str, Words]] = {
        "not_future": Words("不能晚于填表的时刻"),
    }
    value_type: ClassVar[ValueType | None] = ValueType.DATE

    def parse(self, posted: Posted, context: Context) -> str | None:
        typed = narrow(self.first(posted))
        if not typed:
            return None
        match = _PARTS.fullmatch(typed)
        day = day_from(match[1]) if match else None
        if match is None or day is None or int(match[2]) > 23 or int(match[3]) > 59:
            raise AnswerRefused(f"“{self.label}”不是有效的日期和时间，请写作 2012-04-09 09:30")
        return f"{day.isoformat()}T{int(match[2]):02d}:{match[3]}"

    def check(self, answer: Any, context: Context) -> None:
        if self.not_future and answer > context.local_now().strftime("%Y-%m-%dT%H:%M"):
            raise AnswerRefused(f"“{self.label}”不能晚于现在，请修改")

    def printed(self, answer: Any, context: Context | None = None) -> str:
        if not answer:
            return ""
        day, _, time = str(answer).partition("T")
        year, month, number = day.split("-")
        return f"{int(year)}年{int(month)}月{int(number)}日{time}"

    def export(self, answer: Any, context: Context | None = None) -> tuple[str | int, ...]:
        return ((answer or "").replace("T", " "),)

    def example(self, context: Context) -> Posted:
        return {"": ["2012-04-09T09:30"]}

    def blank(self, context: Context) -> Markup:
        return gaps("年", "月", "日", "时", "分")

    def paper_remark(self, labels: Mapping[str, str]) -> str:
        return "不晚于填表时" if self.not_future else ""

    def sheet_columns(self, context: Context) -> tuple[SheetColumn, ...]:
        words = ["写作 2012-04-09 09:30", self.paper_remark({})]
        return (SheetColumn("", self.label, "；".join(filter(None, words))),)

    def counted(self, answer: Any) -> Iterable[Hashable]:
        return (str(answer)[:7],)

    def summed(self, tally: Tally, context: Context | None = None) -> Summary:
        return Summary(
            tally.answered, {str(key): tally.cells[key] for key in sorted(tally.cells, key=str)}, {}
        )

    def answer_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$"}

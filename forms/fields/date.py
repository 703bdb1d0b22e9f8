"""Days and months."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, ClassVar, Literal

from definitions.expression import ValueType
from definitions.texts import narrow
from forms.context import Context
from forms.fields.base import AnswerRefused, Field, Posted, SheetColumn, Summary, Words
from forms.handwriting import Markup, gaps
from forms.tally import Tally

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_MONTH = re.compile(r"(\d{4})[-/.年](\d{1,2})月?")


def day_from(text: str) -> date | None:
    """The day people mean by 2012-04-09, 2012/4/9 or 2012年4月9日; None when there is no such day."""
    match = _DAY.fullmatch(text)
    try:
        return date(*(int(part) for part in match.groups())) if match else None
    except ValueError:
        return None


class Date(Field):
    """A day, or a month; kept as ISO text (2012-04-09, 2012-04)."""

    type: Literal["date"] = "date"
    precision: Literal["day", "month"] = "day"
    earliest: str = ""
    latest: str = ""
    #: The day (month) of filling is the last possible one.
    not_future: bool = False

    words: ClassVar[str] = "日期"
    asked_as: ClassVar[Mapping[str, Words]] = {
        "precision": Words("填到", values={"day": "年月日", "month": "年月"}),
        "earliest": Words("最早", "写作 2012-04-09；只填到月的写作 2012-04；不填表示不限"),
        "latest": Words("最晚", "写法同上；不填表示不限"),
        "not_future": Words("不能晚于填表当天"),
    }
    value_type: ClassVar[ValueType | None] = ValueType.DATE

    def own_faults(self) -> Iterator[tuple[str, str]]:
        for setting in ("earliest", "latest"):
            value = getattr(self, setting)
            if value and self._read(value) != value:
                yield setting, f"应当写作 {self._shape()}"
        if self.earliest and self.latest and self.earliest > self.latest:
            yield "latest", "最晚日期早于最早日期"

    def _shape(self) -> str:
        return "2012-04-09" if self.precision == "day" else "2012-04"

    def _read(self, typed: str) -> str | None:
        if self.precision == "day":
            day = day_from(typed)
            return day.isoformat() if day else None
        match = _MONTH.fullmatch(typed)
        if not match or not 1 <= int(match[2]) <= 12 or int(match[1]) < 1:
            return None
        return f"{match[1]}-{int(match[2]):02d}"

    def parse(self, posted: Posted, context: Context) -> str | None:
        typed = narrow(self.first(posted))
        if not typed:
            return None
        answer = self._read(typed)
        if answer is None:
            raise AnswerRefused(f"“{self.label}”不是有效的日期，请写作 {self._shape()}")
        return answer

    def check(self, answer: Any, context: Context) -> None:
        if self.earliest and answer < self.earliest:
            raise AnswerRefused(f"“{self.label}”不能早于 {self.earliest}，请修改")
        if self.latest and answer > self.latest:
            raise AnswerRefused(f"“{self.label}”不能晚于 {self.latest}，请修改")
        if self.not_future and answer > context.today().isoformat()[: len(answer)]:
            raise AnswerRefused(f"“{self.label}”不能晚于今天，请修改")

    def printed(self, answer: Any, context: Context | None = None) -> str:
        parts = str(answer).split("-") if answer else []
        return "".join(f"{int(part)}{unit}" for part, unit in zip(parts, "年月日", strict=False))

    def export(self, answer: Any, context: Context | None = None) -> tuple[str | int, ...]:
        return (answer or "",)

    def example(self, context: Context) -> Posted:
        today = context.now and context.today().isoformat()
        return {"": [self.latest or self.earliest or (today or "2012-04-09")[: len(self._shape())]]}

    def blank(self, context: Context) -> Markup:
        return gaps("年", "月", "日") if self.precision == "day" else gaps("年", "月")

    def paper_remark(self, labels: Mapping[str, str]) -> str:
        bounds = [
            f"不早于 {self.printed(self.earliest)}" if self.earliest else "",
            f"不晚于 {self.printed(self.latest)}" if self.latest else "",
            "不晚于填表当天" if self.not_future else "",
        ]
        return "，".join(words for words in bounds if words)

    def sheet_columns(self, context: Context) -> tuple[SheetColumn, ...]:
        words = [f"写作 {self._shape()}", self.paper_remark({})]
        return (SheetColumn("", self.label, "；".join(filter(None, words))),)

    def posted_from_cells(self, cells: Mapping[str, str], context: Context) -> Posted:
        typed = cells.get("", "")
        # A spreadsheet keeps a month as its first day.
        whole_day = day_from(typed) if self.precision == "month" else None
        return {"": [typed if whole_day is None else whole_day.isoformat()[:7]] if typed else []}

    def counted(self, answer: Any) -> Iterable[Hashable]:
        return (str(answer)[:7],)

    def summed(self, tally: Tally, context: Context | None = None) -> Summary:
        return Summary(
            tally.answered, {str(key): tally.cells[key] for key in sorted(tally.cells, key=str)}, {}
        )

    def answer_schema(self) -> dict[str, Any]:
        if self.precision == "month":
            return {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"}
        return {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}

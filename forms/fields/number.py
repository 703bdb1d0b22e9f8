"""Numbers, exact."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any, ClassVar, Literal

from definitions.expression import ValueType
from definitions.operators import DECIMAL
from definitions.operators import number as exact
from definitions.texts import narrow
from forms.context import Context
from forms.fields.base import AnswerRefused, Field, Posted, Summary, Words
from forms.handwriting import Markup, gaps
from forms.tally import Tally, numbers_in, spread_of


def as_text(value: int | Fraction, decimals: int) -> str:
    """A number with a fixed count of decimals, half up, without ever becoming binary.

    >>> as_text(Fraction(1, 8), 2), as_text(3, 0), as_text(Fraction(-1, 8), 2)
    ('0.13', '3', '-0.13')
    """
    scaled = abs(Fraction(value)) * 10**decimals
    units = int(scaled + Fraction(1, 2))
    whole, rest = divmod(units, 10**decimals)
    sign = "-" if value < 0 and units else ""
    return f"{sign}{whole}.{rest:0{decimals}d}" if decimals else f"{sign}{whole}"


def number_schema(decimals: int) -> dict[str, Any]:
    """Of a kept number: an integer, or decimal text with just so many decimals."""
    if decimals == 0:
        return {"type": "integer"}
    return {"type": "string", "pattern": rf"^-?[0-9]+\.[0-9]{{{decimals}}}$"}


def figures_of(counted: Mapping[Fraction, int], decimals: int) -> dict[str, str]:
    """Numbers at a glance as texts; empty when there are none. counted: number → how often it occurred."""
    spread = spread_of(counted)
    if spread is None:
        return {}
    finer = max(decimals, 2)
    return {
        "合计": as_text(spread.total, decimals),
        "平均": as_text(spread.mean, finer),
        "最小": as_text(spread.least, decimals),
        "下四分位": as_text(spread.quartile, finer),
        "中位数": as_text(spread.median, finer),
        "上四分位": as_text(spread.upper_quartile, finer),
        "最大": as_text(spread.most, decimals),
    }


class Number(Field):
    """A number; kept as an integer, or as decimal text when it has decimals, never as a binary float."""

    type: Literal["number"] = "number"
    at_least: int | str | None = None
    at_most: int | str | None = None
    decimals: int = 0
    unit: str = ""

    words: ClassVar[str] = "数字"
    asked_as: ClassVar[Mapping[str, Words]] = {
        "at_least": Words("最小值", "不填表示不限"),
        "at_most": Words("最大值", "不填表示不限"),
        "decimals": Words("小数位数", "0 表示只收整数"),
        "unit": Words("单位", "写在数字后面，例如：件、分、元"),
    }
    value_type: ClassVar[ValueType | None] = ValueType.NUMBER

    def own_faults(self) -> Iterator[tuple[str, str]]:
        if not 0 <= self.decimals <= 6:
            yield "decimals", "小数位数应在 0 和 6 之间"
        for setting in ("at_least", "at_most"):
            value = getattr(self, setting)
            if value is not None and exact(value) is None:
                yield setting, "应当是数字"
        low, high = exact(self.at_least), exact(self.at_most)
        if low is not None and high is not None and low > high:
            yield "at_most", "最大值小于最小值"

    def parse(self, posted: Posted, context: Context) -> int | str | None:
        typed = narrow(self.first(posted)).replace(",", "")
        if not typed:
            return None
        if not DECIMAL.fullmatch(typed):
            raise AnswerRefused(f"“{self.label}”应当是数字，例如 {self._sample()}")
        value = Fraction(typed)
        if (value * 10**self.decimals).denominator != 1:
            allowed = f"最多 {self.decimals} 位小数" if self.decimals else "应当是整数"
            raise AnswerRefused(f"“{self.label}”{allowed}，请修改")
        return int(value) if self.decimals == 0 else as_text(value, self.decimals)

    def check(self, answer: Any, context: Context) -> None:
        value, low, high = exact(answer), exact(self.at_least), exact(self.at_most)
        if value is not None and low is not None and value < low:
            raise AnswerRefused(f"“{self.label}”不能小于 {self.at_least}，请修改")
        if value is not None and high is not None and value > high:
            raise AnswerRefused(f"“{self.label}”不能大于 {self.at_most}，请修改")

    def counted(self, answer: Any) -> Iterable[Hashable]:
        return (answer,)

    def summed(self, tally: Tally, context: Context | None = None) -> Summary:
        return Summary(tally.answered, {}, figures_of(numbers_in(tally.cells.items()), self.decimals))

    def answer_schema(self) -> dict[str, Any]:
        schema = number_schema(self.decimals)
        for setting, name in (("at_least", "minimum"), ("at_most", "maximum")):
            bound = exact(getattr(self, setting))
            if bound is not None and self.decimals == 0:
                schema[name] = int(bound) if bound == int(bound) else float(bound)
        return schema

    def printed(self, answer: Any, context: Context | None = None) -> str:
        return "" if answer is None else f"{answer}{self.unit}"

    def export(self, answer: Any, context: Context | None = None) -> tuple[str | int, ...]:
        # Decimal text starts with a digit or a minus sign and is a number, so it cannot act as a formula.
        return ("" if answer is None else answer,)

    def _sample(self) -> str:
        low = exact(self.at_least)
        return as_text(low if low is not None else 1, self.decimals)

    def example(self, context: Context) -> Posted:
        value = exact(self.at_least)
        if value is None:
            value = exact(self.at_most)
        return {"": [as_text(value if value is not None else 1, self.decimals)]}

    def blank(self, context: Context) -> Markup:
        return gaps(self.unit)

    def paper_remark(self, labels: Mapping[str, str]) -> str:
        low, high = self.at_least, self.at_most
        bounds = [
            f"{low} 至 {high}" if low is not None and high is not None else "",
            f"不小于 {low}" if low is not None and high is None else "",
            f"不大于 {high}" if high is not None and low is None else "",
            f"最多 {self.decimals} 位小数" if self.decimals else "整数",
        ]
        return "，".join(words for words in bounds if words)

"""A value the form works out by itself."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, ClassVar, Literal

from definitions.expression import ValueType, in_words
from definitions.operators import number as exact
from forms.context import Context
from forms.fields.base import Field, Posted, SheetColumn, Summary, Words
from forms.fields.number import as_text, figures_of, number_schema
from forms.handwriting import Markup, remark
from forms.tally import Tally, numbers_in


class Computed(Field):
    """A number from other answers by a formula; the server's result is the one that is kept."""

    type: Literal["computed"] = "computed"
    formula: Any
    decimals: int = 0
    unit: str = ""

    words: ClassVar[str] = "计算"
    asked_as: ClassVar[Mapping[str, Words]] = {
        "formula": Words("公式", "字段写在【】里，例如：【数量】×【单价】"),
        "decimals": Words("小数位数", "0 表示四舍五入到整数"),
        "unit": Words("单位", "写在数字后面"),
    }
    starter: ClassVar[Mapping[str, Any]] = {"formula": None}
    value_type: ClassVar[ValueType | None] = ValueType.NUMBER

    def own_faults(self) -> Iterator[tuple[str, str]]:
        if not 0 <= self.decimals <= 6:
            yield "decimals", "小数位数应在 0 和 6 之间"
        if self.required or self.required_when:
            yield "required", "计算结果不由人填写，不能设为必填"

    def collect(self, name: str, formdata: Any, context: Context) -> Posted:
        # Whatever is posted under this name is not an answer.
        return {"": []}

    def answer_from(self, value: Any) -> int | str | None:
        """The kept form of what the formula gave: integer or decimal text; None when it gave nothing."""
        known = exact(value)
        if known is None:
            return None
        text = as_text(known, self.decimals)
        return text if self.decimals else int(text)

    def counted(self, answer: Any) -> Iterable[Hashable]:
        return (answer,)

    def summed(self, tally: Tally, context: Context | None = None) -> Summary:
        return Summary(tally.answered, {}, figures_of(numbers_in(tally.cells.items()), self.decimals))

    def answer_schema(self) -> dict[str, Any]:
        return number_schema(self.decimals)

    def printed(self, answer: Any, context: Context | None = None) -> str:
        return "" if answer is None else f"{answer}{self.unit}"

    def export(self, answer: Any, context: Context | None = None) -> tuple[str | int, ...]:
        return ("" if answer is None else answer,)

    def example(self, context: Context) -> Posted:
        return {}

    def blank(self, context: Context) -> Markup:
        return remark("由系统计算，不用填写")

    def paper_remark(self, labels: Mapping[str, str]) -> str:
        return f"＝ {in_words(self.formula, labels)}" if labels else ""

    def sheet_columns(self, context: Context) -> tuple[SheetColumn, ...]:
        return ()

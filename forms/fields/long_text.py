"""Several lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from definitions.expression import ValueType
from definitions.texts import clean
from forms.context import Context
from forms.fields.base import AnswerRefused, Field, Posted, Words
from forms.handwriting import Markup, lines_for, ruled

LONGEST = 20_000


class LongText(Field):
    """Several lines of text with a counter."""

    type: Literal["long_text"] = "long_text"
    min_length: int = 0
    max_length: int = 2000
    rows: int = 4

    words: ClassVar[str] = "多行文字"
    asked_as: ClassVar[Mapping[str, Words]] = {
        "min_length": Words("最少字数", "0 表示不限"),
        "max_length": Words("最多字数"),
        "rows": Words("显示几行"),
    }
    value_type: ClassVar[ValueType | None] = ValueType.TEXT

    def own_faults(self) -> Iterator[tuple[str, str]]:
        if not 1 <= self.max_length <= LONGEST:
            yield "max_length", f"最多字数应在 1 和 {LONGEST} 之间"
        if not 0 <= self.min_length <= self.max_length:
            yield "min_length", "最少字数应在 0 和最多字数之间"
        if not 1 <= self.rows <= 40:
            yield "rows", "显示行数应在 1 和 40 之间"

    def parse(self, posted: Posted, context: Context) -> str | None:
        return clean(self.first(posted)) or None

    def check(self, answer: Any, context: Context) -> None:
        if len(answer) > self.max_length:
            raise AnswerRefused(f"“{self.label}”最多 {self.max_length} 字，现在有 {len(answer)} 字，请缩短")
        if len(answer) < self.min_length:
            raise AnswerRefused(f"“{self.label}”至少 {self.min_length} 字，现在有 {len(answer)} 字，请补充")

    def example(self, context: Context) -> Posted:
        return {"": ["示例说明。" + "字" * max(self.min_length - 5, 0)]}

    def blank(self, context: Context) -> Markup:
        return ruled(max(lines_for(self.max_length, most=6 if self.max_length <= 1000 else 8), 2))

    def paper_remark(self, labels: Mapping[str, str]) -> str:
        return (
            f"{self.min_length} 字至 {self.max_length} 字" if self.min_length else f"{self.max_length} 字以内"
        )

    def quoted(self, answer: Any) -> str:
        return str(answer)

    def answer_schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": max(self.min_length, 1), "maxLength": self.max_length}

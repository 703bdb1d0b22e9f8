"""A line of text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from definitions.expression import ValueType
from definitions.texts import clean
from forms.context import Context
from forms.fields.base import AnswerRefused, Field, Posted, Words
from forms.handwriting import Markup, lines_for, ruled
from forms.patterns import LONGEST_INPUT, pattern_fault


class ShortText(Field):
    """A line of text, with an optional length and a safe pattern."""

    type: Literal["short_text"] = "short_text"
    min_length: int = 0
    max_length: int = 100
    pattern: str = ""
    #: What the pattern demands, in words; shown when it is not met.
    pattern_words: str = ""

    words: ClassVar[str] = "单行文字"
    asked_as: ClassVar[Mapping[str, Words]] = {
        "min_length": Words("最少字数", "0 表示不限"),
        "max_length": Words("最多字数"),
        "pattern": Words("格式", "只在需要固定写法时填写，例如 \\d{6} 表示六位数字；一般不用填"),
        "pattern_words": Words("格式的说明", "填错时给填表人看，例如：应为六位数字"),
    }
    value_type: ClassVar[ValueType | None] = ValueType.TEXT

    def own_faults(self) -> Iterator[tuple[str, str]]:
        if not 1 <= self.max_length <= LONGEST_INPUT:
            yield "max_length", f"最多字数应在 1 和 {LONGEST_INPUT} 之间；更长请用多行文字"
        if not 0 <= self.min_length <= self.max_length:
            yield "min_length", "最少字数应在 0 和最多字数之间"
        fault = pattern_fault(self.pattern)
        if fault is not None:
            yield "pattern", fault
        if self.pattern and not self.pattern_words:
            yield "pattern_words", "设了格式就要写明格式的要求，填表人才知道怎样改"

    def parse(self, posted: Posted, context: Context) -> str | None:
        return clean(self.first(posted)).replace("\n", " ").replace("\t", " ") or None

    def check(self, answer: Any, context: Context) -> None:
        if len(answer) > self.max_length:
            raise AnswerRefused(f"“{self.label}”最多 {self.max_length} 字，现在有 {len(answer)} 字，请缩短")
        if len(answer) < self.min_length:
            raise AnswerRefused(f"“{self.label}”至少 {self.min_length} 字，现在有 {len(answer)} 字，请补充")
        if self.pattern and not re.fullmatch(self.pattern, answer):
            raise AnswerRefused(f"“{self.label}”格式不对：{self.pattern_words}")

    def example(self, context: Context) -> Posted:
        return {"": ["示例" + "字" * max(self.min_length - 2, 0)]} if not self.pattern else {"": []}

    def blank(self, context: Context) -> Markup:
        return ruled(lines_for(self.max_length, most=2), short=self.max_length <= 10)

    def paper_remark(self, labels: Mapping[str, str]) -> str:
        if self.pattern_words:
            return self.pattern_words
        return f"至少 {self.min_length} 字" if self.min_length > 1 else ""

    def quoted(self, answer: Any) -> str:
        return str(answer)

    def answer_schema(self) -> dict[str, Any]:
        schema = {"type": "string", "minLength": max(self.min_length, 1), "maxLength": self.max_length}
        return {**schema, "pattern": f"^(?:{self.pattern})$"} if self.pattern else schema

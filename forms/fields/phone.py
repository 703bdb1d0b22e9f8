"""Telephone numbers."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from definitions.expression import ValueType
from definitions.texts import narrow
from forms.context import Context
from forms.fields.base import AnswerRefused, Field, Posted
from forms.handwriting import Markup, ruled

_MOBILE = re.compile(r"1[3-9]\d{9}")
_FIXED = re.compile(r"(0\d{2,3}-?)?[2-9]\d{6,7}(-\d{1,6})?|400\d{7}|1\d{4}")


class Phone(Field):
    """A mobile, fixed or service number of the mainland; blanks and a leading +86 are taken away."""

    type: Literal["phone"] = "phone"
    words: ClassVar[str] = "电话"
    value_type: ClassVar[ValueType | None] = ValueType.TEXT

    def parse(self, posted: Posted, context: Context) -> str | None:
        typed = re.sub(r"[\s()]", "", narrow(self.first(posted))).removeprefix("+86")
        if not typed:
            return None
        if not (_MOBILE.fullmatch(typed) or _FIXED.fullmatch(typed)):
            raise AnswerRefused(f"“{self.label}”不是有效的电话号码，请写作 13812345678 或 0796-1234567")
        return typed

    def example(self, context: Context) -> Posted:
        return {"": ["0796-8234567"]}

    def blank(self, context: Context) -> Markup:
        return ruled(short=True)

    def answer_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[0-9-]{5,20}$"}

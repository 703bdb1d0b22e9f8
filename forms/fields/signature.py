"""A signature drawn on the screen."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal

from definitions.expression import ValueType
from definitions.texts import clean, safe_cell
from forms.context import Context
from forms.fields.base import AnswerRefused, Field, Posted, SheetColumn, Summary
from forms.fields.ticked import counts_by_name
from forms.handwriting import Markup, Picture, gaps, said
from forms.tally import Tally

PREFIX = "data:image/png;base64,"
LARGEST = 200_000
_SIDE = 4000


class Signature(Field):
    """A drawn signature as a PNG data URL, or a typed name where nothing can be drawn.

    It shows who filled the form; it is not an electronic signature in the sense of the law.
    """

    type: Literal["signature"] = "signature"
    words: ClassVar[str] = "签名"
    value_type: ClassVar[ValueType | None] = ValueType.BOOLEAN

    def parse(self, posted: Posted, context: Context) -> dict[str, str] | None:
        value = clean(self.first(posted))
        if not value:
            return None
        if not value.startswith("data:"):
            return {"typed": value}
        if not is_png(value):
            raise AnswerRefused(f"“{self.label}”没有收到完整的签名，请重新签")
        return {"drawn": value}

    def check(self, answer: Any, context: Context) -> None:
        if len(answer.get("typed", "")) > 40:
            raise AnswerRefused(f"“{self.label}”只写姓名，最多 40 字")

    def facts(self, answer: Any) -> dict[str, Any]:
        return {self.key: True if answer else None}

    def posted_from(self, answer: Any) -> Posted:
        return {"": list(answer.values()) if answer else []}

    def missing_sentence(self) -> str:
        return f"请在“{self.label}”处签名"

    def printed(self, answer: Any, context: Context | None = None) -> str:
        return "" if not answer else answer.get("typed", "（手写签名）")

    def export(self, answer: Any, context: Context | None = None) -> tuple[str | int, ...]:
        return (safe_cell(self.printed(answer)),)

    def counted(self, answer: Any) -> Iterable[Hashable]:
        return ("drawn" if "drawn" in answer else "typed",)

    def summed(self, tally: Tally, context: Context | None = None) -> Summary:
        return Summary(tally.answered, counts_by_name({"drawn": "手写", "typed": "打字"}, tally), {})

    def answer_schema(self) -> dict[str, Any]:
        drawn = {"type": "string", "pattern": f"^{PREFIX}[A-Za-z0-9+/]+=*$", "maxLength": LARGEST}
        return {
            "type": "object",
            "properties": {"drawn": drawn, "typed": {"type": "string", "minLength": 1, "maxLength": 40}},
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
        }

    def example(self, context: Context) -> Posted:
        return {"": ["示例签名"]}

    def blank(self, context: Context) -> Markup:
        return Markup('<div class="sign-box"></div>') + gaps("年", "月", "日")

    def filled(self, answer: Any, context: Context, pictures: Sequence[Picture] = ()) -> Markup:
        drawn = (answer or {}).get("drawn", "")
        if is_png(drawn):
            return Markup('<img class="signature" alt="手写签名" src="{}">').format(drawn)
        return said(self.printed(answer))

    def sheet_columns(self, context: Context) -> tuple[SheetColumn, ...]:
        return (SheetColumn("", self.label, "写签名人的姓名"),)

    def cells_from(self, answer: Any, context: Context) -> Mapping[str, str]:
        return {"": (answer or {}).get("typed", "")}


def is_png(data_url: str) -> bool:
    """Whether a data URL holds a picture of a sensible size and nothing else."""
    if not data_url.startswith(PREFIX) or len(data_url) > LARGEST:
        return False
    try:
        data = base64.b64decode(data_url[len(PREFIX) :], validate=True)
    except (binascii.Error, ValueError):
        return False
    if not data.startswith(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR") or len(data) < 33:
        return False
    width, height = struct.unpack(">II", data[16:24])
    return 0 < width <= _SIDE and 0 < height <= _SIDE

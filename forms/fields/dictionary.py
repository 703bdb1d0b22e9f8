"""A two-level dictionary, e.g. kinds of problems under their aspects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from definitions.base import Key
from forms.choices import Entry
from forms.context import Context
from forms.fields.base import Words
from forms.fields.ticked import OneOf


class Dictionary(OneOf):
    """One entry of a dictionary; the first level is the heading, the second is picked."""

    type: Literal["dictionary"] = "dictionary"
    dictionary: Key
    words: ClassVar[str] = "字典（两级）"
    asked_as: ClassVar[Mapping[str, Words]] = {
        "dictionary": Words("用哪个字典", "字典的内容在“基础数据”里维护"),
    }

    def options_for(self, context: Context) -> Sequence[Entry]:
        return context.entries(f"dictionary:{self.dictionary}")

    def answer_schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": 60}

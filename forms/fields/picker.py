"""Pickers of targets, units and monitors from the campaign's rosters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from forms.choices import Entry
from forms.context import Context
from forms.fields.base import Words
from forms.fields.ticked import OneOf
from forms.handwriting import Markup, ruled, ticks

_FEW = 12


class Picker(OneOf):
    """One target, unit or monitor of the campaign."""

    type: Literal["picker"] = "picker"
    of: Literal["target", "unit", "monitor"]
    words: ClassVar[str] = "测评对象、单位、监测点"
    asked_as: ClassVar[Mapping[str, Words]] = {
        "of": Words("从哪个名册里选", values={"target": "测评对象", "unit": "单位", "monitor": "监测点"}),
    }
    starter: ClassVar[Mapping[str, Any]] = {"of": "target"}

    def options_for(self, context: Context) -> Sequence[Entry]:
        return context.entries(self.of)

    def blank(self, context: Context) -> Markup:
        entries = self.options_for(context)
        # A roster is too long to tick on paper, and it changes: the name is written.
        return ticks(entries) if 0 < len(entries) <= _FEW else ruled()

    def paper_remark(self, labels: Mapping[str, str]) -> str:
        return "写单位和科室（二级单位）全称" if self.of == "target" else "写全称"

    def answer_schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": 60}

"""Pickers of targets, units and monitors from the campaign's rosters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from forms.choices import Entry
from forms.context import Context
from forms.fields.ticked import OneOf


class Picker(OneOf):
    """One target, unit or monitor of the campaign."""

    type: Literal["picker"] = "picker"
    of: Literal["target", "unit", "monitor"]
    words: ClassVar[str] = "测评对象、单位、监测点"

    def options_for(self, context: Context) -> Sequence[Entry]:
        return context.entries(self.of)

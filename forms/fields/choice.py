"""Single choice."""

from __future__ import annotations

from typing import ClassVar, Literal

from forms.fields.ticked import OneOption


class Choice(OneOption):
    """One of several options; as radio buttons, or as a list when there are many."""

    type: Literal["choice"] = "choice"
    words: ClassVar[str] = "单选"

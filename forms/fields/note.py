"""Text to read."""

from __future__ import annotations

from typing import ClassVar, Literal

from forms.fields.base import Marked


class Note(Marked):
    """A remark between the questions; the label is the remark, the hint its small print."""

    type: Literal["note"] = "note"
    words: ClassVar[str] = "说明"

"""Headings that group questions."""

from __future__ import annotations

from typing import ClassVar, Literal

from forms.fields.base import Marked


class Section(Marked):
    """A heading; hidden, it hides all questions up to the next heading or page."""

    type: Literal["section"] = "section"
    words: ClassVar[str] = "分节"

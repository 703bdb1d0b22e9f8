"""Pages of a long form."""

from __future__ import annotations

from typing import ClassVar, Literal

from forms.fields.base import Marked


class Page(Marked):
    """The start of a new page; hidden, it hides all questions up to the next page."""

    type: Literal["page"] = "page"
    words: ClassVar[str] = "分页"

"""Small tables as their pages posted them: lines of named parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from definitions.texts import clean, narrow, sound

#: More lines than this are never typed by hand.
MOST_LINES = 200


def read_lines(name: str, form: Any, *, whole_texts: frozenset[str] = frozenset()) -> list[dict[str, str]]:
    """The lines of a small table posted as ``name-0-part``, in the order of their ``place`` if they have one.

    whole_texts: parts whose outer blanks are meant.
    """
    found: dict[int, dict[str, str]] = {}
    for posted in form:
        owner, _, rest = posted.rpartition("-")
        prefix, _, index = owner.rpartition("-")
        if prefix == name and index.isascii() and index.isdigit() and len(index) <= 4:
            found.setdefault(int(index), {})[rest] = (sound if rest in whole_texts else clean)(
                form.get(posted, "")
            )
    lines = [line for _, line in sorted(found.items())][:MOST_LINES]
    return [line for _, line in sorted(enumerate(lines, 1), key=lambda pair: _place(*pair))]


def _place(index: int, line: Mapping[str, str]) -> tuple[int, int, int]:
    typed = whole(line.get("place", ""))
    place = typed if isinstance(typed, int) else index
    # A line given the number of another stands before it.
    return place, 0 if place != index else 1, index


def whole(typed: str) -> int | str | None:
    """A whole number, None for nothing, or what was typed when it is neither.

    >>> whole("１２"), whole(""), whole("多")
    (12, None, '多')
    """
    text = narrow(typed)
    if not text:
        return None
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 16 else typed

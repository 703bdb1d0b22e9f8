"""Placeholders as a designer reads and types them: ``{主送单位}`` for the kept ``{unit}``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from notices.template import ASKED, PLACEHOLDER
from notices.vocabulary import VOCABULARY

#: Before the name of a column of the row at hand.
ROW = "本行·"
#: The value that an attachment is grouped by.
GROUP = "本组名称"
_TYPED = re.compile(r"\{([^{}\n]{1,60})\}")


@lru_cache(maxsize=1)
def _names() -> Mapping[str, str]:
    """Meaning → name; each value has a meaning of its own."""
    return {entry.meaning: name for name, entry in VOCABULARY.items()}


def read_aloud(text: str, rows: str | None = None) -> str:
    """The text with its placeholders in Chinese; one that is not known keeps its spelling.

    rows: the list whose columns ``{row.…}`` means.

    >>> read_aloud("请{unit}于{deadline}前报送{nothing}")
    '请{主送单位}于{期限截止日}前报送{nothing}'
    """
    columns = _columns(rows)

    def words(name: str) -> str:
        if name == "group":
            return GROUP
        if name.startswith(ASKED):
            return name
        if name.startswith("row."):
            meaning = columns.get(name.removeprefix("row."))
            return f"{ROW}{meaning}" if meaning else name
        return VOCABULARY[name].meaning if name in VOCABULARY else name

    return PLACEHOLDER.sub(lambda match: f"{{{words(match.group(1))}}}", text)


def written_down(text: str, rows: str | None = None) -> str:
    """What was typed, with its placeholders as they are kept; what means nothing stays for the check to name.

    >>> written_down("请{主送单位}于{ 期限截止日 }前报送{别的}")
    '请{unit}于{deadline}前报送{别的}'
    """
    by_meaning = {meaning: name for name, meaning in _columns(rows).items()}

    def name_of(match: re.Match[str]) -> str:
        typed = match.group(1).strip()
        if typed == GROUP:
            return "{group}"
        if typed.startswith(ROW) and typed.removeprefix(ROW) in by_meaning:
            return f"{{row.{by_meaning[typed.removeprefix(ROW)]}}}"
        name = _names().get(typed)
        return f"{{{name}}}" if name else match.group(0)

    # Braces of the full width are what a Chinese keyboard types first.
    return _TYPED.sub(name_of, text.replace("｛", "{").replace("｝", "}"))


def _columns(rows: str | None) -> Mapping[str, str]:
    return VOCABULARY[rows].columns if rows is not None and rows in VOCABULARY else {}

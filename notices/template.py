"""Text with ``{placeholders}``: found and replaced plainly, once; what a value contains is never read as a template."""

from __future__ import annotations

import re
from collections.abc import Callable

#: Before the label of a question that the procedure asks and the vocabulary does not have.
ASKED = "填报·"
#: ``{name}`` is a value of the vocabulary, ``{row.name}`` a column of the row at hand, ``{填报·label}`` what was asked.
PLACEHOLDER = re.compile(rf"\{{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?|{ASKED}[^{{}}\n]{{1,60}})\}}")


def placeholders_in(text: str) -> tuple[str, ...]:
    """The names in a template text, in order, each once.

    >>> placeholders_in("{unit}：请于{deadline}前报送，逾期的，{unit}……")
    ('unit', 'deadline')
    """
    return tuple(dict.fromkeys(PLACEHOLDER.findall(text)))


def stray_braces(text: str) -> bool:
    """Whether braces remain that are no placeholder, most often a misspelt one.

    >>> stray_braces("{Unit}：")
    True
    """
    return bool(re.search(r"[{}]", PLACEHOLDER.sub("", text)))


def fill(text: str, value_of: Callable[[str], str]) -> str:
    """The text with each placeholder replaced by ``value_of(name)``; one pass, so values stay inert.

    >>> fill("{a}与{b}", {"a": "{b}", "b": "乙"}.__getitem__)
    '{b}与乙'
    """
    return PLACEHOLDER.sub(lambda match: value_of(match.group(1)), text)

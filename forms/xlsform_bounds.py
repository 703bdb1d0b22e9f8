"""What XLSForm's constraints say of one answer, as settings of our types."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from typing import Any

from forms.patterns import pattern_fault

_NUMBER = r"(-?\d+(?:\.\d+)?)"
_BOUNDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"\.\s*>=\s*{_NUMBER}"), "at_least"),
    (re.compile(rf"\.\s*<=\s*{_NUMBER}"), "at_most"),
    (re.compile(rf"count-selected\(\s*\.\s*\)\s*>=\s*{_NUMBER}"), "at_least"),
    (re.compile(rf"count-selected\(\s*\.\s*\)\s*<=\s*{_NUMBER}"), "at_most"),
    (re.compile(rf"string-length\(\s*\.\s*\)\s*>=\s*{_NUMBER}"), "min_length"),
    (re.compile(rf"string-length\(\s*\.\s*\)\s*<=\s*{_NUMBER}"), "max_length"),
    (re.compile(r"regex\(\s*\.\s*,\s*'([^']*)'\s*\)"), "pattern"),
    (re.compile(r"\.\s*>=\s*date\(\s*'(\d{4}-\d{2}-\d{2})'\s*\)"), "earliest"),
    (re.compile(r"\.\s*<=\s*date\(\s*'(\d{4}-\d{2}-\d{2})'\s*\)"), "latest"),
    (re.compile(r"\.\s*<=\s*(?:today|now)\(\s*\)"), "not_future"),
)


def conjuncts(text: str) -> list[str]:
    """The parts between `and`, outside of quotes and brackets."""
    parts, depth, quote, start = [], 0, "", 0
    for place, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "()":
            depth += 1 if sign == "(" else -1
        elif depth == 0 and text.startswith(" and ", place):
            parts.append(text[start:place].strip())
            start = place + 5
    return [part for part in [*parts, text[start:].strip()] if part]


def bounds_in(constraint: str, known: AbstractSet[str], *, message: str) -> tuple[dict[str, Any], list[str]]:
    """The settings in a constraint, and the parts of it that are none.

    known: the settings the type has. message: what is said when the answer does not fit.

    >>> bounds_in(". >= 1 and . <= 9 and . != 5", {"at_least", "at_most"}, message="")
    ({'at_least': 1, 'at_most': 9}, ['. != 5'])
    """
    found: dict[str, Any] = {}
    left = []
    for part in conjuncts(constraint):
        settings = _settings(part, known, message)
        if settings is None:
            left.append(part)
        else:
            found |= settings
    return found, left


def _settings(part: str, known: AbstractSet[str], message: str) -> dict[str, Any] | None:
    for shape, setting in _BOUNDS:
        match = shape.fullmatch(part)
        if match and setting in known:
            return _pattern(match[1], message) if setting == "pattern" else {setting: _value(match)}
    return None


def _value(match: re.Match[str]) -> Any:
    if not match.groups():
        return True
    return int(match[1]) if re.fullmatch(r"-?\d+", match[1]) else match[1]


def _pattern(text: str, message: str) -> dict[str, Any] | None:
    pattern = text.removeprefix("^").removesuffix("$")
    if pattern.startswith("(") and pattern.endswith(")") and pattern.count("(") == 1:
        pattern = pattern[1:-1]
    if pattern_fault(pattern) is not None:
        return None
    return {"pattern": pattern, "pattern_words": message or "格式不对"}

"""Clauses of the plan: how definitions name them, and whether they exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_NUMERAL = "一二三四五六七八九十"
_CLAUSE = rf"第[{_NUMERAL}]+条(?:第[{_NUMERAL}]+款)?(?:第[（(]?[{_NUMERAL}]+[）)]?项)?(?:第[0-9]+目)?"
_CITED = re.compile(rf"方案(?P<list>{_CLAUSE}(?:(?:（[^）]*）)?[、；和及]{_CLAUSE})*|导语)")
_ONE = re.compile(_CLAUSE + "|导语")
_ITEM = re.compile(rf"第[（(]?([{_NUMERAL}]+)[）)]?项")


def canonical(number: str) -> str:
    """One spelling for one clause.

    >>> canonical("第七条第一项"), canonical("第七条第(一)项")
    ('第七条第（一）项', '第七条第（一）项')
    """
    return _ITEM.sub(r"第（\1）项", number)


def cited(source: str) -> tuple[str, ...]:
    """The clauses of the plan that a source names, each in its one spelling.

    >>> cited("方案第六条第五款（督办）；第八条第（二）项")
    ('第六条第五款', '第八条第（二）项')
    >>> cited("实施口径")
    ()
    """
    return tuple(
        canonical(match[0]) for found in _CITED.finditer(source) for match in _ONE.finditer(found["list"])
    )


def is_malformed(source: str) -> bool:
    """Whether a source speaks of a clause in a way that cannot be looked up.

    >>> is_malformed("方案第6条"), is_malformed("方案第六条"), is_malformed("方案")
    (True, False, False)
    """
    return "方案第" in source and not cited(source)


def sources(data: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every value under a key ``source``, with its place, in reading order."""
    if isinstance(data, dict):
        for key, value in data.items():
            here = f"{place}.{key}" if place else str(key)
            if key == "source" and isinstance(value, str):
                yield here, value
            else:
                yield from sources(value, here)
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from sources(item, f"{place}[{index}]")

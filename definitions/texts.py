"""Typed text made fit to keep: no invisible control signs, one kind of line end."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
#: What may stand between names that are typed one after another.
_SEPARATORS = "、，,;； \t\n"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def clean(text: str) -> str:
    r"""The text without control signs and outer blanks; tabs and line ends stay.

    >>> clean(" a\r\nb\x00 ")
    'a\nb'
    """
    return sound(text).strip()


def sound(text: str) -> str:
    """The text without control signs; blanks at its ends stay, where they are what keeps a place to write in."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def narrow(text: str) -> str:
    """Full-width digits, letters and signs as the narrow ones they mean.

    >>> narrow("１２．５")
    '12.5'
    """
    return unicodedata.normalize("NFKC", text).strip()


def safe_cell(text: str) -> str:
    """Text that a spreadsheet will show and never run as a formula.

    >>> safe_cell("=1+1"), safe_cell("好")
    ("'=1+1", '好')
    """
    return f"'{text}" if text.startswith(_FORMULA) else text


def names_in(typed: str) -> list[str]:
    """Names typed in one line, set apart by 、 or a comma.

    >>> names_in("较差、差，")
    ['较差', '差']
    """
    return [part.strip() for part in re.split("[、，,]", typed) if part.strip()]


def names_among(typed: str, known: Sequence[str]) -> list[str]:
    """Names typed one after another; a known name may itself contain a comma.

    >>> names_among("好，但慢、坏", ["好，但慢", "坏", "好"])
    ['好，但慢', '坏']
    >>> names_among("、甲、；、 乙，", ["乙", "、甲", "；"])
    ['、甲', '；', '乙']
    """
    left, names = clean(typed), []
    longest_first = sorted(known, key=len, reverse=True)
    while left:
        # A name may begin or end with a separator itself, so names are looked for before separators are dropped.
        name = next((name for name in longest_first if name and _begins(left, name)), None)
        if name is None and left[0] in _SEPARATORS:
            left = left[1:]
            continue
        name = name or _first_word(left)
        names.append(name)
        left = left[len(name) :]
        left = left[1:] if left[:1] and left[0] in _SEPARATORS else left
    return names


def _begins(text: str, name: str) -> bool:
    return text.startswith(name) and text[len(name) : len(name) + 1].strip(_SEPARATORS) == ""


def _first_word(text: str) -> str:
    return re.split("[、，,;；\n]", text, maxsplit=1)[0]

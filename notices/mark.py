"""发文机关标志: the red mark of one organ (L1, H4), or of several above one another (H5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from notices.composition import WIDTH, Composer, escape
from notices.glyphs import Face

_ASCENT = 0.88
_MARK_LINE = 1.25
#: A longer mark is set on two lines, so that it stays the largest type of the page.
_LONGEST_MARK_LINE = 22
#: What follows the names of a joint issue, larger than they are.
_SUFFIX = "文件"
_SUFFIX_GROWTH = 1.4
#: All names of a joint issue together take at most this height in points, so that body text still follows (B3).
_TALLEST_JOINT = 190.0
_JOINT_LINE = 1.32


@dataclass(frozen=True)
class Mark:
    """The red mark: its HTML and the height of its ink in points."""

    html: str
    ink: float


def single_mark(text: str, top: float, composer: Composer, *, largest: float, widest: float) -> Mark:
    """One organ's mark with its ink, not its line box, at `top` under the type area's upper edge."""
    lines = (
        [text]
        if len(text) <= _LONGEST_MARK_LINE
        else [text[: -(-len(text) // 2)], text[-(-len(text) // 2) :]]
    )
    length = max(len(lines[0]), 1)
    spread = 0.2 if length <= 8 else 0.06
    size = min(largest, widest / (length * (1 + spread)))
    low, high = composer.glyphs.ink(text, Face.TITLE)
    box_top = top - (_ASCENT - high + (_MARK_LINE - 1) / 2) * size
    style = f"top:{box_top:.2f}pt;font-size:{size:.2f}pt;letter-spacing:{spread * size:.2f}pt"
    # The spacing behind the last character would push the mark off centre.
    inner = "<br>".join(
        f'<span style="margin-right:{-spread * size:.2f}pt">{escape(line)}</span>' for line in lines
    )
    height = (high - low) * size + (len(lines) - 1) * _MARK_LINE * size
    return Mark(f'<div class="mark" style="{style}">{inner}</div>', height)


def joint_mark(names: Sequence[str], top: float, composer: Composer, *, largest: float) -> Mark:
    """The marks of a joint issue, the lead's first, all as wide as the longest; “文件” stands centred at the right.

    names: as written; the lead's may end in 文件, which then follows all of them.
    """
    suffix = _SUFFIX if names[0].endswith(_SUFFIX) else ""
    names = [names[0].removesuffix(_SUFFIX), *names[1:]]
    longest = max(map(len, names))
    beside = (len(suffix) * _SUFFIX_GROWTH * 1.1 + 0.5) if suffix else 0.0
    size = min(largest, _TALLEST_JOINT / (len(names) * _JOINT_LINE), WIDTH / (longest * 1.08 + beside))
    width = longest * 1.08 * size
    left = (WIDTH - width - beside * size) / 2
    highs = [composer.glyphs.ink(name, Face.TITLE) for name in names]
    ink = (len(names) - 1) * _JOINT_LINE * size + (highs[0][1] - highs[-1][0]) * size
    parts = []
    for index, name in enumerate(names):
        box = top + (highs[0][1] - _ASCENT) * size + index * _JOINT_LINE * size
        parts.append(_line(name, left, width, box, size, composer))
    if suffix:
        large = size * _SUFFIX_GROWTH
        low, high = composer.glyphs.ink(suffix, Face.TITLE)
        box = top + ink / 2 - (_ASCENT - (high + low) / 2) * large
        parts.append(_line(suffix, left + width + 0.5 * size, 2 * 1.1 * large, box, large, composer))
    return Mark("".join(parts), ink)


def _line(text: str, left: float, width: float, box: float, size: float, composer: Composer) -> str:
    """One line spread over a width; `box` is the top of its em box."""
    used = sum(composer.advance(character, "title") * size for character in text)
    spacing = (width - used) / (len(text) - 1) if len(text) > 1 else 0.0
    style = (
        f"left:{left:.2f}pt;top:{box:.2f}pt;width:{width + 60:.2f}pt;font-size:{size:.2f}pt;"
        f"line-height:1;letter-spacing:{spacing:.3f}pt;text-align:left"
    )
    return f'<div class="mark" style="{style}">{escape(text)}</div>'

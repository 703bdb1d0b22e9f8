"""Breaks Chinese text into justified lines: 禁则, hanging marks, squeezed marks. Pure: widths are given by the caller.

The page engine breaks lines well but cannot justify Chinese, so body text is broken here and handed over as
finished lines. All measures are in points.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

#: Marks that may not begin a line, and marks that may not end one (避头尾).
NO_START = frozenset("，。、；：？！）》”’〕】」』〉…—·％℃,.;:?!)%")
NO_END = frozenset("（《“‘〔【「『〈(")
#: Marks that may hang into the right margin, as the field's word processors let them.
HANGING = frozenset("，。、；：！？")
#: Marks whose right half is blank and may be squeezed.
SQUEEZED = frozenset("，。、；：！？）》”’〕】」』")
_UNIT = re.compile(r"〔\d{4}〕\d{1,6}号|——|……|[A-Za-z0-9]+(?:[.,:/\-][A-Za-z0-9]+)*%?|.", re.DOTALL)
#: Latin words longer than this are cut, so that a line can always be filled.
_LONGEST_WORD = 20
#: How far a break may move back before a forbidden break is the lesser evil.
_BACKTRACK = 6
#: A full line may be opened by at most this many em in all; beyond that ragged is better than gaping.
_WIDEST_SLACK = 6


@dataclass(frozen=True)
class Run:
    """Text of one style; what a style means is the caller's matter."""

    style: str
    text: str


@dataclass(frozen=True)
class Measure:
    """The column: its width, type size, extra space per character, indents of the first and the other lines."""

    width: float
    size: float
    tracking: float = 0.0
    first_indent: float = 0.0
    rest_indent: float = 0.0


@dataclass(frozen=True)
class Piece:
    """Characters of one style and one letter spacing."""

    style: str
    text: str
    spacing: float


@dataclass(frozen=True)
class Line:
    """One finished line. hanging: its last mark stands in the margin. full: it is justified."""

    pieces: tuple[Piece, ...]
    hanging: bool
    full: bool

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True)
class _Unit:
    style: str
    text: str
    width: float


@dataclass(frozen=True)
class _Break:
    end: int
    width: float
    squeeze: float = 0.0
    hanging: bool = False


#: Width in em of one character in a style.
Advance = Callable[[str, str], float]


def set_paragraph(runs: Sequence[Run], measure: Measure, advance: Advance) -> tuple[Line, ...]:
    """The lines of one paragraph; the last is not stretched. An empty paragraph has no lines."""
    units = _units(runs, measure, advance)
    lines: list[Line] = []
    start = 0
    while start < len(units):
        if lines and units[start].text == " ":
            start += 1
            continue
        room = measure.width - (measure.rest_indent if lines else measure.first_indent)
        found = _break(units, start, room, measure.size)
        lines.append(_justify(units[start : found.end], found, room, measure, last=found.end == len(units)))
        start = found.end
    return tuple(lines)


def _units(runs: Sequence[Run], measure: Measure, advance: Advance) -> list[_Unit]:
    units = []
    for run in runs:
        for found in _UNIT.findall(run.text):
            for cut in range(0, len(found), _LONGEST_WORD):
                text = found[cut : cut + _LONGEST_WORD]
                width = sum(measure.size * advance(c, run.style) + measure.tracking for c in text)
                units.append(_Unit(run.style, text, width))
    return units


def _break(units: Sequence[_Unit], start: int, room: float, size: float) -> _Break:
    end, width = start, 0.0
    while end < len(units) and width + units[end].width <= room + 0.5:
        width += units[end].width
        end += 1
    if end == len(units):
        return _Break(end, width)
    if end == start:
        return _Break(start + 1, units[start].width)
    following = units[end].text
    after = units[end + 1].text if end + 1 < len(units) else ""
    if following in HANGING and after[:1] not in NO_START:
        return _Break(end + 1, width, hanging=True)
    if following[0] in NO_START:
        squeezed = _squeeze(units, start, end, room - width, size)
        if squeezed is not None:
            return squeezed
    return _step_back(units, start, end, width)


def _squeeze(units: Sequence[_Unit], start: int, end: int, spare: float, size: float) -> _Break | None:
    """Take the marks that may not begin the next line into this one, if its own marks give the room."""
    stop = end
    while stop < len(units) and units[stop].text[0] in NO_START:
        stop += 1
    extra = sum(unit.width for unit in units[end:stop])
    capacity = 0.45 * size * sum(unit.text in SQUEEZED for unit in units[start:stop])
    if extra - spare > capacity:
        return None
    width = sum(unit.width for unit in units[start:stop])
    return _Break(stop, width, squeeze=extra - spare)


def _step_back(units: Sequence[_Unit], start: int, end: int, width: float) -> _Break:
    stop, narrower = end, width
    for _ in range(_BACKTRACK):
        if stop <= start + 1 or not _forbidden(units, stop):
            break
        stop -= 1
        narrower -= units[stop].width
    if stop <= start or _forbidden(units, stop):
        return _Break(end, width)
    return _Break(stop, narrower)


def _forbidden(units: Sequence[_Unit], place: int) -> bool:
    return units[place].text[0] in NO_START or units[place - 1].text[-1] in NO_END


def _justify(units: Sequence[_Unit], found: _Break, room: float, measure: Measure, *, last: bool) -> Line:
    full = found.hanging or not last
    marks = sum(unit.text in SQUEEZED for unit in units)
    less = found.squeeze / marks if found.squeeze > 0 else 0.0
    # What stands last opens nothing: the edge, or the mark that hangs behind it, comes next.
    inner = [c for unit in units for c in unit.text][: -2 if found.hanging else -1]
    gaps = sum(map(_is_wide, inner))
    slack = room - found.width if full and not less else 0.0
    opened = slack / gaps if gaps > 0 and 0 < slack < _WIDEST_SLACK * measure.size else 0.0

    def spacing_of(unit: _Unit, character: str) -> float:
        closed = less if unit.text in SQUEEZED else 0.0
        return measure.tracking - closed + (opened if _is_wide(character) else 0.0)

    return Line(_pieces(units, spacing_of), found.hanging, full)


def _pieces(units: Sequence[_Unit], spacing_of: Callable[[_Unit, str], float]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for unit in units:
        for character in unit.text:
            spacing = round(spacing_of(unit, character), 4)
            last = pieces[-1] if pieces else None
            if last is not None and (last.style, last.spacing) == (unit.style, spacing):
                pieces[-1] = replace(last, text=last.text + character)
            else:
                pieces.append(Piece(unit.style, character, spacing))
    return tuple(pieces)


def _is_wide(character: str) -> bool:
    return ord(character) > 0x2000

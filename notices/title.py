"""Breaks a title into lines with sense: a trapezoid or a diamond, never a rectangle or an hourglass (rule B1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, pairwise

from notices.galley import NO_END, NO_START

#: Costs: a break inside a phrase, per unevenness in em, a shape the standard forbids.
_INSIDE, _UNEVEN, _SHAPE = 40.0, 1.0, 12.0
_MOST_LINES = 8


def break_title(phrases: Sequence[str], width: float, width_of: Callable[[str], float]) -> tuple[str, ...]:
    """The lines of a title.

    phrases: the title cut where a break makes sense. width and width_of: same unit, em of the title's type.

    >>> break_title(["关于限期整改", "办事窗口服务效能问题", "的通知"], 14, len)
    ('关于限期整改', '办事窗口服务效能问题的通知')
    """
    text = "".join(phrases)
    if width_of(text) <= width:
        return (text,)
    good = _phrase_ends(phrases)
    for count in range(2, _MOST_LINES + 1):
        candidates = good if count <= len(good) + 1 else []
        best = _best(text, candidates, count, width, width_of, good)
        if best is not None:
            return best
        if len(text) <= 120 and count <= 3:
            best = _best(text, _any_place(text), count, width, width_of, good)
            if best is not None:
                return best
    return _greedy(text, width, width_of)


def _phrase_ends(phrases: Sequence[str]) -> list[int]:
    ends, place = [], 0
    for phrase in phrases[:-1]:
        place += len(phrase)
        ends.append(place)
    return ends


def _any_place(text: str) -> list[int]:
    return [
        place
        for place in range(2, len(text) - 1)
        if text[place] not in NO_START
        and text[place - 1] not in NO_END
        and not (text[place - 1].isascii() and text[place].isascii())
    ]


def _best(
    text: str,
    places: Sequence[int],
    count: int,
    width: float,
    width_of: Callable[[str], float],
    good: Sequence[int],
) -> tuple[str, ...] | None:
    best: tuple[float, tuple[str, ...]] | None = None
    for cuts in combinations(places, count - 1):
        ends = (0, *cuts, len(text))
        lines = tuple(text[first:last] for first, last in pairwise(ends))
        widths = [width_of(line) for line in lines]
        if max(widths) > width:
            continue
        cost = _INSIDE * sum(cut not in good for cut in cuts) + _shape_cost(widths)
        if best is None or cost < best[0]:
            best = (cost, lines)
    return best[1] if best is not None else None


def _shape_cost(widths: Sequence[float]) -> float:
    steps = [second - first for first, second in pairwise(widths)]
    uneven = max(widths) - min(widths)
    cost = _UNEVEN * max(0.0, uneven - 3)
    if uneven < 2:
        cost += _SHAPE
    hourglass = any(before < 0 < after for before, after in pairwise(steps))
    return cost + (_SHAPE if hourglass else 0.0)


def _greedy(text: str, width: float, width_of: Callable[[str], float]) -> tuple[str, ...]:
    lines, line = [], ""
    for character in text:
        if line and width_of(line + character) > width and character not in NO_START:
            lines.append(line)
            line = ""
        line += character
    return (*lines, line)

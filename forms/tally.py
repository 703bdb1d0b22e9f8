"""What is counted of many answers to one question, so that a summary need not keep the answers."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from definitions.operators import number as exact

#: Of the texts people wrote, so many of the newest are kept to count words in.
KEPT_TEXTS = 2_000


@dataclass
class Tally:
    """answered: how many answers. cells: what a type counts of each → times. texts: the newest, newest last."""

    answered: int = 0
    cells: Counter[Hashable] = field(default_factory=Counter)
    texts: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_TEXTS))

    def add(self, other: Tally) -> None:
        """Count in what another counted; its texts count as newer."""
        self.answered += other.answered
        self.cells.update(other.cells)
        self.texts.extend(other.texts)

    def merged(self, other: Tally) -> Tally:
        """Both together, as a new one."""
        both = Tally()
        both.add(self)
        both.add(other)
        return both


@dataclass(frozen=True)
class Spread:
    """Numbers at a glance, all exact."""

    times: int
    total: Fraction
    mean: Fraction
    least: Fraction
    quartile: Fraction
    median: Fraction
    upper_quartile: Fraction
    most: Fraction


def spread_of(counted: Mapping[Fraction, int]) -> Spread | None:
    """The spread of numbers, each with how often it occurred; None for none at all.

    Quartiles lie between neighbours in proportion, as in Excel's QUARTILE.INC.

    >>> spread_of({Fraction(1): 1, Fraction(2): 1, Fraction(4): 1}).median
    Fraction(2, 1)
    """
    ordered = sorted((value, times) for value, times in counted.items() if times > 0)
    times = sum(count for _, count in ordered)
    if not times:
        return None
    total = sum((value * count for value, count in ordered), Fraction(0))
    return Spread(
        times,
        total,
        total / times,
        ordered[0][0],
        _at(ordered, Fraction(times - 1, 4)),
        _at(ordered, Fraction(times - 1, 2)),
        _at(ordered, Fraction(3 * (times - 1), 4)),
        ordered[-1][0],
    )


def _at(ordered: list[tuple[Fraction, int]], place: Fraction) -> Fraction:
    """The value at a place counted from 0, between two neighbours in proportion."""
    below = place.numerator // place.denominator
    share = place - below
    low = _nth(ordered, below)
    return low if not share else low + (_nth(ordered, below + 1) - low) * share


def _nth(ordered: list[tuple[Fraction, int]], place: int) -> Fraction:
    for value, count in ordered:
        if place < count:
            return value
        place -= count
    return ordered[-1][0]


def numbers_in(cells: Iterable[tuple[Hashable, int]]) -> dict[Fraction, int]:
    """The cells that are numbers, integers or decimal texts, with how often each occurred."""
    found: dict[Fraction, int] = {}
    for cell, times in cells:
        value = exact(cell)
        if value is not None:
            found[Fraction(value)] = found.get(Fraction(value), 0) + times
    return found

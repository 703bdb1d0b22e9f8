"""Why a figure is what it is, down to the single count and case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Counted:
    """One row that a figure counted.

    of: what was counted: key of a method, case, figure or event.
    as_: what it was counted as: key of a grade or tier; empty for figures.
    label: both in Chinese.  count: how many; points: for one; amount: what it added (negative: took).
    """

    of: str
    as_: str
    label: str
    count: int
    points: Fraction
    amount: Fraction


@dataclass(frozen=True)
class Explained:
    """One node of a score: value, formula in Chinese, clause, what it counted and what it rests on.

    value: exact, None when there was nothing to count.  printed: the value as shown, None likewise.
    """

    key: str
    label: str
    value: Fraction | None
    printed: str | None
    formula: str
    source: str | None
    counted: tuple[Counted, ...] = ()
    children: tuple[Explained, ...] = ()

    def walk(self) -> Iterator[Explained]:
        """This node and everything below it, from the top."""
        yield self
        for child in self.children:
            yield from child.walk()

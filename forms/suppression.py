"""Counts of secret answers that may be shown: no cell, and no difference of shown figures, is a small group.

Rows are groups (targets, or one question), columns the answers. What is shown is the total of each row, the
breakdown of some rows, and the breakdown of all rows together; what is left out must hide in company.
Source: 方案第五条第（四）项 (集中测评不记名).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: Fewer than this in a cell would point at persons; where a campaign sets no `smallest_group` of its own.
SMALLEST = 5


@dataclass(frozen=True)
class Guarded:
    """Counts fit to be shown.

    rows: row → column → count, or None where only its total may be known. totals: row → its sum, or None.
    together: column → sum over all rows, or None where even that would tell.
    """

    rows: Mapping[str, Mapping[str, int] | None]
    totals: Mapping[str, int | None]
    together: Mapping[str, int] | None


def guarded(table: Mapping[str, Mapping[str, int]], *, smallest: int = SMALLEST) -> Guarded:
    """The table with small groups left out.

    >>> guarded({"a": {"好": 9, "差": 6}, "b": {"好": 8, "差": 1}}).rows["b"] is None
    True
    """
    hidden = {row for row, cells in table.items() if _small(cells.values(), smallest)}
    # One hidden row alone could be had by subtraction from the sum: it needs company until none of it is small.
    while hidden and _small(_sum(table, hidden).values(), smallest) and len(hidden) < len(table):
        hidden.add(
            min((row for row in table if row not in hidden), key=lambda row: (_total(table[row]), row))
        )
    overall = _sum(table, set(table))
    leaks = bool(hidden) and _small(_sum(table, hidden).values(), smallest)
    totals = {row: _total(cells) for row, cells in table.items()}
    return Guarded(
        rows={row: None if row in hidden else dict(cells) for row, cells in table.items()},
        totals={row: None if 0 < total < smallest else total for row, total in totals.items()},
        together=None if leaks or _small(overall.values(), smallest) else overall,
    )


def _small(counts: Iterable[int], smallest: int) -> bool:
    return any(0 < count < smallest for count in counts)


def _total(cells: Mapping[str, int]) -> int:
    return sum(cells.values())


def _sum(table: Mapping[str, Mapping[str, int]], rows: set[str]) -> Counter[str]:
    together: Counter[str] = Counter()
    for row in table:
        if row in rows:
            for column, count in table[row].items():
                together[column] += count
    return together

"""The places of one group of ranked scores, kept in order while single scores move."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from fractions import Fraction

from scoring.outcomes import Standing

#: What targets are sorted by, the largest first; equal ones share a place.
Order = tuple[Fraction | int, ...]

#: From so many moved scores on, sorting anew is cheaper than moving each.
_MANY = 64
_END = float("inf")


class Peers:
    """The ranked scores of one group, by number; says whose place moved.

    >>> peers = Peers()
    >>> for number, points in enumerate([90, 80, 80, 70]):
    ...     peers.move(number, None, (points,))
    >>> [(number, place.rank, place.from_end) for number, place in peers.settle()]
    [(3, 4, 1), (1, 2, 2), (2, 2, 2), (0, 1, 4)]
    >>> peers.move(3, (70,), (80,))
    >>> [(number, place.rank, place.from_end) for number, place in peers.settle()]
    [(1, 2, 1), (2, 2, 1), (3, 2, 1)]
    """

    def __init__(self) -> None:
        self._entries: list[tuple[Order, int]] = []
        self._gone: list[tuple[Order, int]] = []
        self._come: list[tuple[Order, int]] = []

    def move(self, number: int, before: Order | None, after: Order | None) -> None:
        """Note that a score moves; None: it was not, or is no longer, among the ranked."""
        if before == after:
            return
        if before is not None:
            self._gone.append((before, number))
        if after is not None:
            self._come.append((after, number))

    def settle(self) -> Iterator[tuple[int, Standing]]:
        """Carry the moves out; gives all places that these moves can have changed, lowest first."""
        gone, come = self._gone, self._come
        self._gone, self._come = [], []
        if not gone and not come:
            return iter(())
        self._carry_out(gone, come)
        if len(gone) != len(come):  # the group's size decides about shares of it
            return self._places(0, len(self._entries))
        touched = [order for order, _ in (*gone, *come)]
        low = bisect_left(self._entries, (min(touched),))
        high = bisect_right(self._entries, (max(touched), _END))
        return self._places(low, high)

    def _carry_out(self, gone: list[tuple[Order, int]], come: list[tuple[Order, int]]) -> None:
        entries = self._entries
        if len(gone) + len(come) > _MANY:
            left = set(gone)
            self._entries = sorted([*(entry for entry in entries if entry not in left), *come])
            return
        for entry in gone:
            entries.pop(bisect_left(entries, entry))
        for entry in come:
            insort(entries, entry)

    def _places(self, low: int, high: int) -> Iterator[tuple[int, Standing]]:
        """The places of a stretch that begins and ends between different scores."""
        entries, size = self._entries, len(self._entries)
        while low < high:
            order = entries[low][0]
            after = low + 1
            while after < high and entries[after][0] == order:
                after += 1
            place = Standing(rank=size - after + 1, from_end=low + 1, size=size)
            for _, number in entries[low:after]:
                yield number, place
            low = after

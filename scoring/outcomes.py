"""Outcomes 结果运用: what follows from a rank or a score."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from definitions.base import Definition, Key, Text
from scoring.parts import Range
from scoring.quota import QuotaField
from scoring.vocabulary import BelowLineExplanation, BelowLinePraise, QuotaRounding, Span


class When(Range):
    """When an outcome follows; everything that is written must hold.

    first, last: places from the top or the end, ties at the edge included.  Score edges as in `Range`.
    over: places counted within the category or over all ranked targets.  categories: only these.
    """

    first: QuotaField | None = None
    last: QuotaField | None = None
    rounding: QuotaRounding = QuotaRounding.DOWN
    over: Span = Span.CATEGORY
    categories: tuple[Key, ...] = ()

    @property
    def by_place(self) -> bool:
        """Whether a place decides, so that targets without rank never qualify."""
        return self.first is not None or self.last is not None


class Outcome(Definition):
    """One consequence.

    absorbs: outcomes that it takes the place of.  blocks: outcomes that it rules out; such a meeting is
    shown as a conflict.  Whether it does either is a setting of the scheme.
    """

    key: Key
    name: Text
    when: When
    absorbs: tuple[Key, ...] = ()
    blocks: tuple[Key, ...] = ()
    note: Text | None = None
    source: Text | None = None


@dataclass(frozen=True)
class Standing:
    """The place of one target among its peers.

    rank: from the top.  from_end: from the end; equal scores share both.  size: number of ranked peers.
    """

    rank: int
    from_end: int
    size: int


def within_places(when: When, category: str, standing: Standing | None) -> bool:
    """Whether the place, if the outcome asks for one, is among the first or last."""
    first, last = when.first, when.last
    if first is None and last is None:
        return True
    if standing is None:
        return False
    size, rounding = standing.size, when.rounding
    if first is not None and standing.rank > first.of(category, size=size, rounding=rounding):
        return False
    return last is None or standing.from_end <= last.of(category, size=size, rounding=rounding)


def settle(
    met: Iterable[Outcome], *, explanation: BelowLineExplanation, praise: BelowLinePraise
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What remains of the outcomes a target meets: (outcomes, conflicts), by key in the order of the scheme."""
    met = tuple(met)
    if len(met) < 2:
        return tuple(outcome.key for outcome in met), ()
    absorbed = {key for outcome in met for key in outcome.absorbs}
    blocked = {key for outcome in met for key in outcome.blocks}
    if explanation is BelowLineExplanation.BOTH:
        absorbed = set()
    if praise is BelowLinePraise.ALLOWED:
        blocked = set()
    kept = tuple(outcome.key for outcome in met if outcome.key not in absorbed | blocked)
    return kept, tuple(outcome.key for outcome in met if outcome.key in blocked)

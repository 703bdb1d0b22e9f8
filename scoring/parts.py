"""The smaller pieces of a scheme: categories, scales, methods, settings, bands, vetoes."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property

from pydantic import Field

from definitions.base import Definition, Key, Text
from scoring.exact import Exact
from scoring.vocabulary import (
    BelowLineExplanation,
    BelowLinePraise,
    Comparison,
    Ladder,
    MissingPolicy,
    Prefer,
    SmallCategory,
    Ties,
)


class Category(Definition):
    """类别: ranks are given within it.

    ranked: whether its targets get a rank and count for first and last.  published: whether results are made public.
    """

    key: Key
    name: Text
    ranked: bool = True
    published: bool = True
    source: Text | None = None


class Grade(Definition):
    """档次; valid: whether such a ballot is a valid vote (不了解 is not)."""

    key: Key
    name: Text
    points: Exact = Fraction(0)
    valid: bool = True


class Scale(Definition):
    """档次表: the grades of a ballot with their points."""

    key: Key
    name: Text
    source: Text | None = None
    grades: tuple[Grade, ...] = Field(min_length=1)

    @cached_property
    def valid(self) -> tuple[Grade, ...]:
        """The grades that are valid votes."""
        return tuple(grade for grade in self.grades if grade.valid)

    @cached_property
    def valid_keys(self) -> frozenset[str]:
        """Their keys."""
        return frozenset(grade.key for grade in self.valid)

    @cached_property
    def top(self) -> Fraction:
        """The points of the best valid grade."""
        return max((grade.points for grade in self.valid), default=Fraction(0))


class Method(Definition):
    """测评方式 and the scale that its ballots use."""

    key: Key
    name: Text
    scale: Key
    source: Text | None = None


class Named(Definition):
    """A figure or an event that facts may speak of."""

    key: Key
    name: Text
    source: Text | None = None


class Tiebreak(Definition):
    """One comparison between targets of equal score; by: key of a node, compared exactly."""

    by: Key
    prefer: Prefer = Prefer.HIGHER


class Settings(Definition):
    """What the plan leaves open; what is left out here has the default of this class."""

    missing_method: MissingPolicy = MissingPolicy.RENORMALISE
    ladder: Ladder = Ladder.HIGHEST
    compare: Comparison = Comparison.PRINTED
    places: int = Field(default=2, ge=0, le=10)
    ties: Ties = Ties.SHARED
    tiebreak: tuple[Tiebreak, ...] = ()
    explanation_below_line: BelowLineExplanation = BelowLineExplanation.ABSORBED
    praise_below_line: BelowLinePraise = BelowLinePraise.BLOCKED
    small_category: SmallCategory = SmallCategory.ERROR


class Headline(Definition):
    """Which nodes pages and notices call by name: the composite satisfaction and the rectification pool."""

    composite: Key | None = None
    rectification: Key | None = None


class Range(Definition):
    """A stretch of scores; every edge that is given must hold.

    from: this or more.  above: more than this.  to: this or less.  below: less than this.
    """

    from_: Exact | None = Field(default=None, alias="from")
    above: Exact | None = None
    to: Exact | None = None
    below: Exact | None = None

    def holds(self, value: Fraction) -> bool:
        """Whether the score lies in the stretch."""
        return not (
            (self.from_ is not None and value < self.from_)
            or (self.above is not None and value <= self.above)
            or (self.to is not None and value > self.to)
            or (self.below is not None and value >= self.below)
        )

    @property
    def is_open(self) -> bool:
        """Whether no edge is given at all."""
        return self.from_ is None and self.above is None and self.to is None and self.below is None

    @property
    def is_empty(self) -> bool:
        """Whether no score can lie between the edges."""
        lowest = max((edge for edge in (self.from_, self.above) if edge is not None), default=None)
        highest = min((edge for edge in (self.to, self.below) if edge is not None), default=None)
        if lowest is None or highest is None or lowest < highest:
            return False
        return lowest > highest or not self.holds(lowest)


class Band(Range):
    """等次: a name for a stretch of scores; the first that holds is given."""

    key: Key
    name: Text
    source: Text | None = None


class Bands(Definition):
    """等次划分; places: the score is rounded to so many decimals before it is compared.

    Without `places` the scheme's comparison applies. Whole-number bands such as 80–89 and 90–100 need ``places: 0``.
    """

    places: int | None = Field(default=None, ge=0, le=10)
    list: tuple[Band, ...] = Field(min_length=1)


class Veto(Definition):
    """一票否决: an event that takes a target out of the ranking or bars it from outcomes and bands."""

    event: Key
    name: Text
    unranked: bool = False
    bars: tuple[Key, ...] = ()
    source: Text | None = None

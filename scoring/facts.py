"""What a score is made from: plain facts, gathered by whoever asks for the score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Any

_NOTHING: Mapping[Any, Any] = MappingProxyType({})


def _nothing() -> Mapping[Any, Any]:
    return _NOTHING


@dataclass(frozen=True)
class TargetFacts:
    """One 测评对象 to be scored; category: key of a category of the scheme."""

    key: str
    name: str
    category: str


@dataclass(frozen=True)
class RatingCount:
    """How many counted ratings gave one target one grade by one method.

    period: key of a period of the scheme, or empty when the scheme has no periods.
    """

    target: str
    method: str
    grade: str
    count: int
    period: str = ""


@dataclass(frozen=True)
class CaseFacts:
    """One 整改事项.

    states: every state the case has been in, in order.
    reversed: keys of tiers whose deduction was taken back on appeal and not booked anew.
    """

    key: str
    target: str
    states: tuple[str, ...]
    reversed: tuple[str, ...] = ()
    period: str = ""


@dataclass(frozen=True)
class Figure:
    """A given number of one target: a mark of an assessor, a rate's part, an external rank."""

    target: str
    figure: str
    value: Fraction
    period: str = ""


@dataclass(frozen=True)
class EventCount:
    """How often something that brings points or a veto happened to one target."""

    target: str
    event: str
    count: int = 1
    period: str = ""


@dataclass(frozen=True)
class ScoringFacts:
    """Everything a ranking is made from; the order of the rows plays no part, except for output."""

    targets: tuple[TargetFacts, ...]
    ratings: tuple[RatingCount, ...] = ()
    cases: tuple[CaseFacts, ...] = ()
    figures: tuple[Figure, ...] = ()
    events: tuple[EventCount, ...] = ()


@dataclass(frozen=True)
class Inputs:
    """The facts of one target, keyed for scoring.

    counts: (method, grade) → number of ratings.  figures: key → every given value.
    events: key → how often.  periods: key → the facts of that period alone.
    """

    counts: Mapping[tuple[str, str], int] = field(default_factory=_nothing)
    cases: tuple[CaseFacts, ...] = ()
    figures: Mapping[str, tuple[Fraction, ...]] = field(default_factory=_nothing)
    events: Mapping[str, int] = field(default_factory=_nothing)
    periods: Mapping[str, Inputs] = field(default_factory=_nothing)


#: A target of which nothing is known yet.
NO_INPUTS = Inputs()

"""Ranking: places within a category, bands, vetoes and outcomes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from scoring.exact import rounded
from scoring.outcomes import Outcome, Standing, settle, within_places
from scoring.placing import Order, Peers
from scoring.vocabulary import Comparison, Prefer, Span

if TYPE_CHECKING:
    from scoring.definition import Scheme
    from scoring.engine import TargetScore


def rank(scheme: Scheme, scores: Sequence[TargetScore]) -> tuple[TargetScore, ...]:
    """The scores with rank, band, outcomes and conflicts, in the order given.

    Ranks run from high to low within each category; the comparison and the treatment of equal scores are
    settings of the scheme.  Source: 方案第七条 asks for the ranking; the settings say how.
    """
    placed = Places(scheme, dict(enumerate(scores))).scores
    return tuple(placed[number] for number in range(len(scores)))


def compared(scheme: Scheme, total: Fraction) -> Fraction:
    """The total as ranks and lines see it: printed or exact."""
    if scheme.settings.compare is Comparison.EXACT:
        return total
    return Fraction(rounded(total, scheme.settings.places), 10**scheme.settings.places)


@dataclass(slots=True)
class _Member:
    """What one score brings to the ranking, and the places it has there.

    order: None when it has no rank.  met: outcomes that its category and its points allow.
    """

    score: TargetScore
    order: Order | None
    met: tuple[Outcome, ...]
    band: str | None
    vetoes: tuple[str, ...]
    within: Standing | None = None
    overall: Standing | None = None


class Places:
    """A ranking that is kept up to date score by score; always what `rank` gives of the same scores.

    scores: number of each target to its score with rank and outcomes.
    """

    def __init__(self, scheme: Scheme, scores: Mapping[int, TargetScore]) -> None:
        self.scores: dict[int, TargetScore] = {}
        self._scheme = scheme
        self._members: dict[int, _Member] = {}
        self._categories: defaultdict[str, Peers] = defaultdict(Peers)
        spans = {outcome.when.over for outcome in scheme.outcomes}
        self._all = Peers() if Span.ALL in spans else None
        self._met: dict[tuple[str, Fraction | int], tuple[Outcome, ...]] = {}
        self.put(scores)

    def put(self, scores: Mapping[int, TargetScore]) -> dict[int, TargetScore]:
        """Take new or changed scores; gives each score that is other than before, with rank and outcomes.

        One changed score moves few others: only those between its old and its new place are looked at.
        """
        for number, score in scores.items():
            self._take(number, score)
        touched = dict.fromkeys(scores)
        for peers in self._categories.values():
            for number, place in peers.settle():
                self._members[number].within = place
                touched[number] = None
        for number, place in self._all.settle() if self._all else ():
            self._members[number].overall = place
            touched[number] = None
        found = {}
        for number in touched:
            score, held = self._finished(self._members[number]), self.scores.get(number)
            if number in scores or held is None or _place(score) != _place(held):
                found[number] = self.scores[number] = score
        return found

    def _take(self, number: int, score: TargetScore) -> None:
        before, after = self._members.get(number), self._member(score)
        old = before.order if before else None
        if before is not None and before.score.category != score.category:
            self._categories[before.score.category].move(number, old, None)
            self._categories[score.category].move(number, None, after.order)
        else:
            self._categories[score.category].move(number, old, after.order)
        if self._all is not None:
            self._all.move(number, old, after.order)
        if before is not None and after.order is not None:
            after.within, after.overall = before.within, before.overall
        self._members[number] = after

    def _member(self, score: TargetScore) -> _Member:
        scheme = self._scheme
        vetoes = tuple(veto for veto in scheme.vetoes if score.inputs.events.get(veto.event))
        names = tuple(veto.name for veto in vetoes)
        if score.total is None:
            return _Member(score, order=None, met=(), band=None, vetoes=names)
        ranked = scheme.category_by_key[score.category].ranked and not any(veto.unranked for veto in vetoes)
        met = self._met_by_points(score.category, score.total)
        barred = {key for veto in vetoes for key in veto.bars}
        if barred:
            met = tuple(outcome for outcome in met if outcome.key not in barred)
        return _Member(
            score,
            order=_order(scheme, score) if ranked else None,
            met=met,
            band=_band(scheme, score.total, barred),
            vetoes=names,
        )

    def _met_by_points(self, category: str, total: Fraction) -> tuple[Outcome, ...]:
        """Outcomes whose lines these points meet; remembered, because many targets share printed points."""
        settings = self._scheme.settings
        exact = settings.compare is Comparison.EXACT
        key = (category, total if exact else rounded(total, settings.places))
        if key not in self._met:
            value = compared(self._scheme, total)
            self._met[key] = tuple(
                outcome
                for outcome in self._scheme.outcomes
                if (not outcome.when.categories or category in outcome.when.categories)
                and outcome.when.holds(value)
            )
        return self._met[key]

    def _finished(self, member: _Member) -> TargetScore:
        """The score with all that its place brings."""
        settings, category = self._scheme.settings, member.score.category
        met = [
            outcome
            for outcome in member.met
            if within_places(
                outcome.when, category, member.overall if outcome.when.over is Span.ALL else member.within
            )
        ]
        outcomes, conflicts = settle(
            met, explanation=settings.explanation_below_line, praise=settings.praise_below_line
        )
        return member.score.placed(
            rank=member.within.rank if member.within else None,
            outcomes=outcomes,
            conflicts=conflicts,
            band=member.band,
            vetoes=member.vetoes,
        )


def _place(score: TargetScore) -> tuple[object, ...]:
    """What others' scores decide of a score."""
    return score.rank, score.outcomes, score.conflicts


def _order(scheme: Scheme, score: TargetScore) -> Order:
    """What targets are sorted by; equal means sharing a rank. A tiebreak figure without data is the worst."""
    total = score.total or Fraction(0)
    exact = scheme.settings.compare is Comparison.EXACT
    order: list[Fraction | int] = [total if exact else rounded(total, scheme.settings.places)]
    for tiebreak in scheme.settings.tiebreak:
        value = score.values.get(tiebreak.by)
        order.append(0 if value is None else 1)
        if value is not None:
            order.append(value if tiebreak.prefer is Prefer.HIGHER else -value)
    return tuple(order)


def _band(scheme: Scheme, total: Fraction, barred: set[str]) -> str | None:
    """The first band whose stretch holds the total and that no veto bars."""
    if scheme.bands is None:
        return None
    places = scheme.bands.places
    value = compared(scheme, total) if places is None else Fraction(rounded(total, places), 10**places)
    return next(
        (band.key for band in scheme.bands.list if band.holds(value) and band.key not in barred), None
    )

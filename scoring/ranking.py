"""Ranking: places within a category, bands, vetoes and outcomes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from scoring.exact import rounded
from scoring.outcomes import Outcome, Standing, settle, standings, within_places
from scoring.vocabulary import Comparison, Prefer, Span

if TYPE_CHECKING:
    from scoring.definition import Scheme
    from scoring.engine import TargetScore
    from scoring.parts import Veto


def rank(scheme: Scheme, scores: Sequence[TargetScore]) -> tuple[TargetScore, ...]:
    """The scores with rank, band, outcomes and conflicts, in the order given.

    Ranks run from high to low within each category; the comparison and the treatment of equal scores are
    settings of the scheme.  Source: 方案第七条 asks for the ranking; the settings say how.
    """
    vetoes = [
        tuple(veto for veto in scheme.vetoes if score.inputs.events.get(veto.event)) for score in scores
    ]
    eligible = [
        index
        for index, score in enumerate(scores)
        if score.total is not None
        and scheme.category_by_key[score.category].ranked
        and not any(veto.unranked for veto in vetoes[index])
    ]
    within = _standings(scheme, scores, eligible, by_category=True)
    overall: Mapping[int, Standing] = {}
    if any(outcome.when.over is Span.ALL for outcome in scheme.outcomes):
        overall = _standings(scheme, scores, eligible, by_category=False)
    return tuple(
        _finish(scheme, score, vetoes[index], within=within.get(index), overall=overall.get(index))
        for index, score in enumerate(scores)
    )


def compared(scheme: Scheme, total: Fraction) -> Fraction:
    """The total as ranks and lines see it: printed or exact."""
    if scheme.settings.compare is Comparison.EXACT:
        return total
    return Fraction(rounded(total, scheme.settings.places), 10**scheme.settings.places)


def _standings(
    scheme: Scheme, scores: Sequence[TargetScore], eligible: Sequence[int], *, by_category: bool
) -> dict[int, Standing]:
    groups: dict[str, list[tuple[tuple[Fraction | int, ...], int]]] = defaultdict(list)
    for index in eligible:
        group = scores[index].category if by_category else ""
        groups[group].append((_order(scheme, scores[index]), index))
    places: dict[int, Standing] = {}
    for members in groups.values():
        members.sort(reverse=True)
        found = standings([order for order, _ in members])
        places.update({index: place for (_, index), place in zip(members, found, strict=True)})
    return places


def _order(scheme: Scheme, score: TargetScore) -> tuple[Fraction | int, ...]:
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


def _finish(
    scheme: Scheme,
    score: TargetScore,
    vetoes: Sequence[Veto],
    *,
    within: Standing | None,
    overall: Standing | None,
) -> TargetScore:
    barred = {key for veto in vetoes for key in veto.bars}
    value = None if score.total is None else compared(scheme, score.total)
    met = [
        outcome
        for outcome in scheme.outcomes
        if value is not None
        and outcome.key not in barred
        and _meets(outcome, score.category, value, overall if outcome.when.over is Span.ALL else within)
    ]
    outcomes, conflicts = settle(
        met,
        explanation=scheme.settings.explanation_below_line,
        praise=scheme.settings.praise_below_line,
    )
    return replace(
        score,
        rank=within.rank if within else None,
        outcomes=outcomes,
        conflicts=conflicts,
        band=_band(scheme, score.total, barred),
        vetoes=tuple(veto.name for veto in vetoes),
    )


def _meets(outcome: Outcome, category: str, value: Fraction, standing: Standing | None) -> bool:
    when = outcome.when
    if when.categories and category not in when.categories:
        return False
    return within_places(when, category, standing) and when.holds(value)


def _band(scheme: Scheme, total: Fraction | None, barred: set[str]) -> str | None:
    """The first band whose stretch holds the total and that no veto bars."""
    if scheme.bands is None or total is None:
        return None
    places = scheme.bands.places
    value = compared(scheme, total) if places is None else Fraction(rounded(total, places), 10**places)
    return next(
        (band.key for band in scheme.bands.list if band.holds(value) and band.key not in barred), None
    )

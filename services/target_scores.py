"""The rated target's own figures in short, and what its next missed deadline would cost.

Figures that could tell who rated are withheld by the one rule of `services.explanations`. Source: 方案第六条.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.campaign import Campaign
from models.case import Case
from models.roster import Target
from scoring.engine import TargetScore, case_deduction, score_target
from scoring.facts import CaseFacts, TargetFacts
from scoring.ranking import rank
from services.deductions import states_of
from services.explanations import few
from services.scores import Placed, Ranking


@dataclass(frozen=True)
class OwnFigures:
    """One own target's total and rank as printed; None: no figure yet. size: ranked targets of its category.

    withheld: there is a figure, but it would tell single ratings and is kept back.
    """

    target: Target
    category: str
    total: str | None
    rank: int | None
    size: int
    withheld: bool
    provisional: bool


@dataclass(frozen=True)
class Cost:
    """What missing a deadline would do. points: what this case would cost more; figures: before and after.

    Figures are None where the target's figures are withheld or there are none yet; the points are always told.
    """

    points: int
    tier: str
    source: str
    total_now: str | None
    total_then: str | None
    rank_now: int | None
    rank_then: int | None


def own_figures(campaign: Campaign, ranking: Ranking, targets: Sequence[Target]) -> list[OwnFigures]:
    """The figures of the given own targets; those that are not rated any more are left out."""
    return [
        _figures(campaign, ranking, target, ranking.lines[target.id])
        for target in targets
        if target.id in ranking.lines
    ]


def _figures(campaign: Campaign, ranking: Ranking, target: Target, line: Placed) -> OwnFigures:
    score = line.score
    withheld = bool(few(campaign, score))
    rivals = ranking.by_category[score.category]
    return OwnFigures(
        target=target,
        category=ranking.categories[score.category],
        total=None if withheld else score.printed,
        rank=None if withheld else score.rank,
        size=sum(rival.score.rank is not None for rival in rivals),
        withheld=withheld,
        provisional=score.provisional,
    )


def cost_of(ranking: Ranking, case: Case, tiers: Iterable[str]) -> Cost | None:
    """What it would do to the target if its case stood at these tiers; None when it would cost nothing more.

    tiers: keys of tiers that would stand booked, in order.
    """
    line = ranking.lines.get(case.target_id)
    if line is None:
        return None
    scheme, score = ranking.scheme, line.score
    held = next((facts for facts in score.inputs.cases if facts.key == case.number), None)
    then = CaseFacts(case.number, score.target, states_of(scheme, tiers))
    before, after = case_deduction(scheme, held.states if held else ()), case_deduction(scheme, then.states)
    if scheme.pool is None or after.points <= before.points:
        return None
    others = tuple(facts for facts in score.inputs.cases if facts.key != case.number)
    moved = _with(ranking, line, _rescored(score, (*others, then)))
    tier = next(tier for tier in scheme.pool.tiers if tier.key == after.tier)
    open_figures = not few(case.campaign, score)
    return Cost(
        points=after.points - before.points,
        tier=tier.name,
        source=tier.source or scheme.source,
        total_now=score.printed if open_figures else None,
        total_then=moved.printed if open_figures else None,
        rank_now=score.rank if open_figures else None,
        rank_then=moved.rank if open_figures else None,
    )


def _rescored(score: TargetScore, cases: tuple[CaseFacts, ...]) -> TargetScore:
    facts = TargetFacts(score.target, score.name, score.category)
    return score_target(score.scheme, facts, score.inputs.counts, cases, inputs=score.inputs)


def _with(ranking: Ranking, line: Placed, score: TargetScore) -> TargetScore:
    """The changed score with the rank it would take in its category."""
    rivals = {rival.target_id: rival.score for rival in ranking.by_category[line.score.category]}
    changed = {**rivals, line.target_id: score}
    ranked = dict(zip(changed, rank(ranking.scheme, list(changed.values())), strict=True))
    return ranked[line.target_id]

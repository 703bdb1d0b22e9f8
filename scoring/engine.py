"""Scoring: scheme and facts in; exact scores, ranks and outcomes out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from scoring.definition import Scheme
from scoring.exact import printed
from scoring.explained import Explained
from scoring.facts import CaseFacts, Inputs, ScoringFacts, TargetFacts
from scoring.gathering import check_counts, gather
from scoring.nodes.base import Evidence, Values
from scoring.nodes.pool import CaseDeduction
from scoring.ranking import rank


@dataclass(frozen=True)
class TargetScore:
    """The result of one target.

    satisfaction: ballots node → exact value, None where nothing was rated.  composite, rectification: the nodes
    the scheme's headline names, None if it names none or there is no figure.  total: exact; printed: as published.
    rank: None before ranking, without a total, vetoed, or in a category that is not ranked.
    outcomes, conflicts: keys of outcomes; a conflict is an outcome that another one ruled out.
    missing: keys of figures without data.  provisional: a figure is missing, so publication needs an approver's word.
    band: key of the band.  vetoes: names of the vetoes met.
    """

    target: str
    name: str
    category: str
    satisfaction: Mapping[str, Fraction | None]
    composite: Fraction | None
    rectification: Fraction | None
    total: Fraction | None
    printed: str | None
    missing: tuple[str, ...]
    provisional: bool
    scheme: Scheme = field(repr=False, compare=False)
    inputs: Inputs = field(repr=False, compare=False)
    values: Values = field(repr=False, compare=False)
    rank: int | None = None
    outcomes: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    band: str | None = None
    vetoes: tuple[str, ...] = ()

    @cached_property
    def explanation(self) -> Explained:
        """Why the total is what it is; built when first asked for."""
        return self.scheme.score.explain(Evidence(self.scheme, self.inputs, self.values))

    def placed(
        self,
        *,
        rank: int | None,
        outcomes: tuple[str, ...],
        conflicts: tuple[str, ...],
        band: str | None,
        vetoes: tuple[str, ...],
    ) -> TargetScore:
        """The same score with its place among the others and what follows from it."""
        # `dataclasses.replace` hands all eighteen fields through a frozen constructor: ten times the cost,
        # and one grade can move thousands of places.
        copy = object.__new__(TargetScore)
        vars(copy).update(
            vars(self)
            | {"rank": rank, "outcomes": outcomes, "conflicts": conflicts, "band": band, "vetoes": vetoes}
        )
        return copy


def score(scheme: Scheme, facts: ScoringFacts) -> tuple[TargetScore, ...]:
    """All targets scored and ranked, in the order in which they were given.

    Raises DefinitionFaults with every fault when the facts do not fit the scheme.
    """
    inputs = gather(scheme, facts)
    return rank(scheme, [_score(scheme, target, inputs[target.key]) for target in facts.targets])


def score_target(
    scheme: Scheme,
    target: TargetFacts,
    counts: Mapping[tuple[str, str], int],
    cases: Iterable[CaseFacts],
    *,
    inputs: Inputs | None = None,
) -> TargetScore:
    """One target's score without rank and outcomes.

    counts: (method, grade) → number of counted ratings.  cases: those of this target.
    inputs: figures, events and periods, for schemes that use them; its counts and cases are not used.
    Raises DefinitionFaults for a method or grade that the scheme does not know.
    """
    check_counts(scheme, counts)
    if inputs is None:
        return _score(scheme, target, Inputs(counts, tuple(cases)))
    return _score(scheme, target, Inputs(counts, tuple(cases), inputs.figures, inputs.events, inputs.periods))


def explain(
    scheme: Scheme,
    target: TargetFacts,
    counts: Mapping[tuple[str, str], int],
    cases: Iterable[CaseFacts],
) -> Explained:
    """Why one target has the total it has, down to single counts and cases."""
    return score_target(scheme, target, counts, cases).explanation


def case_deduction(
    scheme: Scheme,
    states: Iterable[str],
    reversed: Iterable[str] = (),  # noqa: A002  # the word of `CaseFacts.reversed`
) -> CaseDeduction:
    """What one case costs, given every state it has been in, in order.

    reversed: tiers whose deduction was taken back on appeal and not booked anew.
    """
    if scheme.pool is None:
        return CaseDeduction(None, 0, ())
    return scheme.pool.deduction(scheme, states, taken_back=reversed)


def _score(scheme: Scheme, target: TargetFacts, inputs: Inputs) -> TargetScore:
    values: Values = {}
    total = scheme.scorer(inputs, values)
    missing = tuple([key for key, _ in scheme.leaves if values[key] is None])
    headline = scheme.headline
    return TargetScore(
        target=target.key,
        name=target.name,
        category=target.category,
        satisfaction={key: values[key] for key in scheme.ballot_keys},
        composite=values.get(headline.composite) if headline.composite else None,
        rectification=values.get(headline.rectification) if headline.rectification else None,
        total=total,
        printed=None if total is None else printed(total, scheme.settings.places),
        missing=missing,
        provisional=bool(missing),
        scheme=scheme,
        inputs=inputs,
        values=values,
    )


__all__ = ["CaseDeduction", "TargetScore", "case_deduction", "explain", "rank", "score", "score_target"]

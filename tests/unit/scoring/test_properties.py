"""What holds for every set of facts under the plan's scheme."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.definition import load_scheme
from scoring.engine import score, score_target
from scoring.exact import printed, rounded
from scoring.facts import CaseFacts, RatingCount, ScoringFacts, TargetFacts
from tests.unit.scoring.tables import plan_data

SCHEME = load_scheme(plan_data())
GRADES = ("excellent", "good", "fair", "poor", "bad")
METHODS = ("instant", "comprehensive", "inspection", "concentrated")
TARGET = TargetFacts("a", "甲", "enforcement")

# A busy machine must not fail a test of arithmetic.
PATIENT = settings(deadline=None)
QUIET = settings(deadline=None, max_examples=60)

counts = st.dictionaries(
    st.tuples(st.sampled_from(METHODS), st.sampled_from(GRADES)), st.integers(0, 500), max_size=20
)
states = st.lists(
    st.sampled_from(["registered", "issued", "overdue", "supervised_twice", "refused", "closed"]), max_size=8
).map(tuple)
histories = st.lists(states, max_size=8)

BY_POLICY = tuple(
    load_scheme(plan_data() | {"settings": {"missing_method": policy}})
    for policy in ("renormalise", "zero", "block")
)


def cases_of(rows: list[tuple[str, ...]], target: str = "a") -> list[CaseFacts]:
    return [CaseFacts(f"{target}-{number}", target, row) for number, row in enumerate(rows)]


@given(counts, st.sampled_from(METHODS), st.integers(1, 50))
@PATIENT
def test_more_ratings_of_the_top_grade_never_lower_a_method(
    votes: dict[tuple[str, str], int], method: str, more: int
) -> None:
    before = score_target(SCHEME, TARGET, votes, [])
    after = score_target(
        SCHEME, TARGET, votes | {(method, "excellent"): votes.get((method, "excellent"), 0) + more}, []
    )
    assert (after.satisfaction[method] or 0) >= (before.satisfaction[method] or 0)
    if before.satisfaction[method] is not None:
        assert before.total is not None
        assert after.total is not None
        assert after.total >= before.total


@given(counts, st.sampled_from(METHODS), st.integers(0, 3), st.integers(1, 50))
@PATIENT
def test_raising_a_grade_never_lowers_the_score(
    votes: dict[tuple[str, str], int], method: str, better: int, moved: int
) -> None:
    worse = votes | {(method, GRADES[better + 1]): votes.get((method, GRADES[better + 1]), 0) + moved}
    raised = votes | {(method, GRADES[better]): votes.get((method, GRADES[better]), 0) + moved}
    low, high = score_target(SCHEME, TARGET, worse, []), score_target(SCHEME, TARGET, raised, [])
    assert low.total is not None
    assert high.total is not None
    assert high.total > low.total


@given(counts, histories)
@PATIENT
def test_score_lies_within_its_bounds(votes: dict[tuple[str, str], int], rows: list[tuple[str, ...]]) -> None:
    result = score_target(SCHEME, TARGET, votes, cases_of(rows))
    assert result.rectification is not None
    assert 0 <= result.rectification <= 20
    assert (result.total is None) == (not any(votes.values()))
    if result.total is not None:
        assert Fraction(80, 3) <= result.total <= 100


@given(histories, states)
@PATIENT
def test_one_more_case_never_raises_and_never_breaks_the_floor(
    rows: list[tuple[str, ...]], more: tuple[str, ...]
) -> None:
    before = score_target(SCHEME, TARGET, {}, cases_of(rows)).rectification
    after = score_target(SCHEME, TARGET, {}, cases_of([*rows, more])).rectification
    assert before is not None
    assert after is not None
    assert 0 <= after <= before


@given(st.lists(st.tuples(counts, histories), min_size=1, max_size=8), st.randoms(use_true_random=False))
@QUIET
def test_order_of_rows_and_of_targets_is_irrelevant(
    rows: list[tuple[dict[tuple[str, str], int], list[tuple[str, ...]]]], order: random.Random
) -> None:
    targets, ratings, cases = [], [], []
    for number, (votes, histories_of_target) in enumerate(rows):
        key = f"t{number}"
        targets.append(TargetFacts(key, key, "enforcement"))
        ratings += [RatingCount(key, method, grade, n) for (method, grade), n in votes.items()]
        cases += cases_of(histories_of_target, key)
    straight = score(SCHEME, ScoringFacts(tuple(targets), tuple(ratings), tuple(cases)))
    for pile in (targets, ratings, cases):
        order.shuffle(pile)
    mixed = score(SCHEME, ScoringFacts(tuple(targets), tuple(ratings), tuple(cases)))
    assert [result.target for result in mixed] == [target.key for target in targets]
    assert {result.target: result for result in mixed} == {result.target: result for result in straight}


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(METHODS), st.sampled_from(GRADES)), st.integers(1, 99), min_size=12
    )
)
@PATIENT
def test_with_every_method_rated_the_rule_for_missing_ones_plays_no_part(
    votes: dict[tuple[str, str], int],
) -> None:
    votes = votes | {(method, "fair"): 1 for method in METHODS}
    results = [score_target(scheme, TARGET, votes, []) for scheme in BY_POLICY]
    assert not any(result.provisional for result in results)
    assert len({result.total for result in results}) == 1


@given(counts, histories)
@PATIENT
def test_target_scored_alone_or_among_others_has_the_same_figures(
    votes: dict[tuple[str, str], int], rows: list[tuple[str, ...]]
) -> None:
    alone = score_target(SCHEME, TARGET, votes, cases_of(rows))
    ratings = tuple(RatingCount("a", method, grade, n) for (method, grade), n in votes.items())
    (among, _) = score(
        SCHEME,
        ScoringFacts((TARGET, TargetFacts("b", "乙", "management")), ratings, tuple(cases_of(rows))),
    )
    assert replace(among, rank=None, outcomes=(), conflicts=()) == alone


@given(counts, histories)
@PATIENT
def test_explanation_adds_up(votes: dict[tuple[str, str], int], rows: list[tuple[str, ...]]) -> None:
    result = score_target(SCHEME, TARGET, votes, cases_of(rows))
    for node in result.explanation.walk():
        if node.key == "rectification":
            assert node.value == max(0, 20 + sum(row.amount for row in node.counted))
        if node.key in METHODS and node.value is not None:
            number = sum(row.count for row in node.counted)
            assert node.value == sum(row.amount for row in node.counted) / (number * 90)


@given(st.fractions(), st.integers(0, 6))
@PATIENT
def test_printing_is_the_nearest_figure_with_halves_away_from_zero(value: Fraction, places: int) -> None:
    unit = Fraction(1, 10**places)
    figure = rounded(value, places) * unit
    assert abs(figure - value) <= unit / 2
    if abs(figure - value) == unit / 2:
        assert abs(figure) > abs(value)
    assert Fraction(printed(value, places)) == figure

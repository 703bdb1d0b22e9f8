"""A ranking kept up to date score by score is the ranking counted anew, after any edits."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.definition import Scheme, load_scheme
from scoring.engine import TargetScore, score_target
from scoring.facts import Inputs, TargetFacts
from scoring.ranking import Places, compared, rank
from tests.unit.scoring.tables import plan_data

MORE = {
    "events": [{"key": "accident", "name": "事故"}, {"key": "exposed", "name": "曝光"}],
    "vetoes": [
        {"event": "accident", "name": "发生事故", "unranked": True, "bars": ["satisfied"]},
        {"event": "exposed", "name": "被曝光", "bars": ["satisfied", "upper"]},
    ],
    "bands": {
        "list": [{"key": "upper", "name": "上档", "from": 80}, {"key": "lower", "name": "下档", "below": 80}]
    },
}
OUTCOMES = [
    {"key": "satisfied", "name": "表扬", "when": {"first": "30%", "rounding": "up"}},
    {"key": "explain", "name": "说明", "when": {"last": 2, "categories": ["management"]}},
    {
        "key": "rectify",
        "name": "问责",
        "when": {"below": 70},
        "absorbs": ["explain"],
        "blocks": ["satisfied"],
    },
    {"key": "black", "name": "黑榜", "when": {"last": "20%", "over": "all"}},
]


def scheme_with(more: dict[str, object], **chosen: object) -> Scheme:
    data = plan_data()
    return load_scheme(data | more | {"settings": data["settings"] | {"small_category": "allowed"} | chosen})


SCHEMES = {
    "plan": load_scheme(plan_data()),
    "tiebreak": scheme_with({}, ties="tiebreak", tiebreak=[{"by": "concentrated"}, {"by": "instant"}]),
    "exact": scheme_with({**MORE, "outcomes": OUTCOMES}, compare="exact"),
    "vetoed": scheme_with({**MORE, "outcomes": OUTCOMES}, places=0),
}

totals = st.one_of(
    st.none(), st.fractions(66, 74, max_denominator=7), st.fractions(0, 100, max_denominator=300)
)
made = st.tuples(
    st.sampled_from(["enforcement", "management"]),
    totals,
    st.one_of(st.none(), st.integers(0, 2)),
    st.sampled_from([(), (), (), (), ("accident",), ("exposed",)]),
)
edits = st.lists(st.dictionaries(st.integers(0, 15), made, max_size=4), max_size=6)


def scored(
    scheme: Scheme, number: int, content: tuple[str, Fraction | None, int | None, tuple[str, ...]]
) -> TargetScore:
    category, total, tie, happened = content
    blank = score_target(scheme, TargetFacts(f"t{number}", f"t{number}", category), {}, ())
    value = None if tie is None else Fraction(tie)
    inputs = Inputs(events=dict.fromkeys(happened, 1) if scheme.vetoes else {})
    return replace(blank, total=total, values={**blank.values, "concentrated": value}, inputs=inputs)


def ranks_by_counting(scheme: Scheme, scores: dict[int, TargetScore]) -> dict[int, int | None]:
    """One more than the number of better ones in the category, as the office would count by hand."""

    def figures(score: TargetScore) -> tuple[Fraction, ...]:
        tied = [score.values.get(tiebreak.by) for tiebreak in scheme.settings.tiebreak]
        return (
            compared(scheme, score.total or Fraction(0)),
            *(Fraction(-1) if figure is None else figure for figure in tied),
        )

    in_race = {
        number: score
        for number, score in scores.items()
        if score.total is not None and not score.inputs.events.get("accident")
    }
    return {
        number: 1
        + sum(
            other.category == score.category and figures(other) > figures(score) for other in in_race.values()
        )
        if number in in_race
        else None
        for number, score in scores.items()
    }


@pytest.mark.parametrize("name", SCHEMES)
@given(first=st.lists(made, min_size=1, max_size=16), later=edits)
@settings(deadline=None, max_examples=50)
def test_edits_one_by_one_give_what_ranking_anew_gives(
    name: str,
    first: list[tuple[str, Fraction | None, int | None, tuple[str, ...]]],
    later: list[dict[int, tuple[str, Fraction | None, int | None, tuple[str, ...]]]],
) -> None:
    scheme = SCHEMES[name]
    scores = {number: scored(scheme, number, content) for number, content in enumerate(first)}
    places = Places(scheme, scores)
    for edit in later:
        changed = {number: scored(scheme, number, content) for number, content in edit.items()}
        before = dict(places.scores)
        moved = places.put(changed)
        scores.update(changed)
        anew = dict(zip(scores, rank(scheme, list(scores.values())), strict=True))
        assert places.scores == anew
        assert {number: score.rank for number, score in anew.items()} == ranks_by_counting(scheme, scores)
        # What is not said to have moved is the very object of before; what is said is what changed.
        assert all(places.scores[number] is before[number] for number in before.keys() - moved.keys())
        assert all(number in changed or before[number] != score for number, score in moved.items())


def test_hundreds_of_changes_at_once_are_sorted_anew() -> None:
    scheme = SCHEMES["plan"]

    def at(number: int, points: int) -> TargetScore:
        return scored(scheme, number, ("enforcement", Fraction(points), None, ()))

    scores = {number: at(number, number % 97) for number in range(400)}
    places = Places(scheme, scores)
    changed = {number: at(number, 100 - number % 89) for number in range(50, 350)}
    places.put(changed)
    scores.update(changed)
    assert places.scores == dict(enumerate(rank(scheme, list(scores.values()))))
    assert {number: score.rank for number, score in places.scores.items()} == ranks_by_counting(
        scheme, scores
    )


def test_one_changed_score_moves_only_those_between() -> None:
    scheme = SCHEMES["plan"]
    scores = {
        number: scored(scheme, number, ("enforcement", Fraction(90 - number), None, ()))
        for number in range(50)
    }
    places = Places(scheme, scores)
    moved = places.put(
        {30: scored(scheme, 30, ("enforcement", Fraction(90 - 20) + Fraction(1, 2), None, ()))}
    )
    assert sorted(moved) == list(range(20, 31))
    assert places.put({}) == {}

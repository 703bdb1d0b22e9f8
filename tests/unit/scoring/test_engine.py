"""What the services ask of the engine: one target, one case, a ranking, an explanation."""

from __future__ import annotations

from fractions import Fraction

import pytest

from definitions.fault import DefinitionFaults
from scoring.definition import load_scheme
from scoring.engine import case_deduction, explain, rank, score_target
from scoring.facts import CaseFacts, TargetFacts
from scoring.nodes.pool import DeductionEntry
from tests.unit.scoring.tables import plan_data

SCHEME = load_scheme(plan_data())
TARGET = TargetFacts("a", "甲", "enforcement")


def summed() -> dict[str, object]:
    data = plan_data()
    data["settings"]["ladder"] = "sum"
    return dict(data)


def test_deduction_follows_the_highest_tier() -> None:
    cost = case_deduction(SCHEME, ("issued", "overdue", "supervised", "overdue", "supervised_twice"))
    assert (cost.tier, cost.points) == ("supervised_twice", 5)
    assert cost.entries == (DeductionEntry("overdue", 3), DeductionEntry("supervised_twice", 2))


def test_summed_ladder_counts_each_tier_once() -> None:
    cost = case_deduction(load_scheme(summed()), ("overdue", "supervised", "overdue", "supervised_twice"))
    assert (cost.tier, cost.points) == ("supervised_twice", 8)
    assert cost.entries == (DeductionEntry("overdue", 3), DeductionEntry("supervised_twice", 5))


def test_reversed_tier_is_not_counted() -> None:
    states = ("overdue", "supervised_twice")
    assert case_deduction(SCHEME, states, ("supervised_twice",)).points == 3
    assert case_deduction(SCHEME, states, ("overdue",)).points == 5
    assert case_deduction(SCHEME, states, ("overdue", "supervised_twice")).tier is None


def test_lower_tier_after_a_higher_one_adds_nothing() -> None:
    cost = case_deduction(SCHEME, ("refused", "overdue"))
    assert (cost.tier, cost.points, len(cost.entries)) == ("refused", 10, 1)


def test_case_without_tier_costs_nothing() -> None:
    assert case_deduction(SCHEME, ("registered", "issued", "rectified")).points == 0


def test_score_alone_has_no_rank_yet() -> None:
    alone = score_target(SCHEME, TARGET, {("instant", "excellent"): 1}, [])
    assert (alone.rank, alone.outcomes) == (None, ())
    (ranked,) = rank(SCHEME, [alone])
    assert (ranked.rank, ranked.outcomes) == (1, ("satisfied", "explain"))
    assert ranked.provisional
    assert ranked.missing == ("comprehensive", "inspection", "concentrated")


@pytest.mark.parametrize(
    "votes", [{("gossip", "good"): 1}, {("instant", "superb"): 1}, {("instant", "good"): -1}]
)
def test_votes_that_the_scheme_does_not_know_are_refused(votes: dict[tuple[str, str], int]) -> None:
    with pytest.raises(DefinitionFaults):
        score_target(SCHEME, TARGET, votes, [])


def test_explanation_names_clause_formula_and_rows() -> None:
    told = explain(
        SCHEME,
        TARGET,
        {("instant", "excellent"): 2, ("concentrated", "good"): 3},
        [
            CaseFacts("整改〔2012〕1号", "a", ("issued", "overdue")),
            CaseFacts("整改〔2012〕2号", "a", ("issued",)),
        ],
    )
    nodes = {node.key: node for node in told.walk()}
    assert all(node.source for node in nodes.values())
    assert "明察暗访测评满意率尚无数据，其权数由其余各项按比例分担" in nodes["composite"].formula.replace(
        "监测点综合测评满意率、", ""
    )
    assert nodes["instant"].formula == "（2×90）÷（2×90）＝1"
    assert nodes["inspection"].formula == "有效测评 0 次，不足 1 次，尚无数据"
    assert nodes["rectification"].formula == "20－3＝17"
    assert [(row.of, row.as_, row.amount) for row in nodes["rectification"].counted] == [
        ("整改〔2012〕1号", "overdue", Fraction(-3)),
        ("整改〔2012〕2号", "", Fraction(0)),
    ]


def test_used_up_pool_says_so() -> None:
    cases = [CaseFacts(str(number), "a", ("refused",)) for number in range(3)]
    told = explain(SCHEME, TARGET, {("instant", "excellent"): 1}, cases)
    assert told.children[1].formula == "20－10－10－10，扣至 0 分为止＝0"


def test_every_rule_of_the_plan_names_its_clause() -> None:
    assert all(node.source for node in SCHEME.nodes.values())
    assert SCHEME.pool is not None
    assert all(tier.source for tier in SCHEME.pool.tiers)
    for rows in (SCHEME.categories, SCHEME.scales, SCHEME.methods, SCHEME.outcomes):
        assert all(row.source for row in rows)

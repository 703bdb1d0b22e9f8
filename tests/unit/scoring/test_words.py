"""The scheme in words says what the plan says, and the clerk's page knows the whole language."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import pytest

from definitions.fault import DefinitionFaults
from definitions.source import load_yaml
from scoring import vocabulary
from scoring.definition import load_scheme
from scoring.engine import score
from scoring.facts import RatingCount, ScoringFacts, TargetFacts
from scoring.nodes.registry import KINDS
from scoring.parts import Settings
from scoring.words import condition_in_words, outcome_reason, rules_in_words
from tests.unit.scoring.tables import CASES, ROOT, plan_data

SCHEME = load_scheme(plan_data())


def test_plan_in_words() -> None:
    rules = [(rule.text, rule.source) for rule in rules_in_words(SCHEME)]
    assert ("五档：优 90 分，良 75 分，一般 60 分，较差 45 分，差 30 分", "方案第五条第二款") in rules
    assert ("拒不整改且无正当理由，每起扣 10 分", "方案第六条第五款") in rules
    assert (
        "综合满意度＝监测点即时测评满意率×20%＋监测点综合测评满意率×20%＋明察暗访测评满意率×10%"
        "＋集中测评满意率×50%；某项尚无数据时，其权数由其余各项按比例分担",
        "方案第六条第二款",
    ) in rules
    assert (
        "得分低于 70 分——限期整改并问责：督促限期整改，并对其主要负责人进行问责",
        "方案第七条第（二）项",
    ) in rules


def test_outcome_tells_why_it_follows() -> None:
    facts = ScoringFacts(
        (TargetFacts("a", "甲", "enforcement"),), (RatingCount("a", "instant", "excellent", 1),)
    )
    (result,) = score(SCHEME, facts)
    assert outcome_reason(SCHEME, result, "satisfied") == (
        "得分 100.00，列行政执法类第 1 名；条件：行政执法类前 6 名、综合管理类前 6 名（方案第七条第（一）项）"
    )


@pytest.mark.parametrize(
    ("file", "outcome", "words"),
    [
        ("s05-advanced-share", "advanced", "各类前 30%（不足一个的舍去），且得分在 75 分以上（含）"),
        ("s09-red-and-black", "black", "全部对象后 2 名"),
    ],
)
def test_conditions_of_other_schemes_in_words(file: str, outcome: str, words: str) -> None:
    scheme = load_scheme(load_yaml(CASES / "schemes" / f"{file}.yaml")["scheme"])
    assert condition_in_words(scheme, scheme.outcome_by_key[outcome]) == words


def test_value_per_period_cannot_be_compared() -> None:
    data = load_yaml(CASES / "schemes/s08-two-rounds.yaml")["scheme"]
    data["settings"] = {"ties": "tiebreak", "tiebreak": [{"by": "mark"}]}
    with pytest.raises(DefinitionFaults) as refused:
        load_scheme(data)
    assert [fault.place for fault in refused.value.faults] == ["settings.tiebreak[0].by"]


def test_page_for_the_clerk_names_every_kind_key_and_word() -> None:
    page = Path(ROOT / "docs/scoring.md").read_text(encoding="utf-8")
    words = {
        str(word)
        for found in vars(vocabulary).values()
        if isinstance(found, type) and issubclass(found, StrEnum)
        for word in found
    }
    own = {
        name
        for kind in KINDS.values()
        for name in kind.model_fields
        if name not in ("kind", "key", "name", "source", "places")
    }
    named = {
        part
        for quoted in page.split("`")[1::2]
        for part in quoted.replace(",", " ").replace("|", " ").replace(":", " ").split()
    }
    assert (words | own | set(KINDS) | set(Settings.model_fields)) - named == set()

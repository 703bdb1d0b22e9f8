"""The office's tables of cases, turned into facts."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from definitions.source import load_yaml
from scoring.exact import read_exact
from scoring.facts import CaseFacts, EventCount, Figure, RatingCount, ScoringFacts, TargetFacts

ROOT = Path(__file__).resolve().parents[3]
CASES = ROOT / "tests/cases/scoring"
PLAN = ROOT / "packs/district-2012/scheme.yaml"


def plan_data() -> Any:
    """The plan's scheme as plain data."""
    return load_yaml(PLAN)


def facts_of(rows: list[Mapping[str, Any]]) -> ScoringFacts:
    """Rows of a table: votes, states, figures, events; periods hold the same again."""
    ratings: list[RatingCount] = []
    cases: list[CaseFacts] = []
    figures: list[Figure] = []
    events: list[EventCount] = []
    for row in rows:
        key = row["key"]
        for period, part in {"": row, **row.get("periods", {})}.items():
            for method, votes in part.get("votes", {}).items():
                ratings += [RatingCount(key, method, grade, count, period) for grade, count in votes.items()]
            for number, states in enumerate(part.get("states", []), 1):
                taken_back = tuple(part.get("reversed", ()))
                cases.append(CaseFacts(f"{key}-{period}{number}", key, tuple(states), taken_back, period))
            for figure, values in part.get("figures", {}).items():
                figures += [Figure(key, figure, read_exact(value), period) for value in values]
            events += [EventCount(key, event, n, period) for event, n in part.get("events", {}).items()]
    targets = tuple(TargetFacts(row["key"], row["key"], row["category"]) for row in rows)
    return ScoringFacts(targets, tuple(ratings), tuple(cases), tuple(figures), tuple(events))


def shown(value: Any) -> Any:
    """A result as tables write it: fractions as n/d, whole numbers as such, tuples as lists."""
    if isinstance(value, Fraction):
        return value
    return list(value) if isinstance(value, tuple) else value


def expected(value: Any, like: Any) -> Any:
    """What the table says, as exact as the result it is compared with."""
    return read_exact(value) if isinstance(like, Fraction) and value is not None else value

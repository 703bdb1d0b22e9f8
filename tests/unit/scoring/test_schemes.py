"""Other districts' schemes, and the settings of the plan's own, as tables the office can read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from definitions.source import load_yaml
from scoring.definition import Scheme, load_scheme
from scoring.engine import score
from scoring.nodes.registry import KINDS
from tests.unit.scoring.tables import CASES, expected, facts_of, plan_data, shown

FILES = sorted((CASES / "schemes").glob("*.yaml"))
SETTINGS = load_yaml(CASES / "plan-2012-settings.yaml")["cases"]


def compare(scheme: Scheme, case: Any) -> None:
    results = score(scheme, facts_of(case["targets"]))
    for row, result in zip(case["targets"], results, strict=True):
        for name, value in row["expect"].items():
            given = shown(getattr(result, name))
            assert given == expected(value, given), f"{case['name']}: {row['key']}.{name}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_scheme_scores_as_its_table_says(file: Path) -> None:
    document = load_yaml(file)
    scheme = load_scheme(document["scheme"])
    assert document["cases"]
    for case in document["cases"]:
        compare(scheme, case)


@pytest.mark.parametrize("case", SETTINGS, ids=[case["name"] for case in SETTINGS])
def test_silent_points_are_settings(case: Any) -> None:
    data = plan_data()
    data["settings"] |= case["settings"]
    compare(load_scheme(data), case)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_figure_explains_itself(file: Path) -> None:
    document = load_yaml(file)
    scheme = load_scheme(document["scheme"])
    for case in document["cases"]:
        for result in score(scheme, facts_of(case["targets"])):
            nodes = list(result.explanation.walk())
            assert {node.key for node in nodes} == set(result.values)
            for node in nodes:
                assert node.value == result.values[node.key]
                assert node.label
                assert node.formula
                assert (node.printed is None) == (node.value is None)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_scheme_survives_storage_as_json(file: Path) -> None:
    scheme = load_scheme(load_yaml(file)["scheme"])
    stored = scheme.model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert load_scheme(stored) == scheme


def test_tables_use_every_kind() -> None:
    schemes = [load_scheme(load_yaml(file)["scheme"]) for file in FILES]
    used = {type(node) for scheme in schemes for node in scheme.nodes.values()}
    assert used == set(KINDS.values())

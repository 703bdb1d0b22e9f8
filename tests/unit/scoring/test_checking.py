"""A scheme that is wrong is refused with all faults at once, each with its place."""

from __future__ import annotations

from typing import Any

import pytest

from definitions.fault import DefinitionFaults, Fault
from definitions.source import load_yaml
from scoring.checking import check_sizes
from scoring.definition import load_scheme
from tests.unit.scoring.tables import CASES, plan_data

TABLE = load_yaml(CASES / "faults.yaml")["cases"]


def changed(data: Any, place: str, value: Any) -> None:
    *way, last = (int(part) if part.isdigit() else part for part in place.split("."))
    for part in way:
        data = data[part]
    if value is None:
        del data[last]
    else:
        data[last] = value


def faults_of(data: Any, sizes: dict[str, int] | None) -> tuple[Fault, ...]:
    try:
        scheme = load_scheme(data)
    except DefinitionFaults as refused:
        return refused.faults
    return tuple(check_sizes(scheme, sizes)) if sizes is not None else ()


@pytest.mark.parametrize("case", TABLE, ids=[case["name"] for case in TABLE])
def test_fault_is_told_with_its_place(case: Any) -> None:
    data = plan_data()
    for place, value in case.get("change", {}).items():
        changed(data, place, value)

    found = {fault.place: fault.what for fault in faults_of(data, case.get("sizes"))}

    assert set(found) == set(case["faults"])
    for place, words in case["faults"].items():
        assert words in found[place]


@pytest.mark.parametrize("data", [None, [], "text", 7, {}, {"score": {}}, {"score": {"kind": []}}, {1: 2}])
def test_anything_at_all_is_refused_without_a_crash(data: Any) -> None:
    with pytest.raises(DefinitionFaults):
        load_scheme(data)


def test_endless_nesting_is_refused() -> None:
    node: dict[str, Any] = plan_data()["score"]
    for number in range(3000):
        node = {"kind": "sum", "key": f"n{number}", "name": "层", "parts": [{"of": node}]}
    with pytest.raises(DefinitionFaults):
        load_scheme(plan_data() | {"score": node})

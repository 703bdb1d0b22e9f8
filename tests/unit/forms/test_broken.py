"""Every broken form is refused, with a fault at just the places where it is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from definitions.fault import DefinitionFaults
from definitions.source import load_yaml
from forms.definition import load_form

CASES = sorted((Path(__file__).parents[2] / "cases" / "forms" / "broken").glob("*.yaml"))


def test_there_are_enough_broken_forms() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_broken_form_is_refused_at_its_places(path: Path) -> None:
    case = load_yaml(path)
    with pytest.raises(DefinitionFaults) as refused:
        load_form(case["form"])
    assert sorted({fault.place for fault in refused.value.faults}) == sorted(case["faults_at"])
    assert all(fault.what for fault in refused.value.faults)


@pytest.mark.parametrize("data", [None, 3, "x", [], {}, {"fields": [None]}, {"fields": [{"type": []}]}])
def test_things_that_are_no_form_are_refused(data: object) -> None:
    with pytest.raises(DefinitionFaults):
        load_form(data)

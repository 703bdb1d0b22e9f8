"""YAML that would hang or topple the reader is refused with its line."""

from __future__ import annotations

import pytest

from definitions.fault import DefinitionFaults
from definitions.source import read_yaml

HOSTILE = {
    "a list that holds itself": "score: &a [*a]",
    "references that multiply": "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]",
    "deep nesting": "[" * 5_000 + "]" * 5_000,
    "a list as key": "? [a]\n: b",
    "a mapping as key": "? {a: 1}\n: b",
    "a number without end": "a: " + "9" * 5_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused(name: str) -> None:
    with pytest.raises(DefinitionFaults) as refused:
        read_yaml(HOSTILE[name], name="x.yaml")

    assert refused.value.faults[0].place.startswith("x.yaml")


def test_what_the_author_wrote_is_what_is_read() -> None:
    assert read_yaml("a: no\nb: 2012-04-09\nc: true\nd: 20%", name="x.yaml") == {
        "a": "no",
        "b": "2012-04-09",
        "c": True,
        "d": "20%",
    }

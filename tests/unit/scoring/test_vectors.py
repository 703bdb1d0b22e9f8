"""The plan's scheme gives the agreed vectors to the last fraction, through the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scoring.__main__ import main

ROOT = Path(__file__).resolve().parents[3]
SCHEME = ROOT / "packs/district-2012/scheme.yaml"
VECTORS = ROOT / "tests/cases/scoring/vectors"


@dataclass(frozen=True)
class Ran:
    """What the command left behind."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    def command(*arguments: str | Path) -> Ran:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return command


def test_command_runs_from_a_shell(tmp_path: Path) -> None:
    data = tmp_path / "data.json"
    data.write_text(json.dumps(base()), encoding="utf-8")
    command = [sys.executable, "-m", "scoring", str(SCHEME), str(data)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, encoding="utf-8", check=True)
    assert [result["target"] for result in json.loads(done.stdout)] == ["a"]


@pytest.mark.parametrize("name", ["worked-example", "edges", "campaign-7"])
def test_vector_is_exact(name: str, tmp_path: Path, run: Callable[..., Ran]) -> None:
    vector = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
    data = tmp_path / "data.json"
    data.write_text(json.dumps(vector["data"]), encoding="utf-8")

    done = run(SCHEME, data)

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    given = [
        {key: result[key] for key in expected}
        for result, expected in zip(json.loads(done.stdout), vector["expected"], strict=True)
    ]
    assert given == vector["expected"]


def base() -> dict[str, Any]:
    return {
        "targets": [{"key": "a", "name": "甲", "category": "enforcement"}],
        "ratings": [{"target": "a", "method": "instant", "grade": "good", "count": 1}],
        "cases": [{"key": "c", "target": "a", "states": ["registered"]}],
    }


MALFORMED: dict[str, tuple[str, str]] = {
    "not JSON": ("{", "JSON"),
    "a list": ("[]", "键值表"),
    "no targets": ("{}", "targets"),
    "doubled key": ('{"targets": [], "targets": []}', "重复"),
    "not a number": ('{"targets": NaN}', "NaN"),
    "endless digits": ('{"targets": ' + "9" * 5000 + "}", "JSON"),
    "deep nesting": ("[" * 100_000, "JSON"),
    "strange key": (json.dumps(base() | {"votes": []}), "votes"),
    "count as text": (json.dumps(base()).replace('"count": 1', '"count": "1"'), "ratings[0].count"),
    "half a rating": (json.dumps(base()).replace('"count": 1', '"count": 0.5'), "ratings[0].count"),
    "negative count": (json.dumps(base()).replace('"count": 1', '"count": -1'), "ratings[0].count"),
    "true as count": (json.dumps(base()).replace('"count": 1', '"count": true'), "ratings[0].count"),
    "unknown method": (json.dumps(base()).replace('"instant"', '"gossip"'), "ratings[0].method"),
    "unknown grade": (json.dumps(base()).replace('"good"', '"superb"'), "ratings[0].grade"),
    "unknown category": (json.dumps(base()).replace('"enforcement"', '"party"'), "targets[0].category"),
    "rating of nobody": (
        json.dumps(base()).replace('"target": "a", "method"', '"target": "b", "method"'),
        "ratings[0].target",
    ),
    "case of nobody": (
        json.dumps(base()).replace('"target": "a", "states"', '"target": "b", "states"'),
        "cases[0].target",
    ),
    "states not a list": (json.dumps(base()).replace('["registered"]', '"registered"'), "cases[0].states"),
    "target twice": (json.dumps(base() | {"targets": base()["targets"] * 2}), "targets[1].key"),
    "case twice": (json.dumps(base() | {"cases": base()["cases"] * 2}), "cases[1].key"),
    "period unknown": (
        json.dumps(base() | {"cases": [base()["cases"][0] | {"period": "q9"}]}),
        "cases[0].period",
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_facts_are_refused_with_their_place(
    name: str, tmp_path: Path, run: Callable[..., Ran]
) -> None:
    text, place = MALFORMED[name]
    data = tmp_path / "data.json"
    data.write_text(text, encoding="utf-8")

    done = run(SCHEME, data)

    assert done.returncode == 2
    assert done.stdout == ""
    assert place in done.stderr
    assert "Traceback" not in done.stderr


def test_all_faults_of_the_facts_are_told_at_once(tmp_path: Path, run: Callable[..., Ran]) -> None:
    facts = base()
    facts["ratings"].append({"target": "z", "method": "gossip", "grade": "good", "count": 1})
    data = tmp_path / "data.json"
    data.write_text(json.dumps(facts), encoding="utf-8")

    done = run(SCHEME, data)

    assert done.returncode == 2
    assert {"ratings[1].target", "ratings[1].method"} <= {
        line.split(": ")[0] for line in done.stderr.splitlines()
    }


@pytest.mark.parametrize(
    "text", ["", "a: [", "- 1", "key: x", "\x00", "score: [{}]", "score: &a [*a]", "key: 1\nkey: 2"]
)
def test_malformed_scheme_is_refused(text: str, tmp_path: Path, run: Callable[..., Ran]) -> None:
    scheme, data = tmp_path / "scheme.yaml", tmp_path / "data.json"
    scheme.write_text(text, encoding="utf-8")
    data.write_text(json.dumps(base()), encoding="utf-8")

    done = run(scheme, data)

    assert done.returncode == 2
    assert "scheme.yaml" in done.stderr
    assert "Traceback" not in done.stderr


def test_files_that_cannot_be_read_are_named(tmp_path: Path, run: Callable[..., Ran]) -> None:
    done = run(tmp_path / "none.yaml", tmp_path / "none.json")

    assert done.returncode == 2
    assert "none.yaml" in done.stderr
    assert "none.json" in done.stderr


def test_explanation_is_printed_as_text(tmp_path: Path, run: Callable[..., Ran]) -> None:
    vector = json.loads((VECTORS / "worked-example.json").read_text(encoding="utf-8"))
    data = tmp_path / "data.json"
    data.write_text(json.dumps(vector["data"]), encoding="utf-8")

    done = run(SCHEME, data, "--explain", "w")

    assert done.returncode == 0
    assert "综合满意度 0.887778×80＋整改情况 9＝3601/45≈80.02" in done.stdout
    assert "20－3－3－5＝9" in done.stdout
    assert run(SCHEME, data, "--explain", "nobody").returncode == 2

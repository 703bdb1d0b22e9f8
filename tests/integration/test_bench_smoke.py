"""The measures run on small volumes and report; how fast they are is no test's business."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import run as bench
from bench.report import Line
from bench.run import MEASURES, main

TINY = (
    "--turns",
    "1",
    "--seconds",
    "0.4",
    "--warm",
    "0.1",
    "--clients",
    "2",
    "--targets",
    "140",
    "--ratings",
    "2000",
)


def seen(folder: Path, *words: str) -> list[Line]:
    """The lines of a tiny run."""
    report = folder / "lines.json"
    with pytest.raises(SystemExit):  # 1 when a budget is missed, which a busy machine may well do
        main([*words, *TINY, "--json", str(report)])
    found = json.loads(report.read_text(encoding="utf-8"))
    assert "share of a core" in found["conditions"]["before"]
    return [Line(**line) for line in found["lines"]]


@pytest.mark.parametrize("name", ["submit", "ranking", "case"])
def test_a_measure_runs_and_reports(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = seen(tmp_path, name)
    assert lines
    assert all(line.measure and line.seen for line in lines)
    printed = capsys.readouterr().out
    assert all(f"| {line.measure} | {line.must} | {line.seen} |" in printed for line in lines)
    wrong = [line for line in lines if line.measure.endswith("errors") and line.seen != "0"]
    assert wrong == []
    commits = [line.seen for line in lines if line.measure.endswith(": commits that wrote")]
    assert commits == (["1"] if name == "submit" else [])


def test_every_measure_can_be_found() -> None:
    assert set(MEASURES) == {"submit", "volume", "ranking", "case", "notice", "crowd", "start"}
    assert all(callable(bench.measure_of(name)) for name in MEASURES)


def test_a_run_is_bounded() -> None:
    with pytest.raises(SystemExit):
        main(["submit", "--clients", "65"])
    with pytest.raises(SystemExit):
        main(["submit", "--seconds", "61"])

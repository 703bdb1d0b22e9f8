"""``python -m scoring SCHEME.yaml DATA.json``: scores, ranks and outcomes as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from definitions.fault import DefinitionFaults, Fault
from definitions.source import load_yaml
from scoring.definition import load_scheme
from scoring.engine import TargetScore, score
from scoring.exact import in_formula, ratio
from scoring.explained import Explained
from scoring.reading import parse_json, read_facts


def main(arguments: Sequence[str]) -> int:
    """Print the result and return 0, or the faults on standard error and return 2."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # text files in practice
    parser = argparse.ArgumentParser(prog="python -m scoring", description="Score, rank, and follow up.")
    parser.add_argument("scheme", type=Path, help="scheme definition, YAML")
    parser.add_argument("data", type=Path, help="facts, JSON: targets, ratings, cases, figures, events")
    parser.add_argument("--explain", metavar="TARGET", help="print why this target has its score, as text")
    asked = parser.parse_args(arguments)
    try:
        results = _results(asked.scheme, asked.data)
        chosen = _chosen(results, asked.explain)
    except DefinitionFaults as faults:
        print(faults, file=sys.stderr)
        return 2
    if chosen is not None:
        print("\n".join(explanation_lines(chosen.explanation)))
    else:
        print(json.dumps([plain(result) for result in results], ensure_ascii=False, indent=1))
    return 0


def _results(scheme_path: Path, data_path: Path) -> tuple[TargetScore, ...]:
    faults: list[Fault] = []
    scheme, facts = None, None
    try:
        scheme = load_scheme(load_yaml(scheme_path))
    except DefinitionFaults as found:
        faults += [Fault(f"{scheme_path.name}: {fault.place}", fault.what) for fault in found.faults]
    try:
        facts = read_facts(parse_json(_text(data_path), name=data_path.name))
    except DefinitionFaults as found:
        faults += [Fault(f"{data_path.name}: {fault.place}", fault.what) for fault in found.faults]
    if scheme is None or facts is None:
        raise DefinitionFaults(faults)
    return score(scheme, facts)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionFaults([Fault(path.name, f"无法读取：{error}")]) from error


def _chosen(results: Sequence[TargetScore], target: str | None) -> TargetScore | None:
    if target is None:
        return None
    for result in results:
        if result.target == target:
            return result
    raise DefinitionFaults([Fault("--explain", f"没有测评对象“{target}”")])


def plain(score: TargetScore) -> dict[str, Any]:
    """One result as JSON data: exact fractions as ``n/d``, whole rectification points as numbers."""
    return {
        "target": score.target,
        "name": score.name,
        "category": score.category,
        "satisfaction": {key: _ratio(value) for key, value in score.satisfaction.items()},
        "composite": _ratio(score.composite),
        "rectification": _points(score.rectification),
        "total": _ratio(score.total),
        "printed": score.printed,
        "rank": score.rank,
        "band": score.band,
        "outcomes": list(score.outcomes),
        "conflicts": list(score.conflicts),
        "vetoes": list(score.vetoes),
        "missing": list(score.missing),
        "provisional": score.provisional,
    }


def _ratio(value: Fraction | None) -> str | None:
    return None if value is None else ratio(value)


def _points(value: Fraction | None) -> int | str | None:
    if value is None:
        return None
    return value.numerator if value.denominator == 1 else ratio(value)


def explanation_lines(explained: Explained, indent: str = "") -> list[str]:
    """An explanation as text, one figure a line, what it rests on indented below."""
    source = f"　〔{explained.source}〕" if explained.source else ""
    lines = [f"{indent}{explained.label}：{explained.formula}{source}"]
    lines += [
        f"{indent}  · {row.label}　{row.count}×{in_formula(row.points)}　{in_formula(row.amount)}"
        for row in explained.counted
    ]
    for child in explained.children:
        lines += explanation_lines(child, indent + "  ")
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

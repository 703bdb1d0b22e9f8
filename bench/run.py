"""`python -m bench [MEASURE ...]`: measure, print a table, end with 1 if something that must hold does not."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from bench.load import MOST_CLIENTS, MOST_SECONDS
from bench.machine import weather
from bench.report import Line, as_json, as_table
from bench.settings import SERVER, Run

#: Name to module and function; read when asked for, because some set up engines as they are imported.
MEASURES = {
    "submit": "bench.submission:measure",
    "volume": "bench.submission:measure_volume",
    "ranking": "bench.ranking:measure",
    "case": "bench.cases:measure",
    "notice": "bench.notice:measure",
    "crowd": "bench.crowd:measure",
    "start": "bench.starting:measure",
}


def main(words: Sequence[str] | None = None) -> None:
    """The command line."""
    asked = _parser().parse_args(words)
    with tempfile.TemporaryDirectory(prefix="pingdu_bench_") as folder:
        run = _run(asked, Path(folder))
        before = weather(run.folder)
        lines: list[Line] = []
        for name in asked.measure or MEASURES:
            print(f"· {name}", file=sys.stderr, flush=True)
            lines += measure_of(name)(run)
        conditions = {"before": str(before), "after": str(weather(run.folder))}
    print(as_table(lines))
    print("\n".join(f"machine {when}: {what}" for when, what in conditions.items()))
    if asked.json:
        asked.json.write_text(as_json(lines, conditions), encoding="utf-8")
    sys.exit(any(line.good is False for line in lines))


def measure_of(name: str) -> Callable[[Run], list[Line]]:
    """The function behind a name."""
    module, _, function = MEASURES[name].partition(":")
    found: Callable[[Run], list[Line]] = getattr(import_module(module), function)
    return found


def _run(asked: argparse.Namespace, folder: Path) -> Run:
    return Run(
        folder=folder,
        kinds=tuple(asked.database),
        server=asked.server,
        seconds=asked.seconds,
        warm=asked.warm,
        turns=asked.turns,
        clients=asked.clients,
        targets=asked.targets,
        ratings=asked.ratings,
    )


def _parser() -> argparse.ArgumentParser:
    usual = Run(Path())
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("measure", nargs="*", choices=[*MEASURES, []], help="default: all")
    parser.add_argument("--database", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite"])
    parser.add_argument("--server", default=SERVER, help="PostgreSQL on which databases may be made")
    parser.add_argument("--turns", type=_within(1, 20), default=usual.turns, help="of each side")
    parser.add_argument("--seconds", type=_within(0.2, MOST_SECONDS, float), default=usual.seconds)
    parser.add_argument("--warm", type=_within(0, 10, float), default=usual.warm)
    parser.add_argument("--clients", type=_within(1, MOST_CLIENTS), default=usual.clients)
    parser.add_argument("--targets", type=_within(1, 20_000), default=usual.targets)
    parser.add_argument("--ratings", type=_within(100, 10_000_000), default=usual.ratings)
    parser.add_argument("--json", type=Path, help="also write the lines to this file")
    return parser


def _within(low: float, high: float, kind: Callable[[str], float] = int) -> Callable[[str], float]:
    def read(word: str) -> float:
        value = kind(word)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"between {low:,} and {high:,}")
        return value

    return read


if __name__ == "__main__":
    main()

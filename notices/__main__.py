"""The command line: ``render`` a document from a pack, ``measure`` a finished file."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from definitions.fault import DefinitionFaults
from definitions.source import load_yaml
from notices.completeness import sample_of
from notices.definition import load_notice_kind
from notices.fonts import FontsMissing
from notices.measure import measure
from notices.refusal import NoticeRefused
from notices.render import render_pdf


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when done and well, 1 for a refused document or a failed check, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m notices", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    drawing = commands.add_parser("render", help="draw one document")
    drawing.add_argument("pack", type=Path, help="folder of the pack")
    drawing.add_argument("kind", help="key of the kind, e.g. rectification_notice")
    drawing.add_argument("values", type=Path, nargs="?", help="JSON file with the values")
    drawing.add_argument("output", type=Path, help="the .pdf or .docx to write")
    drawing.add_argument("--sample", action="store_true", help="use the kind's simulated values")
    drawing.add_argument("--draft", action="store_true", help="mark gaps and print 样张")
    measuring = commands.add_parser("measure", help="check a finished PDF against GB/T 9704-2012")
    measuring.add_argument("file", type=Path)
    options = parser.parse_args(arguments)
    try:
        return _measure(options.file) if options.command == "measure" else _render(options, parser)
    except (NoticeRefused, DefinitionFaults, FontsMissing, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1


def _render(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    if (options.values is None) != options.sample:
        parser.error("give either VALUES.json or --sample")
    kind = load_notice_kind(load_yaml(options.pack / "notices" / f"{options.kind}.yaml"))
    values = sample_of(kind) if options.sample else json.loads(options.values.read_text(encoding="utf-8"))
    if options.output.suffix == ".docx":
        from notices.docx.twin import render_docx

        options.output.write_bytes(render_docx(kind, values))
    else:
        options.output.write_bytes(render_pdf(kind, values, draft=options.draft))
    return 0


def _measure(file: Path) -> int:
    try:
        report = measure(file.read_bytes())
    except ModuleNotFoundError as error:
        print(f"测量需要 {error.name}，请先安装 requirements-dev.txt", file=sys.stderr)
        return 1
    print(report)
    return 0 if report.passed else 1


if __name__ == "__main__":
    sys.exit(main())

"""`python -m forms`: look at a form without a server."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from definitions.fault import DefinitionFaults
from definitions.source import load_yaml
from forms.answers import open_form
from forms.choices import Entry, FixedChoices
from forms.definition import FormDefinition, load_form
from forms.fields.dictionary import Dictionary

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a form, or print it as one HTML page. Returns 0, or 1 when the form has faults."""
    parser = argparse.ArgumentParser(prog="python -m forms", description="Check and show forms.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, words in (("check", "list all faults of a form"), ("render", "print a form as one HTML page")):
        command = commands.add_parser(name, help=words)
        command.add_argument("form", type=Path, metavar="FORM.yaml")
    given = parser.parse_args(arguments)
    try:
        definition = load_form(load_yaml(given.form))
    except DefinitionFaults as faults:
        sys.stderr.write(f"{faults}\n")
        return 1
    if given.command == "render":
        sys.stdout.write(page(definition))
    return 0


def page(definition: FormDefinition) -> str:
    """The empty form as one HTML page with its styles; lists show sample entries marked as such."""
    environment = Environment(loader=FileSystemLoader(ROOT / "templates"), autoescape=True, trim_blocks=True)
    environment.globals["_"] = said
    form = open_form(definition, choices=FixedChoices(dict(_samples(definition))))
    css = (ROOT / "static" / "forms.css").read_text(encoding="utf-8")
    return environment.get_template("forms/preview.html").render(form=form, css=css)


def said(message: str, **values: Any) -> str:
    """A message as it is written, without a translator."""
    return message % values if values else message


def _samples(definition: FormDefinition) -> Iterator[tuple[str, list[Entry]]]:
    for of, word in (("target", "科室"), ("unit", "单位"), ("monitor", "监测点")):
        yield of, [Entry(f"sample_{n}", f"示例{word}{n}", f"示例单位{(n + 1) // 2}") for n in range(1, 7)]
    for field in definition.fields:
        if isinstance(field, Dictionary):
            entries = [Entry(f"sample_{n}", f"示例条目{n}", f"示例类别{(n + 1) // 2}") for n in range(1, 5)]
            yield f"dictionary:{field.dictionary}", entries


if __name__ == "__main__":
    sys.exit(main())

"""A module is one noun or verb that can be said in a sentence, and short enough to read in one sitting."""

from __future__ import annotations

import ast
import json
from pathlib import Path

from scripts import vendor
from tests.architecture.test_imports import ROOT, our_files

LONGEST_MODULE = 400
LONGEST_FUNCTION = 40
DRAWERS = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "base_utils"}


def test_modules_are_short() -> None:
    files = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in our_files()}
    long = [
        f"{file.relative_to(ROOT)}: {lines} lines" for file, lines in files.items() if lines > LONGEST_MODULE
    ]
    assert not long, "\n".join(long)


def code_lines(lines: list[str], node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body that hold code: the docstring, comments and blank lines are not counted."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    if not body:
        return 0
    held = lines[body[0].lineno - 1 : node.end_lineno]
    return sum(1 for line in held if line.strip() and not line.strip().startswith("#"))


def test_functions_are_short() -> None:
    long = []
    for file in our_files():
        text = file.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            lines = code_lines(text.splitlines(), node)
            if lines > LONGEST_FUNCTION:
                long.append(f"{file.relative_to(ROOT)}:{node.lineno}: {node.name} has {lines} lines")
    assert not long, "\n".join(long)


def test_no_module_is_a_drawer() -> None:
    drawers = [str(file.relative_to(ROOT)) for file in our_files() if {file.stem, file.parent.name} & DRAWERS]
    assert not drawers, "\n".join(drawers)


def test_shipped_browser_libraries_are_as_locked() -> None:
    assert vendor.differences() == []


def test_every_shipped_file_is_in_a_lock() -> None:
    for folder in ("static/vendor", "tests/vendor"):
        entries = json.loads((ROOT / folder / vendor.LOCK).read_text(encoding="utf-8"))
        locked = {name for entry in entries for name in entry["files"]} | {vendor.LOCK}
        shipped = {file.name for file in Path(ROOT / folder).iterdir() if file.is_file()}
        assert shipped == locked


def test_public_functions_say_what_they_are_for() -> None:
    silent = []
    for file in our_files():
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
                continue
            if not ast.get_docstring(node):
                silent.append(f"{file.relative_to(ROOT)}:{node.lineno}: {node.name}")
    assert not silent, "\n".join(silent)

"""Imports point one way: doors -> acts -> nouns -> rules -> definitions. Walks the syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

DOORS = {"app", "admin", "api", "cli", "portal", "settings"}
RULES = {"forms", "workflow", "scoring", "notices"}
OURS = DOORS | RULES | {"definitions", "models", "packs", "services"}

#: What each package may import of ours, besides itself. Anything not listed is refused.
MAY_IMPORT: dict[str, set[str]] = {
    "definitions": set(),
    "forms": {"definitions"},
    "workflow": {"definitions"},
    "scoring": {"definitions"},
    "notices": {"definitions"},
    "packs": {"definitions"} | RULES,
    "models": {"definitions", "packs"} | RULES,
    "services": {"definitions", "models", "packs"} | RULES,
    "settings": set(),
    "admin": {"definitions", "models", "packs", "portal", "services", "settings"} | RULES,
    "api": {"definitions", "models", "packs", "portal", "services", "settings"} | RULES,
    "cli": {"app", "definitions", "models", "packs", "portal", "services", "settings"} | RULES,
    "portal": {"definitions", "models", "packs", "services", "settings"} | RULES,
    "app": OURS,
}

#: Libraries that must not be met in a storey, with the reason.
FOREIGN: dict[str, dict[str, str]] = {
    package: {
        "flask": "a rule runs without a server",
        "flask_admin": "a rule runs without a server",
        "flask_login": "a rule runs without a server",
        "flask_babel": "a rule runs without a server",
        "flask_wtf": "a rule runs without a server",
        "sqlalchemy": "a rule runs without a database",
        "flask_sqlalchemy": "a rule runs without a database",
    }
    for package in ("definitions", "packs", *sorted(RULES))
} | {
    package: {
        "flask": "an act never sees the request",
        "flask_login": "the actor is an argument",
        "flask_wtf": "an act never sees the request",
        "flask_admin": "an act never sees the request",
    }
    for package in ("models", "services")
}

#: Libraries with one home each.
HOMES = {"transitions": "workflow", "weasyprint": "notices", "wtforms": None}


@dataclass(frozen=True)
class Import:
    """One import statement: where it stands and what it names."""

    file: Path
    line: int
    name: str

    @property
    def owner(self) -> str:
        """The package or root module the file belongs to."""
        first = self.file.relative_to(ROOT).parts[0]
        return first.removesuffix(".py")

    @property
    def top(self) -> str:
        """The first part of the imported name."""
        return self.name.split(".")[0]

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}: imports {self.name}"


def our_files() -> list[Path]:
    """Every Python file of the storeys."""
    files = []
    for owner in sorted(OURS):
        module, package = ROOT / f"{owner}.py", ROOT / owner
        files += [module] if module.is_file() else []
        files += sorted(package.rglob("*.py")) if package.is_dir() else []
    return files


def imports_of(file: Path) -> Iterator[Import]:
    """Every import in the file, also those inside functions; type-checking ones count too."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (Import(file, node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            yield Import(file, node.lineno, f"{file.relative_to(ROOT).parts[0]}.{node.module or ''}")
        elif isinstance(node, ast.ImportFrom):
            yield Import(file, node.lineno, node.module or "")


def complaint(found: Import) -> str | None:
    """Why the import is refused; None when it is right."""
    if found.top in OURS and found.top != found.owner and found.top not in MAY_IMPORT[found.owner]:
        return f"{found}: {found.owner}/ may not see {found.top}/, imports go down only"
    reason = FOREIGN.get(found.owner, {}).get(found.top)
    if reason:
        return f"{found}: {reason}"
    home = HOMES.get(found.top)
    if home and found.owner != home:
        return f"{found}: {found.top} has its home in {home}/"
    return None


@pytest.mark.parametrize("owner", sorted(OURS))
def test_imports_go_down(owner: str) -> None:
    files = [file for file in our_files() if file.relative_to(ROOT).parts[0].removesuffix(".py") == owner]
    complaints = [said for file in files for found in imports_of(file) if (said := complaint(found))]
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        ("scoring", "flask"),
        ("scoring", "models.case"),
        ("models", "services.cases"),
        ("services", "portal.access"),
        ("workflow", "notices.render"),
        ("definitions", "forms"),
        ("services", "weasyprint"),
    ],
)
def test_an_import_upwards_is_found(owner: str, name: str) -> None:
    assert complaint(Import(ROOT / owner / "example.py", 1, name))


def test_importing_the_rules_reads_no_clock() -> None:
    """Time is an argument: no rule, noun or act asks the clock by itself."""
    asked = []
    clocks = {
        ("datetime", "now"),
        ("datetime", "utcnow"),
        ("datetime", "today"),
        ("date", "today"),
        ("time", "time"),
    }
    for file in our_files():
        owner = file.relative_to(ROOT).parts[0]
        if owner.removesuffix(".py") in DOORS or file.name == "__main__.py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            value = node.func.value
            name = (
                value.id
                if isinstance(value, ast.Name)
                else value.attr
                if isinstance(value, ast.Attribute)
                else ""
            )
            if (name, node.func.attr) in clocks:
                asked.append(
                    f"{file.relative_to(ROOT)}:{node.lineno}: {name}.{node.func.attr}() — pass `now`"
                )
    assert not asked, "\n".join(asked)

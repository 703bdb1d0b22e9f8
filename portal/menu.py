"""The menu: each page package names its entries, each person sees those of the own roles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, request, url_for

from portal.access import may_open, visitor


@dataclass(frozen=True)
class MenuEntry:
    """One line of the menu.

    group: heading above it, `lazy_gettext`. order: small comes first, within the whole menu.
    Who sees it follows from who may open the endpoint. unless: an endpoint that shows the same better; whoever
    may open that one does not see this line.
    """

    endpoint: str
    label: str
    group: str = ""
    order: int = 100
    unless: str = ""


def add_menu(app: Flask, entries: Iterable[MenuEntry]) -> None:
    """Add entries of one page package."""
    menu: list[MenuEntry] = app.extensions.setdefault("menu", [])
    menu.extend(entries)
    menu.sort(key=lambda entry: entry.order)


def menu_groups() -> list[dict[str, Any]]:
    """What the visitor may open, by heading, with the current page marked."""
    asking = visitor()
    roles = asking.actor.roles if asking else frozenset()
    here = (request.endpoint or "").rpartition(".")[0]
    named = any(entry.endpoint == request.endpoint for entry in current_app.extensions.get("menu", []))
    groups: dict[str, list[dict[str, Any]]] = {}
    for entry in current_app.extensions.get("menu", []):
        if not _shown(entry, roles, signed_in=asking is not None):
            continue
        same = request.endpoint == entry.endpoint
        near = bool(here) and not named and entry.endpoint == f"{here}.index"
        item = {
            "label": entry.label,
            "url": url_for(entry.endpoint),
            "current": same,
            "near": near,
        }
        groups.setdefault(str(entry.group), []).append(item)
    return [{"label": label, "entries": entries} for label, entries in groups.items()]


def _shown(entry: MenuEntry, roles: frozenset[str], *, signed_in: bool) -> bool:
    if not may_open(current_app, entry.endpoint, roles, signed_in=signed_in):
        return False
    return not (entry.unless and may_open(current_app, entry.unless, roles, signed_in=signed_in))

"""Every address has an owner, and the list of addresses is known."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from models.people import Role
from portal.access import PUBLIC, SIGNED_IN, owners_of

ROOT = Path(__file__).resolve().parents[2]
KNOWN = {PUBLIC, SIGNED_IN} | {role.value for role in Role}


def test_every_address_is_granted_to_someone(app: Flask) -> None:
    orphans = [rule.rule for rule in app.url_map.iter_rules() if not owners_of(app, rule.endpoint)]
    assert not orphans, f"nobody may open {orphans}: say @allow(…) on the view"


def test_addresses_are_granted_to_known_roles(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        assert owners_of(app, rule.endpoint) <= KNOWN, rule.rule


def test_every_template_can_be_read(app: Flask) -> None:
    names = app.jinja_env.list_templates(filter_func=lambda name: name.endswith(".html"))
    ours = [name for name in names if (ROOT / "templates" / name).is_file()]
    assert ours
    for name in ours:
        app.jinja_env.get_template(name)

"""The menu: each line leads somewhere else, for every person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import combinations

import pytest
from flask import Flask, g

from models.people import Role
from portal.access import Visitor
from portal.menu import menu_groups
from services.actor import Actor
from tests.web.conftest import CarefulClient


def lines(app: Flask, *roles: Role) -> list[tuple[str, str]]:
    """(label, address) of what a person with these roles is offered."""
    actor = Actor(1, "演示", frozenset(role.value for role in roles))
    person = Visitor(actor, "demo", 1, password_expired=False, language="")
    with app.test_request_context("/"):
        g._login_user = person
        return [(str(entry["label"]), entry["url"]) for group in menu_groups() for entry in group["entries"]]


@pytest.mark.parametrize("roles", [*((role,) for role in Role), *combinations(Role, 2), tuple(Role)], ids=str)
def test_no_label_and_no_address_comes_twice(app: Flask, roles: tuple[Role, ...]) -> None:
    found = lines(app, *roles)
    assert found
    for place in (0, 1):
        twice = [words for words, count in Counter(line[place] for line in found).items() if count > 1]
        assert not twice, twice


@pytest.mark.parametrize(
    ("role", "address"),
    [
        (Role.HEAD, "/desk/ratings"),
        (Role.HEAD, "/desk/cases"),
        (Role.ADMIN, "/desk/cases"),
        (Role.ADMIN, "/admin/ratings/"),
        (Role.AUDITOR, "/admin/ratings/"),
        (Role.AUDITOR, "/desk/cases"),
        (Role.TARGET, "/t/score"),
    ],
)
def test_one_line_stays_of_each_pair(app: Flask, role: Role, address: str) -> None:
    assert address in [url for _label, url in lines(app, role)]


def test_what_left_the_menu_still_opens(signed_in: Callable[..., CarefulClient]) -> None:
    head = signed_in(Role.HEAD)
    assert 'href="/admin/cases/"' not in head.get("/account/password").text
    assert head.get("/admin/cases/").status_code == 200

"""A client that reads each page as a careful person would."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from models.people import Role
from services.accounts import create_account
from services.actor import Actor
from tests.conftest import TODAY

PASSWORD = "白鹭洲书院旧址在江心"
INSTALLER = Actor(user_id=None, name="测试", roles=frozenset({"admin"}))


def page_faults(html: str) -> list[str]:
    """What is wrong with a page in general; empty when all is well."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree: Element = parser.parse(html)
    faults = [f"HTML {code} at {place}" for place, code, _details in parser.errors]
    elements = list(tree.iter())
    headings = [element for element in elements if element.tag == "h1"]
    if len(headings) != 1:
        faults.append(f"{len(headings)} h1")
    ids = Counter(element.get("id") for element in elements if element.get("id"))
    faults += [f"id {name} {count} times" for name, count in ids.items() if count > 1]
    if tree.get("lang") not in {"zh-CN", "en"}:
        faults.append("no lang")
    title = tree.findtext("head/title") or ""
    if not title.partition(" · ")[0].strip():
        faults.append("no title")
    for element in elements:
        faults += _element_faults(element, ids)
    return faults


def _element_faults(element: Element, ids: Counter[str | None]) -> list[str]:
    faults = []
    if element.get("style") or any(name.startswith("on") for name in element.attrib):
        faults.append(f"<{element.tag}> carries inline style or script")
    if element.tag == "script" and not element.get("src") and element.get("type") != "application/json":
        faults.append("inline script")
    if element.tag == "label" and element.get("for") and element.get("for") not in ids:
        faults.append(f"label for missing {element.get('for')}")
    posts = element.tag == "form" and (element.get("method") or "get").lower() == "post"
    # A ballot is authorised by the one-time code in it, and must set no session (portal/ballot/views.py).
    # A form that was sent out by link asks nothing of a session either (portal/filling/views.py).
    if element.get("data-authorised-by") == "code":
        posts = not any(field.get("name") == "code" for field in element.iter("input"))
    if element.get("data-authorised-by") == "link":
        posts = not (element.get("action") or "").startswith("/f/")
    if posts and not any(field.get("name") == "csrf_token" for field in element.iter("input")):
        faults.append("form without csrf_token")
    if element.tag == "img" and element.get("alt") is None:
        faults.append("img without alt")
    return faults


class CarefulClient(FlaskClient):
    """Checks each HTML page it is given, and fills in the token of forms."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        if response.mimetype == "text/html" and response.data and not 300 <= response.status_code < 400:
            faults = page_faults(response.text)
            assert not faults, f"{response.request.path}: {faults}"
        expected = response.request.headers.get("X-Expect") == "500"
        assert response.status_code != 500 or expected, "an error page of last resort, see the log above"
        return response

    def token(self, path: str) -> str:
        """The token on the page at `path`."""
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get(path).text)
        assert found, f"no form at {path}"
        return found.group(1)

    def submit(self, path: str, *, page: str | None = None, **data: Any) -> TestResponse:
        """Fetch the form (at `page`, if not at `path`), fill it in, post it."""
        return self.post(path, data={"csrf_token": self.token(page or path), **data})


@pytest.fixture
def client(app: Flask) -> CarefulClient:
    """Nobody yet."""
    app.test_client_class = CarefulClient
    return app.test_client()  # type: ignore[return-value]  # Flask names the base class


@pytest.fixture
def account(app: Flask) -> Callable[..., int]:
    """Make an account: `account("officer1", Role.OFFICER, target_id=3)` gives its id."""

    def make(login: str, *roles: Role, **overrides: Any) -> int:
        values: dict[str, Any] = {"name": login, "password": PASSWORD, "password_expired": False} | overrides
        with Session(app.extensions["engine"]) as session:
            user = create_account(
                session,
                INSTALLER,
                login=login,
                roles=frozenset(roles),
                passwords=app.extensions["passwords"],
                now=TODAY,
                **values,
            )
            return user.id

    return make


@pytest.fixture
def signed_in(app: Flask, account: Callable[..., int]) -> Callable[..., CarefulClient]:
    """A client of a new account with these roles: `signed_in(Role.OFFICER)`."""
    app.test_client_class = CarefulClient

    def enter(*roles: Role, login: str = "", **overrides: Any) -> CarefulClient:
        name = login or "-".join(sorted(roles)) or "nobody"
        account(name, *roles, **overrides)
        client: CarefulClient = app.test_client()  # type: ignore[assignment]  # Flask names the base class
        response = client.submit("/account/login", login=name, password=overrides.get("password", PASSWORD))
        assert response.status_code == 302, response.text
        return client

    return enter

"""The first seconds: what the front answers is what the whole site would say, and the rest waits for it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import Client

from app import create_app, create_front
from models.people import Role
from portal.opening import Opening
from tests.conftest import TODAY, settings_for
from tests.web.conftest import PASSWORD, CarefulClient

PAGES = ("/", "/public", "/account/login", "/account/login?next=/desk", "/healthz")


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path) -> dict[str, object]:
    """Both applications have the same."""
    return settings_for(sqlite_url, tmp_path)


@pytest.fixture
def front(settings: dict[str, object]) -> Iterator[Flask]:
    """The small application."""
    made = create_front(settings)
    made.extensions["clock"] = lambda: TODAY
    yield made
    made.extensions["engine"].dispose()


@pytest.fixture
def app(settings: dict[str, object]) -> Iterator[Flask]:
    """The whole one."""
    made = create_app(settings)
    made.extensions["clock"] = lambda: TODAY
    yield made
    made.extensions["engine"].dispose()


class Held:
    """An opening whose whole site is there when the test says so."""

    def __init__(self, front: Flask, whole: Flask) -> None:
        self._let_go = threading.Event()
        self.failures: list[BaseException] = []
        self.opening = Opening(
            front, self._build, ready=lambda _app: self.ready.set(), failed=self.failures.append
        )
        self.ready = threading.Event()
        self._whole = whole
        self.opening.begin()

    def _build(self) -> Flask:
        self._let_go.wait(10)
        return self._whole

    def open(self) -> None:
        """Let the whole site be there."""
        self._let_go.set()
        assert self.ready.wait(10)


@pytest.fixture
def held(front: Flask, app: Flask) -> Iterator[Held]:
    """One opening."""
    made = Held(front, app)
    yield made
    made.open()


def without_token(page: str) -> str:
    return re.sub(r'value="I[\w.-]{60,}"', "", page)


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_front_says_what_the_whole_site_says(front: Flask, app: Flask, path: str, language: str) -> None:
    said = []
    for application in (front, app):
        client = application.test_client()
        with client.session_transaction() as kept:
            kept["language"] = language
        said.append(client.get(path))
    assert said[0].status_code == said[1].status_code < 400
    assert without_token(said[0].text) == without_token(said[1].text)
    for name in ("Location", "Content-Type", "Content-Security-Policy", "Cache-Control", "Vary"):
        assert said[0].headers.get(name) == said[1].headers.get(name), name


def test_first_page_does_not_wait(held: Held) -> None:
    assert Client(held.opening).get("/public").status_code == 200
    assert held.opening.whole is None


@pytest.mark.parametrize("path", ["/public/rules", "/desk", "/admin/", "/nowhere"])
def test_other_pages_wait_for_the_whole_site(held: Held, app: Flask, path: str) -> None:
    answers = []
    asking = threading.Thread(target=lambda: answers.append(Client(held.opening).get(path)))
    asking.start()
    asking.join(0.2)
    assert asking.is_alive(), "answered before the site was there"
    held.open()
    asking.join(10)
    assert answers[0].status_code == app.test_client().get(path).status_code


def test_who_signs_in_in_the_first_second_is_signed_in(
    held: Held, client: CarefulClient, account: Callable[..., int]
) -> None:
    """The form comes from the front, the whole site takes it, and the page after it is the person's own."""
    account("officer1", Role.OFFICER)
    browser = Client(held.opening)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.get("/account/login").text)
    assert token
    data = {"csrf_token": token[1], "login": "officer1", "password": PASSWORD}
    answers = []
    posting = threading.Thread(target=lambda: answers.append(browser.post("/account/login", data=data)))
    posting.start()
    held.open()
    posting.join(10)
    assert answers[0].headers["Location"] == "/"


def test_who_is_signed_in_gets_the_own_page_not_the_public_one(
    front: Flask, client: CarefulClient, account: Callable[..., int]
) -> None:
    account("officer1", Role.OFFICER)
    client.submit("/account/login", login="officer1", password=PASSWORD)
    name = front.config["SESSION_COOKIE_NAME"]
    cookie = client.get_cookie(name)
    assert cookie
    browser = front.test_client()
    browser.set_cookie(name, cookie.value)
    assert browser.get("/").status_code == 404, "left to the whole site"
    with browser.get("/static/pingdu.css") as style:
        assert style.status_code == 200


def test_a_site_that_cannot_be_built_says_so_at_once(front: Flask) -> None:
    failures: list[BaseException] = []
    told = threading.Event()

    def build() -> Flask:
        raise OSError("no such file")

    def failed(error: BaseException) -> None:
        failures.append(error)
        told.set()

    opening = Opening(front, build, ready=lambda _app: None, failed=failed)
    opening.begin()
    assert told.wait(10)
    assert str(failures[0]) == "no such file"
    assert opening.whole is None
    with pytest.raises(RuntimeError, match="could not be loaded"):
        Client(opening).get("/desk")

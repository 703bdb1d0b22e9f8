"""Entering, leaving, the own password, the language."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from models.people import Role
from tests.web.conftest import PASSWORD, CarefulClient

NEW = "螺子山下读书台有新碑"


def test_a_wrong_password_is_answered_without_saying_what_was_wrong(
    client: CarefulClient, account: Callable[..., int]
) -> None:
    account("officer1", Role.OFFICER)
    wrong = client.submit("/account/login", login="officer1", password="x" * 12)
    unknown = client.submit("/account/login", login="nobody", password="x" * 12)
    assert wrong.status_code == unknown.status_code == 403
    assert "登录名或密码不对" in wrong.text
    assert "登录名或密码不对" in unknown.text
    assert 'value="officer1"' in wrong.text, "what was typed stays"


def test_guessing_is_slowed_down(client: CarefulClient, account: Callable[..., int]) -> None:
    account("officer1", Role.OFFICER)
    for _attempt in range(5):
        client.submit("/account/login", login="officer1", password="x" * 12)
    assert client.submit("/account/login", login="officer1", password=PASSWORD).status_code == 429


def test_empty_fields_are_named(client: CarefulClient) -> None:
    answer = client.submit("/account/login", login="", password="")
    assert answer.status_code == 422
    assert "请填写登录名。" in answer.text


def test_leaving_ends_the_session_everywhere(
    signed_in: Callable[..., CarefulClient], client: CarefulClient
) -> None:
    first = signed_in(Role.LEADER, login="leader1")
    client.submit("/account/login", login="leader1", password=PASSWORD)
    assert client.get("/account/password").status_code == 200
    first.submit("/account/logout", page="/account/password")
    assert client.get("/account/password").status_code == 302


def test_a_first_password_must_be_changed_before_anything_else(
    signed_in: Callable[..., CarefulClient],
) -> None:
    client = signed_in(Role.OFFICER, password_expired=True)
    assert client.get("/").status_code == 302
    page = client.get("/account/password")
    assert "初始密码" in page.text
    changed = client.submit(
        "/account/password", old_password=PASSWORD, new_password=NEW, repeated_password=NEW
    )
    assert changed.status_code == 302
    assert client.get("/account/password").status_code == 200, "this session goes on"


@pytest.mark.parametrize(
    ("new", "repeated", "said"),
    [
        ("短", "短", "密码太短"),
        (NEW, NEW + "x", "两次填写的新密码不一样"),
        (PASSWORD, PASSWORD, "新密码与原密码相同"),
    ],
)
def test_an_unfit_password_is_refused_with_the_reason(
    signed_in: Callable[..., CarefulClient], new: str, repeated: str, said: str
) -> None:
    client = signed_in(Role.OFFICER)
    answer = client.submit(
        "/account/password", old_password=PASSWORD, new_password=new, repeated_password=repeated
    )
    assert answer.status_code == 422
    assert said in answer.text


def test_the_language_is_switched_and_stays(client: CarefulClient) -> None:
    switched = client.submit("/account/language", page="/account/login", language="en", next="/account/login")
    assert switched.location == "/account/login"
    assert '<html lang="en">' in client.get("/account/login").text


@pytest.mark.parametrize(
    "target", ["//elsewhere.example", "https://elsewhere.example/", "/\\elsewhere.example", ""]
)
def test_nobody_is_sent_elsewhere(client: CarefulClient, account: Callable[..., int], target: str) -> None:
    account("officer1", Role.OFFICER)
    answer = client.submit(f"/account/login?next={target}", login="officer1", password=PASSWORD)
    assert answer.location == "/"

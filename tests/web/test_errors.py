"""Whatever goes wrong is answered with what, why and what to do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from portal.access import PUBLIC, allow
from services.refusal import Refusal
from tests.web.conftest import CarefulClient, page_faults


def raising(app: Flask, error: Exception) -> None:
    """A page at /broken that fails so."""

    @allow(PUBLIC)
    def broken() -> str:
        raise error

    app.add_url_rule("/broken", "broken", broken, methods=["GET", "POST"])


def test_a_refusal_says_its_sentence_with_its_status(app: Flask, client: CarefulClient) -> None:
    raising(app, Refusal("case_moved", "此事项已由他人办理。", 409))
    answer = client.get("/broken")
    assert answer.status_code == 409
    assert "此事项已由他人办理。" in answer.text


def test_a_database_that_does_not_answer_is_503_without_a_query(app: Flask, client: CarefulClient) -> None:
    raising(app, OperationalError("SELECT 1", {}, Exception("disk full")))
    answer = client.get("/broken")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "disk full" not in answer.text


def test_the_unexpected_is_500_without_a_trace(app: Flask, client: CarefulClient) -> None:
    raising(app, ValueError("secret detail"))
    answer = client.get("/broken", headers={"X-Expect": "500"})
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert not page_faults(answer.text)


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [("GET", "/nowhere", 404, "找不到此页"), ("GET", "/account/logout", 405, "不能这样打开")],
)
def test_usual_mistakes_have_their_page(
    client: CarefulClient, method: str, path: str, status: int, said: str
) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == status
    assert said in answer.text


def urlencoded(token: str, login: str) -> tuple[bytes, str]:
    """The login form as browsers send it without files."""
    body = f"csrf_token={token}&login={login}&password=b"
    return body.encode(), "application/x-www-form-urlencoded"


def multipart(token: str, login: str) -> tuple[bytes, str]:
    """The login form as browsers send it with files."""
    fields = {"csrf_token": token, "login": login, "password": "b"}
    parts = [f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
    return ("".join(parts) + "--x--\r\n").encode(), "multipart/form-data; boundary=x"


@pytest.mark.parametrize("encode", [urlencoded, multipart])
def test_ten_megabytes_of_text_are_413_with_a_sentence(
    client: CarefulClient, encode: Callable[[str, str], tuple[bytes, str]]
) -> None:
    body, content_type = encode(client.token("/account/login"), "a" * 10_000_000)
    answer = client.post("/account/login", data=body, content_type=content_type)
    assert answer.status_code == 413
    assert "提交的内容太大" in answer.text


@pytest.mark.parametrize("body", [b"\xff\xfe=\x00", b"login=%ff%00&password=%00", b"a" * 1000])
def test_broken_bytes_are_no_error_of_ours(client: CarefulClient, body: bytes) -> None:
    answer = client.post("/account/login", data=body, content_type="application/x-www-form-urlencoded")
    assert 400 <= answer.status_code < 500

"""The door: denied unless granted, and what the browser is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask, Response

from models.people import Role
from portal.access import PUBLIC, allow, grant, owners_of
from tests.web.conftest import PASSWORD, CarefulClient


def add_page(app: Flask, name: str, *owners: str) -> None:
    def view() -> Response:
        return Response("ok", mimetype="text/plain")

    app.add_url_rule(f"/{name}", name, allow(*owners)(view) if owners else view, methods=["GET", "POST"])


def test_an_address_nobody_was_granted_is_closed_even_to_administrators(
    app: Flask, signed_in: Callable[..., CarefulClient]
) -> None:
    add_page(app, "forgotten")
    assert signed_in(Role.ADMIN).get("/forgotten").status_code == 403


def test_a_role_opens_its_own_pages_only(app: Flask, signed_in: Callable[..., CarefulClient]) -> None:
    add_page(app, "desk-only", Role.OFFICER)
    assert signed_in(Role.OFFICER).get("/desk-only").status_code == 200
    assert signed_in(Role.TARGET).get("/desk-only").status_code == 403


def test_a_visitor_is_led_to_the_login_page_and_back(
    app: Flask, client: CarefulClient, account: Callable[..., int]
) -> None:
    add_page(app, "desk-only", Role.OFFICER)
    account("officer1", Role.OFFICER)
    led = client.get("/desk-only?due=today")
    assert led.status_code == 302
    back = client.submit(led.location, login="officer1", password=PASSWORD)
    assert back.location == "/desk-only?due=today"


def test_the_longest_grant_decides(app: Flask) -> None:
    grant(app, "rosters.", Role.ADMIN)
    grant(app, "rosters.static", PUBLIC)
    assert owners_of(app, "rosters.index") == {"admin"}
    assert owners_of(app, "rosters.static") == {"public"}


def test_what_was_typed_survives_a_session_that_ran_out(app: Flask, client: CarefulClient) -> None:
    add_page(app, "desk-only", Role.OFFICER)
    token = client.token("/account/login")
    own = {"Origin": "http://localhost"}
    lost = client.post("/desk-only", data={"csrf_token": token, "facts": "窗口无人<b>"}, headers=own)
    assert lost.status_code == 401
    assert "窗口无人&lt;b&gt;" in lost.text
    elsewhere = client.post(
        "/desk-only",
        data={"csrf_token": token, "facts": "窗口无人"},
        headers={"Origin": "http://elsewhere.example"},
    )
    assert "窗口无人" not in elsewhere.text


def test_a_form_without_token_is_refused_and_kept(signed_in: Callable[..., CarefulClient]) -> None:
    client = signed_in(Role.OFFICER)
    stale = client.post(
        "/account/password",
        data={"old_password": PASSWORD, "remark": "请保留"},
        headers={"Origin": "http://localhost"},
    )
    assert stale.status_code == 400
    assert "请保留" in stale.text
    assert PASSWORD not in stale.text


@pytest.mark.parametrize("path", ["/account/login", "/nowhere", "/_style"])
def test_every_page_carries_the_strict_policy(client: CarefulClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"


def test_an_unknown_host_is_refused(client: CarefulClient) -> None:
    assert client.get("/account/login", base_url="http://elsewhere.example").status_code == 400


def test_metrics_are_for_this_machine(client: CarefulClient) -> None:
    client.get("/account/login")
    assert 'pingdu_answers_total{status="200"}' in client.get("/metrics").text
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.9"}).status_code == 403


def test_the_service_says_that_it_is_well(client: CarefulClient) -> None:
    assert client.get("/healthz").text == "ok\n"

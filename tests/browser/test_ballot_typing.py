"""Paper ballots typed in with the keyboard alone: the code, a digit for each target, Enter, the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from app import create_app
from models.engine import writing
from models.people import User
from models.rating import BallotRound, Rating
from models.roster import Target
from services.ballots import issue_codes, open_round
from tests.browser.conftest import PHONE, axe_findings, runs_over
from tests.conftest import settings_for
from tests.integration.office import START, build_office, days

PASSWORD = "白鹭洲书院旧址在江心"


@pytest.fixture
def made(sqlite_url: str, tmp_path: Path) -> Iterator[tuple[Flask, list[str]]]:
    """The application with an open round over six targets, and two codes of it."""
    app = create_app(settings_for(sqlite_url, tmp_path))
    app.extensions["clock"] = lambda: START
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        office = build_office(session)
        ids = [row.id for row in session.query(Target).order_by(Target.id).limit(6)]
        held = open_round(
            session,
            office.officer,
            office.campaign,
            method_key="concentrated",
            title="年中集中测评",
            target_ids=ids,
            held_on=START.date(),
            opens_at=START,
            closes_at=START + days(1),
            now=START,
        )
        dealt = issue_codes(session, office.officer, held.id, {"service_users": 2}, now=START)
        with writing():
            for user in session.query(User).filter_by(login="officer").all():
                user.password_hash = app.extensions["passwords"].hash(PASSWORD)
            session.commit()
    yield app, [code for _group, code in dealt]
    app.extensions["engine"].dispose()


@pytest.fixture
def app(made: tuple[Flask, list[str]]) -> Flask:
    return made[0]


def begin(page: Page) -> None:
    page.goto("/account/login?next=/rounds/1/type")
    page.fill("[name=login]", "officer")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "login" not in url)


def test_ballots_follow_one_another_by_keyboard_alone(
    made: tuple[Flask, list[str]], open_page: Callable[..., Page]
) -> None:
    app, (one, other) = made
    page = open_page()
    begin(page)
    assert axe_findings(page) == []
    keys = page.keyboard
    keys.insert_text(f"http://office.example/ballot#{one}")
    keys.press("Enter")
    expect(page.locator(".tally-row:first-of-type input:first-of-type").first).to_be_focused()
    for digit in ("1", "2", "3", "Backspace", "4", "5", "0", "1"):
        keys.press(digit)
    keys.insert_text("窗口少")
    keys.press("Enter")
    expect(page.locator(".tally-last li")).to_have_count(1)
    # A code that was used is told before a grade is typed.
    keys.insert_text(one)
    keys.press("Enter")
    expect(page.locator("#code-told")).to_contain_text("已经用过")
    expect(page.locator("#code")).to_be_focused()
    keys.insert_text(other)
    with page.expect_response("**/type/look"):
        keys.press("Enter")
    for digit in ("2", "2", "2"):
        keys.press(digit)
    keys.press("Enter")
    expect(page.locator("#rows-told")).to_contain_text("还有 3 个没有选")
    assert axe_findings(page) == []
    keys.press("Enter")
    expect(page.locator(".tally-last li")).to_have_count(2)
    with Session(app.extensions["engine"]) as session:
        grades = [row.grade for row in session.query(Rating).order_by(Rating.id)]
        assert grades == ["excellent", "good", "poor", "bad", "excellent", "good", "good", "good"]
        assert session.query(BallotRound).one().returned == 2


def test_typing_fits_a_phone_and_works_without_script(
    made: tuple[Flask, list[str]], open_page: Callable[..., Page]
) -> None:
    page = open_page(PHONE)
    begin(page)
    assert not runs_over(page)
    plain = open_page(PHONE, java_script_enabled=False, storage_state=page.context.storage_state())
    plain.goto("/rounds/1/type")
    plain.fill("#code", made[1][0])
    for row in plain.locator(".tally-row").all():
        row.locator("input").first.check(force=True)
    plain.get_by_role("button", name="交票", exact=True).click()
    expect(plain.locator(".tally-last li")).to_have_count(1)

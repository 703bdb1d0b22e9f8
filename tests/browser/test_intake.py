"""A stack of paper typed in with the keyboard alone: digits pick, Enter goes on, faults are told in place."""

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
from models.rating import Rating
from tests.browser.conftest import PHONE, axe_findings, runs_over
from tests.conftest import settings_for
from tests.integration.office import START, build_office

PASSWORD = "白鹭洲书院旧址在江心"


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application with an open campaign."""
    made = create_app(settings_for(sqlite_url, tmp_path))
    made.extensions["clock"] = lambda: START
    with Session(made.extensions["engine"], expire_on_commit=False) as session:
        build_office(session)
        with writing():
            for user in session.query(User).filter_by(login="officer").all():
                user.password_hash = made.extensions["passwords"].hash(PASSWORD)
            session.commit()
    yield made
    made.extensions["engine"].dispose()


def begin(page: Page) -> None:
    page.goto("/account/login?next=/intake")
    page.fill("[name=login]", "officer")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "login" not in url)
    assert axe_findings(page) == []
    page.fill("#title", "四月第一批")
    page.keyboard.press("Enter")
    page.wait_for_url("**/intake/1")


def focused(page: Page) -> str:
    name: str = page.evaluate(
        "document.activeElement.name || document.activeElement.getAttribute('aria-label')"
    )
    return name


def test_papers_are_typed_by_keyboard_alone(app: Flask, open_page: Callable[..., Page]) -> None:
    page = open_page()
    begin(page)
    assert axe_findings(page) == []
    keys = page.keyboard
    page.check("[name=count_up]")
    page.check("input[name=hold][value=monitor]")
    for serial in ("A-001", "A-002"):
        page.focus("#serial")
        if serial == "A-001":
            keys.insert_text(serial)
            keys.press("Enter")
            keys.insert_text("01")
        else:
            assert page.input_value("#serial") == serial
            keys.press("Enter")
        keys.press("Enter")
        assert "测评对象" in focused(page)
        keys.insert_text("治安")
        keys.press("Enter")
        assert focused(page) == "f_grade"
        keys.press("1")
        assert focused(page) == "f_occurred_at"
        page.fill("[name=f_occurred_at]", "2026-04-09T08:30")
        keys.press("Enter")
        page.select_option("[name=f_matter_kind]", index=1)
        keys.press("Enter")
        assert focused(page) == "f_matter"
        keys.press("Enter")
        told = page.locator("[data-key=matter] .entry-told")
        expect(told).to_have_text("请填写“事项”")
        keys.press("Shift+Enter")
        keys.insert_text("办理食品经营许可变更")
        keys.press("Enter")
        expect(told).to_have_count(0)
        keys.press("Control+Enter")
        expect(page.locator(".entry-lines > li").first).to_contain_text(serial)
    with Session(app.extensions["engine"]) as session:
        assert [row.grade for row in session.query(Rating)] == ["excellent", "excellent"]
    assert axe_findings(page) == []


def test_typing_fits_a_phone_and_works_without_script(open_page: Callable[..., Page]) -> None:
    page = open_page(PHONE, java_script_enabled=True)
    begin(page)
    assert not runs_over(page)
    plain = open_page(PHONE, java_script_enabled=False, storage_state=page.context.storage_state())
    plain.goto("/intake/1")
    plain.fill("#serial", "B-1")
    plain.select_option("#monitor", index=1)
    plain.select_option("[name=f_target]", index=1)
    plain.check("[name=f_grade][value=good]", force=True)
    plain.fill("[name=f_occurred_at]", "2026-04-09T08:30")
    plain.select_option("[name=f_matter_kind]", index=1)
    plain.fill("[name=f_matter]", "办理食品经营许可变更")
    plain.click("text=交这一份")
    expect(plain.locator(".entry-lines > li").first).to_contain_text("B-1")

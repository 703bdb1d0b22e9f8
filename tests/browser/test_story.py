"""The whole story in a real browser: rated, found, ordered, late, supervised twice, ranked, printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from app import create_app
from models.engine import writing
from models.people import User
from notices.measure import measure
from services.due_work import WORKS
from services.jobs import tick
from tests.browser.conftest import DESK, PHONE, axe_findings, runs_over
from tests.conftest import settings_for
from tests.integration.office import START, build_office, days

PASSWORD = "白鹭洲书院旧址在江心"


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application with an open campaign and one person per role, all with one password."""
    made = create_app(settings_for(sqlite_url, tmp_path))
    made.extensions["clock"] = lambda: START
    with Session(made.extensions["engine"], expire_on_commit=False) as session:
        build_office(session)
        with writing():
            for user in session.query(User).all():
                user.password_hash = made.extensions["passwords"].hash(PASSWORD)
            session.commit()
    yield made
    made.extensions["engine"].dispose()


class Person:
    """Someone with a browser of their own."""

    def __init__(self, page: Page, login: str) -> None:
        self.page = page
        page.goto("/account/login")
        page.get_by_label("登录名").fill(login)
        page.get_by_label("密码", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.wait_for_url(lambda url: "/account/login" not in url)

    def look(self) -> None:
        """What every page must be: as wide as the screen, and usable by everyone."""
        self.page.wait_for_load_state("load")
        assert not runs_over(self.page), self.page.url
        assert axe_findings(self.page) == []

    def open(self, path: str) -> None:
        """Go there and look."""
        self.page.goto(path)
        self.look()

    def step(self, path: str, name: str, **typed: str) -> None:
        """Take a step of a case from its page: follow its name, fill in what is asked, confirm."""
        self.open(path)
        with self.page.expect_navigation():
            self.page.get_by_role("main").get_by_role("link", name=name, exact=True).first.click()
        self.look()
        for label, value in typed.items():
            field = self.page.get_by_role("main").get_by_label(label)
            if field.get_attribute("type") == "checkbox":
                field.check()
            else:
                field.fill(value)
        with self.page.expect_navigation():
            self.page.get_by_role("main").locator("form button[type=submit]:not([formaction])").first.click()
        self.look()


def test_from_a_bad_rating_to_the_ranking_and_the_printed_notice(
    app: Flask, open_page: Callable[..., Page]
) -> None:
    def turn(at: datetime) -> None:
        app.extensions["clock"] = lambda: at

    # A monitor rates on the phone.
    monitor = Person(open_page(PHONE), "monitor")
    monitor.open("/m/instant")
    page = monitor.page
    page.get_by_label("测评对象").select_option(label="治安大队")
    page.get_by_role("group", name="评价").first.get_by_label("差", exact=True).check()
    page.get_by_label("事由类型").select_option(index=1)
    page.get_by_label("事项").fill("办理备案")
    page.get_by_label("问题类别").select_option(index=1)
    page.get_by_label("情况描述").fill("（演示）窗口两次无人值守，等候四十分钟。")
    page.get_by_role("button", name="提交测评").click()
    expect(page.get_by_role("status")).to_contain_text("已收到，编号第1号")
    monitor.look()

    # The office opens a case from it.
    officer = Person(open_page(DESK), "officer")
    officer.open("/desk/ratings")
    officer.open("/desk/ratings/1")
    with officer.page.expect_navigation():
        officer.page.get_by_role("link", name="由此立案").click()
    officer.look()
    officer.page.get_by_label("事项名称").fill("办事窗口无人值守")
    officer.page.get_by_role("main").locator("form button[type=submit]").last.click()
    officer.page.wait_for_url("**/desk/cases/1")
    expect(officer.page.get_by_role("heading", level=1)).to_contain_text("效整案〔2026〕1号")
    officer.look()
    case = officer.page.url.rpartition("/")[2]
    desk, own = f"/desk/cases/{case}", f"/t/cases/{case}"

    # Ordered, signed for, never answered: late, supervised, late, supervised again, late.
    owner = Person(open_page(PHONE), "owner")
    reviewer = Person(open_page(DESK), "reviewer")
    at = START
    for who, order in ((officer, "下达整改通知"), (officer, "第一次督办"), (reviewer, "二次督办")):
        who.step(desk, order)
        owner.step(own, "签收文书", 已收到并阅读以上文书="yes")
        at += days(40)
        turn(at)
        tick(app.extensions["sessions"], WORKS, clock=app.extensions["clock"])
    officer.open(desk)
    expect(officer.page.get_by_role("main")).to_contain_text("经二次督办仍未整改到位")
    expect(officer.page.get_by_role("main")).to_contain_text("方案第六条第五款")

    # The target sees what it costs and why; the leader sees the rank.
    owner.open("/t/score")
    expect(owner.page.get_by_role("main")).to_contain_text("15")
    leader = Person(open_page(DESK), "leader")
    leader.open("/ranking")
    with leader.page.expect_navigation():
        leader.page.get_by_role("main").get_by_role("link", name="治安大队").click()
    leader.look()
    expect(leader.page.get_by_role("main")).to_contain_text("效整案〔2026〕1号")

    # The printed notice is a document by the standard.
    officer.open("/desk/notices")
    address = officer.page.get_by_role("main").get_by_role("link", name="PDF").last.get_attribute("href")
    answer = officer.page.request.get(address or "")
    assert answer.headers["content-type"] == "application/pdf"
    report = measure(answer.body())
    assert report.passed, str(report)

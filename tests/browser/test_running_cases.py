"""Two stories in a real browser: the calendar is changed by two persons, and running cases follow a new procedure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, sessionmaker

from app import create_app
from models.engine import writing
from models.people import User
from services.worker import Worker
from tests.browser.conftest import PHONE, axe_findings, runs_over
from tests.conftest import settings_for
from tests.integration.changed_procedure import publish_changed, renamed, state
from tests.integration.due_cases import served_cases
from tests.integration.killed_worker import CLOCKWORK
from tests.integration.office import START, build_office

PASSWORD = "白鹭洲书院旧址在江心"


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application with two served cases."""
    made = create_app(settings_for(sqlite_url, tmp_path))
    made.extensions["clock"] = lambda: START
    with Session(made.extensions["engine"], expire_on_commit=False) as session:
        office = build_office(session)
        served_cases(session, office, 2)
        with writing():
            for user in session.query(User).all():
                user.password_hash = made.extensions["passwords"].hash(PASSWORD)
            session.commit()
    yield made
    made.extensions["engine"].dispose()


def enter(page: Page, login: str) -> Page:
    """Log in."""
    page.goto("/account/login")
    page.get_by_label("登录名").fill(login)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    return page


def look(page: Page) -> None:
    """What every page must be."""
    assert not runs_over(page), page.url
    assert axe_findings(page) == []


def test_the_calendar_is_changed_by_two_persons(open_page: Callable[..., Page]) -> None:
    admin = enter(open_page(), "admin")
    admin.get_by_role("link", name="工作日历", exact=True).first.click()
    look(admin)
    admin.get_by_role("link", name="提出修改").click()
    look(admin)
    admin.get_by_label("日期").fill("2026-04-20至2026-04-21 停办 （演示）防汛")
    admin.get_by_label("修改的依据或原因").fill("（演示）防汛停办")
    admin.get_by_role("button", name="提出，并查看会变动的期限").click()
    expect(admin.get_by_role("heading", name="批准后有2个期限变动")).to_be_visible()
    expect(admin.get_by_role("button", name="批准，并重算期限")).to_have_count(0)
    look(admin)
    address = admin.url
    head = enter(open_page(PHONE), "head")
    head.goto(address)
    look(head)
    head.get_by_role("button", name="批准，并重算期限").click()
    expect(head.get_by_role("heading", name="已变动的期限：2个")).to_be_visible()
    look(head)
    head.get_by_role("link", name="案〔2026〕1号").first.click()
    expect(head.get_by_text("期限调整：")).to_be_visible()
    look(head)


def changed(data: dict[str, Any]) -> None:
    """Twenty days, and another key for where the cases stand."""
    state(data, "issued")["clocks"][0]["working_days"] = 20
    renamed(data, "issued", "ordered")


def test_running_cases_follow_a_new_procedure_and_come_back(
    open_page: Callable[..., Page], app: Flask
) -> None:
    engine = app.extensions["engine"]

    def work() -> None:
        Worker(sessionmaker(engine), CLOCKWORK, clock=lambda: START, pause=1).turn()

    with Session(engine) as session:
        publish_changed(session, changed)
    head = enter(open_page(), "head")
    head.goto("/procedure-changes")
    look(head)
    head.get_by_role("link", name="试算并转入新版本").click()
    look(head)
    head.get_by_label("已下达整改通知").select_option("ordered")
    head.get_by_label("按新流程重算").check()
    head.get_by_role("button", name="按以上设定重新试算").click()
    expect(head.get_by_text("按对应状态转入").first).to_be_visible()
    look(head)
    head.get_by_label("变更的原因或依据").fill("（演示）放宽期限")
    head.get_by_role("button", name="执行上面的试算结果").click()
    expect(head.get_by_text("执行中")).to_be_visible()
    work()
    head.reload()
    expect(head.get_by_text("已完成")).to_be_visible()
    look(head)
    head.get_by_label("撤回的原因").fill("（演示）依据有误")
    head.get_by_role("button", name="撤回这次变更").click()
    work()
    head.reload()
    expect(head.get_by_text("已恢复原版本")).to_be_visible()
    look(head)

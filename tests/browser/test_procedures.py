"""A procedure is changed, proved, tried and published with the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.campaign import Campaign
from tests.browser.conftest import PHONE
from tests.browser.test_builder import PASSWORD, Typist, app

__all__ = ["app"]

ANSWER = "整改反馈：自文书送达之日15个工作日（可另设），届满→期限届满未反馈，提醒：前3日"


def signed_in(page: Page) -> Typist:
    page.goto("/account/login")
    page.get_by_label("登录名").fill("admin")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/account/login" not in url)
    return Typist(page)


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()


def test_a_deadline_is_shortened_proved_tried_and_published_by_keyboard(app: Flask, page: Page) -> None:
    typist = signed_in(page)
    page.goto("/procedures")
    typist.look()
    typist.press("修改整改督办")
    typist.look()

    typist.press("已下达整改通知")
    typist.look()
    typist.press(ANSWER)
    typist.look()
    typist.go("期限长短")
    page.keyboard.press("Control+a")
    page.keyboard.type("10")
    typist.go("提前几个工作日")
    typist.go("提前几个工作日")
    page.keyboard.type("1")
    typist.go("测评对象")
    page.keyboard.press("Space")
    typist.press("保存，回到上一页")
    expect(page.get_by_text("10个工作日（可另设）").first).to_be_visible()
    expect(page.get_by_text("提醒：前3日、前1日")).to_be_visible()

    # A state is cut off: told at once, in the list and in the drawing; and mended.
    typist.press("返回")
    typist.press("销号归档")
    typist.look()
    typist.go("去向1")
    typist.choose("状态不变")
    expect(page.locator("#procedure-faults").get_by_text("到不了状态“closed”")).to_be_visible()
    expect(page.locator(".flow-state--final.is-wrong")).to_have_count(1)
    typist.look()
    typist.choose("已销号归档")
    expect(page.locator("#procedure-faults").get_by_text("检查通过")).to_be_visible()
    typist.press("保存，回到流程")

    typist.press("试走")
    typist.look()
    typist.press("始终不反馈")
    expect(page.get_by_text("期限届满，系统办理：期限届满未反馈").first).to_be_visible()
    typist.look()
    typist.press("保存用例")
    expect(page.get_by_text("已保存为回归用例")).to_be_visible()
    typist.look()

    typist.press("整改督办")
    typist.press("发布…")
    expect(page.get_by_text("15 → 10")).to_be_visible()
    expect(page.locator("section", has_text="回归用例").get_by_text("通过").first).to_be_visible()
    typist.look()
    typist.go("2026年度测评活动")
    page.keyboard.press("Space")
    typist.press("发布第2版")
    expect(page.get_by_text("第2版已发布。")).to_be_visible()
    typist.look()
    with Session(app.extensions["engine"]) as session:
        campaign = session.execute(select(Campaign)).scalar_one()
        assert campaign.workflow.version == 2
        assert [story["name"] for story in campaign.workflow.body["stories"]] == ["始终不反馈"]


def test_the_pages_of_a_draft_fit_a_phone(open_page: Callable[..., Page]) -> None:
    page = open_page(PHONE)
    hands = signed_in(page)
    page.goto("/procedures")
    page.get_by_label("修改整改督办").click()
    page.wait_for_url("**/draft")
    draft = page.url
    for path in (
        "",
        "/states/refusal_heard",
        "/triggers/reject",
        "/suspensions/appeal",
        "/counts/answers",
        "/states/issued/clocks/new",
        "/settings",
        "/simulate?course=late",
        "/sandbox?run=1&cases=5",
        "/replay?campaign=1",
        "/publish",
        "/regulation",
        "/triggers/close/delete",
        "/discard",
    ):
        page.goto(f"{draft}{path}")
        hands.look()
    page.goto("/procedures/regulation")
    hands.look()


def test_everything_essential_works_without_a_script(open_page: Callable[..., Page]) -> None:
    page = open_page(java_script_enabled=False)
    signed_in(page)
    page.goto("/procedures")
    page.get_by_label("修改整改督办").click()
    page.goto(f"{page.url}/states/issued/clocks/answer")
    page.get_by_label("期限长短").fill("12")
    page.get_by_role("button", name="保存，回到上一页").click()
    expect(page.get_by_text("12个工作日（可另设）").first).to_be_visible()
    page.goto("/procedures/rectification/draft/simulate?course=own")
    page.get_by_role("button", name="下达整改通知").click()
    page.get_by_role("button", name="记录送达").click()
    page.get_by_role("button", name="等到期限届满").click()
    expect(page.get_by_text("期限届满，系统办理：期限届满未反馈")).to_be_visible()

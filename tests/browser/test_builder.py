"""A form for instant monitoring, built from an empty page with the keyboard alone, then filled on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from app import create_app
from forms.fields import TYPES
from models.engine import writing
from models.people import User
from tests.browser.conftest import PHONE, axe_findings, runs_over
from tests.conftest import settings_for
from tests.integration.office import START, build_office

PASSWORD = "白鹭洲书院旧址在江心"

FOCUSED = """() => {
  const here = document.activeElement, id = here.getAttribute('id');
  const label = id && document.querySelector(`label[for="${CSS.escape(id)}"]`);
  const around = here.closest('label');
  return [here.getAttribute('aria-label'), label && label.innerText, around && around.innerText, here.innerText]
    .filter(Boolean).map(text => text.trim());
}"""


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application with an open campaign."""
    made = create_app(settings_for(sqlite_url, tmp_path))
    made.extensions["clock"] = lambda: START
    with Session(made.extensions["engine"], expire_on_commit=False) as session:
        build_office(session)
        with writing():
            for user in session.query(User).filter_by(login="admin").all():
                user.password_hash = made.extensions["passwords"].hash(PASSWORD)
            session.commit()
    yield made
    made.extensions["engine"].dispose()


class Typist:
    """Someone without a mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def look(self) -> None:
        """What every page must be."""
        assert not runs_over(self.page), self.page.url
        assert axe_findings(self.page) == []

    def go(self, name: str) -> None:
        """Tab forward until the control with this name has the focus."""
        for _ in range(150):
            self.page.keyboard.press("Tab")
            if name in self.page.evaluate(FOCUSED):
                return
        raise AssertionError(f"no way by Tab to “{name}” on {self.page.url}")

    def focused(self, name: str) -> None:
        """The page itself has put the focus there."""
        self.page.wait_for_function(f"() => ({FOCUSED})().includes({name!r})")

    def press(self, name: str) -> None:
        """Go to a button or link and press Enter; wait for the page that comes."""
        self.go(name)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def choose(self, option: str) -> None:
        """Choose in the list that has the focus, by arrows."""
        index = self.page.evaluate(
            "name => [...document.activeElement.options].findIndex(o => o.text.trim() === name)", option
        )
        assert index >= 0, option
        now = self.page.evaluate("() => document.activeElement.selectedIndex")
        for _ in range(abs(index - now)):
            self.page.keyboard.press("ArrowDown" if index > now else "ArrowUp")
        assert self.page.evaluate("() => document.activeElement.selectedOptions[0].text.trim()") == option

    def add(self, word: str, label: str) -> None:
        """Add a field where the page stands ready for it, and name it."""
        self.focused("增加字段")
        self.choose(TYPES[word].words)
        self.press("增加")
        self.focused("文字" if word == "section" else "题目")
        self.page.keyboard.type(label)

    def save(self) -> None:
        """Keep the settings and go back to the list."""
        self.press("保存，回到字段列表")

    def required(self) -> None:
        """Tick 必填."""
        self.go("必填")
        self.page.keyboard.press("Space")

    def when(self, field: str, value: str, *, rule: str) -> None:
        """Write one rule: when the field is one of the values."""
        if not self.page.locator("details[open] .rule-lines").count():
            self.go("规则：什么时候显示、必填、提醒")
            self.page.keyboard.press("Enter")
        place = self.page.locator(f"[data-rule='{rule}'] select").first
        for _ in range(60):
            self.page.keyboard.press("Tab")
            if place.evaluate("box => box === document.activeElement"):
                break
        self.choose(field)
        self.go("第1行的值")
        self.page.keyboard.type(value)


def test_a_form_is_built_by_keyboard_and_filled_on_a_phone(
    app: Flask, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    page.goto("/account/login")
    page.get_by_label("登录名").fill("admin")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/account/login" not in url)

    typist = Typist(page)
    page.goto("/forms")
    typist.look()
    typist.go("名称")
    page.keyboard.type("即时监测表（新）")
    typist.press("新建")
    typist.look()

    typist.add("section", "测评谁")
    typist.save()
    typist.add("picker", "测评对象")
    typist.required()
    typist.save()
    typist.add("grade", "评价")
    typist.required()
    typist.look()
    typist.save()
    typist.add("datetime", "监测时间")
    typist.required()
    typist.save()
    typist.add("short_text", "事项")
    typist.required()
    typist.save()
    typist.add("long_text", "情况描述")
    typist.when("评价", "较差、差", rule="visible_when")
    typist.when("评价", "较差、差", rule="required_when")
    typist.look()
    typist.save()
    expect(page.get_by_text("当 评价 是 较差 或 差 时必填")).to_be_visible()

    # Out of order on purpose, moved up by its own button, and one change taken back.
    typist.add("yes_no", "是否要求回访")
    typist.save()
    typist.press("上移是否要求回访")
    typist.focused("上移是否要求回访")
    typist.press("撤销")
    assert page.locator(".field-row-name").all_inner_texts()[-1] == "是否要求回访"
    typist.look()

    typist.press("表单设置")
    typist.go("测评方式")
    typist.choose("即时测评")
    typist.go("测评谁")
    typist.choose("测评对象")
    typist.go("计入的档次")
    typist.choose("评价")
    typist.look()
    typist.press("保存")
    assert page.get_by_text("要改好才能发布").count() == 0

    typist.press("试填")
    typist.look()
    phone = open_page(PHONE)
    phone.goto(page.url)
    hands = Typist(phone)
    hands.look()
    expect(phone.get_by_label("情况描述")).to_be_hidden()
    phone.get_by_label("测评对象").select_option(label="治安大队")
    phone.get_by_role("group", name="评价").get_by_label("差", exact=True).check()
    phone.get_by_label("监测时间").fill("2026-04-09T08:30")
    phone.get_by_label("事项").fill("办理食品经营许可变更")
    expect(phone.get_by_label("情况描述")).to_be_visible()
    expect(phone.locator("[data-key=long_text_1] .pd-must")).to_be_visible()
    hands.look()
    phone.get_by_label("情况描述").fill("让办事人跑了三趟")
    phone.get_by_role("button", name="提交").click()
    expect(phone.get_by_text("这是试填：只给设计人看，不计入任何统计")).to_be_visible()
    expect(phone.get_by_text("治安大队（bad）")).to_be_visible()
    hands.look()

    # Published, it is a form like the others.
    page.go_back()
    typist.press("发布…")
    typist.look()
    typist.press("发布第1版")
    expect(page.get_by_text("“即时监测表（新）”第1版已发布。")).to_be_visible()
    typist.look()

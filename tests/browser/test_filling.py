"""Filling in on a phone: the line dies, the page dies, another device goes on; a photo and a drawn name."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.serving import BaseWSGIServer, make_server

from models.collection import Answer
from models.notice import Attachment
from tests.browser.conftest import PHONE, axe_findings, runs_over
from tests.integration.office import build_office
from tests.integration.sent_forms import QUESTIONNAIRE, publish_form, send_out

WITH_NAME: dict[str, Any] = {
    **QUESTIONNAIRE,
    "fields": [
        *QUESTIONNAIRE["fields"],
        {"key": "shots", "type": "photo", "label": "照片", "at_most": 3},
        {"key": "name", "type": "signature", "label": "签名"},
    ],
}


class Line:
    """A server that can be cut off and come back at the same address."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None
        self.port = 0
        self.up()
        self.address = f"http://127.0.0.1:{self.port}"

    def up(self) -> None:
        """Answer again."""
        self._server = make_server("127.0.0.1", self.port, self._app, threaded=True)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def down(self) -> None:
        """Answer no more."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        self._server = None


@pytest.fixture
def line(app: Flask) -> Iterator[Line]:
    made = Line(app)
    yield made
    made.down()


@pytest.fixture
def visit(browser: Browser, line: Line) -> Iterator[Callable[[], Page]]:
    """A phone of its own; whatever it complains of besides the dead line fails the test."""
    complaints: list[str] = []
    contexts = []

    def made() -> Page:
        context = browser.new_context(base_url=line.address, viewport=PHONE, locale="zh-CN")
        contexts.append(context)
        return watched(context.new_page(), complaints)

    yield made
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


def watched(page: Page, complaints: list[str]) -> Page:
    page.set_default_timeout(15_000)
    page.on(
        "console",
        lambda said: (
            complaints.append(said.text)
            if said.type in {"error", "warning"} and "ERR_CONNECTION_REFUSED" not in said.text
            else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page


@pytest.fixture
def send(app: Flask) -> Callable[..., str]:
    """Send the questionnaire out; gives the address of its page."""

    def made(document: dict[str, Any] = QUESTIONNAIRE, **rules: Any) -> str:
        with Session(app.extensions["engine"], expire_on_commit=False) as session:
            office = build_office(session)
            publish_form(session, document)
            return f"/f/{send_out(session, office, **rules).slug}"

    return made


def look(page: Page) -> None:
    assert not runs_over(page), page.url
    assert axe_findings(page) == []


def answers(app: Flask) -> list[dict[str, Any]]:
    with Session(app.extensions["engine"]) as session:
        return list(session.execute(select(Answer.answers)).scalars())


def kept_here(page: Page) -> int:
    count: int = page.evaluate("localStorage.length")
    return count


def test_nothing_typed_is_lost_and_another_phone_goes_on(
    app: Flask, line: Line, visit: Callable[[], Page], send: Callable[..., str]
) -> None:
    address = send()
    phone = visit()
    phone.goto(address)
    look(phone)
    phone.locator("input[name=f_feel][value=bad]").check()
    phone.get_by_label("哪里不满意").fill("排队")
    state = phone.locator("[data-draft-state]")
    expect(state).to_contain_text("草稿已自动保存")
    line.down()
    phone.get_by_label("哪里不满意").fill("排队两小时")
    expect(state).to_contain_text("现在连不上")
    phone.get_by_role("button", name="提交").click()
    expect(state).to_contain_text("没有提交")
    assert phone.url.endswith(address)
    assert kept_here(phone) == 1
    line.up()
    expect(state).to_contain_text("草稿已自动保存", timeout=15_000)
    assert kept_here(phone) == 0
    code = phone.locator("input[name=resume]").input_value()

    other = visit()
    other.goto(f"{address}/resume#{code}")
    expect(other.get_by_label("续填码")).to_have_value(code)
    look(other)
    other.get_by_role("button", name="接着填").click()
    expect(other.get_by_label("哪里不满意")).to_have_value("排队两小时")
    look(other)
    other.get_by_role("button", name="提交").click()
    other.wait_for_url("**/receipt/**")
    look(other)
    expect(other.get_by_text("排队两小时")).to_be_visible()
    assert answers(app) == [{"feel": "bad", "why": "排队两小时"}]


def test_a_page_that_died_is_restored_and_stays_one_answer(
    app: Flask, line: Line, visit: Callable[[], Page], send: Callable[..., str]
) -> None:
    address = send()
    phone = visit()
    phone.goto(address)
    token = phone.locator("input[name=token]").input_value()
    line.down()
    phone.locator("input[name=f_feel][value=bad]").check()
    phone.get_by_label("哪里不满意").fill("没来得及传")
    expect(phone.locator("[data-draft-state]")).to_contain_text("现在连不上")
    context = phone.context
    phone.close()
    line.up()
    again = watched(context.new_page(), [])
    again.goto(address)
    expect(again.get_by_text("本机存着没有传上去的内容")).to_be_visible()
    look(again)
    again.get_by_role("button", name="恢复").click()
    expect(again.get_by_label("哪里不满意")).to_have_value("没来得及传")
    assert again.locator("input[name=token]").input_value() == token
    expect(again.locator("[data-draft-state]")).to_contain_text("草稿已自动保存")
    again.get_by_role("button", name="提交").click()
    again.wait_for_url("**/receipt/**")
    assert answers(app) == [{"feel": "bad", "why": "没来得及传"}]
    assert kept_here(again) == 0


def test_anonymous_answers_are_kept_nowhere_before_they_are_sent(
    app: Flask, line: Line, visit: Callable[[], Page], send: Callable[..., str]
) -> None:
    address = send(anonymous=True)
    phone = visit()
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    phone.goto(address)
    look(phone)
    phone.locator("input[name=f_feel][value=bad]").check()
    phone.get_by_label("哪里不满意").fill("不想让人知道")
    phone.wait_for_timeout(2_500)
    assert kept_here(phone) == 0
    assert not [line for line in asked if line.startswith("POST")]
    line.down()
    phone.get_by_role("button", name="提交").click()
    expect(phone.locator("[data-draft-state]")).to_contain_text("没有提交")
    expect(phone.get_by_label("哪里不满意")).to_have_value("不想让人知道")
    line.up()
    phone.get_by_role("button", name="提交").click()
    phone.wait_for_url("**/thanks")
    look(phone)
    assert phone.context.cookies() == []
    assert kept_here(phone) == 0
    assert len(answers(app)) == 1


def test_a_large_photo_is_made_smaller_and_a_name_is_drawn(
    app: Flask, visit: Callable[[], Page], send: Callable[..., str], tmp_path: Path
) -> None:
    address = send(WITH_NAME)
    phone = visit()
    phone.goto(address)
    phone.locator("input[name=f_feel][value=good]").check()
    noise = Image.effect_noise((3200, 2400), 90).convert("RGB")
    large = tmp_path / "large.jpg"
    noise.save(large, "JPEG", quality=95)
    before = large.stat().st_size
    phone.locator("input#f_shots").set_input_files(large)
    expect(phone.locator("[data-draft-state]")).to_contain_text("照片已缩小")
    after: int = phone.evaluate("document.getElementById('f_shots').files[0].size")
    assert after < before / 2
    pad = phone.locator("canvas.pd-pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box
    phone.mouse.move(box["x"] + 30, box["y"] + 40)
    phone.mouse.down()
    phone.mouse.move(box["x"] + 150, box["y"] + 90, steps=8)
    phone.mouse.up()
    look(phone)
    phone.get_by_role("button", name="提交").click()
    phone.wait_for_url("**/receipt/**")
    [answer] = answers(app)
    assert answer["name"]["drawn"].startswith("data:image/png;base64,")
    with Session(app.extensions["engine"]) as session:
        [kept] = session.execute(select(Attachment)).scalars()
        with Image.open(Path(app.config["PINGDU_DATA"]) / "files" / kept.sha256[:2] / kept.sha256) as picture:
            assert max(picture.size) <= 2000

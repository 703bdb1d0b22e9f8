"""An administrator changes the wording of the 整改通知书 by keyboard; the next one carries it, the old one stays."""

from __future__ import annotations

from collections.abc import Callable

import pypdfium2
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.notice import Notice
from services.cases import Problem, open_case, step_case
from services.notices import pdf_of
from tests.browser.conftest import PHONE
from tests.browser.test_builder import PASSWORD, Typist, app
from tests.integration.office import START, Office, find_office

__all__ = ["app"]

WORDING = "逾期不改的，将在全区通报。"


def issued(app: Flask, title: str) -> tuple[str, str]:
    """Issue a 整改通知书: its number and the words of its PDF."""
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        office: Office = find_office(session)
        sheet = Problem(
            target_id=office.target.id, channel="inspection", title=title, facts="三号窗口无人在岗。",
            found_on=START.date(),
        )  # fmt: skip
        case = open_case(session, office.officer, office.campaign.id, sheet, now=START)
        step_case(session, office.officer, case.id, "issue", asked={}, now=START)
        row = session.execute(select(Notice).where(Notice.case_id == case.id)).scalar_one()
        return row.number, words_of(pdf_of(session, row, now=START))


def words_of(pdf: bytes) -> str:
    """What the pages say, without their line ends."""
    document = pypdfium2.PdfDocument(pdf)
    text = "".join(page.get_textpage().get_text_bounded() for page in document)
    document.close()
    return "".join(text.split())


def test_wording_is_changed_by_keyboard_and_the_old_notice_stays(
    app: Flask, open_page: Callable[..., Page]
) -> None:
    old, before = issued(app, "窗口无人在岗")
    assert WORDING not in before
    page = open_page()
    page.set_default_timeout(40_000)  # each page is drawn as a document before it is shown
    page.goto("/account/login")
    page.get_by_label("登录名").fill("admin")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/account/login" not in url)
    typist = Typist(page)
    page.goto("/notice-kinds")
    typist.look()
    typist.press("修改整改通知书")
    typist.look()
    first = page.locator("img.paper").first.get_attribute("src")

    # A new paragraph at the end of the text, with a condition and a value of the step.
    typist.go("增加")
    typist.choose("段落")
    typist.press("增加")
    typist.focused("文字")
    page.keyboard.press("Control+A")
    page.keyboard.type(WORDING)
    expect(page.locator("#autosave-status")).to_have_text("已自动保存", timeout=20_000)
    changed = page.locator("img.paper").first.get_attribute("src")
    assert changed != first
    page.wait_for_function(
        "() => [...document.querySelectorAll('img.paper')].every(image => image.complete && image.naturalWidth > 500)"
    )
    typist.look()
    typist.go("插入一个值")
    typist.choose("联系电话")
    typist.go("插入")
    page.keyboard.press("Enter")
    expect(page.get_by_label("文字", exact=True)).to_have_value(f"{WORDING}{{联系电话}}")
    typist.press("保存，回到列表")
    typist.look()

    # One step back takes all that was typed there; forth again brings it.
    typist.press("撤销")
    typist.press("重做")
    typist.press("发布…")
    expect(page.locator(".changes li").first).to_contain_text("新增")
    typist.look()
    typist.go("2026年度测评活动")
    page.keyboard.press("Space")
    typist.press("发布第2版")
    expect(page.get_by_text("第2版").first).to_be_visible()
    typist.look()
    phone = open_page(PHONE, storage_state=page.context.storage_state())
    phone.set_default_timeout(40_000)
    for path in (
        "/notice-kinds",
        "/notice-kinds/rectification_notice",
        "/notice-kinds/rectification_notice/v2",
    ):
        phone.goto(path)
        Typist(phone).look()

    new, after = issued(app, "窗口依旧无人在岗")
    assert WORDING in after
    assert new != old
    with Session(app.extensions["engine"]) as session:
        kept = session.execute(select(Notice).where(Notice.number == old)).scalar_one()
        assert WORDING not in words_of(pdf_of(session, kept, now=START))
        assert (kept.definition.version, kept.sha256) == (1, kept.sha256)


def test_the_life_of_a_notice_is_seen_on_its_page(app: Flask, open_page: Callable[..., Page]) -> None:
    issued(app, "窗口无人在岗")
    page = open_page()
    page.goto("/account/login")
    page.get_by_label("登录名").fill("admin")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/account/login" not in url)
    page.set_default_timeout(40_000)
    typist = Typist(page)
    phone = open_page(PHONE, storage_state=page.context.storage_state())
    phone.set_default_timeout(40_000)
    for path in ("/desk/notices", "/desk/notices/1", "/desk/notices/print", "/desk/drafts"):
        page.goto(path)
        typist.look()
        phone.goto(path)
        Typist(phone).look()

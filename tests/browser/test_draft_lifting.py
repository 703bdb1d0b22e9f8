"""On a phone: a draft whose form was published anew is looked at, lifted by a press, and put back with what was typed."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from services.collections import adopt_newer_form
from tests.browser.conftest import PHONE, axe_findings, runs_over
from tests.conftest import TODAY
from tests.integration.office import build_office
from tests.integration.sent_forms import QUESTIONNAIRE, publish_form, send_out
from tests.web.test_draft_lifting import NEWER


def test_a_draft_is_lifted_and_put_back(app: Flask, open_page: Callable[..., Page]) -> None:
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        office = build_office(session)
        publish_form(session, QUESTIONNAIRE)
        held = send_out(session, office)
    page = open_page(PHONE)
    page.goto(f"/f/{held.slug}")
    page.get_by_label("窗口").fill("三号窗口")
    page.get_by_role("button", name="保存草稿").click()
    code = page.locator(".fill-resume b").inner_text()
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        newer = publish_form(session, NEWER, version=2)
        adopt_newer_form(session, office.officer, held.id, form_id=newer, now=TODAY)
    page = open_page(PHONE)
    page.goto(f"/f/{held.slug}/resume")
    page.get_by_label("续填码").fill(code)
    page.get_by_role("button", name="接着填").click()
    expect(page.get_by_text("表单里已没有这一题")).to_be_visible()
    assert not axe_findings(page)
    assert not runs_over(page)
    page.get_by_role("button", name="换用新版").click()
    expect(page.get_by_label("窗口")).to_have_count(0)
    page.get_by_label("还有什么建议").fill("多开窗")
    page.get_by_text("放不下的1项").click()
    assert not axe_findings(page)
    assert not runs_over(page)
    page.get_by_role("button", name="换回原来的版本").click()
    expect(page.get_by_text("已换回原来的版本")).to_be_visible()
    page.get_by_role("button", name="仍用旧版填").click()
    expect(page.get_by_label("窗口")).to_have_value("三号窗口")

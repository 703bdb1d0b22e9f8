"""All components at once, at the two widths people use."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, ViewportSize

from tests.browser.conftest import DESK, PHONE, axe_findings, runs_over


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("path", ["/_style", "/account/login"])
def test_pages_fit_the_screen_and_can_be_used_by_everyone(
    open_page: Callable[..., Page], viewport: ViewportSize, path: str
) -> None:
    page = open_page(viewport)
    page.goto(path)
    assert not runs_over(page)
    assert axe_findings(page) == []


def test_buttons_are_large_enough_for_a_thumb(open_page: Callable[..., Page]) -> None:
    page = open_page(PHONE)
    page.goto("/_style")
    small = page.evaluate(
        "[...document.querySelectorAll('.button, .input, .pager a, .tip > summary, .tabs a')]"
        ".filter(e => e.offsetParent && Math.round(e.getBoundingClientRect().height) < 40)"
        ".map(e => e.outerHTML.slice(0, 120))"
    )
    assert small == []


def test_the_keyboard_reaches_the_content_first(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/_style")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "跳到正文"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"

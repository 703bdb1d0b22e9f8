"""A real browser on a real server: fails on any console error, and on anything axe finds."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright
from werkzeug.serving import make_server

AXE = Path(__file__).resolve().parents[1] / "vendor" / "axe.min.js"
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The application answering on a free port of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's Chromium, without a window."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "Chromium is missing; ./test installs it"
    with sync_playwright() as driver:
        launched = driver.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """`open_page()` or `open_page(PHONE)`: a page of an own visitor; what it complains of fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opened(viewport: ViewportSize = DESK, **options: Any) -> Page:
        context = browser.new_context(base_url=address, viewport=viewport, locale="zh-CN", **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


def axe_findings(page: Page) -> list[str]:
    """What axe finds on the page, one line each; empty when all is well.

    Given over the driver and not as a script element, so that the page's own policy stays in force.
    """
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("axe.run()")
    return [
        f"{page.url} {found['id']} ({found['impact']}): {node['html'][:200]}"
        for found in result["violations"]
        for node in found["nodes"]
    ]


def runs_over(page: Page) -> bool:
    """Whether the page is wider than the screen, so that a phone has to scroll sideways."""
    wide: bool = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return wide

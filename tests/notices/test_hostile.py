"""What a person types is printed as typed or refused with a reason; nothing is executed, fetched or left out."""

from __future__ import annotations

import http.server
import io
import threading
from collections.abc import Iterator
from pathlib import Path

import pdfplumber
import pytest

from notices.completeness import missing_values, sample_of
from notices.measure import measure
from notices.refusal import NoticeGlyphMissing, NoticeRefused
from notices.render import check_issue, render_pdf
from tests.notices.kinds import kind_of

INERT = (
    "<script>alert(1)</script>",
    "<img src=file:///etc/passwd>",
    "</p></div><h1 style=color:red>假",
    "{{ 7*7 }}{% for x in y %}",
    "{unit}{verify_url}",
    "@import url(http://host/x.css);",
    "&lt;b&gt;&amp;nbsp;",
    "'; DROP TABLE notices; --",
    "】【缺：主送单位】",
)


def text_of(pdf: bytes) -> str:
    with pdfplumber.open(io.BytesIO(pdf)) as pages:
        return "".join(page.extract_text() for page in pages.pages).replace("\n", "").replace(" ", "")


@pytest.mark.parametrize("typed", INERT)
def test_markup_and_templates_are_printed_as_typed(typed: str) -> None:
    kind = kind_of("rectification_notice")
    pdf = render_pdf(kind, {**sample_of(kind), "facts": typed, "case_title": typed}, draft=False)
    assert typed.replace(" ", "") in text_of(pdf)
    assert measure(pdf).check("P7").passed


@pytest.mark.parametrize(
    ("typed", "named"),
    [("已办结😀", "U+1F600"), ("𠀀与\u1000", "U+1000"), ("☐已签收\u0e01", "U+0E01")],
)
def test_a_character_without_glyph_is_named(typed: str, named: str) -> None:
    kind = kind_of("reminder")
    with pytest.raises(NoticeGlyphMissing) as caught:
        render_pdf(kind, {**sample_of(kind), "case_title": typed}, draft=False)
    assert named in caught.value.sentence
    with pytest.raises(NoticeGlyphMissing):
        check_issue(kind, {**sample_of(kind), "case_title": typed})
    assert named in text_of(render_pdf(kind, {**sample_of(kind), "case_title": typed}, draft=True))


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("facts", "正常\u202e倒写", "value_control"),
        ("facts", "空\x00字", "value_control"),
        ("facts", "隐\u200b形", "value_control"),
        ("facts", "长" * 20_001, "value_too_long"),
        ("facts", 3, "value_shape"),
        ("facts", ["甲"], "value_shape"),
        ("ranking_tables", "甲", "value_shape"),
        ("verify_url", "file:///etc/passwd", "value_url"),
        ("verify_url", "javascript:alert(1)", "value_url"),
        ("issued_on", "2012年13月45日", "value_date"),
    ],
)
def test_values_that_cannot_be_printed_are_refused_with_a_reason(name: str, value: object, code: str) -> None:
    kind = kind_of("rectification_notice")
    with pytest.raises(NoticeRefused) as caught:
        render_pdf(kind, {**sample_of(kind), name: value}, draft=False)  # type: ignore[dict-item]
    assert caught.value.code == code
    assert caught.value.sentence


def test_a_seal_must_be_a_picture() -> None:
    kind = kind_of("reminder")
    with pytest.raises(NoticeRefused, match="印章图片"):
        render_pdf(kind, sample_of(kind), draft=False, seals=[b"<svg onload=x>"])


def test_a_title_without_measure_is_refused() -> None:
    kind = kind_of("rectification_notice")
    with pytest.raises(NoticeRefused, match="标题超过120字"):
        render_pdf(kind, {**sample_of(kind), "case_title": "整" * 1000}, draft=False)
    with pytest.raises(NoticeRefused, match="换行"):
        missing_values(kind, {**sample_of(kind), "case_title": "整\n改"})


def test_a_name_of_a_thousand_characters_and_a_text_without_spaces_keep_the_page() -> None:
    kind = kind_of("rectification_notice")
    values = {**sample_of(kind), "unit": "整" * 1000, "facts": "A" * 3000 + "。" * 300}
    report = measure(render_pdf(kind, values, draft=False))
    assert report.passed, str(report)


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """A local server that remembers what was asked of it."""
    asked: list[str] = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_nothing_is_fetched(listener: tuple[str, list[str]]) -> None:
    address, asked = listener
    kind = kind_of("rectification_notice")
    typed = f'<img src="{address}/a"><link rel=stylesheet href={address}/b> url({address}/c)'
    render_pdf(kind, {**sample_of(kind), "facts": typed, "verify_url": f"{address}/v"}, draft=False)
    assert asked == []


def test_the_engine_itself_refuses_addresses(listener: tuple[str, list[str]]) -> None:
    """Even if markup got through, the fetcher would stop it and the issue would fail."""
    from notices.engine import draw_pdf
    from notices.refusal import NoticeNotDrawn

    address, asked = listener
    for source in (f"{address}/a.png", "file:///etc/hostname"):
        page = f'<html lang="zh-CN"><body><img src="{source}" alt="甲"></body></html>'
        with pytest.raises(NoticeNotDrawn):
            draw_pdf(page, "body { margin: 0 }")
    assert asked == []


def test_rare_characters_of_names_are_printed_in_the_size_of_their_line() -> None:
    """Extension A and B: names of people and places that everyday fonts lack."""
    kind = kind_of("reminder")
    names = "㐂㑇𠮷𡋾𨙸䶮喆堃"
    pdf = render_pdf(
        kind, {**sample_of(kind), "contact": names, "case_title": f"{names}反映的问题"}, draft=False
    )
    report = measure(pdf)
    assert report.passed, str(report)
    with pdfplumber.open(io.BytesIO(pdf)) as pages:
        drawn = [c for page in pages.pages for c in page.chars if c["text"] in names and c["size"] < 20]
        assert {round(char["size"], 1) for char in drawn} == {16.0}
        assert set(names) <= {char["text"] for page in pages.pages for char in page.chars}


def test_a_table_of_three_hundred_rows_without_spaces() -> None:
    kind = kind_of("result_circular")
    row = sample_of(kind)["ranking_tables"][0]
    rows = [
        {**row, "rank": str(rank), "target": "A" * 60 if rank % 7 else "整" * 120} for rank in range(1, 301)
    ]
    report = measure(render_pdf(kind, {**sample_of(kind), "ranking_tables": rows}, draft=False))
    assert report.passed, str(report)


def test_no_file_of_the_machine_comes_into_the_document(tmp_path: Path) -> None:
    canary = tmp_path / "canary.txt"
    canary.write_text("金丝雀不应被读到", encoding="utf-8")
    address = canary.as_uri()
    typed = (
        f'<link rel="attachment" href="{address}"><object data="{address}"></object><iframe src={address}></iframe>'
        f"@import url({address}); content: url({address}) <svg><image href='{address}'/></svg> &xxe; <!ENTITY xxe SYSTEM>"
    )
    kind = kind_of("rectification_notice")
    pdf = render_pdf(kind, {**sample_of(kind), "facts": typed}, draft=False)
    assert "金丝雀" not in text_of(pdf)
    assert "金丝雀".encode() not in pdf
    report = measure(pdf)
    assert report.check("F4").found.endswith("内嵌notice.json")

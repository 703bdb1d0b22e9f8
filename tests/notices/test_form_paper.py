"""Forms as finished PDF: pages, running heads, ballots each with its own code, hostile text printed as typed."""

from __future__ import annotations

import base64
import io

import pdfplumber
import pypdf
import pytest
from PIL import Image

from forms.choices import Entry, FixedChoices
from forms.handwriting import Picture
from forms.paper import Surroundings, blank_page, filled_page, style
from notices.copies import Stamp, draw_copies
from notices.engine import draw_pdf, legible
from notices.refusal import NoticeNotDrawn
from services.form_paper import BALLOT_PLACES
from tests.unit.forms.filling import EVERY_TYPE, OPTIONS, choices, form_of

AROUND = Surroundings(organ="效能办", address="https://host/fill", mark="演示数据")


def pages_of(pdf: bytes) -> list[str]:
    with pdfplumber.open(io.BytesIO(pdf)) as document:
        return [page.extract_text() for page in document.pages]


def test_a_form_with_every_type_is_printed_page_by_page() -> None:
    fields = [
        {"key": f"k{number}", "type": word, "label": f"第{number}题", **settings}
        for number, (word, settings) in enumerate(EVERY_TYPE.items())
    ]
    form = form_of(*fields, {"key": "last", "type": "short_text", "label": "末题"}, name="全类型表")
    pdf = draw_pdf(legible(blank_page(form, choices=choices(), around=AROUND)), style())
    pages = pages_of(pdf)
    assert f"第 1 页 共 {len(pages)} 页" in pages[0]
    assert "全类型表 · 第1版" in pages[1]
    assert "末题" in pages[-1]
    assert "末题" not in pages[-2]  # the type `page` begins a new one
    assert all("演示数据" in page for page in pages)


@pytest.mark.parametrize(
    "typed", ["<script>alert(1)</script>", "{{7*7}}", "url(file:///etc/passwd)", "倒\u202e写", "😀字"]
)
def test_what_people_typed_is_printed_as_typed(typed: str) -> None:
    form = form_of({"key": "a", "type": "long_text", "label": "意见"})
    page = filled_page(form, {"a": typed}, choices=choices(), around=AROUND, pictures={})
    text = pages_of(draw_pdf(legible(page), style()))[0].replace("\n", "")
    shown = typed.replace("\u202e", "〔U+202E〕").replace("😀", "〔U+1F600〕")
    assert shown.replace(" ", "") in text.replace(" ", "")


def test_each_ballot_has_its_code_on_every_page_and_its_own_sheet() -> None:
    targets = [Entry(f"t{number}", f"测评对象{number}", "某某局") for number in range(60)]
    form = form_of(
        {
            "key": "grades",
            "type": "matrix",
            "rows": "targets",
            "label": "评价",
            "options": OPTIONS,
            "abstention": "不了解",
        },
        name="集中测评票",
    )
    around = Surroundings(organ="效能办", ballot=True, facts=[("轮次", "年中")])
    lists = FixedChoices({"target": targets})
    page = blank_page(form, choices=lists, around=around)
    stamps = [Stamp(f"2345-6789-ABC{sign}", f"https://host/ballot#2345-6789-ABC{sign}") for sign in "DEF"]
    pdf = draw_copies(page, style(), stamps, BALLOT_PLACES)
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    assert len(reader.pages) == 6
    texts = [page.extract_text() for page in reader.pages]
    for number, stamp in enumerate(stamps):
        assert texts[2 * number].count(stamp.words) == 2
        assert texts[2 * number + 1].count(stamp.words) == 1
    short = blank_page(form, choices=FixedChoices({"target": targets[:3]}), around=around)
    reader = pypdf.PdfReader(io.BytesIO(draw_copies(short, style(), stamps, BALLOT_PLACES)))
    assert len(reader.pages) == 6  # one page each, and an empty back
    assert reader.pages[1].extract_text() == ""
    with pytest.raises(ValueError, match="letters"):
        draw_copies(short, style(), [Stamp("二", "x")], BALLOT_PLACES)


def test_more_ballots_cost_little_more() -> None:
    """One layout, many codes: a hundred ballots are not ten times the file of ten."""
    form = form_of({"key": "a", "type": "grade", "label": "评价", "options": OPTIONS})
    page = blank_page(form, choices=choices(), around=Surroundings(organ="效能办", ballot=True))
    few, many = (
        len(draw_copies(page, style(), [Stamp("2345-6789", "https://h/b#2345-6789")] * count, BALLOT_PLACES))
        for count in (10, 100)
    )
    assert many < 2 * few


def test_photos_and_a_drawn_signature_are_printed_with_their_names() -> None:
    form = form_of(
        {"key": "p", "type": "photo", "label": "照片"}, {"key": "s", "type": "signature", "label": "签名"}
    )
    sizes = {"JPEG": (600, 400), "PNG": (300, 80)}
    data = {kind: io.BytesIO() for kind in sizes}
    for kind, size in sizes.items():
        Image.new("RGB", size, "#7a9").save(data[kind], kind)
    photo, drawn = (
        f"data:image/{kind.lower()};base64,{base64.b64encode(data[kind].getvalue()).decode()}"
        for kind in sizes
    )
    answers = {"p": [{"name": "现场.jpg", "bytes": 1}], "s": {"drawn": drawn}}
    page = filled_page(
        form, answers, choices=choices(), around=AROUND, pictures={"p": [Picture("现场.jpg", photo)] * 3}
    )
    pdf = draw_pdf(legible(page), style())
    assert "现场.jpg" in pages_of(pdf)[0]
    with pdfplumber.open(io.BytesIO(pdf)) as document:
        assert len(document.pages[0].images) == 4


def test_a_picture_that_cannot_be_drawn_is_refused_in_few_words() -> None:
    form = form_of({"key": "p", "type": "photo", "label": "照片"})
    broken = Picture("坏.jpg", "data:image/jpeg;base64," + "AAAA" * 1000)
    page = filled_page(
        form, {"p": [{"name": "坏"}]}, choices=choices(), around=AROUND, pictures={"p": [broken]}
    )
    with pytest.raises(NoticeNotDrawn) as refused:
        draw_pdf(page, style())
    assert len(refused.value.sentence) < 600

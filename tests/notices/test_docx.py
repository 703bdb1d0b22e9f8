"""The editable twin says what the PDF says, in the same order, on the same grid."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pdfplumber
import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from notices.completeness import sample_of
from notices.docx.twin import render_docx
from notices.fonts import fonts_directory, use_fonts
from notices.refusal import NoticeIncomplete
from notices.render import render_pdf
from tests.notices.kinds import FILES, changed, joint, kind_of, landscape


def words_of(element: Any) -> str:
    return re.sub(r"\s", "", "".join(node.text or "" for node in element.iter(qn("w:t"))))


def opened(kind: Any, **values: Any) -> Any:
    use_fonts(fonts_directory())
    return Document(io.BytesIO(render_docx(kind, {**sample_of(kind), **values})))


def letters(text: str) -> str:
    """Text without blanks, page numbers and the hint beside the code."""
    return re.sub(r"—\d+—|扫码核验", "", re.sub(r"\s", "", text))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_twin_and_pdf_hold_the_same_characters(file: Path) -> None:
    kind = kind_of(file.stem)
    twin = opened(kind)
    with pdfplumber.open(io.BytesIO(render_pdf(kind, sample_of(kind), draft=False))) as pages:
        drawn = letters("".join(char["text"] for page in pages.pages for char in page.chars))
    head = words_of(twin.sections[0].first_page_header._element) if kind.format == "letter" else ""
    written = letters(head + words_of(twin.element.body))
    assert sorted(written) == sorted(drawn)


def test_the_page_is_the_standards() -> None:
    twin = opened(kind_of("result_circular"))
    section = twin.sections[0]
    sizes = (section.page_width, section.page_height)
    margins = (section.top_margin, section.right_margin, section.bottom_margin, section.left_margin)
    for found, wanted in zip((*sizes, *margins), (210, 297, 37, 26, 35, 28), strict=True):
        assert found is not None
        assert abs(found - Mm(wanted)) < Mm(0.1)
    grid = section._sectPr.find(qn("w:docGrid"))
    assert grid.get(qn("w:linePitch")) == "579"
    body = next(line for line in twin.paragraphs if line.text.startswith("根据"))
    assert body.paragraph_format.line_spacing == Pt(28.95)
    indent = body._p.pPr.find(qn("w:ind"))
    assert indent.get(qn("w:firstLineChars")) == "200"
    fonts = body.runs[0]._r.rPr.find(qn("w:rFonts"))
    assert fonts.get(qn("w:eastAsia")) == "仿宋_GB2312"
    assert body.runs[0].font.size == Pt(16)


def test_headings_have_their_faces_and_the_title_its_size() -> None:
    twin = opened(kind_of("rectification_notice"))
    faces = {line.text: line.runs[0].font.name for line in twin.paragraphs if line.runs}
    assert faces["一、存在的主要问题"] == "黑体"
    assert next(face for text, face in faces.items() if text.startswith("（一）问题。")) == "楷体_GB2312"
    title = next(line for line in twin.paragraphs if line.text == "关于限期整改")
    assert (title.runs[0].font.name, title.runs[0].font.size) == ("方正小标宋简体", Pt(22))


def test_red_rules_mark_and_page_numbers() -> None:
    twin = opened(kind_of("rectification_notice"))
    first = twin.sections[0]
    assert first.different_first_page_header_footer
    assert "thickThinSmallGap" in first.first_page_header._element.xml
    assert "thinThickSmallGap" in first.first_page_footer._element.xml
    assert "PAGE" not in first.first_page_footer._element.xml
    for footer, side in ((first.footer, 2), (first.even_page_footer, 0)):
        assert "PAGE" in footer._element.xml
        assert footer.paragraphs[0].alignment == side
    assert "PAGE" not in twin.sections[-1].footer._element.xml  # the reply slip
    circular = opened(kind_of("result_circular"))
    numbered = next(line for line in circular.paragraphs if "〔2012〕" in line.text)
    assert 'w:color="E60012"' in numbered._p.xml


def test_tables_repeat_their_head_and_the_imprint_is_pinned() -> None:
    row = sample_of(kind_of("result_circular"))["ranking_tables"][0]
    rows = [{**row, "rank": str(rank)} for rank in range(1, 61)]
    twin = opened(kind_of("result_circular"), ranking_tables=rows)
    assert len(twin.tables[0].rows) == 61
    assert twin.tables[0].rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    printed = next(line for line in twin.paragraphs if line.text.endswith("印发"))
    frame = printed._p.pPr.find(qn("w:framePr"))
    assert frame.get(qn("w:yAlign")) == "bottom"


def test_a_turned_annex_is_a_turned_section() -> None:
    twin = opened(landscape())
    widths = [section.page_width > section.page_height for section in twin.sections]
    assert widths == [False, True, True]


def test_properties_stand_in_words_order() -> None:
    """Word calls a file damaged whose property children stand otherwise."""
    order = ["pStyle", "keepNext", "framePr", "pBdr", "tabs", "spacing", "ind", "jc", "rPr"]
    for kind in (kind_of("result_circular"), joint(3), changed("reminder", secrecy="机密★1年")):
        for shape in opened(kind).element.body.iter(qn("w:pPr")):
            names = [child.tag.split("}")[1] for child in shape]
            places = [order.index(name) for name in names if name in order]
            assert places == sorted(places), names
            assert len(names) == len(set(names))


def test_the_same_document_is_the_same_text_and_gaps_are_refused() -> None:
    kind = kind_of("reminder")
    first, second = opened(kind), opened(kind)
    assert first.element.body.xml == second.element.body.xml
    with pytest.raises(NoticeIncomplete):
        render_docx(kind, {})


def test_what_a_person_types_is_text() -> None:
    typed = "<w:p><script>{{ 7*7 }}</w:p>&amp;"
    twin = opened(kind_of("rectification_notice"), facts=typed)
    assert any(typed in line.text for line in twin.paragraphs)

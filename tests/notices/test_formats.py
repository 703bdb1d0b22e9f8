"""Joint issue, seals, head elements, long annexes, turned tables, duplex: drawn, and measured rule by rule."""

from __future__ import annotations

import io
from typing import Any

import pdfplumber
import pytest

from notices.checks.verdict import Verdict
from notices.completeness import sample_of
from notices.definition import NoticeKind
from notices.measure import Report, measure
from notices.refusal import NoticeRefused
from notices.render import render_pdf
from tests.notices.kinds import ORGANS, changed, joint, kind_of, landscape, picture


def report_on(kind: NoticeKind, seals: int = 0, **values: Any) -> Report:
    filled = {**sample_of(kind), "org": ORGANS[0], "org_mark": ORGANS[0], **values}
    report = measure(render_pdf(kind, filled, draft=False, seals=[picture()] * seals))
    assert report.passed, str(report)
    return report


def rows(count: int) -> list[dict[str, str]]:
    row = sample_of(kind_of("result_circular"))["ranking_tables"][0]
    return [
        {**row, "category": category, "rank": str(rank), "target": f"第{rank}科"}
        for category in ("行政执法类", "综合管理类")
        for rank in range(1, count + 1)
    ]


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "plain"])
def test_joint_issues_of_up_to_six_organs(count: int, sealed: bool) -> None:
    kind = joint(count, signature={"style": "seal" if sealed else "plain"})
    report = report_on(kind, seals=count if sealed else 0)
    assert report.check("H5").verdict is Verdict.OK
    assert (report.check("B9").verdict is Verdict.OK) == sealed
    if sealed:
        assert f"{count}个印章{2 if count > 3 else 1}排" in report.check("B9").found


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("with_image", ["first", "last", "odd"])
def test_an_organ_without_an_image_has_room_beside_those_with_one(count: int, with_image: str) -> None:
    which = {"first": {0}, "last": {count - 1}, "odd": set(range(1, count, 2))}[with_image]
    kind = joint(count, signature={"style": "seal"})
    filled = {**sample_of(kind), "org": ORGANS[0], "org_mark": ORGANS[0]}
    seals = [picture() if place in which else b"" for place in range(count)]
    report = measure(render_pdf(kind, filled, draft=False, seals=seals))
    assert report.passed, str(report)
    assert f"{len(which)}个印章" in report.check("B9").found
    assert report.check("B8").verdict is Verdict.ABSENT


def test_a_joint_letter_bears_the_lead_organs_mark_and_all_signatures() -> None:
    others = [{"mark": organ, "name": organ} for organ in ORGANS[1:3]]
    kind = changed("reminder", joint=others, signature={"style": "plain"})
    pdf = render_pdf(kind, {**sample_of(kind), "org": ORGANS[0], "org_mark": ORGANS[0]}, draft=False)
    report = measure(pdf)
    assert report.passed, str(report)
    with pdfplumber.open(io.BytesIO(pdf)) as pages:
        first, text = pages.pages[0].extract_text(), "".join(page.extract_text() for page in pages.pages)
    assert ORGANS[1] not in first.split("号")[0]
    assert all(organ in text for organ in ORGANS[:3])


@pytest.mark.parametrize("key", ["reminder", "result_circular"])
def test_copy_number_secrecy_and_urgency(key: str) -> None:
    kind = changed(key, copy_number="{copy_number}", secrecy="{secrecy}", urgency="{urgency}")
    report = report_on(kind, copy_number="000128", secrecy="机密★1年", urgency="特急")
    named = ("L4",) if key == "reminder" else ("H1", "H2", "H3")
    assert all(report.check(rule).verdict is Verdict.OK for rule in named)
    assert all(report_on(kind).check(rule).verdict is Verdict.ABSENT for rule in named)


@pytest.mark.parametrize(
    ("name", "value"),
    [("copy_number", "12"), ("secrecy", "机密1年"), ("secrecy", "内部"), ("urgency", "急急如律令")],
)
def test_head_elements_of_other_forms_are_refused_with_a_reason(name: str, value: str) -> None:
    kind = changed("result_circular", **{name: f"{{{name}}}"})
    with pytest.raises(NoticeRefused, match="写法不合格式"):
        render_pdf(kind, {**sample_of(kind), name: value}, draft=False)


@pytest.mark.parametrize("names", ["张某某", "张某某、李某", "张某某、李某、王某某"])
def test_upward_documents_name_who_signed(names: str) -> None:
    report = report_on(changed("result_circular", signer="{signer}"), signer=names)
    assert report.check("H7").verdict is Verdict.OK


def test_a_single_seal_and_room_for_one() -> None:
    kind = changed("reminder", signature={"style": "seal"})
    assert "印章压署名和日期" in report_on(kind, seals=1).check("B8").found
    assert "留有盖章位置" in report_on(kind).check("B8").found
    assert report_on(kind).check("B10").verdict is Verdict.ABSENT


@pytest.mark.parametrize("style", ["seal", "plain"])
@pytest.mark.parametrize("apart", [False, True], ids=["one paragraph", "short paragraphs"])
def test_no_page_bears_a_signature_under_a_line_or_two(style: str, apart: bool) -> None:
    """Letters of every length from a first page half full to a second page begun."""
    moved = 0
    for lines in range(4, 18):
        text = "请按期反馈整改情况并附佐证材料，逾期不报的按照方案扣分。" * lines
        body = [{"text": part + "。"} for part in text.split("。") if part] if apart else [{"text": text}]
        kind = changed("reminder", signature={"style": style}, body=body)
        report = report_on(kind)
        moved += report.pages > 1
    assert 0 < moved < 14


def test_a_personal_stamp_stands_beside_the_post() -> None:
    kind = changed("reminder", signature={"style": "stamp", "post": "主任"})
    pdf = render_pdf(kind, sample_of(kind), draft=False, seals=[picture(500, 366)])
    report = measure(pdf)
    assert report.passed, str(report)
    assert report.check("B11").verdict is Verdict.OK


@pytest.mark.parametrize("count", [3, 40, 150])
def test_a_long_annex_repeats_its_head_and_goes_on_numbering(count: int) -> None:
    report = report_on(kind_of("result_circular"), ranking_tables=rows(count))
    assert report.check("N3").verdict is Verdict.OK
    assert report.check("B7").found == "2个附件"


def test_a_turned_annex_keeps_the_place_of_the_page_number() -> None:
    report = report_on(landscape(), ranking_tables=rows(40))
    assert report.check("B15").verdict is Verdict.OK
    assert report.check("N1").verdict is Verdict.OK


@pytest.mark.parametrize("count", [3, 20, 40])
def test_printed_on_both_sides_the_imprint_is_on_an_even_page(count: int) -> None:
    for kind in (changed("result_circular", duplex=True), landscape(duplex=True)):
        report = report_on(kind, ranking_tables=rows(count))
        assert "偶数页" in report.check("V4").found
        assert report.pages % 2 == 0


def test_many_copies_wrap_behind_the_colon() -> None:
    copies = "，".join(f"区第{number}项目协调服务办公室" for number in range(1, 31))
    assert "行，左" in report_on(kind_of("result_circular"), cc=copies).check("V2").found


@pytest.mark.parametrize("length", [6, 14, 22, 30, 45, 60, 80])
def test_titles_of_any_length_keep_their_shape(length: int) -> None:
    words = "行政审批窗口工作人员擅自离岗且未履行首问负责和一次性告知义务造成群众多次往返并久拖不决的问题" * 2
    for key in ("rectification_notice", "supervision_notice"):
        report_on(kind_of(key), case_title=words[:length])


@pytest.mark.parametrize(
    ("parts", "place"),
    [
        ({"signer": "{signer}"}, "signer"),
        ({"duplex": True}, "duplex"),
        ({"secrecy": "内部"}, "secrecy"),
        ({"copy_number": "12"}, "copy_number"),
        ({"urgency": "急"}, "urgency"),
        ({"signature": {"style": "stamp"}}, "signature.post"),
        ({"signature": {"post": "主任"}}, "signature.post"),
        ({"signature": None, "joint": [{"mark": "甲", "name": "甲"}]}, "joint"),
        ({"signature": {"style": "stamp", "post": "主任"}, "joint": [{"mark": "甲", "name": "甲"}]}, "signature.style"),
        ({"joint": [{"mark": "{nobody}", "name": "甲"}]}, "joint[0].mark"),
    ],
)  # fmt: skip
def test_parts_that_a_format_does_not_have_are_told_with_their_place(
    parts: dict[str, Any], place: str
) -> None:
    from definitions.fault import DefinitionFaults

    with pytest.raises(DefinitionFaults) as caught:
        changed("reminder", **parts)
    assert place in {fault.place for fault in caught.value.faults}

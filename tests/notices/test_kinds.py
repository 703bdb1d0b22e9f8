"""Every kind of every pack draws its sample, and the finished page obeys GB/T 9704-2012."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from definitions.source import load_yaml
from notices.completeness import missing_values, sample_of
from notices.definition import NoticeFormat, load_notice_kind, placeholders
from notices.measure import measure
from notices.refusal import NoticeIncomplete
from notices.render import check_issue, render_pdf
from tests.notices.kinds import FILES, kind_of

RESULTS = {"commendation", "explanation_order", "rectify_order", "result_circular"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_sample_is_issued_and_passes_every_measured_rule(file: Path) -> None:
    kind = load_notice_kind(load_yaml(file))
    assert kind.key == file.stem
    values = sample_of(kind)
    assert missing_values(kind, values) == ()
    check_issue(kind, values)
    report = measure(render_pdf(kind, values, draft=False))
    assert report.passed, str(report)
    assert (report.layout == "文件格式") == (kind.format is NoticeFormat.DOCUMENT)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_points_and_days_come_as_values_never_typed_in(file: Path) -> None:
    for place, text, _ in load_notice_kind(load_yaml(file)).texts():
        assert not re.search(r"\d+\s*(分|个?工作日|名|日内)", text), place


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_kind_names_its_clause(file: Path) -> None:
    """A pack without a plan of its own says that its wording is the office's practice."""
    plan = load_yaml(file.parents[1] / "pack.yaml")["clauses"]
    wanted = r"方案第[一二三四五六七八]条" if plan else "实施口径$"
    assert re.match(wanted, load_notice_kind(load_yaml(file)).source)


def test_results_are_documents_and_case_notices_are_letters() -> None:
    for file in FILES:
        if file.parent.parent.name != "district-2012":
            continue
        wanted = NoticeFormat.DOCUMENT if file.stem in RESULTS else NoticeFormat.LETTER
        assert kind_of(file.stem).format is wanted, file.stem


def test_the_files_are_the_same_bytes_each_time() -> None:
    kind = kind_of("reminder")
    values = sample_of(kind)
    assert render_pdf(kind, values, draft=False) == render_pdf(kind, values, draft=False)


def test_each_missing_value_is_named_and_nothing_is_issued() -> None:
    kind = kind_of("rectification_notice")
    values = {**sample_of(kind), "deadline_words": " ", "unit": ""}
    del values["facts"]
    with pytest.raises(NoticeIncomplete) as caught:
        render_pdf(kind, values, draft=False)
    assert {name for name, _ in caught.value.missing} == {"deadline_words", "unit", "facts"}
    assert "查明的事实" in caught.value.sentence
    assert missing_values(kind, values) == caught.value.missing
    with pytest.raises(NoticeIncomplete):
        check_issue(kind, values)


@pytest.mark.parametrize("key", [file.stem for file in FILES if file.parent.parent.name == "district-2012"])
def test_telling_what_is_missing_agrees_with_drawing(key: str) -> None:
    kind = kind_of(key)
    with pytest.raises(NoticeIncomplete) as caught:
        render_pdf(kind, {}, draft=False)
    told = missing_values(kind, {})
    assert told == caught.value.missing
    assert {name for name, _ in told} <= placeholders(kind)


def test_a_condition_that_does_not_hold_asks_for_nothing() -> None:
    kind = kind_of("extension_reply")
    values = sample_of(kind)
    del values["granted_working_days"]
    assert missing_values(kind, values) == ()
    values["reason"] = ""
    assert [name for name, _ in missing_values(kind, values)] == ["reason"]


def test_a_draft_marks_its_gaps_and_says_that_it_is_none() -> None:
    import io

    import pdfplumber

    pdf = render_pdf(kind_of("rectification_notice"), {}, draft=True)
    with pdfplumber.open(io.BytesIO(pdf)) as pages:
        for page in pages.pages:
            assert "未印发，不具效力" in page.extract_text()
        assert "【缺：主送单位】" in pages.pages[0].extract_text()


def test_the_ranking_stands_in_one_annex_per_category() -> None:
    import io

    import pdfplumber

    kind = kind_of("result_circular")
    values = sample_of(kind)
    row = values["ranking_tables"][0]
    values["ranking_tables"] = [
        {**row, "category": category, "rank": str(rank), "target": f"第{rank}科"}
        for category in ("行政执法类", "综合管理类")
        for rank in range(1, 41)
    ]
    report = measure(pdf := render_pdf(kind, values, draft=False))
    assert report.passed, str(report)
    with pdfplumber.open(io.BytesIO(pdf)) as pages:
        texts = [page.extract_text() for page in pages.pages]
    annexes = [text.split("\n")[:2] for text in texts if text.startswith("附件")]
    assert annexes == [["附件1", "行政执法类测评对象得分名次表"], ["附件2", "综合管理类测评对象得分名次表"]]
    assert sum("综合满意度" in text and "名次" in text for text in texts[2:]) == len(texts) - 2


def test_the_signature_never_stands_alone_on_a_page() -> None:
    kind = kind_of("reminder")
    for lines in range(2, 26, 2):
        values = {**sample_of(kind), "previous_name": "整改" * 14 * lines}
        report = measure(render_pdf(kind, values, draft=False))
        assert report.check("B13").passed, f"{lines}: {report}"


def test_long_names_and_rare_characters_keep_the_grid() -> None:
    organ = "青原区机关效能建设领导小组暨影响发展环境的干部作风突出问题集中整治活动领导小组办公室"
    kind = kind_of("supervision_notice")
    values = {
        **sample_of(kind), "org": organ, "org_mark": organ, "unit": organ, "contact": "喆堃镕昇䶮",
        "requirement": "由王喆、李堃、赵镕、陈昇、刘䶮逐项落实" * 9,
        "case_title": "行政审批窗口工作人员擅自离岗且未履行首问负责和一次性告知义务造成群众多次往返问题",
    }  # fmt: skip
    report = measure(render_pdf(kind, values, draft=False))
    assert report.passed, str(report)


def test_room_for_a_seal_follows_the_rule_of_sealed_documents() -> None:
    kind = kind_of("reminder").model_copy()
    sealed = load_notice_kind({**kind.model_dump(mode="json"), "signature": {"style": "seal"}})
    report = measure(render_pdf(sealed, sample_of(sealed), draft=False))
    assert report.passed, str(report)
    assert "日期右空4.0字" in report.check("B8").found

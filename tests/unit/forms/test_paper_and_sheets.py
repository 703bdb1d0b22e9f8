"""Whatever the builder can save is printed blank, exports a template, and reads its own answers back from it."""

from __future__ import annotations

import io
from typing import Any

import html5lib
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forms.answers import bind
from forms.context import Context
from forms.definition import FormDefinition
from forms.fields import TYPES
from forms.paper import Surroundings, blank_page, filled_page
from packs.answer_import import AnswerImport, _offered, check_answers
from packs.answer_sheets import AnswerBook, BookRefused, Extra, book_of, cells_of
from packs.answer_workbook import write_book
from packs.workbook import read
from tests.unit.forms.filling import EVERY_TYPE, NOW, OPTIONS, choices, form_of, post_of

CONTEXT = Context(choices(), None, NOW)
KEEPER = {"key": "keeper", "type": "short_text", "label": "另一问"}
TYPED = [word for word, kind in TYPES.items() if kind.asks and word not in ("computed", "file", "photo")]
MONITORS = Extra("monitor", "监测点", "选一个", choices().entries("monitor"))


def answers_of(form: FormDefinition) -> dict[str, Any]:
    bound = bind(form, post_of(form), choices=choices(), now=NOW)
    assert bound.answers is not None, bound.faults
    return bound.answers


def filled(book: AnswerBook, answers: dict[str, Any], serial: str = "A-1") -> bytes:
    extras = {extra.key: "监测点一" for extra in book.extras}
    cells = cells_of(book, serial, answers, CONTEXT, extras)
    lines = {
        sheet.name: [[column.heading for column in sheet.columns], *cells[sheet.name]]
        for sheet in book.sheets
    }
    return write_book(book, lines=lines)


def tried(book: AnswerBook, data: bytes) -> AnswerImport:
    return check_answers(read(data, most_columns=1000), book, CONTEXT)


@pytest.mark.parametrize("word", TYPED)
def test_every_type_goes_through_a_workbook_and_back(word: str) -> None:
    form = form_of({"key": "x", "type": word, "label": "问题", **EVERY_TYPE[word], "required": True}, KEEPER)
    book = book_of(form, CONTEXT, [MONITORS])
    answers = answers_of(form)
    found = tried(book, filled(book, answers))
    assert [str(fault) for fault in found.faults] == []
    assert found.good[0].answers == answers
    assert found.good[0].extras == {"monitor": "m1"}


def test_what_no_workbook_can_hold_is_said() -> None:
    book = book_of(form_of({"key": "p", "type": "photo", "label": "照片"}, KEEPER), CONTEXT)
    assert [spec.label for spec in book.left_out] == ["照片"]
    with pytest.raises(BookRefused, match="照片"):
        book_of(form_of({"key": "p", "type": "photo", "label": "照片", "required": True}, KEEPER), CONTEXT)


WHOLE = form_of(
    {"key": "grade", "type": "grade", "label": "评价", "required": True, "options": OPTIONS},
    {"key": "count", "type": "number", "label": "件数", "at_most": 5},
    {"key": "day", "type": "date", "label": "日期", "not_future": True},
    {"key": "why", "type": "long_text", "label": "原因", "visible_when": {"==": [{"var": "grade"}, "bad"]}},
    {"key": "ways", "type": "multi_choice", "label": "方式", "options": OPTIONS},
    {
        "key": "people",
        "type": "rows",
        "label": "人员",
        "columns": [
            {"key": "name", "label": "姓名", "required": True},
            {"key": "way", "label": "方式", "type": "choice", "options": OPTIONS},
        ],
    },
)
HEAD = ["编号", "评价", "件数", "日期", "原因", "方式"]


def changed(*lines: list[str], people: list[list[str]] | None = None) -> AnswerImport:
    book = book_of(WHOLE, CONTEXT)
    sheets = {"答卷": [HEAD, *lines], "人员": [["编号", "姓名", "方式"], *(people or [])]}
    return tried(book, write_book(book, lines=sheets))


@pytest.mark.parametrize(
    ("line", "cell", "said"),
    [
        (["", "优", "", "", "", ""], "A2", "没有编号"),
        (["1", "优秀", "", "", "", ""], "B2", "请从列表中选：优、差"),
        (["1", "", "3", "", "", ""], "B2", "请选择“评价”"),
        (["1", "优", "九", "", "", ""], "C2", "应当是数字"),
        (["1", "优", "9", "", "", ""], "C2", "不能大于 5"),
        (["1", "优", "", "2012-13-01", "", ""], "D2", "不是有效的日期"),
        (["1", "优", "", "2013-01-01", "", ""], "D2", "不能晚于今天"),
        (["1", "优", "", "", "慢", ""], "E2", "仅当 评价 是 差 时填写"),
        (["1", "优", "", "", "", "优、中"], "F2", "没有选中的这一项"),
    ],
)
def test_each_cell_at_fault_is_named_with_what_to_do(line: list[str], cell: str, said: str) -> None:
    found = changed(line)
    assert found.good == ()
    assert [(fault.cell, said in str(fault)) for fault in found.faults] == [(cell, True)], found.faults


def test_good_lines_stand_beside_faulty_ones() -> None:
    found = changed(
        ["1", "优", "2", "2012年5月1日", "", "优、差"],
        ["2", "中", "", "", "", ""],
        ["1", "差", "", "", "慢", ""],
        people=[["1", "甲", "差"], ["9", "乙", ""], ["1", "", "优"]],
    )
    assert found.total == 3
    assert {fault.cell for fault in found.faults if fault.sheet == "答卷"} == {"B3", "A4"}
    assert [fault.cell for fault in found.faults if fault.sheet == "人员"] == ["A2", "A3"]
    clean = changed(
        ["1", "优", "2", "2012年5月1日", "", "优、差"], people=[["1", "甲", "差"], ["1", "乙", ""]]
    )
    assert clean.good[0].answers == {
        "grade": "good",
        "count": 2,
        "day": "2012-05-01",
        "ways": ["good", "bad"],
        "people": [{"name": "甲", "way": "bad"}, {"name": "乙"}],
    }


def test_the_workbook_of_another_version_or_with_other_headings_is_refused() -> None:
    book = book_of(WHOLE, CONTEXT)
    other = book_of(form_of(KEEPER, key="other"), CONTEXT)
    assert "现在要的是" in str(tried(book, write_book(other)).faults[0])
    lines = {"答卷": [["编号", "评估", "评价", "评价"], ["1", "x", "优", "优"]]}
    said = [str(fault) for fault in tried(book, write_book(book, lines=lines)).faults]
    assert any("B1" in text and "不认识的列" in text for text in said)
    assert any("D1" in text and "列重复" in text for text in said)


def test_a_template_offers_lists_hints_and_a_guide_and_marks_faults() -> None:
    book = book_of(WHOLE, CONTEXT)
    opened = openpyxl.load_workbook(io.BytesIO(write_book(book)))
    sheet = opened["答卷"]
    offered = [str(rule.sqref) for rule in sheet.data_validations.dataValidation]
    assert offered == ["B2:B2001"]
    assert "必填" in sheet["B1"].comment.text
    assert "可填：优、差" in sheet["F1"].comment.text
    assert opened["选项"].sheet_state == "hidden"
    assert "f 第1版" in [row[1].value for row in opened["填写说明"].iter_rows()]
    found = changed(["1", "中", "", "", "", ""])
    lines = {"答卷": [HEAD, ["1", "中", "", "", "", ""]]}
    marked = openpyxl.load_workbook(io.BytesIO(write_book(book, lines=lines, marks=found.marks())))
    assert "请从列表中选" in marked["答卷"]["B2"].comment.text
    assert marked["答卷"].data_validations.dataValidation
    assert marked["问题清单"]["B2"].value == "B2"


def test_nothing_in_a_workbook_can_run() -> None:
    form = form_of(
        {"key": "a", "type": "short_text", "label": "=1+1", "hint": "@SUM(1)"},
        {"key": "b", "type": "choice", "label": "选", "options": [{"key": "x", "name": "=2+2"}, *OPTIONS]},
    )
    book = book_of(form, CONTEXT)
    data = filled(book, {"a": "=cmd|' /C calc'!A0", "b": "x"})
    opened = openpyxl.load_workbook(io.BytesIO(data))
    kinds = {cell.data_type for sheet in opened for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    assert tried(book, data).good[0].answers == {"a": "=cmd|' /C calc'!A0", "b": "x"}


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn", "Co")), min_size=1, max_size=30
).filter(lambda text: text.strip() != "")


@st.composite
def definitions(draw: st.DrawFn) -> FormDefinition:
    """Forms of up to eight fields of any types, with any words, some shown under a condition."""
    words = draw(st.lists(st.sampled_from(sorted(TYPES)), min_size=1, max_size=8))
    fields: list[dict[str, Any]] = []
    for number, word in enumerate(words):
        field: dict[str, Any] = {"key": f"k{number}", "type": word, "label": draw(WORDS), **EVERY_TYPE[word]}
        field["hint"] = draw(st.just("") | WORDS)
        if "options" in field:
            names = draw(
                st.lists(WORDS, min_size=2, max_size=5, unique_by=lambda name: " ".join(name.split()))
            )
            field["options"] = [{"key": f"o{at}", "name": name} for at, name in enumerate(names)]
        if TYPES[word].asks and word not in ("computed", "file", "photo"):
            field["required"] = draw(st.booleans())
        if draw(st.booleans()):
            field["visible_when"] = {"==": [{"var": "last"}, "一"]}
        fields.append(field)
    last = {"key": "last", "type": "short_text", "label": draw(WORDS), "required": True}
    return form_of(last, *fields, name=draw(WORDS), source=draw(WORDS), intro=draw(st.just("") | WORDS))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(definitions())
def test_whatever_can_be_saved_is_printed_and_comes_back_from_its_workbook(form: FormDefinition) -> None:
    around = Surroundings(organ="效能办", address="https://host/f")
    html5lib.HTMLParser(strict=True).parse(blank_page(form, choices=choices(), around=around))
    post = post_of(form)
    post.setlist("f_last", ["一"])
    bound = bind(form, post, choices=choices(), now=NOW)
    assert bound.answers is not None, bound.faults
    answers = {
        key: value for key, value in bound.answers.items() if form_type(form, key) not in ("file", "photo")
    }
    page = filled_page(form, answers, choices=choices(), around=around, pictures={}, with_empty=True)
    html5lib.HTMLParser(strict=True).parse(page)
    book = book_of(form, CONTEXT)
    found = tried(book, filled(book, answers))
    assert [str(fault) for fault in found.faults] == []
    assert found.good[0].answers == answers


def form_type(form: FormDefinition, key: str) -> str:
    spec = form.field(key)
    return spec.type if spec else ""


def test_a_long_list_is_told_in_part() -> None:
    choices = tuple(f"第{number}种很长的问题类别" for number in range(20))
    said = _offered(choices)
    assert said.endswith("等20项")
    assert len(said) < 70
    assert _offered(("优" * 90, "差")) == "优" * 90 + "等2项"
    assert _offered(("优", "差")) == "优、差"

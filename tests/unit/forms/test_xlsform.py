"""XLSForm out and in: pyxform takes what we write, and what comes back means the same."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyxform.xls2xform import convert

from definitions.expression import ValueType, evaluate
from forms.definition import FormDefinition, load_form
from forms.edit import EditRefused
from forms.fields import TYPES
from forms.foreign import sound_document
from forms.xlsform import sheets_of, to_xlsform
from forms.xlsform_reading import Read, read_xlsform
from forms.xpath import Untranslatable, from_xpath, to_xpath
from packs.pack import load_pack
from packs.workbook import Sheets, cell_text, read, write
from tests.unit.forms.filling import EVERY_TYPE, choices, form_of

PACK = Path(__file__).resolve().parents[3] / "packs" / "district-2012"


def through_a_file(form: FormDefinition) -> tuple[str, Read]:
    """What pyxform makes of our file, and what we read out of it again."""
    content = write(Sheets(sheets_of(to_xlsform(form, choices=choices()))))
    converted = convert(content, file_type=".xlsx", pretty_print=False)
    sheets = {
        name: [[cell_text(cell) for cell in row] for row in rows] for name, rows in read(content).rows.items()
    }
    return converted.xform, read_xlsform(sheets, key=form.key, version=form.version, source=form.source)


@pytest.mark.parametrize("name", sorted(load_pack(PACK).forms))
def test_the_forms_of_the_pack_are_taken_by_pyxform(name: str) -> None:
    form = load_pack(PACK).forms[name]
    xform, back = through_a_file(form)
    assert form.name in xform
    sound_document(back.document, key=form.key)
    kept = {field["key"]: field for field in back.document["fields"]}
    for field in form.fields:
        assert kept[field.key]["label"] == field.label
        assert bool(kept[field.key].get("required")) == field.required or field.type in ("matrix", "rows")
        if field.visible_when is not None:
            assert kept[field.key]["visible_when"]


@pytest.mark.parametrize("word", [word for word in TYPES if word not in ("page", "section")])
def test_each_type_goes_out_and_comes_back(word: str) -> None:
    spec: dict[str, Any] = {"key": "x", "type": word, "label": "问题", **EVERY_TYPE[word]}
    form = form_of({"key": "other", "type": "number", "label": "数"}, spec)
    xform, back = through_a_file(form)
    assert "/x" in xform or word == "note"
    found = {field["key"]: field for field in back.document["fields"]}["x"]
    again = load_form({**back.document})
    # What XLSForm has no word for comes back as the nearest type it has.
    assert found["type"] == {"phone": "short_text"}.get(word, word)
    assert again.field("x") is not None


def test_rules_survive_the_journey() -> None:
    rule = {"and": [{"in": [{"var": "grade"}, ["poor", "bad"]]}, {">": [{"var": "n"}, 3]}]}
    grades = [{"key": "good", "name": "优"}, {"key": "poor", "name": "较差"}, {"key": "bad", "name": "差"}]
    form = form_of(
        {"key": "grade", "type": "grade", "label": "评价", "options": grades},
        {"key": "n", "type": "number", "label": "数", "at_least": 1, "at_most": 9},
        {"key": "why", "type": "short_text", "label": "为什么", "visible_when": rule, "required_when": rule,
         "pattern": r"\d{6}", "pattern_words": "六位数字"},
    )  # fmt: skip
    back = load_form(through_a_file(form)[1].document)
    why, n = back.field("why"), back.field("n")
    assert why is not None
    assert n is not None
    for grade in ("good", "poor", "bad", None):
        for count in (1, 3, 4, None):
            facts = {"grade": grade, "n": count}
            assert bool(evaluate(why.visible_when, facts)) == bool(evaluate(rule, facts))
            assert bool(evaluate(why.required_when, facts)) == bool(evaluate(rule, facts))
    assert (vars(n)["at_least"], vars(n)["at_most"], vars(why)["pattern"]) == (1, 9, r"\d{6}")


def test_what_is_not_taken_over_is_told_with_its_row() -> None:
    sheets = {
        "survey": [
            ["type", "name", "label", "relevant", "constraint", "appearance"],
            ["start", "start", "", "", "", ""],
            ["geopoint", "where", "在哪里", "", "", ""],
            ["select_one 颜色", "Colour 1", "颜色", "", "", ""],
            ["text", "重名", "甲", "selected(${Colour 1}, 'R')", "", ""],
            ["integer", "n", "数", "jr:choice-name(${n}, 'x')", ". > 3 and . <= 9", ""],
        ],
        "choices": [["list_name", "name", "label"], ["颜色", "R", "红"], ["颜色", "2", "绿"]],
        "settings": [["form_title"], ["问卷"]],
    }
    read_back = read_xlsform(sheets, key="f", version=1, source="导入")
    assert read_back.document["name"] == "问卷"
    by_row: dict[int, list[str]] = {}
    for row, sentence in read_back.lost:
        by_row.setdefault(row, []).append(sentence)
    assert "geopoint" in by_row[3][0]
    assert any("colour_1" in sentence for sentence in by_row[4])
    assert any("jr:choice" in sentence or "看不懂" in sentence for sentence in by_row[6])
    assert any(". > 3" in sentence for sentence in by_row[6])
    fields = {field["key"]: field for field in read_back.document["fields"]}
    assert fields["n"]["at_most"] == 9
    assert fields["colour_1"]["options"][0] == {"key": "r", "name": "红"}
    sound_document(read_back.document, key="f")


@pytest.mark.parametrize("sheets", [{}, {"survey": []}, {"survey": [["a"]]}, {"表": [["type"]]}])
def test_other_workbooks_are_refused_in_words(sheets: dict[str, Any]) -> None:
    with pytest.raises(EditRefused, match="XLSForm"):
        read_xlsform(sheets, key="f", version=1, source="x")


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.lists(st.text(max_size=12), max_size=7), max_size=8), st.text(max_size=40))
def test_any_sheet_is_a_form_or_a_sentence(rows: list[list[str]], rule: str) -> None:
    heads = ["type", "name", "label", "relevant", "required", "constraint", "appearance"]
    known = [
        ["select_one a", "q", "问", rule, rule, rule, rule],
        ["begin repeat", "r", "行"],
        ["text", "c", "列"],
    ]
    sheets = {"survey": [heads, *rows, *known], "choices": [["list_name", "name", "label"], *rows]}
    found = read_xlsform(sheets, key="f", version=1, source="x")
    assert found.document["fields"] is not None
    if found.document["fields"]:
        with suppress(EditRefused):
            sound_document(found.document, key="f")


@given(st.text(max_size=60))
def test_any_text_is_an_expression_or_a_sentence(text: str) -> None:
    with suppress(Untranslatable):
        from_xpath(text, {"a": "a"}, {"a": ValueType.NUMBER})


TYPED = {
    "a": ValueType.NUMBER,
    "b": ValueType.NUMBER,
    "c": ValueType.CHOICE,
    "m": ValueType.CHOICES,
    "t": ValueType.BOOLEAN,
}
NUMBERS = st.recursive(
    st.one_of(st.integers(0, 9), st.sampled_from([{"var": "a"}, {"var": ["b", 0]}])),
    lambda inner: st.tuples(st.sampled_from(["+", "-", "*", "/", "%", "min", "max"]), inner, inner).map(
        lambda parts: {parts[0]: [parts[1], parts[2]]}
    ),
    max_leaves=4,
)
CONDITIONS = st.recursive(
    st.one_of(
        st.tuples(st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), NUMBERS, NUMBERS).map(
            lambda parts: {parts[0]: [parts[1], parts[2]]}
        ),
        st.just({"in": [{"var": "c"}, ["x", "y"]]}),
        st.just({"in": ["x", {"var": "m"}]}),
        st.just({"==": [{"var": "t"}, True]}),
        st.just({"missing": ["c"]}),
    ),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["and", "or"]), inner, inner).map(lambda p: {p[0]: [p[1], p[2]]}),
        inner.map(lambda item: {"!": [item]}),
    ),
    max_leaves=4,
)


@given(
    CONDITIONS,
    st.fixed_dictionaries(
        {
            "a": st.one_of(st.none(), st.integers(-3, 9)),
            "b": st.one_of(st.none(), st.integers(-3, 9)),
            "c": st.sampled_from([None, "x", "z"]),
            "m": st.sampled_from([None, ["x"], ["y"]]),
            "t": st.sampled_from([None, True, False]),
        }
    ),
)
def test_what_goes_out_means_the_same_when_it_comes_back(rule: Any, facts: dict[str, Any]) -> None:
    names = {name: name for name in TYPED}
    back = from_xpath(to_xpath(rule, TYPED), names, TYPED)
    assert bool(evaluate(back, facts)) == bool(evaluate(rule, facts))

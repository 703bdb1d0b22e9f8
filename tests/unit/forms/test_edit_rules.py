"""Rules and formulas as they are typed: what is meant is kept, what is kept comes back as it was typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from definitions.expression import ValueType, check, evaluate
from definitions.sentences import Facts, Line, LineRefused, Sentence, expression_of, facts_of, sentence_of
from definitions.source import load_yaml
from forms.definition import load_form
from forms.formulas import FormulaRefused, formula_text, read_formula

FORMS = sorted((Path(__file__).resolve().parents[3] / "packs" / "district-2012" / "forms").rglob("*.yaml"))
FACTS = Facts(
    types={
        "grade": ValueType.GRADE, "many": ValueType.CHOICES, "count": ValueType.NUMBER, "day": ValueType.DATE,
        "asked": ValueType.BOOLEAN, "text": ValueType.TEXT, "target": ValueType.CHOICE,
    },
    labels={"grade": "评价", "many": "方面", "count": "件数", "day": "日期", "asked": "回访", "text": "事项", "target": "对象"},
    options={"grade": {"good": "良", "poor": "较差", "bad": "差"}, "many": {"law": "依法", "speed": "效率"}},
)  # fmt: skip

ROWS: list[tuple[tuple[str, str, str], Any]] = [
    (("grade", "is", "差"), {"==": [{"var": "grade"}, "bad"]}),
    (("grade", "is", "较差、差"), {"in": [{"var": "grade"}, ["poor", "bad"]]}),
    (("grade", "is_not", "较差，差"), {"!": {"in": [{"var": "grade"}, ["poor", "bad"]]}}),
    (("grade", "is_not", "良"), {"!=": [{"var": "grade"}, "good"]}),
    (("many", "contains", "依法"), {"in": ["law", {"var": "many"}]}),
    (("many", "lacks", "依法"), {"!": {"in": ["law", {"var": "many"}]}}),
    (("text", "contains", "许可、变更"), {"in": ["许可、变更", {"var": "text"}]}),
    (("text", "is", "甲"), {"==": [{"var": "text"}, "甲"]}),
    (("count", "above", "３"), {">": [{"var": "count"}, 3]}),
    (("count", "at_most", "2.5"), {"<=": [{"var": "count"}, 2.5]}),
    (("count", "is", "0"), {"==": [{"var": "count"}, 0]}),
    (("day", "below", "2012-04-09"), {"<": [{"var": "day"}, "2012-04-09"]}),
    (("asked", "is", "是"), {"==": [{"var": "asked"}, True]}),
    (("target", "given", ""), {"!=": [{"var": "target"}, None]}),
    (("grade", "missing", ""), {"==": [{"var": "grade"}, None]}),
]


@pytest.mark.parametrize(("typed", "kept"), ROWS, ids=[" ".join(row[0]) for row in ROWS])
def test_a_line_is_kept_as_an_expression_that_can_be_meant(typed: tuple[str, str, str], kept: Any) -> None:
    sentence = Sentence((Line(*typed),))
    assert expression_of(sentence, FACTS) == kept
    assert check(kept, FACTS.types, expects=ValueType.BOOLEAN) == []
    back = sentence_of(kept, FACTS)
    assert back is not None
    assert expression_of(back, FACTS) == kept


@pytest.mark.parametrize("mode", ["all", "any"])
def test_lines_stand_together(mode: Any) -> None:
    sentence = Sentence((Line("grade", "is", "差"), Line("count", "above", "3")), mode)
    kept = expression_of(sentence, FACTS)
    assert list(kept) == ["and" if mode == "all" else "or"]
    assert sentence_of(kept, FACTS) == sentence


def test_several_names_for_a_choice_of_many_come_back_as_one_line() -> None:
    for relation in ("contains", "lacks"):
        sentence = Sentence((Line("many", relation, "依法、效率"),))
        assert sentence_of(expression_of(sentence, FACTS), FACTS) == sentence


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        (("grade", "is", "极好"), "没有选项“极好”；可以写：良、较差、差"),
        (("grade", "above", "差"), "不能比较大小"),
        (("count", "above", "多"), "应写数字"),
        (("day", "above", "昨天"), "应写作 2012-04-09"),
        (("asked", "is", "可能"), "只能写“是”或“否”"),
        (("grade", "is", " "), "还没有写值"),
        (("nothing", "is", "x"), "请选择一个字段"),
        (("grade", "sort_of", "差"), "请选择"),
        (("count", "contains", "3"), "不能用“包含”"),
    ],
)
def test_a_line_that_cannot_be_meant_says_why(typed: tuple[str, str, str], reason: str) -> None:
    with pytest.raises(LineRefused, match=reason) as refused:
        expression_of(Sentence((Line("text", "given"), Line(*typed))), FACTS)
    assert str(refused.value).startswith("第 2 行：")


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_every_rule_of_the_shipped_forms_can_be_edited_in_lines(path: Path) -> None:
    form = load_form(load_yaml(path))
    labels = form.words_for_expressions()
    facts = facts_of(form.fact_types(), labels, form.fields)
    for field in form.fields:
        for setting in ("visible_when", "required_when", "advised_when"):
            rule = getattr(field, setting)
            sentence = sentence_of(rule, facts)
            assert sentence is not None, (field.key, setting)
            again = expression_of(sentence, facts)
            for answers in ({}, {"grade": "bad"}, {"grade": "fair"}, {"grade": "fair", "situation": "话"}):
                facts_now: dict[str, Any] = dict(answers)
                assert rule is None or bool(evaluate(rule, facts_now)) == bool(evaluate(again, facts_now))


def test_a_rule_that_says_more_than_lines_is_left_alone() -> None:
    for rule in (
        {"and": [{"or": [{"var": "asked"}, True]}, True]},
        {">": [{"+": [1, 2]}, 1]},
        {"if": [True, 1, 2]},
    ):
        assert sentence_of(rule, FACTS) is None


NAMES = {"数量": "count", "单价": "price", "count": "count"}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("【数量】×【单价】", {"*": [{"var": "count"}, {"var": "price"}]}),
        ("1 + 2 * 3", {"+": [1, {"*": [2, 3]}]}),
        ("（1＋2）×3", {"*": [{"+": [1, 2]}, 3]}),
        ("【数量】－1－2", {"-": [{"-": [{"var": "count"}, 1]}, 2]}),
        ("最大（【数量】，0）÷2.5", {"/": [{"max": [{"var": "count"}, 0]}, 2.5]}),
        ("1＋2＋3", {"+": [1, 2, 3]}),
        ("－【count】", {"-": [{"var": "count"}]}),
        (" ", None),
    ],
)
def test_a_formula_is_read_and_written_back(typed: str, kept: Any) -> None:
    assert read_formula(typed, NAMES) == kept
    text = formula_text(kept, {"count": "数量", "price": "单价"})
    assert text is not None
    assert read_formula(text, NAMES) == kept


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("【别的】", "没有可以计算的字段“别的”"),
        ("1＋", "没有写完"),
        ("1 2", "前面可能少了运算符号"),
        ("（1", "少了右括号"),
        ("×1", "放得不对"),
        ("abc", "看不懂"),
        ("最大 1", "后面应当是括号"),
        ("（" * 30 + "1", "太深"),
        ("1" * 1001, "太长"),
    ],
)
def test_a_formula_that_cannot_be_read_says_why(typed: str, reason: str) -> None:
    with pytest.raises(FormulaRefused, match=reason):
        read_formula(typed, NAMES)

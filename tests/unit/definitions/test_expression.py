"""The closed language of conditions and formulas: what it gives, refuses and says."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from definitions.expression import (
    ExpressionRefused,
    ValueType,
    check,
    evaluate,
    in_words,
    literals_compared,
    names_used,
)
from definitions.operators import OPERATORS, number
from definitions.source import load_yaml

CASES = load_yaml(Path(__file__).parents[2] / "cases" / "forms" / "expressions.yaml")
NAMES = {
    "n": ValueType.NUMBER,
    "t": ValueType.TEXT,
    "b": ValueType.BOOLEAN,
    "d": ValueType.DATE,
    "c": ValueType.CHOICE,
    "cs": ValueType.CHOICES,
    "g": ValueType.GRADE,
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_expression_gives(case: dict[str, Any]) -> None:
    if case.get("refused"):
        with pytest.raises(ExpressionRefused):
            evaluate(case["expr"], case["facts"])
        return
    gives = case["gives"]
    wanted = Fraction(gives["number"]) if isinstance(gives, dict) else gives
    found = evaluate(case["expr"], case["facts"])
    assert found == wanted
    assert type(found) is type(wanted)


def test_every_operator_stands_in_the_table() -> None:
    used = {name for case in CASES if not case.get("refused") for name in _operators(case["expr"])}
    assert used == OPERATORS


def _operators(node: Any) -> set[str]:
    if isinstance(node, list):
        return {name for item in node for name in _operators(item)}
    if isinstance(node, dict):
        return set(node) | {name for item in node.values() for name in _operators(item)}
    return set()


@pytest.mark.parametrize(
    ("value", "stands_for"),
    [(1e-7, Fraction(1, 10**7)), (1e22, 10**22), (float("inf"), None), ("１２", None), ("\u30001", None)],
)
def test_a_number_is_what_was_written(value: Any, stands_for: Any) -> None:
    assert number(value) == stands_for


def test_sums_of_decimals_are_exact() -> None:
    assert evaluate({"==": [{"+": [{"var": "a"}, {"var": "b"}]}, 0.3]}, {"a": "0.1", "b": "0.2"}) is True


@pytest.mark.parametrize(
    "expr",
    [
        {"in": [{"var": "g"}, ["poor", "bad"]]},
        {"and": [{"var": "b"}, {"!": {"missing": ["t"]}}]},
        {"<": [{"var": "d"}, "2012-05-01"]},
        {"in": ["a", {"var": "cs"}]},
        {"==": [{"var": "t"}, None]},
        {"if": [{"==": [{"var": "c"}, "x"]}, {"==": [{"var": "n"}, 1]}, False]},
        {">": [{"+": [{"var": ["n", 0]}, 1]}, 3]},
        {"<=": [{"var": "d"}, {"if": [{"var": "b"}, "2012-05-01", "2012-06-01"]}]},
        {"==": [{"if": [{"var": "b"}, {"var": "d"}, "2012-05-01"]}, "2012-06-01"]},
        {"in": [{"if": [{"var": "b"}, "x", None]}, ["x", "y"]]},
    ],
)
def test_good_condition_has_no_faults(expr: Any) -> None:
    assert check(expr, NAMES, expects=ValueType.BOOLEAN) == []


@pytest.mark.parametrize(
    ("expr", "part"),
    [
        ({"var": "gone"}, "没有名为“gone”的字段"),
        ({"map": [[1], 1]}, "不认识的运算“map”"),
        ({"log": 1}, "不认识的运算"),
        ({"==": [1]}, "正好比较两项"),
        ({"==": [{"var": "g"}, 3]}, "不可能相等"),
        ({"==": [{"var": "cs"}, "a"]}, "请用 in"),
        ({">": [{"var": "t"}, 3]}, "只能比较数字"),
        ({">": [{"var": "d"}, "昨天"]}, "只能比较数字"),
        ({"and": [{"var": "n"}]}, "应当是条件"),
        ({"+": [{"var": "t"}, 1]}, "只能计算数字"),
        ({"if": [True, 1]}, "if 应当写作"),
        ({"if": [True, {"var": "n"}, {"var": "t"}]}, "同一种内容"),
        ({"if": [True, "a", True, {"var": "c"}, {"var": "g"}]}, "同一种内容"),
        ({"if": [True, {"var": "d"}, "昨天"]}, "同一种内容"),
        ({"<": [{"var": "d"}, {"if": [{"var": "b"}, "2012-05-01", "昨天"]}]}, "只能比较数字"),
        ({"==": [{"if": [{"var": "b"}, "昨天", "今天"]}, {"var": "d"}]}, "不可能相等"),
        ({"in": [{"var": "d"}, ["2012-05-01", "昨天"]]}, "“昨天”不是日期"),
        ({"in": [{"if": [{"var": "b"}, "x", "y"]}, [1]]}, "“1”不是文字"),
        ({"<": [{"var": ["d", "昨天"]}, "2012-05-01"]}, "默认值应当是日期"),
        ({">": [{"var": "d"}, "２０１２-０４-０９"]}, "只能比较数字"),
        ({"in": [{"var": "g"}, []]}, "不能为空"),
        ({"missing": []}, "至少一个字段"),
        ({"a": 1, "b": 2}, "只有一个运算符"),
        ({"var": {"var": "n"}}, "应当写一个字段的键"),
        ({"var": "n"}, "结果应当是是否"),
        ({"==": ["字" * 201, {"var": "t"}]}, "文字太长"),
        ({"==": [10**13, {"var": "n"}]}, "数字太大"),
        ({"or": [True] * 300}, "表达式太长"),
        (object(), "只能有文字"),
    ],
)
def test_what_cannot_be_meant_is_said(expr: Any, part: str) -> None:
    faults = check(expr, NAMES, expects=ValueType.BOOLEAN)
    assert any(part in fault for fault in faults), faults


def test_a_date_may_be_asked_for_as_a_literal_only_when_it_is_one() -> None:
    assert check("2012-05-01", NAMES, expects=ValueType.DATE) == []
    assert check({"if": [{"var": "b"}, "2012-05-01", "昨天"]}, NAMES, expects=ValueType.DATE)


def test_deep_nesting_is_refused_without_falling_over() -> None:
    expr: Any = True
    for _ in range(5000):
        expr = {"!": expr}
    assert "嵌套太深" in check(expr, {})[0]
    with pytest.raises(ExpressionRefused):
        evaluate(expr, {})


@pytest.mark.parametrize(
    ("expr", "sentence"),
    [
        ({"in": [{"var": "g"}, ["poor", "bad"]]}, "评价 是 较差 或 差"),
        ({"!": {"in": [{"var": "g"}, ["poor"]]}}, "评价 不是 较差"),
        ({"==": [{"var": "b"}, True]}, "立案 为 是"),
        ({"!=": [{"var": "b"}, True]}, "立案 为 否"),
        ({">=": [{"var": "n"}, 3]}, "人数 大于或等于 3"),
        ({"missing": ["t", "n"]}, "说明、人数 未填写"),
        ({"!": {"missing": ["t"]}}, "说明 已填写"),
        (
            {"and": [{"==": [{"var": "g"}, "bad"]}, {"or": [{"var": "b"}, {"<": [{"var": "n"}, 2]}]}]},
            "评价 是 差 并且 （立案 或者 人数 小于 2）",
        ),
        ({"*": [{"+": [{"var": "n"}, 1]}, 2]}, "（人数 + 1） × 2"),
        ({"if": [{"var": "b"}, 1, 2]}, "如果 立案，则为 1；否则为 2"),
    ],
)
def test_expression_is_read_aloud(expr: Any, sentence: str) -> None:
    labels = {"g": "评价", "g.poor": "较差", "g.bad": "差", "b": "立案", "n": "人数", "t": "说明"}
    assert in_words(expr, labels) == sentence


def test_names_and_literals_are_found_for_the_reference_graph() -> None:
    expr = {"or": [{"in": [{"var": "g"}, ["poor"]]}, {"missing": ["t"]}, {"==": ["x", {"var": ["c", "y"]}]}]}
    assert names_used(expr) == {"g", "t", "c"}
    assert literals_compared(expr) == {("g", "poor"), ("c", "x")}


leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=5)
trees = st.recursive(
    leaves,
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.sampled_from([*sorted(OPERATORS), "map", "x"]), below, max_size=2)
        | st.builds(
            lambda name, items: {name: items}, st.sampled_from(sorted(OPERATORS)), st.lists(below, max_size=3)
        )
    ),
    max_leaves=12,
)


@given(trees)
def test_anything_is_checked_read_and_evaluated_or_refused(expr: Any) -> None:
    faults = check(expr, NAMES)
    in_words(expr, {})
    names_used(expr)
    literals_compared(expr)
    try:
        evaluate(expr, {"n": 1, "t": "x", "b": True, "cs": ["a"]})
    except ExpressionRefused:
        assert faults

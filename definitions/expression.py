"""Conditions and formulas that a clerk writes: a small closed language, the same on server and in the browser.

An expression is JSON Logic (https://jsonlogic.com) as plain data, e.g. ``{"in": [{"var": "grade"}, ["poor",
"bad"]]}``. It is checked when a definition is saved and never executed as code: it can look at the facts it
is handed by name and at nothing else. See `definitions/operators.py` for the closed list of operators.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

# The library carries no annotations; its one function takes and gives plain data.
from json_logic.apply import apply  # type: ignore[import-untyped]

from definitions.expression_check import Expects, check_types
from definitions.expression_words import in_words
from definitions.operators import OPERATORS, TABLE
from definitions.value_type import ValueType

__all__ = [
    "ExpressionRefused",
    "ValueType",
    "check",
    "evaluate",
    "in_words",
    "literals_compared",
    "names_used",
]

MAX_DEPTH = 12
MAX_NODES = 200
MAX_TEXT = 200
MAX_NUMBER = 10**12


class ExpressionRefused(ValueError):
    """An expression that was never checked, or not heeded: it cannot be evaluated."""

    code = "expression_refused"


def check(expr: Any, names: Mapping[str, ValueType], *, expects: Expects = None) -> list[str]:
    """What is wrong with an expression, as Chinese sentences; empty when it is good.

    names: every fact the expression may use, with its type.
    expects: the type the whole must have, e.g. boolean for a condition; None for any.

    >>> check({"in": [{"var": "grade"}, ["poor", "bad"]]}, {"grade": ValueType.GRADE})
    []
    >>> check({">": [{"var": "grad"}, 3]}, {"grade": ValueType.GRADE})
    ['没有名为“grad”的字段；可用的有：grade']
    """
    faults = _shape_faults(expr)
    return faults or check_types(expr, names, expects=expects)


def evaluate(expr: Any, facts: Mapping[str, Any]) -> Any:
    """The value of an expression for these facts; numbers are exact (int or Fraction).

    A name that is not among the facts counts as unanswered (None). A division by zero, or arithmetic with an
    unanswered fact, gives None. Raises ExpressionRefused for anything outside the closed language.

    >>> evaluate({"+": [{"var": "a"}, {"var": "b"}]}, {"a": "0.1", "b": "0.2"})
    Fraction(3, 10)
    """
    faults = _shape_faults(expr)
    if faults:
        raise ExpressionRefused("；".join(faults))
    return evaluate_checked(expr, facts)


def evaluate_checked(expr: Any, facts: Mapping[str, Any]) -> Any:
    """As `evaluate`, for an expression of a definition that was checked when it was loaded."""
    return apply(expr, facts, TABLE)


def names_used(expr: Any) -> frozenset[str]:
    """The names of all facts an expression looks at, also in broken expressions."""
    found: set[str] = set()
    for operator, operands in _operations(expr):
        if operator == "var" and operands and isinstance(operands[0], str):
            found.add(operands[0])
        elif operator == "missing":
            flat = operands[0] if operands and isinstance(operands[0], list) else operands
            found.update(name for name in flat if isinstance(name, str))
    return frozenset(found)


def literals_compared(expr: Any) -> frozenset[tuple[str, Any]]:
    """Pairs (name, literal) that an expression compares, so that options that do not exist can be found."""
    pairs: set[tuple[str, Any]] = set()
    for operator, operands in _operations(expr):
        if operator not in ("==", "!=", "in") or len(operands) != 2:
            continue
        for one, other in (operands, operands[::-1]):
            name = _variable(one)
            if name is not None:
                literals = other if isinstance(other, list) else [other]
                pairs.update((name, literal) for literal in literals if isinstance(literal, str))
    return frozenset(pairs)


def _variable(node: Any) -> str | None:
    if not isinstance(node, dict) or set(node) != {"var"}:
        return None
    name = node["var"][0] if isinstance(node["var"], list) and node["var"] else node["var"]
    return name if isinstance(name, str) else None


def _operations(expr: Any, depth: int = 0) -> Iterator[tuple[str, list[Any]]]:
    if depth > MAX_DEPTH * 2:
        return
    if isinstance(expr, list):
        for item in expr:
            yield from _operations(item, depth + 1)
    elif isinstance(expr, dict):
        for operator, operands in expr.items():
            items = operands if isinstance(operands, list) else [operands]
            yield str(operator), items
            yield from _operations(items, depth + 1)


def _shape_faults(expr: Any) -> list[str]:
    """Faults of form alone: foreign operators, too deep, too large, things that are not JSON."""
    faults: list[str] = []
    nodes = 0
    stack: list[tuple[Any, int]] = [(expr, 1)]
    while stack:
        node, depth = stack.pop()
        nodes += 1
        if nodes > MAX_NODES:
            return [f"表达式太长：最多 {MAX_NODES} 项，请拆成几个计算字段"]
        if depth > MAX_DEPTH:
            return [f"表达式嵌套太深：最多 {MAX_DEPTH} 层，请拆成几个计算字段"]
        if isinstance(node, list):
            stack += [(item, depth) for item in node]
        elif isinstance(node, dict):
            faults += _operator_faults(node)
            stack += [(operands, depth + 1) for operands in node.values()]
        else:
            faults += _literal_faults(node)
    return faults


def _operator_faults(node: dict[Any, Any]) -> list[str]:
    if len(node) != 1:
        return ["每一步运算应当只有一个运算符，写作 {运算符: [内容…]}"]
    operator = next(iter(node))
    if operator in OPERATORS:
        return []
    return [f"不认识的运算“{operator}”；可用的有：{' '.join(sorted(OPERATORS))}"]


def _literal_faults(node: Any) -> list[str]:
    if node is None or isinstance(node, bool):
        return []
    if isinstance(node, str):
        return [] if len(node) <= MAX_TEXT else [f"文字太长：最多 {MAX_TEXT} 字"]
    if isinstance(node, (int, float)):
        return [] if abs(node) <= MAX_NUMBER else [f"数字太大：绝对值不超过 {MAX_NUMBER}"]
    return ["表达式里只能有文字、数字、是否、列表和运算"]

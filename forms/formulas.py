"""Formulas as a clerk writes them: “【数量】×【单价】＋5”, kept as an expression."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from definitions.operators import number
from definitions.texts import clean

_TOKEN = re.compile(
    r"\s*(?:【([^【】]{1,200})】|(\d{1,12}(?:\.\d{1,6})?)|(最大|最小)|([-+*/×÷（）(),，、−＋－＊／]))"
)
_SIGNS = str.maketrans("×÷−＋－＊／（），、", "*/-+-*/(),,")
_SHOWN = {"+": " ＋ ", "-": " － ", "*": " × ", "/": " ÷ "}
_RANK = {"+": 1, "-": 1, "*": 2, "/": 2}
_FUNCTIONS = {"最大": "max", "最小": "min"}
LONGEST = 1000
_DEEPEST = 8


class FormulaRefused(ValueError):
    """A formula that cannot be read; the sentence says where and why."""

    code = "formula_refused"


def read_formula(typed: str, names: Mapping[str, str]) -> Any:
    """The expression a typed formula stands for; None for nothing.

    names: what may stand in 【】 → the fact it means (labels and keys alike). Raises FormulaRefused.

    >>> read_formula("【数量】×（【单价】＋2）", {"数量": "count", "单价": "price"})
    {'*': [{'var': 'count'}, {'+': [{'var': 'price'}, 2]}]}
    """
    text = clean(typed)
    if not text:
        return None
    if len(text) > LONGEST:
        raise FormulaRefused(f"公式太长：最多 {LONGEST} 字，请拆成几个计算字段")
    reader = _Reader(_tokens(text), names)
    found = reader.sum(0)
    if reader.position < len(reader.tokens):
        raise FormulaRefused(f"“{reader.tokens[reader.position][1]}”放得不对，前面可能少了运算符号")
    return found


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            left = text[position:].strip()
            if not left:
                break
            raise FormulaRefused(f"“{left[:10]}”看不懂；字段请写在【】里，运算用 ＋ － × ÷ 和括号")
        kind = ("name", "number", "function", "sign")[(match.lastindex or 1) - 1]
        value = match[match.lastindex or 1]
        tokens.append((kind, value.translate(_SIGNS) if kind == "sign" else value))
        position = match.end()
    return tokens


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]], names: Mapping[str, str]) -> None:
        self.tokens = tokens
        self.names = names
        self.position = 0

    def _sign(self) -> str:
        if self.position < len(self.tokens) and self.tokens[self.position][0] == "sign":
            return self.tokens[self.position][1]
        return ""

    def sum(self, depth: int) -> Any:
        """Terms added and taken away, from the left."""
        if depth > _DEEPEST:
            raise FormulaRefused("括号套得太深，请拆成几个计算字段")
        found = self._product(depth)
        while self._sign() in ("+", "-"):
            found = self._joined(found, self._product, depth)
        return found

    def _product(self, depth: int) -> Any:
        found = self._value(depth)
        while self._sign() in ("*", "/"):
            found = self._joined(found, self._value, depth)
        return found

    def _joined(self, left: Any, right: Any, depth: int) -> Any:
        operator = self._sign()
        self.position += 1
        other = right(depth)
        # A long sum is one step and not a deep tree.
        if operator in ("+", "*") and isinstance(left, dict) and operator in left:
            return {operator: [*left[operator], other]}
        return {operator: [left, other]}

    def _value(self, depth: int) -> Any:
        if self.position >= len(self.tokens):
            raise FormulaRefused("公式没有写完")
        kind, text = self.tokens[self.position]
        self.position += 1
        if kind == "name":
            return self._named(text)
        if kind == "number":
            value = number(text)
            return value if isinstance(value, int) else float(text)
        if kind == "function":
            return self._function(text, depth)
        if text == "-":
            return {"-": [self._value(depth + 1)]}
        if text == "(":
            return self._closed(self.sum(depth + 1))
        raise FormulaRefused(f"“{text}”放得不对，这里应当是字段或数字")

    def _named(self, text: str) -> Any:
        name = self.names.get(text.strip())
        if name is None:
            known = "".join(f"【{label}】" for label in list(self.names)[:8]) or "（还没有数字字段）"
            raise FormulaRefused(f"没有可以计算的字段“{text}”；可以用：{known}")
        return {"var": name}

    def _function(self, word: str, depth: int) -> Any:
        if self._sign() != "(":
            raise FormulaRefused(f"“{word}”后面应当是括号，例如 {word}（【甲】，【乙】）")
        self.position += 1
        items = [self.sum(depth + 1)]
        while self._sign() == ",":
            self.position += 1
            items.append(self.sum(depth + 1))
        return self._closed({_FUNCTIONS[word]: items})

    def _closed(self, found: Any) -> Any:
        if self._sign() != ")":
            raise FormulaRefused("少了右括号")
        self.position += 1
        return found


def formula_text(expression: Any, labels: Mapping[str, str]) -> str | None:
    """The formula as `read_formula` reads it; None for an expression that says more than that.

    >>> formula_text({"*": [{"var": "a"}, {"+": [{"var": "b"}, 2]}]}, {"a": "数量", "b": "单价"})
    '【数量】 × （【单价】 ＋ 2）'
    """
    if expression is None:
        return ""
    try:
        return _text(expression, labels, 0)
    except LookupError:
        return None


def _text(node: Any, labels: Mapping[str, str], rank: int) -> str:
    if isinstance(node, (int, float)) and not isinstance(node, bool):
        return f"（{node}）" if node < 0 else str(node)
    if not isinstance(node, dict) or len(node) != 1:
        raise LookupError(node)
    operator, operands = next(iter(node.items()))
    items = operands if isinstance(operands, list) else [operands]
    if operator == "var":
        if len(items) != 1 or not isinstance(items[0], str):
            raise LookupError(node)
        return f"【{labels.get(items[0], items[0])}】"
    for word, name in _FUNCTIONS.items():
        if operator == name:
            return f"{word}（{'，'.join(_text(item, labels, 0) for item in items)}）"
    if operator == "-" and len(items) == 1:
        return f"－{_text(items[0], labels, 3)}"
    own = _RANK[operator]
    first, *rest = items
    parts = [_text(first, labels, own), *(_text(item, labels, own + 1) for item in rest)]
    text = _SHOWN[operator].join(parts)
    return f"（{text}）" if own < rank else text

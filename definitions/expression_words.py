"""Expressions read aloud: the sentence a clerk sees instead of the tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COMPARED = {"<": "小于", "<=": "小于或等于", ">": "大于", ">=": "大于或等于"}
SIGNS = {"+": "+", "-": "−", "*": "×", "/": "÷", "%": "除余"}


def in_words(expr: Any, labels: Mapping[str, str]) -> str:
    """The expression as a Chinese sentence.

    labels: name → label of the field, and ``name.value`` → label of an option; what is not there is shown as
    it is written.

    >>> in_words({"in": [{"var": "grade"}, ["poor", "bad"]]},
    ...          {"grade": "评价", "grade.poor": "较差", "grade.bad": "差"})
    '评价 是 较差 或 差'
    """
    return _Reader(labels).say(expr)


class _Reader:
    def __init__(self, labels: Mapping[str, str]) -> None:
        self.labels = labels

    def say(self, node: Any, about: str | None = None) -> str:
        """One node; about: the name of the field it is compared with, so that options get their labels."""
        if isinstance(node, dict) and len(node) == 1:
            operator, operands = next(iter(node.items()))
            return self._operation(operator, operands if isinstance(operands, list) else [operands])
        if isinstance(node, list):
            return " 或 ".join(self.say(item, about) for item in node)
        if node is None:
            return "空"
        if isinstance(node, bool):
            return "是" if node else "否"
        return self.labels.get(f"{about}.{node}", str(node)) if about else str(node)

    def _operation(self, operator: str, operands: list[Any]) -> str:
        if operator == "var":
            return self.labels.get(str(operands[0]), str(operands[0])) if operands else "？"
        if operator == "missing":
            return f"{self._names(operands)} 未填写"
        if operator == "!":
            return self._negation(operands[0] if operands else None)
        if operator in ("and", "or"):
            word = " 并且 " if operator == "and" else " 或者 "
            return word.join(self._grouped(operand) for operand in operands)
        if operator in ("==", "!=") and len(operands) == 2:
            return self._equality(operator == "==", operands)
        if operator in COMPARED:
            return f" {COMPARED[operator]} ".join(self._grouped(operand) for operand in operands)
        if operator == "in" and len(operands) == 2:
            return self._membership(operands, negated=False)
        if operator == "if":
            return self._choice(operands)
        return self._arithmetic(operator, operands)

    def _names(self, operands: list[Any]) -> str:
        flat = operands[0] if operands and isinstance(operands[0], list) else operands
        return "、".join(self.labels.get(str(name), str(name)) for name in flat)

    def _grouped(self, node: Any) -> str:
        compound = isinstance(node, dict) and next(iter(node), "") in ("and", "or", "if", *SIGNS)
        return f"（{self.say(node)}）" if compound else self.say(node)

    def _negation(self, node: Any) -> str:
        if isinstance(node, dict) and len(node) == 1:
            operator, operands = next(iter(node.items()))
            items = operands if isinstance(operands, list) else [operands]
            if operator == "missing":
                return f"{self._names(items)} 已填写"
            if operator == "in" and len(items) == 2:
                return self._membership(items, negated=True)
            if operator == "==" and len(items) == 2:
                return self._equality(False, items)
        return f"并非（{self.say(node)}）"

    def _equality(self, same: bool, operands: list[Any]) -> str:
        left, right = operands
        if not isinstance(left, dict) and isinstance(right, dict):
            left, right = right, left
        if right is None:
            return f"{self.say(left)} {'未填写' if same else '已填写'}"
        if isinstance(right, bool):
            return f"{self.say(left)} 为 {'是' if right is same else '否'}"
        if isinstance(right, (int, float)):
            return f"{self._grouped(left)} {'等于' if same else '不等于'} {right}"
        return f"{self.say(left)} {'是' if same else '不是'} {self.say(right, _name(left))}"

    def _membership(self, operands: list[Any], *, negated: bool) -> str:
        needle, haystack = operands
        if isinstance(haystack, list):
            verb = "不是" if negated else "是"
            return f"{self.say(needle)} {verb} {self.say(haystack, _name(needle))}"
        verb = "不包含" if negated else "包含"
        return f"{self.say(haystack)} {verb} {self.say(needle, _name(haystack))}"

    def _choice(self, operands: list[Any]) -> str:
        pairs = zip(operands[:-1:2], operands[1::2], strict=False)
        parts = [f"如果 {self.say(condition)}，则为 {self.say(result)}" for condition, result in pairs]
        if len(operands) % 2:
            parts.append(f"否则为 {self.say(operands[-1])}")
        return "；".join(parts)

    def _arithmetic(self, operator: str, operands: list[Any]) -> str:
        if operator in ("min", "max"):
            word = "最小" if operator == "min" else "最大"
            return f"{'、'.join(self.say(operand) for operand in operands)} 中{word}的"
        if operator == "-" and len(operands) == 1:
            return f"−{self._grouped(operands[0])}"
        return f" {SIGNS.get(operator, operator)} ".join(self._grouped(operand) for operand in operands)


def _name(node: Any) -> str | None:
    if not isinstance(node, dict) or "var" not in node:
        return None
    name = node["var"]
    return str(name[0] if isinstance(name, list) and name else name)

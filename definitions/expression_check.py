"""Static type check of an expression: what cannot be meant is refused before anyone fills a form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from definitions.operators import COMPARISONS, EQUALITIES
from definitions.value_type import ValueType

#: The type the whole expression must have; None when any will do.
Expects: TypeAlias = ValueType | None

#: Types inside the check: a fact's type, a literal text (fits several), a list, nothing, or not known after a fault.
LITERAL, LIST, NOTHING, UNKNOWN = "literal", "list", "nothing", "unknown"
Kind: TypeAlias = str

KEYED = frozenset({ValueType.CHOICE, ValueType.GRADE, ValueType.TEXT, LITERAL})
DAY = re.compile(r"\d{4}-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2})?)?)?|\d{2}:\d{2}", re.ASCII)
WORDS = {LITERAL: "文字", LIST: "列表", NOTHING: "空"}


def check_types(expr: Any, names: Mapping[str, ValueType], *, expects: Expects = None) -> list[str]:
    """Faults of meaning in an expression whose shape is already good."""
    check = _Check(names)
    kind = check.kind(expr)
    if not check.faults and expects is not None and not _fits(kind, expects, expr):
        check.faults.append(f"结果应当是{expects.words}，这里得到的是{_words(kind)}")
    return list(dict.fromkeys(check.faults))


def _fits(kind: Kind, expects: ValueType, expr: Any) -> bool:
    if kind in (UNKNOWN, expects):
        return True
    if expects is ValueType.BOOLEAN:
        return False
    if expects is ValueType.DATE and not _all_days(expr):
        return False
    return kind in (LITERAL, NOTHING) and expects not in (ValueType.NUMBER, ValueType.CHOICES)


def _words(kind: Kind) -> str:
    return WORDS[kind] if kind in WORDS else ValueType(kind).words


def _texts(node: Any) -> list[str]:
    """The literal texts that a node can come to: itself, or what the branches of an ``if`` come to."""
    if isinstance(node, str):
        return [node]
    if not isinstance(node, dict) or "if" not in node or not isinstance(node["if"], list):
        return []
    operands = node["if"]
    branches = [*operands[1:-1:2], *operands[-1:]]
    return [text for branch in branches for text in _texts(branch)]


def _all_days(node: Any) -> bool:
    """Whether every literal text that a node can come to is written as a day or a time."""
    return all(DAY.fullmatch(text) for text in _texts(node))


class _Check:
    """One walk over one tree, gathering faults."""

    def __init__(self, names: Mapping[str, ValueType]) -> None:
        self.names = names
        self.faults: list[str] = []

    def kind(self, node: Any) -> Kind:
        """The type of a node; UNKNOWN after a fault below it, so that one mistake is told once."""
        if isinstance(node, dict):
            operator, operands = next(iter(node.items()))
            return self._operation(operator, operands if isinstance(operands, list) else [operands])
        if isinstance(node, list):
            return self._list(node)
        if node is None:
            return NOTHING
        if isinstance(node, bool):
            return ValueType.BOOLEAN
        return LITERAL if isinstance(node, str) else ValueType.NUMBER

    def _operation(self, operator: str, operands: list[Any]) -> Kind:
        if operator == "var":
            return self._var(operands)
        if operator == "missing":
            return self._missing(operands)
        if operator == "if":
            return self._if(operands)
        if operator == "in":
            return self._in(operands)
        if operator in ("and", "or", "!"):
            return self._logic(operator, operands)
        if operator in EQUALITIES:
            return self._equality(operator, operands)
        if operator in COMPARISONS:
            return self._comparison(operator, operands)
        return self._arithmetic(operator, operands)

    def _fault(self, sentence: str) -> Kind:
        self.faults.append(sentence)
        return UNKNOWN

    def _list(self, items: list[Any]) -> Kind:
        if any(isinstance(item, (list, dict)) or item is None for item in items):
            return self._fault("列表里只能直接写文字、数字或是否")
        return LIST

    def _named(self, name: Any) -> Kind:
        if not isinstance(name, str) or not name:
            return self._fault("var 后面应当写一个字段的键")
        if name in self.names:
            return self.names[name]
        known = "、".join(sorted(self.names)[:12]) or "（没有）"
        return self._fault(f"没有名为“{name}”的字段；可用的有：{known}")

    def _var(self, operands: list[Any]) -> Kind:
        if len(operands) not in (1, 2):
            return self._fault("var 后面写字段的键，必要时再加一个默认值")
        kind = self._named(operands[0])
        if len(operands) == 2 and kind != UNKNOWN:
            default = self.kind(operands[1])
            if isinstance(operands[1], dict) or not self._alike(kind, default, operands[1:]):
                return self._fault(f"“{operands[0]}”的默认值应当是{_words(kind)}")
        return kind

    def _missing(self, operands: list[Any]) -> Kind:
        flat = operands[0] if operands and isinstance(operands[0], list) else operands
        if not flat:
            return self._fault("missing 后面应当写至少一个字段的键")
        for name in flat:
            self._named(name)
        return LIST

    def _condition(self, node: Any, where: str) -> None:
        kind = self.kind(node)
        is_missing = isinstance(node, dict) and "missing" in node
        if kind not in (ValueType.BOOLEAN, UNKNOWN) and not is_missing:
            self._fault(f"{where}应当是条件（是或否），这里是{_words(kind)}")

    def _logic(self, operator: str, operands: list[Any]) -> Kind:
        if not operands or (operator == "!" and len(operands) != 1):
            return self._fault(f"“{operator}”后面的条件个数不对")
        for operand in operands:
            self._condition(operand, f"“{operator}”的每一项")
        return ValueType.BOOLEAN

    def _if(self, operands: list[Any]) -> Kind:
        if len(operands) < 3 or len(operands) % 2 == 0:
            return self._fault("if 应当写作 [条件, 结果, 否则的结果]，可以有多组条件和结果")
        for condition in operands[:-1:2]:
            self._condition(condition, "if 的条件")
        kinds = [self.kind(branch) for branch in [*operands[1:-1:2], operands[-1]]]
        settled = [kind for kind in kinds if kind != NOTHING]
        if not settled or UNKNOWN in settled:
            return UNKNOWN if settled else NOTHING
        whole = next((kind for kind in settled if kind != LITERAL), LITERAL)
        if not all(self._alike(whole, kind, [{"if": operands}]) for kind in settled):
            return self._fault(
                "if 的各个结果应当是同一种内容：" + "、".join(_words(kind) for kind in settled)
            )
        return whole

    def _in(self, operands: list[Any]) -> Kind:
        if len(operands) != 2:
            return self._fault("in 应当写作 [内容, 列表]")
        needle, haystack = self.kind(operands[0]), self.kind(operands[1])
        if UNKNOWN in (needle, haystack):
            return UNKNOWN
        if haystack == LIST:
            return self._in_list(needle, operands[1])
        searchable = haystack in (ValueType.CHOICES, ValueType.TEXT) and needle in KEYED
        return ValueType.BOOLEAN if searchable else self._fault("in 的第二项应当是列表、多选字段或文字字段")

    def _in_list(self, needle: Kind, items: Any) -> Kind:
        if not isinstance(items, list) or not items:
            return self._fault("in 的列表不能为空")
        wrong = [item for item in items if not self._alike(needle, self.kind(item), [item])]
        if wrong:
            return self._fault(f"列表里的“{wrong[0]}”不是{_words(needle)}，不可能相等")
        return ValueType.BOOLEAN

    def _equality(self, operator: str, operands: list[Any]) -> Kind:
        if len(operands) != 2:
            return self._fault(f"“{operator}”应当正好比较两项")
        left, right = (self.kind(operand) for operand in operands)
        if UNKNOWN in (left, right):
            return UNKNOWN
        if ValueType.CHOICES in (left, right) or LIST in (left, right):
            return self._fault(f"多选和列表不能用“{operator}”比较，请用 in")
        if not self._alike(left, right, operands):
            return self._fault(f"{_words(left)}与{_words(right)}不可能相等")
        return ValueType.BOOLEAN

    def _comparison(self, operator: str, operands: list[Any]) -> Kind:
        if len(operands) not in (2, 3):
            return self._fault(f"“{operator}”应当比较两项或三项")
        kinds = [self.kind(operand) for operand in operands]
        if UNKNOWN in kinds:
            return UNKNOWN
        if all(kind == ValueType.NUMBER for kind in kinds):
            return ValueType.BOOLEAN
        days = all(
            kind == ValueType.DATE or (kind == LITERAL and _all_days(operand))
            for kind, operand in zip(kinds, operands, strict=True)
        )
        if days and ValueType.DATE in kinds:
            return ValueType.BOOLEAN
        return self._fault(f"“{operator}”只能比较数字，或者日期与日期（写作 2012-04-09）")

    def _arithmetic(self, operator: str, operands: list[Any]) -> Kind:
        allowed = {"-": (1, 2), "/": (2,), "%": (2,)}.get(operator, range(1, 100))
        if len(operands) not in allowed:
            return self._fault(f"“{operator}”的项数不对")
        for operand in operands:
            kind = self.kind(operand)
            if kind not in (ValueType.NUMBER, UNKNOWN):
                self._fault(f"“{operator}”只能计算数字，这里有{_words(kind)}")
        return ValueType.NUMBER

    @staticmethod
    def _alike(left: Kind, right: Kind, nodes: list[Any]) -> bool:
        """Whether two kinds can be the same; nodes: where the literal texts of either are found."""
        if NOTHING in (left, right) or left == right:
            return True
        if {left, right} == {ValueType.DATE, LITERAL}:
            return all(_all_days(node) for node in nodes)
        return left in KEYED and right in KEYED and LITERAL in (left, right)

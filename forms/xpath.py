"""Our expressions as XLSForm's XPath, and back as far as both languages say the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from definitions.expression import ValueType

_COMPARED = {"==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_SIGNS = {"+": " + ", "-": " - ", "*": " * ", "/": " div ", "%": " mod "}


class Untranslatable(ValueError):
    """What one language says and the other cannot; the sentence says what."""


def to_xpath(expr: Any, types: Mapping[str, ValueType]) -> str:
    """The expression in XPath. Raises Untranslatable.

    >>> to_xpath({"in": [{"var": "grade"}, ["poor", "bad"]]}, {"grade": ValueType.GRADE})
    "(${grade} = 'poor' or ${grade} = 'bad')"
    """
    return _Writer(types).write(expr)


class _Writer:
    def __init__(self, types: Mapping[str, ValueType]) -> None:
        self.types = types

    def write(self, node: Any) -> str:
        if isinstance(node, dict):
            operator, operands = next(iter(node.items()))
            return self._operation(operator, operands if isinstance(operands, list) else [operands])
        if node is None:
            return "''"
        if isinstance(node, bool):
            return "'yes'" if node else "'no'"
        return _quoted(node) if isinstance(node, str) else str(node)

    def _operation(self, operator: str, operands: list[Any]) -> str:
        if operator == "var":
            return self._var(operands)
        if operator == "missing":
            names = operands[0] if operands and isinstance(operands[0], list) else operands
            return "(" + " or ".join(f"{self._named(name)} = ''" for name in names) + ")"
        if operator in ("and", "or"):
            return "(" + f" {operator} ".join(self._true(item) for item in operands) + ")"
        if operator == "!":
            return f"not({self._true(operands[0])})"
        if operator == "in":
            return self._in(operands)
        if operator == "if":
            return self._if(operands)
        if operator in _COMPARED:
            return self._compared(operator, operands)
        if operator in ("min", "max"):
            return f"{operator}({', '.join(self.write(item) for item in operands)})"
        if operator == "-" and len(operands) == 1:
            return f"(0 - {self.write(operands[0])})"
        return "(" + _SIGNS[operator].join(self.write(item) for item in operands) + ")"

    def _named(self, name: Any) -> str:
        if name not in self.types or "." in str(name):
            raise Untranslatable(f"用到了“{name}”，XLSForm 里没有对应的值")
        return f"${{{name}}}"

    def _var(self, operands: list[Any]) -> str:
        name = self._named(operands[0])
        if len(operands) > 1:
            return f"coalesce({name}, {self.write(operands[1])})"
        return name

    def _true(self, node: Any) -> str:
        """A condition: a yes-or-no field is one of two choices there."""
        name = node.get("var") if isinstance(node, dict) else None
        if isinstance(name, list):
            name = name[0] if name else None
        if isinstance(name, str):
            shown = self._named(name)
            return f"{shown} = 'yes'" if self.types[name] is ValueType.BOOLEAN else f"{shown} != ''"
        return self.write(node)

    def _compared(self, operator: str, operands: list[Any]) -> str:
        if any(self._type(item) is ValueType.CHOICES for item in operands):
            raise Untranslatable("多选题整个相等的比较，XLSForm 没有这种写法")
        pairs = pairwise(operands)
        said = [f"{self.write(a)} {_COMPARED[operator]} {self.write(b)}" for a, b in pairs]
        return said[0] if len(said) == 1 else "(" + " and ".join(said) + ")"

    def _in(self, operands: list[Any]) -> str:
        needle, among = operands
        if isinstance(among, list):
            if self._type(needle) is ValueType.CHOICES:
                raise Untranslatable("多选题整个相等的比较，XLSForm 没有这种写法")
            return "(" + " or ".join(f"{self.write(needle)} = {self.write(item)}" for item in among) + ")"
        if self._type(among) is ValueType.CHOICES:
            return f"selected({self.write(among)}, {self.write(needle)})"
        return f"contains({self.write(among)}, {self.write(needle)})"

    def _if(self, operands: list[Any]) -> str:
        if not operands:
            return "''"
        if len(operands) == 1:
            return self.write(operands[0])
        return f"if({self._true(operands[0])}, {self.write(operands[1])}, {self._if(operands[2:])})"

    def _type(self, node: Any) -> ValueType | None:
        name = node.get("var") if isinstance(node, dict) else None
        return self.types.get(name[0] if isinstance(name, list) and name else name) if name else None


def _quoted(text: str) -> str:
    if "'" not in text:
        return f"'{text}'"
    if '"' not in text:
        return f'"{text}"'
    raise Untranslatable("文字里同时有单引号和双引号，XLSForm 没有这种写法")


_TOKEN = re.compile(
    r"\s*(?:(?P<var>\$\{\s*[^}]+\})|(?P<number>\d+(?:\.\d+)?)|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<sign><=|>=|!=|[=<>+*(),.-])|(?P<word>[A-Za-z][A-Za-z0-9_-]*(?=\s*\()|and\b|or\b|div\b|mod\b))"
)


def from_xpath(text: str, names: Mapping[str, str], types: Mapping[str, ValueType], *, here: str = "") -> Any:
    """The expression an XPath means. names: name in the file → key of the field. here: the field `.` stands for.

    Raises Untranslatable for whatever is outside the common ground.

    >>> from_xpath("${a} > 3 and not(selected(${b}, 'x'))", {"a": "a", "b": "b"},
    ...            {"a": ValueType.NUMBER, "b": ValueType.CHOICES})
    {'and': [{'>': [{'var': 'a'}, 3]}, {'!': [{'in': ['x', {'var': 'b'}]}]}]}
    """
    return _Reader(text, names, types, here).whole()


class _Reader:
    """Recursive descent over a short list of words."""

    def __init__(
        self, text: str, names: Mapping[str, str], types: Mapping[str, ValueType], here: str
    ) -> None:
        self.tokens = _tokens(text)
        self.at = 0
        self.names, self.types, self.here = names, types, here
        self.depth = 0

    def whole(self) -> Any:
        found = self._or()
        if self._peek():
            raise Untranslatable(f"“{self._peek()}”之后看不懂")
        return found

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _take(self, wanted: str = "") -> str:
        token = self._peek()
        if not token or (wanted and token != wanted):
            raise Untranslatable(f"这里应当是“{wanted or '一个值'}”")
        self.at += 1
        return token

    def _joined(self, word: str, below: Any) -> Any:
        parts = [below()]
        while self._peek() == word:
            self.at += 1
            parts.append(below())
        return parts[0] if len(parts) == 1 else {word: parts}

    def _or(self) -> Any:
        self.depth += 1
        if self.depth > 30:
            raise Untranslatable("嵌套太深")
        found = self._joined("or", lambda: self._joined("and", self._comparison))
        self.depth -= 1
        return found

    def _comparison(self) -> Any:
        left = self._sum()
        sign = self._peek()
        if sign not in ("=", "!=", "<", "<=", ">", ">="):
            return left
        self.at += 1
        right = self._sum()
        return self._compared("==" if sign == "=" else sign, left, right)

    def _compared(self, operator: str, left: Any, right: Any) -> Any:
        for one, other in ((left, right), (right, left)):
            name = one.get("var") if isinstance(one, dict) else None
            if isinstance(name, str) and other == "" and operator in ("==", "!="):
                gone = {"missing": [name]}
                return gone if operator == "==" else {"!": [gone]}
            if self.types.get(str(name)) is ValueType.BOOLEAN and other in (
                "yes",
                "no",
                "1",
                "0",
                "true",
                "false",
            ):
                return {operator: [one, other in ("yes", "1", "true")]}
        return {operator: [left, right]}

    def _sum(self) -> Any:
        found = self._product()
        while self._peek() in ("+", "-"):
            sign = self._take()
            found = {sign: [found, self._product()]}
        return found

    def _product(self) -> Any:
        found = self._value()
        while self._peek() in ("*", "div", "mod"):
            sign = {"*": "*", "div": "/", "mod": "%"}[self._take()]
            found = {sign: [found, self._value()]}
        return found

    def _value(self) -> Any:
        word = self._take()
        if word == "(":
            found = self._or()
            self._take(")")
            return found
        if word == "-":
            inner = self._value()
            return -inner if isinstance(inner, (int, float)) else {"-": [inner]}
        if word == "." and self.here:
            return {"var": self.here}
        if word.startswith("${"):
            name = word[2:-1].strip()
            if name not in self.names:
                raise Untranslatable(f"用到了没有的题“{name}”")
            return {"var": self.names[name]}
        if word[0] in "'\"":
            return word[1:-1]
        if word[0].isdigit():
            return float(word) if "." in word else int(word)
        return self._call(word)

    def _call(self, name: str) -> Any:
        if name not in ("not", "selected", "if", "min", "max", "coalesce", "contains", "true", "false"):
            raise Untranslatable(f"函数 {name}() 没有对应的写法")
        self._take("(")
        given = []
        while self._peek() != ")":
            given.append(self._or())
            if self._peek() != ",":
                break
            self.at += 1
        self._take(")")
        return _called(name, given)


_COUNTS = {"not": 1, "selected": 2, "if": 3, "coalesce": 2, "contains": 2, "true": 0, "false": 0}


def _called(name: str, given: list[Any]) -> Any:
    if name in _COUNTS and len(given) != _COUNTS[name]:
        raise Untranslatable(f"{name}() 里的项数不对")
    if name in ("true", "false"):
        return name == "true"
    if name == "not":
        return {"!": given}
    if name in ("selected", "contains"):
        return {"in": [given[1], given[0]]}
    if name == "coalesce":
        kept = given[0].get("var") if isinstance(given[0], dict) else None
        if not isinstance(kept, str) or isinstance(given[1], dict):
            raise Untranslatable("coalesce() 只能写一道题和一个固定的值")
        return {"var": [kept, given[1]]}
    return {name: given}


def _tokens(text: str) -> list[str]:
    found, place = [], 0
    while place < len(text.rstrip()):
        match = _TOKEN.match(text, place)
        if match is None:
            raise Untranslatable(f"“{text[place : place + 12].strip()}”看不懂")
        found.append(match.group().strip())
        place = match.end()
    if not found or len(found) > 400:
        raise Untranslatable("空的或者太长")
    return found

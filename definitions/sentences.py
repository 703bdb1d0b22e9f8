"""Rules as a clerk writes them: “当 评价 是 较差、差 时”, one line a condition, kept as an expression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from definitions.expression_check import DAY
from definitions.lines import read_lines
from definitions.operators import number
from definitions.texts import clean, names_among, narrow
from definitions.value_type import ValueType

#: Lines of one rule; more are a sign that a computed field is wanted.
MOST_LINES = 12


class Relation(StrEnum):
    """What a line says of a field."""

    IS = "is"
    IS_NOT = "is_not"
    CONTAINS = "contains"
    LACKS = "lacks"
    ABOVE = "above"
    AT_LEAST = "at_least"
    BELOW = "below"
    AT_MOST = "at_most"
    GIVEN = "given"
    MISSING = "missing"

    @property
    def words(self) -> str:
        """The relation as it stands in the sentence."""
        return _WORDS[self]

    @property
    def alone(self) -> bool:
        """Whether nothing follows it."""
        return self in (Relation.GIVEN, Relation.MISSING)


_WORDS = {
    Relation.IS: "是",
    Relation.IS_NOT: "不是",
    Relation.CONTAINS: "包含",
    Relation.LACKS: "不包含",
    Relation.ABOVE: "大于（晚于）",
    Relation.AT_LEAST: "大于或等于",
    Relation.BELOW: "小于（早于）",
    Relation.AT_MOST: "小于或等于",
    Relation.GIVEN: "已填写",
    Relation.MISSING: "未填写",
}
_COMPARED = {Relation.ABOVE: ">", Relation.AT_LEAST: ">=", Relation.BELOW: "<", Relation.AT_MOST: "<="}
_ANSWERED = {"是": True, "否": False}


@dataclass(frozen=True)
class Line:
    """One line of a rule: the field's key, the relation, and what was typed after it."""

    field: str
    relation: str
    typed: str = ""


@dataclass(frozen=True)
class Sentence:
    """A whole rule: its lines, and whether all or any of them must hold."""

    lines: tuple[Line, ...] = ()
    mode: Literal["all", "any"] = "all"


@dataclass(frozen=True)
class Facts:
    """What lines may speak of.

    types: name → type. labels: name → label. options: name → option key → option name.
    noun: what such a name is called where the rule is written.
    """

    types: Mapping[str, ValueType]
    labels: Mapping[str, str]
    options: Mapping[str, Mapping[str, str]]
    noun: str = "字段"


class LineRefused(ValueError):
    """A line that says nothing that can be kept; the sentence says why."""

    code = "line_refused"


def expression_of(sentence: Sentence, facts: Facts) -> Any:
    """The expression a rule stands for, None for a rule without lines. Raises LineRefused with all reasons."""
    faults: list[str] = []
    parts: list[Any] = []
    for index, line in enumerate(sentence.lines, 1):
        try:
            parts.append(_condition(line, facts))
        except LineRefused as refused:
            faults.append(f"第 {index} 行：{refused}")
    if len(sentence.lines) > MOST_LINES:
        faults.append(f"最多 {MOST_LINES} 行；更复杂的请先做成计算字段")
    if faults:
        raise LineRefused("；".join(faults))
    if len(parts) < 2:
        return parts[0] if parts else None
    return {"and" if sentence.mode == "all" else "or": parts}


def _condition(line: Line, facts: Facts) -> Any:
    kind = facts.types.get(line.field)
    if kind is None:
        raise LineRefused(f"请选择一个{facts.noun}")
    if line.relation not in list(Relation):
        raise LineRefused("请选择“是”“大于”之类的关系")
    relation, variable = Relation(line.relation), {"var": line.field}
    if relation.alone:
        return {"!=" if relation is Relation.GIVEN else "==": [variable, None]}
    label = facts.labels.get(line.field, line.field)
    if not clean(line.typed):
        raise LineRefused(f"“{label}”后面还没有写值")
    if relation in _COMPARED:
        return {_COMPARED[relation]: [variable, _ordered(line.typed, kind, label)]}
    searched = kind in (ValueType.CHOICES, ValueType.TEXT)
    if relation in (Relation.CONTAINS, Relation.LACKS) or kind is ValueType.CHOICES:
        if not searched:
            raise LineRefused(f"“{label}”只能用“是”或“不是”，不能用“包含”")
        return _search(line, facts, negated=relation in (Relation.LACKS, Relation.IS_NOT))
    return _sameness(line, kind, facts, negated=relation is Relation.IS_NOT)


def _ordered(typed: str, kind: ValueType, label: str) -> Any:
    text = narrow(typed)
    if kind is ValueType.NUMBER:
        value = number(text)
        if value is None:
            raise LineRefused(f"“{label}”是数字，这里应写数字，例如 3")
        return value if isinstance(value, int) else float(text)
    if kind is ValueType.DATE:
        if not DAY.fullmatch(text):
            raise LineRefused(f"“{label}”是日期，这里应写作 2012-04-09")
        return text
    raise LineRefused(f"“{label}”不能比较大小，请改用“是”或“不是”")


def _search(line: Line, facts: Facts, *, negated: bool) -> Any:
    literals = _literals(line, facts)
    parts: list[dict[str, Any]] = [{"in": [literal, {"var": line.field}]} for literal in literals]
    if negated:
        parts = [{"!": part} for part in parts]
    return parts[0] if len(parts) == 1 else {"and" if negated else "or": parts}


def _sameness(line: Line, kind: ValueType, facts: Facts, *, negated: bool) -> Any:
    variable = {"var": line.field}
    label = facts.labels.get(line.field, line.field)
    if kind is ValueType.BOOLEAN:
        answered = _ANSWERED.get(clean(line.typed))
        if answered is None:
            raise LineRefused(f"“{label}”后面只能写“是”或“否”")
        return {"!=" if negated else "==": [variable, answered]}
    if kind in (ValueType.NUMBER, ValueType.DATE):
        return {"!=" if negated else "==": [variable, _ordered(line.typed, kind, label)]}
    literals = _literals(line, facts)
    if len(literals) == 1:
        return {"!=" if negated else "==": [variable, literals[0]]}
    among = {"in": [variable, literals]}
    return {"!": among} if negated else among


def _literals(line: Line, facts: Facts) -> list[str]:
    """Option keys for the names typed; the text itself where any text is possible."""
    options = facts.options.get(line.field)
    if not options:
        # A text may well contain a comma; only lists of names are taken apart.
        return [clean(line.typed)]
    keys = {name: key for key, name in options.items()}
    names = names_among(line.typed, [*keys, *options])
    unknown = [name for name in names if name not in keys and name not in options]
    if unknown or not names:
        known = "、".join(options.values())
        label = facts.labels.get(line.field, line.field)
        raise LineRefused(f"“{label}”没有选项“{'、'.join(unknown) or line.typed}”；可以写：{known}")
    return list(dict.fromkeys(keys.get(name, name) for name in names))


# -- back from an expression ---------------------------------------------------------------------------------


def sentence_of(expression: Any, facts: Facts) -> Sentence | None:
    """The lines an expression can be edited in; None for one that says more than lines can.

    None goes also for an expression of nothing: an empty rule has no lines.
    """
    if expression is None:
        return Sentence()
    for operator, mode in (("and", "all"), ("or", "any")):
        operands = _only(expression, operator)
        if isinstance(operands, list):
            whole = _line(expression, facts)
            if whole is not None:
                return Sentence((whole,))
            lines = [_line(operand, facts) for operand in operands]
            if any(line is None for line in lines):
                return None
            given = tuple(line for line in lines if line is not None)
            return Sentence(given, "all" if mode == "all" else "any")
    line = _line(expression, facts)
    return None if line is None else Sentence((line,))


def _only(node: Any, operator: str) -> Any:
    return node[operator] if isinstance(node, dict) and list(node) == [operator] else None


def _line(node: Any, facts: Facts) -> Line | None:
    negated = _only(node, "!")
    if negated is not None:
        inner = negated[0] if isinstance(negated, list) and len(negated) == 1 else negated
        return _opposite(_line(inner, facts))
    for relation, operator in _COMPARED.items():
        pair = _pair(_only(node, operator))
        if pair is not None:
            return Line(pair[0], relation, str(pair[1]))
    missing = _only(node, "missing")
    if isinstance(missing, list) and len(missing) == 1 and isinstance(missing[0], str):
        return Line(missing[0], Relation.MISSING)
    return _equality(node, facts) or _membership(node, facts) or _searched(node, facts)


def _pair(operands: Any) -> tuple[str, Any] | None:
    if not isinstance(operands, list) or len(operands) != 2:
        return None
    name = _only(operands[0], "var")
    name = name[0] if isinstance(name, list) and len(name) == 1 else name
    return (name, operands[1]) if isinstance(name, str) and not isinstance(operands[1], dict) else None


def _equality(node: Any, facts: Facts) -> Line | None:
    for operator, relation, nothing in (
        ("==", Relation.IS, Relation.MISSING),
        ("!=", Relation.IS_NOT, Relation.GIVEN),
    ):
        pair = _pair(_only(node, operator))
        if pair is not None and not isinstance(pair[1], list):
            name, value = pair
            return Line(name, nothing) if value is None else Line(name, relation, _said(name, value, facts))
    return None


def _membership(node: Any, facts: Facts) -> Line | None:
    pair = _pair(_only(node, "in"))
    if pair is None or not isinstance(pair[1], list):
        return None
    return Line(pair[0], Relation.IS, "、".join(_said(pair[0], value, facts) for value in pair[1]))


def _searched(node: Any, facts: Facts) -> Line | None:
    for operator, relation in (("or", Relation.CONTAINS), ("and", Relation.LACKS)):
        operands = _only(node, operator)
        if isinstance(operands, list) and len(operands) > 1:
            lines = [_line(operand, facts) for operand in operands]
            first = lines[0]
            if first is None or not facts.options.get(first.field):
                return None
            if all(line and (line.field, line.relation) == (first.field, relation) for line in lines):
                return Line(first.field, relation, "、".join(line.typed for line in lines if line))
    operands = _only(node, "in")
    if not isinstance(operands, list) or len(operands) != 2 or isinstance(operands[0], (dict, list)):
        return None
    name = _only(operands[1], "var")
    return Line(name, Relation.CONTAINS, _said(name, operands[0], facts)) if isinstance(name, str) else None


def _opposite(line: Line | None) -> Line | None:
    swapped = {
        Relation.IS: Relation.IS_NOT,
        Relation.CONTAINS: Relation.LACKS,
        Relation.MISSING: Relation.GIVEN,
    }
    if line is None or line.relation not in swapped:
        return None
    return Line(line.field, swapped[Relation(line.relation)], line.typed)


def _said(name: str, value: Any, facts: Facts) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return facts.options.get(name, {}).get(value, str(value)) if isinstance(value, str) else str(value)


def read_sentence(name: str, form: Any) -> Sentence:
    """A rule as its page posted it; lines without field, relation and value are blank and dropped."""
    lines = tuple(
        Line(line.get("field", ""), line.get("relation", ""), line.get("typed", ""))
        for line in read_lines(name, form)
        if line.get("field") or line.get("typed")
    )
    return Sentence(lines, "any" if form.get(f"{name}-mode") == "any" else "all")


def facts_of(names: Mapping[str, ValueType], labels: Mapping[str, str], fields: Sequence[Any]) -> Facts:
    """What rules of a form may speak of. fields: the readable fields, for the names of their options."""
    options = {field.key: dict(field.value_labels()) for field in fields if field.value_labels()}
    return Facts(dict(names), dict(labels), options)

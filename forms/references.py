"""Where a field of a form is used: in other fields' rules, in the binding, and under which words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from definitions.expression import in_words, names_used

Document = Mapping[str, Any]

#: Settings that hold an expression.
EXPRESSIONS = ("visible_when", "required_when", "advised_when", "formula")
_WORDS = {
    "visible_when": "显示条件",
    "required_when": "必填条件",
    "advised_when": "提醒条件",
    "formula": "公式",
    "target": "测评谁",
    "grade": "计入的档次",
    "period": "计入哪个月",
    "case_when": "建议立案的条件",
    "case_fields": "带入事项的内容",
}


@dataclass(frozen=True)
class Use:
    """One place that needs a field.

    owner: key of the field whose rule it is; empty for the binding. setting: the rule or part of the binding.
    words: the place for people.
    """

    owner: str
    setting: str
    words: str


def uses_of(document: Document, key: str) -> list[Use]:
    """Every place in the same form that looks at the field, in reading order.

    >>> form = {"fields": [{"key": "a", "label": "甲"}, {"key": "b", "label": "乙", "visible_when": {"var": "a"}}]}
    >>> [use.words for use in uses_of(form, "a")]
    ['“乙”的显示条件']
    """
    uses = [
        Use(field["key"], setting, f"“{field.get('label') or field['key']}”的{_WORDS[setting]}")
        for field, setting, expression in expressions(document)
        if field["key"] != key and _looks_at(expression, key)
    ]
    binding = document.get("binding")
    if isinstance(binding, Mapping):
        uses += [Use("", part, f"测评设置里的“{_WORDS[part]}”") for part in _binding_parts(binding, key)]
    return uses


def expressions(document: Document) -> Iterator[tuple[dict[str, Any], str, Any]]:
    """(field, setting, expression) of every rule of the form's fields."""
    for field in document.get("fields", ()):
        for setting in EXPRESSIONS:
            if field.get(setting) is not None:
                yield field, setting, field[setting]


def _looks_at(expression: Any, key: str) -> bool:
    return any(name.partition(".")[0] == key for name in names_used(expression))


def _binding_parts(binding: Mapping[str, Any], key: str) -> Iterator[str]:
    for part in ("target", "grade", "period"):
        if binding.get(part) == key:
            yield part
    if binding.get("case_when") is not None and _looks_at(binding["case_when"], key):
        yield "case_when"
    if key in (binding.get("case_fields") or ()):
        yield "case_fields"


def renamed(document: Document, old: str, new: str) -> dict[str, Any]:
    """The form with a field's key changed, and every use of it in the form with it."""
    fields = []
    for field in document.get("fields", ()):
        fresh = {**field, "key": new} if field["key"] == old else dict(field)
        for setting in EXPRESSIONS:
            if fresh.get(setting) is not None:
                fresh[setting] = _respelled(fresh[setting], old, new)
        fields.append(fresh)
    changed = {**document, "fields": fields}
    binding = document.get("binding")
    if isinstance(binding, Mapping):
        changed["binding"] = _rebound(binding, old, new)
    return changed


def _rebound(binding: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    fresh = {name: new if name != "method" and value == old else value for name, value in binding.items()}
    if fresh.get("case_when") is not None:
        fresh["case_when"] = _respelled(fresh["case_when"], old, new)
    if fresh.get("case_fields"):
        fresh["case_fields"] = [new if key == old else key for key in fresh["case_fields"]]
    return fresh


def _respelled(node: Any, old: str, new: str) -> Any:
    """The expression with a name changed; only names are, a literal of the same spelling stays."""
    if isinstance(node, list):
        return [_respelled(item, old, new) for item in node]
    if not isinstance(node, dict):
        return node
    return {operator: _operands(operator, operands, old, new) for operator, operands in node.items()}


def _operands(operator: str, operands: Any, old: str, new: str) -> Any:
    if operator == "var":
        if isinstance(operands, list) and operands:
            return [_name(operands[0], old, new), *operands[1:]]
        return _name(operands, old, new)
    if operator == "missing":
        flat = isinstance(operands, list) and operands and isinstance(operands[0], list)
        names = operands[0] if flat else operands
        if not isinstance(names, list):
            return _name(names, old, new)
        spelled = [_name(name, old, new) for name in names]
        return [spelled] if flat else spelled
    return _respelled(operands, old, new)


def _name(name: Any, old: str, new: str) -> Any:
    if not isinstance(name, str):
        return name
    head, dot, rest = name.partition(".")
    return f"{new}{dot}{rest}" if head == old else name


def without_uses(document: Document, key: str) -> dict[str, Any]:
    """The form with every rule and part of the binding taken away that looks at the field."""
    fields: Sequence[Mapping[str, Any]] = document.get("fields", ())
    fresh = [_without_rules(field, key) for field in fields]
    changed = {**document, "fields": fresh}
    binding = document.get("binding")
    if isinstance(binding, Mapping):
        parts = list(_binding_parts(binding, key))
        left: dict[str, Any] | None = {name: value for name, value in binding.items() if name not in parts}
        if "case_fields" in parts and left is not None:
            left["case_fields"] = [name for name in binding["case_fields"] if name != key]
        changed["binding"] = None if "grade" in parts or "target" in parts else left
        if changed["binding"] is None:
            del changed["binding"]
    return changed


def _without_rules(field: Mapping[str, Any], key: str) -> dict[str, Any]:
    if field["key"] == key:
        return dict(field)
    gone = [s for s in EXPRESSIONS if field.get(s) is not None and _looks_at(field[s], key)]
    left = {name: value for name, value in field.items() if name not in gone}
    if "formula" in gone:
        left["formula"] = None
    return left


def worded(document: Document) -> dict[str, Any]:
    """The form with every rule as the sentence it says, for telling people what differs."""
    labels: dict[str, str] = {}
    for field in document.get("fields", ()):
        labels[field["key"]] = str(field.get("label") or field["key"])
        for option in field.get("options") or ():
            labels[f"{field['key']}.{option['key']}"] = option["name"]
        for column in field.get("columns") or ():
            labels[f"{field['key']}.{column['key']}"] = f"{labels[field['key']]}·{column['label']}合计"
    fields = [
        {name: in_words(value, labels) if name in EXPRESSIONS and value is not None else value
         for name, value in field.items()}
        for field in document.get("fields", ())
    ]  # fmt: skip
    said = {**document, "fields": fields}
    binding = document.get("binding")
    if isinstance(binding, Mapping) and binding.get("case_when") is not None:
        said["binding"] = {**binding, "case_when": in_words(binding["case_when"], labels)}
    return said

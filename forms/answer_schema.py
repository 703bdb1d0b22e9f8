"""What the kept answers of one version of a form look like, as JSON Schema (2020-12).

Every type says for itself what an answer to it is (`Field.answer_schema`); what depends on other answers cannot be
said there and stands beside it in words. A hidden question has no answer, so only what is always asked is required.
"""

from __future__ import annotations

from typing import Any

from definitions.expression import in_words
from forms.definition import FormDefinition
from forms.fields.base import Field

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def answers_schema(definition: FormDefinition, *, identifier: str = "") -> dict[str, Any]:
    """The schema of the answers to one version. identifier: the address it is known by; empty for none."""
    above = definition.headings_above()
    asked = [field for field in definition.fields if field.asks]
    always = [
        field.key
        for field in asked
        if field.required and all(item.visible_when is None for item in (*above[field.key], field))
    ]
    schema: dict[str, Any] = {"$schema": DIALECT}
    if identifier:
        schema["$id"] = identifier
    return schema | {
        "title": f"{definition.name} 第{definition.version}版",
        "description": definition.intro,
        "type": "object",
        "properties": {field.key: _property(definition, field) for field in asked},
        "required": always,
        "additionalProperties": False,
    }


def _property(definition: FormDefinition, field: Field) -> dict[str, Any]:
    said: dict[str, Any] = {"title": field.label}
    if field.hint:
        said["description"] = field.hint
    words = definition.words_for_expressions()
    rules = [
        f"{name}：{in_words(rule, words)}"
        for name, rule in (("显示条件", field.visible_when), ("必填条件", field.required_when))
        if rule is not None
    ]
    names = field.value_labels()
    if names:
        rules.append("；".join(f"{key}＝{name}" for key, name in names.items()))
    if rules:
        said["$comment"] = "。".join(rules)
    return said | field.answer_schema()

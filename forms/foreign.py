"""A form out of a foreign file: taken only in a shape that every page of the builder can show and mend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from definitions.expression import ExpressionRefused, evaluate
from forms.definition import MOST_FIELDS, Binding, FormDefinition, Privacy
from forms.describe import Way, settings_of
from forms.edit import KEY, Document, EditRefused
from forms.fields import TYPES


def sound_document(data: Any, *, key: str) -> Document:
    """A document out of foreign data, or EditRefused with the first thing that is out of shape.

    Settings may be wrong (that is a draft's fault, shown where it can be mended), but each is of a known name
    and of the kind of its control. key: what the form is called here, whatever the data says.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("fields"), list):
        raise EditRefused("文件里没有表单：应当有 key、name 和 fields。")
    if len(data["fields"]) > MOST_FIELDS:
        raise EditRefused(f"一个表单最多 {MOST_FIELDS} 个字段，文件里有 {len(data['fields'])} 个。")
    keys: set[str] = set()
    for number, field in enumerate(data["fields"], 1):
        _check_field(field, f"第 {number} 个字段", keys)
    _check_head(data)
    return {**data, "key": key, "fields": [dict(field) for field in data["fields"]]}


def _check_field(field: Any, place: str, keys: set[str]) -> None:
    word = field.get("type") if isinstance(field, Mapping) else None
    if not isinstance(word, str) or word not in TYPES:
        raise EditRefused(f"{place}的类型不认识，请检查 type。")
    own = field.get("key")
    if not isinstance(own, str) or not KEY.fullmatch(own) or own in keys:
        raise EditRefused(f"{place}的键不能用，或者与前面重复，请检查 key。")
    keys.add(own)
    known = {setting.name: setting.way for setting in settings_of(TYPES[word])}
    for name, value in field.items():
        if name in ("key", "type"):
            continue
        if name not in known:
            raise EditRefused(f"{place}（{TYPES[word].words}）没有“{str(name)[:60]}”这一项，请检查拼写。")
        if value is not None and not _FITS[known[name]](value):
            raise EditRefused(f"{place}的“{name}”写法不对，请对照导出的文件检查。")


def _check_head(data: Mapping[str, Any]) -> None:
    for name, value in data.items():
        if name not in FormDefinition.model_fields:
            raise EditRefused(f"表单没有“{str(name)[:60]}”这一项，请检查拼写。")
        if not _HEAD.get(name, _is_text)(value):
            raise EditRefused(f"表单的“{name}”写法不对，请对照导出的文件检查。")
    if not isinstance(data.get("name"), str) or not data["name"].strip():
        raise EditRefused("文件里的表单没有名称，请写上 name。")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, str)) and not isinstance(value, bool)


def _is_options(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, Mapping)
        and set(item) == {"key", "name"}
        and all(isinstance(text, str) for text in item.values())
        for item in value
    )


_COLUMN: Mapping[str, Callable[[Any], bool]] = {
    "key": _is_text,
    "label": _is_text,
    "type": _is_text,
    "required": lambda value: isinstance(value, bool),
    "total": lambda value: isinstance(value, bool),
    "decimals": _is_number,
    "max_length": _is_number,
    "options": _is_options,
}


def _is_columns(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, Mapping)
        and {"key", "label"} <= set(item)
        and all(name in _COLUMN and _COLUMN[name](part) for name, part in item.items())
        for item in value
    )


def _is_expression(value: Any) -> bool:
    """Of the closed language in form; whether it fits the fields is for the draft to say."""
    if not isinstance(value, dict) or not _plain_names(value):
        return False
    try:
        evaluate(value, {})
    except (ExpressionRefused, TypeError, ValueError, LookupError, ArithmeticError):
        return False
    return True


def _plain_names(node: Any) -> bool:
    if isinstance(node, list):
        return all(_plain_names(item) for item in node)
    if not isinstance(node, dict):
        return True
    if "var" in node:
        name = node["var"][0] if isinstance(node["var"], list) and node["var"] else node["var"]
        return isinstance(name, str)
    return all(_plain_names(operands) for operands in node.values())


def _is_binding(value: Any) -> bool:
    return value is None or (
        isinstance(value, Mapping)
        and all(
            name in Binding.model_fields and _BINDING.get(name, _is_text)(part)
            for name, part in value.items()
        )
    )


def _is_privacy(value: Any) -> bool:
    return value is None or (
        isinstance(value, Mapping)
        and all(name in Privacy.model_fields and isinstance(text, str) for name, text in value.items())
    )


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


_BINDING: Mapping[str, Callable[[Any], bool]] = {"case_when": _is_expression, "case_fields": _is_texts}
_HEAD: Mapping[str, Callable[[Any], bool]] = {
    "version": _is_number,
    "anonymous": lambda value: isinstance(value, bool),
    "privacy": _is_privacy,
    "binding": _is_binding,
    "fields": lambda value: isinstance(value, list),
}
_FITS: Mapping[Way, Callable[[Any], bool]] = {
    Way.LINE: _is_text,
    Way.TEXT: _is_text,
    Way.ONE_OF: _is_text,
    Way.DICTIONARY: _is_text,
    Way.WHOLE: _is_number,
    Way.NUMBER: _is_number,
    Way.TICK: lambda value: isinstance(value, bool),
    Way.OPTIONS: _is_options,
    Way.ROWS: lambda value: value == "targets" or _is_options(value),
    Way.COLUMNS: _is_columns,
    Way.EXTENSIONS: _is_texts,
    Way.CONDITION: _is_expression,
    Way.FORMULA: lambda value: _is_number(value) or isinstance(value, float) or _is_expression(value),
}

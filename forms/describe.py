"""The settings of each field type, as the builder asks for them: read off the type's own class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from definitions.base import Definition
from definitions.lines import read_lines, whole
from definitions.texts import clean, names_in, narrow
from forms.fields import TYPES
from forms.fields.base import Field, Marked, Option, Words
from forms.fields.file import KNOWN_EXTENSIONS
from forms.fields.rows import Column


class Way(StrEnum):
    """In which way one setting is asked for."""

    LINE = "line"
    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    TICK = "tick"
    ONE_OF = "one_of"
    OPTIONS = "options"
    ROWS = "rows"
    COLUMNS = "columns"
    EXTENSIONS = "extensions"
    DICTIONARY = "dictionary"
    CONDITION = "condition"
    FORMULA = "formula"


@dataclass(frozen=True)
class Setting:
    """One setting of a type.

    name: its key in a definition. default: what holds when it is left out. must: whether it cannot be left out.
    """

    name: str
    way: Way
    words: Words
    default: Any
    must: bool


#: Settings whose way does not follow from the type of their value alone.
_NAMED: Mapping[str, Way] = {
    "visible_when": Way.CONDITION,
    "required_when": Way.CONDITION,
    "advised_when": Way.CONDITION,
    "formula": Way.FORMULA,
    "dictionary": Way.DICTIONARY,
    "prefill": Way.ONE_OF,
    "hint": Way.TEXT,
    "advice": Way.TEXT,
}
#: Asked for elsewhere: the type never changes, the key by renaming.
_ELSEWHERE = frozenset({"type", "key"})
_UNASKED = frozenset({"required", "required_when", "advised_when", "advice", "prefill"})


def words_of(kind: type[Definition]) -> dict[str, Words]:
    """Every setting's words, those of the parents first."""
    found: dict[str, Words] = {}
    for parent in reversed(kind.__mro__):
        found |= parent.__dict__.get("asked_as", {})
    return found


def settings_of(kind: type[Field]) -> tuple[Setting, ...]:
    """What can be set of a type, in the order in which it is asked for."""
    words = words_of(kind)
    unasked = _ELSEWHERE | (_UNASKED if issubclass(kind, Marked) else frozenset())
    if "formula" in kind.model_fields:
        unasked |= {"required", "required_when", "prefill"}
    found = [
        _setting(name, info, words[name]) for name, info in kind.model_fields.items() if name not in unasked
    ]
    rules = [setting for setting in found if setting.way is Way.CONDITION or setting.name == "advice"]
    return (*(setting for setting in found if setting not in rules), *rules)


def _setting(name: str, info: FieldInfo, words: Words) -> Setting:
    way = _NAMED.get(name) or _way(info.annotation)
    default = None if info.is_required() else info.get_default()
    return Setting(info.alias or name, way, words, default, info.is_required())


def _way(annotation: Any) -> Way:
    if get_origin(annotation) is Annotated:
        return _way(get_args(annotation)[0])
    choices = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    kinds = [choice for choice in choices if choice is not type(None)]
    if any(get_origin(kind) is tuple for kind in kinds):
        return Way.ROWS if len(kinds) > 1 else _listed(kinds[0])
    if get_origin(kinds[0]) is Literal:
        return Way.ONE_OF
    if kinds == [bool]:
        return Way.TICK
    if int in kinds:
        return Way.NUMBER if str in kinds else Way.WHOLE
    return Way.LINE


def _listed(kind: Any) -> Way:
    return {Option: Way.OPTIONS, Column: Way.COLUMNS}.get(get_args(kind)[0], Way.EXTENSIONS)


def extensions_known() -> tuple[str, ...]:
    """The kinds of file that can be asked for."""
    return KNOWN_EXTENSIONS


# -- what was typed ------------------------------------------------------------------------------------------

Typed = Mapping[str, Any]
Lines = Callable[[str], list[dict[str, str]]]


def read_settings(kind: type[Field], form: Any, *, held: Mapping[str, Any]) -> dict[str, Any]:
    """What a settings page posted, as plain settings; rules and formulas are read by their own editors.

    form: a multi-dict. held: the settings so far, so that what keeps its name keeps its key. What cannot be
    read as a number is kept as it was typed: it is shown as a fault beside the setting and is not lost. A
    setting at its default is left out (None).
    """
    found = {
        setting.name: _kept(setting, _READERS[setting.way](setting.name, form), held)
        for setting in settings_of(kind)
        if setting.way in _READERS
    }
    if "columns" in found:
        found["columns"] = [_with_keys(column, held) for column in found["columns"]]
    return found


def _with_keys(column: dict[str, Any], held: Mapping[str, Any]) -> dict[str, Any]:
    """A column whose options were typed as names, with the keys these names had before."""
    if column["type"] != "choice":
        return column
    columns: list[dict[str, Any]] = held.get("columns") or []
    before: dict[str, Any] = next((old for old in columns if old.get("key") == column["key"]), {})
    keys = {option["name"]: option["key"] for option in before.get("options") or ()}
    named = [{"key": keys.get(name, ""), "name": name} for name in column["options"]]
    return {**column, "options": keyed(named, "option", "name")}


def _kept(setting: Setting, value: Any, held: Mapping[str, Any]) -> Any:
    if setting.name in held and held[setting.name] == value:
        return value
    default = setting.default
    if isinstance(default, tuple) and isinstance(value, list):
        default = list(default)
    return None if value == default and not setting.must else value


def read_options(name: str, form: Any) -> list[dict[str, str]]:
    """Options with their lasting keys; a line without a name is gone, a new one gets a free key."""
    lines = [line for line in read_lines(name, form) if line.get("name")]
    stem = "row" if name == "rows" else "option"
    return keyed(lines, stem, "name")


def keyed(lines: list[dict[str, str]], stem: str, label: str) -> list[dict[str, str]]:
    """Lines with a key each: the given one, else the next free ``stem_n``."""
    taken = {line["key"] for line in lines if line.get("key")}
    made: list[dict[str, str]] = []
    for line in lines:
        key = line.get("key") or free_key(stem, taken)
        taken.add(key)
        made.append({"key": key, label: line[label]})
    return made


def free_key(stem: str, taken: set[str] | frozenset[str]) -> str:
    """The first ``stem_n`` that is not taken."""
    number = 1
    while f"{stem}_{number}" in taken:
        number += 1
    return f"{stem}_{number}"


def _read_columns(name: str, form: Any) -> list[dict[str, Any]]:
    lines = [line for line in read_lines(name, form) if line.get("label")]
    columns: list[dict[str, Any]] = []
    for line, basis in zip(lines, keyed(lines, "column", "label"), strict=True):
        column: dict[str, Any] = {**basis, "type": line.get("type", "short_text")}
        for tick in ("required", "total"):
            if line.get(tick):
                column[tick] = True
        if column["type"] == "number" and whole(line.get("decimals", "")):
            column["decimals"] = whole(line["decimals"])
        if column["type"] == "short_text" and whole(line.get("max_length", "")) not in (None, 100):
            column["max_length"] = whole(line["max_length"])
        if column["type"] == "choice":
            column["options"] = names_in(line.get("options", ""))
        columns.append(column)
    return columns


def _read_rows(name: str, form: Any) -> Any:
    return "targets" if form.get(f"{name}-from") == "targets" else read_options(name, form)


def _number(name: str, form: Any) -> Any:
    typed = narrow(form.get(name, ""))
    value = whole(typed)
    return typed if isinstance(value, str) else value


_READERS: Mapping[Way, Callable[[str, Any], Any]] = {
    Way.LINE: lambda name, form: clean(form.get(name, "")).replace("\n", " "),
    Way.TEXT: lambda name, form: clean(form.get(name, "")),
    Way.WHOLE: lambda name, form: whole(form.get(name, "")),
    Way.NUMBER: _number,
    Way.TICK: lambda name, form: bool(form.get(name)),
    Way.ONE_OF: lambda name, form: clean(form.get(name, "")),
    Way.DICTIONARY: lambda name, form: clean(form.get(name, "")),
    Way.OPTIONS: read_options,
    Way.ROWS: _read_rows,
    Way.COLUMNS: _read_columns,
    Way.EXTENSIONS: lambda name, form: [value for value in form.getlist(name) if value in KNOWN_EXTENSIONS],
}


def starter_of(word: str) -> dict[str, Any]:
    """The settings a new field of a type begins with, besides key and label."""
    return {name: _plain(value) for name, value in TYPES[word].starter.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, Mapping) else value

"""Changes to a form being made: each takes the whole document and gives a new one.

A document is the plain data of a form's YAML file. Its fields may have faults, but each has a known type
and a key of its own; every change keeps it so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from definitions.canonical import sha256_of
from forms.definition import MOST_FIELDS
from forms.describe import free_key, starter_of
from forms.fields import TYPES
from forms.references import Use, renamed, uses_of, without_uses

Document = dict[str, Any]

KEY = re.compile(r"[a-z][a-z0-9_]{0,59}")
HEADINGS = ("section", "page")


class EditRefused(ValueError):
    """A change that cannot be made. sentence: why, and what to do. uses: what stands in the way."""

    code = "edit_refused"

    def __init__(self, sentence: str, uses: Sequence[Use] = ()) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.uses = tuple(uses)


def new_document(key: str, name: str) -> Document:
    """An empty form."""
    return {"key": key, "name": name, "version": 1, "source": "由本办自行制定", "fields": []}


def copied_document(document: Mapping[str, Any], *, key: str, name: str) -> Document:
    """Another form of the same fields; a form counts for a method only once, so the binding is not copied."""
    copied = {**document, "key": key, "name": name, "version": 1}
    copied.pop("binding", None)
    return copied


def position_of(document: Mapping[str, Any], key: str) -> int:
    """Where a field stands, from 0. Raises EditRefused when it is gone."""
    for index, field in enumerate(document["fields"]):
        if field["key"] == key:
            return index
    raise EditRefused("这个字段已经不在表单里了，可能刚被别人删除；请看左边的字段列表。")


def field_in(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The plain settings of a field."""
    found: dict[str, Any] = document["fields"][position_of(document, key)]
    return found


def keys_of(document: Mapping[str, Any]) -> set[str]:
    """The keys of all fields."""
    return {field["key"] for field in document["fields"]}


def add_field(
    document: Document,
    word: str,
    *,
    after: str | None,
    settings: Mapping[str, Any] | None = None,
    taken: frozenset[str] = frozenset(),
) -> tuple[Document, str]:
    """The form with a new field of a type, and the field's key.

    after: key of the field it follows, empty for the first place, None for the last.
    settings: what it begins with besides the type's own beginning. taken: keys that earlier versions used.
    """
    if word not in TYPES:
        raise EditRefused("请选择要增加的字段类型。")
    if len(document["fields"]) >= MOST_FIELDS:
        raise EditRefused(f"一个表单最多 {MOST_FIELDS} 个字段，请分成几个表单。")
    key = free_key(word, keys_of(document) | taken)
    field = {"key": key, "type": word, "label": TYPES[word].words, **starter_of(word), **(settings or {})}
    index = _place_after(document, after)
    fields = document["fields"]
    return {**document, "fields": [*fields[:index], field, *fields[index:]]}, key


def _place_after(document: Document, after: str | None) -> int:
    if after is None:
        return len(document["fields"])
    return position_of(document, after) + 1 if after else 0


def change_field(document: Document, key: str, settings: Mapping[str, Any]) -> Document:
    """The form with settings of a field changed; None takes a setting away."""
    index = position_of(document, key)
    changed = {**document["fields"][index], **settings}
    if "formula" in settings:
        changed = {name: value for name, value in changed.items() if value is not None or name == "formula"}
    else:
        changed = {
            name: value for name, value in changed.items() if value is not None or name not in settings
        }
    return _replaced(document, index, changed)


def _replaced(document: Document, index: int, field: Mapping[str, Any]) -> Document:
    fields = document["fields"]
    return {**document, "fields": [*fields[:index], dict(field), *fields[index + 1 :]]}


def span_of(document: Mapping[str, Any], key: str) -> range:
    """What moves and goes along with a field: a section its questions, a page its sections, else itself."""
    start = position_of(document, key)
    fields = document["fields"]
    word = fields[start]["type"]
    if word not in HEADINGS:
        return range(start, start + 1)
    ends = {"page"} if word == "page" else {"page", "section"}
    end = start + 1
    while end < len(fields) and fields[end]["type"] not in ends:
        end += 1
    return range(start, end)


def move_field(document: Document, key: str, *, up: bool) -> Document:
    """The form with a field one place up or down; a heading moves with all that stands under it."""
    span = span_of(document, key)
    fields = document["fields"]
    if fields[span.start]["type"] in HEADINGS:
        return _move_span(document, span, up=up)
    other = span.start + (-1 if up else 1)
    if not 0 <= other < len(fields):
        raise EditRefused("已经在最前面了。" if up else "已经在最后面了。")
    return _moved(document, span, other if up else other + 1)


def _move_span(document: Document, span: range, *, up: bool) -> Document:
    fields = document["fields"]
    word = fields[span.start]["type"]
    if not up:
        if span.stop >= len(fields):
            raise EditRefused("已经在最后面了。")
        following = span_of(document, fields[span.stop]["key"])
        return _moved(document, span, following.stop)
    if span.start == 0:
        raise EditRefused("已经在最前面了。")
    above = span.start - 1
    while above > 0 and fields[above]["type"] not in ({"page"} if word == "page" else set(HEADINGS)):
        above -= 1
    return _moved(document, span, above)


def place_field(document: Document, key: str, *, after: str) -> Document:
    """The form with a field (a heading with what stands under it) put after another; empty: first."""
    span = span_of(document, key)
    if after and position_of(document, after) in span:
        raise EditRefused("不能移到它自己里面，请选别的位置。")
    return _moved(document, span, _place_after(document, after))


def _moved(document: Document, span: range, before: int) -> Document:
    fields = document["fields"]
    taken = fields[span.start : span.stop]
    if before <= span.start:
        order = [*fields[:before], *taken, *fields[before : span.start], *fields[span.stop :]]
    else:
        order = [*fields[: span.start], *fields[span.stop : before], *taken, *fields[before:]]
    return {**document, "fields": order}


def copy_field(document: Document, key: str, *, taken: frozenset[str] = frozenset()) -> tuple[Document, str]:
    """The form with a copy right after a field, and the copy's key."""
    index = position_of(document, key)
    field = document["fields"][index]
    fresh = free_key(field["type"], keys_of(document) | taken)
    if len(document["fields"]) >= MOST_FIELDS:
        raise EditRefused(f"一个表单最多 {MOST_FIELDS} 个字段，请分成几个表单。")
    copied = {**field, "key": fresh, "label": f"{field.get('label') or field['key']}（副本）"}
    fields = document["fields"]
    return {**document, "fields": [*fields[: index + 1], copied, *fields[index + 1 :]]}, fresh


def delete_field(document: Document, key: str, *, with_uses: bool = False) -> Document:
    """The form without a field. Refused while rules or the binding look at it, unless these go along."""
    index = position_of(document, key)
    uses = uses_of(document, key)
    if uses and not with_uses:
        raise EditRefused(
            "这个字段还有别处用到，不能直接删除；请先改掉这些地方，或者连同它们一起删除。", uses
        )
    rest = without_uses(document, key)
    fields = rest["fields"]
    return {**rest, "fields": [*fields[:index], *fields[index + 1 :]]}


def rename_field(
    document: Document, old: str, new: str, *, taken: Mapping[str, str] | None = None
) -> Document:
    """The form with a field's key changed everywhere in it.

    taken: keys that earlier versions used, with their type; a key keeps its type for ever, so that answers
    of all versions can stand in one column.
    """
    index = position_of(document, old)
    if new == old:
        return document
    if not KEY.fullmatch(new):
        raise EditRefused("键只用小写字母、数字和下划线，以字母开头，最多 60 个字符。")
    if new in keys_of(document):
        raise EditRefused(f"键“{new}”已经有别的字段在用，请换一个。")
    kind = document["fields"][index]["type"]
    before = (taken or {}).get(new, kind)
    if before != kind:
        raise EditRefused(f"以前的版本里，键“{new}”是“{TYPES[before].words}”，不能再作别用，请换一个。")
    return renamed(document, old, new)


def change_head(document: Document, settings: Mapping[str, Any]) -> Document:
    """The form with its own settings changed (not the fields, not the key); None takes one away."""
    changed = {**document, **settings, "key": document["key"], "fields": document["fields"]}
    return {name: value for name, value in changed.items() if value is not None}


def digest(document: Mapping[str, Any]) -> str:
    """What a page remembers of the document it showed, to notice that it has changed since."""
    return sha256_of(document)

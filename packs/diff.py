"""What changed between two packs, in sentences that an office can approve."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from definitions.expression import in_words
from packs.diff_procedure import repeat_changes, rights_changes, without_told
from packs.diff_words import ATTRIBUTES, CONDITIONS, IDENTITIES, KINDS, NOUNS, TRANSPARENT
from packs.parts import Pack, Part

_NOTHING = object()
_LONGEST = 60
_AROUND = 8


def difference(old: Pack, new: Pack) -> list[str]:
    """One sentence for each thing that differs, definitions in order; empty when nothing does.

    Definitions and their entries are recognised by their keys, so a moved entry is not a new one.
    """
    before = {(part.kind, part.key): part for part in old.parts}
    after = {(part.kind, part.key): part for part in new.parts}
    sentences = [f"{_title(part)}删除" for place, part in before.items() if place not in after]
    for place, part in after.items():
        if place not in before:
            sentences.append(f"{_title(part)}新增")
        else:
            said = changes_between(before[place].data, part.data)
            sentences += [f"{_title(part)}：{sentence}" for sentence in said]
    return sentences


def changes_between(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """One sentence for each thing that differs between two documents of one definition.

    >>> changes_between({"fields": [{"key": "a", "label": "甲"}]}, {"fields": [{"key": "a", "label": "乙"}]})
    ['字段“甲”的名称 “甲” → “乙”']
    """
    rest = _changes(without_told(old), without_told(new), trail="")
    return [*rest, *repeat_changes(old, new), *rights_changes(old, new)]


def _title(part: Part) -> str:
    return f"{KINDS[part.kind]}“{part.name}”"


def _changes(old: Any, new: Any, *, trail: str, attribute: str = "") -> Iterator[str]:
    if old == new:
        return
    if isinstance(old, str) and isinstance(new, str) and max(len(old), len(new)) > _LONGEST:
        yield f"{trail}{ATTRIBUTES.get(attribute, attribute)} {_where_they_part(old, new)}"
    elif attribute in CONDITIONS or not _same_shape(old, new):
        yield f"{trail}{ATTRIBUTES.get(attribute, attribute)} {_said(old, attribute)} → {_said(new, attribute)}"
    elif isinstance(old, dict):
        if attribute and attribute not in TRANSPARENT:
            trail = f"{trail}{ATTRIBUTES.get(attribute, attribute)}·"
        for key in dict.fromkeys([*old, *new]):
            yield from _changes(
                old.get(key, _NOTHING), new.get(key, _NOTHING), trail=trail, attribute=str(key)
            )
    else:
        yield from _list_changes(old, new, trail=trail, attribute=attribute)


def _same_shape(old: Any, new: Any) -> bool:
    if isinstance(old, dict) and isinstance(new, dict):
        return True
    return isinstance(old, list) and isinstance(new, list) and _entries(old) and _entries(new)


def _entries(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(value, dict) for value in values)


def _list_changes(
    old: list[dict[str, Any]], new: list[dict[str, Any]], *, trail: str, attribute: str
) -> Iterator[str]:
    noun = NOUNS.get(attribute, ATTRIBUTES.get(attribute, attribute))
    before, after = _identified(old), _identified(new)
    for identity, entry in before.items():
        if identity not in after:
            yield f"{trail}{noun}{_name(entry, identity)}删除"
    for identity, entry in after.items():
        if identity not in before:
            yield f"{trail}{noun}{_name(entry, identity)}新增"
        else:
            here = f"{trail}{noun}{_name(before[identity], identity)}的"
            yield from _changes(before[identity], entry, trail=here)
    common_before = [identity for identity in before if identity in after]
    common_after = [identity for identity in after if identity in before]
    if common_before != common_after:
        yield f"{trail}{noun}的顺序改变"


def _identified(entries: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Entries by what tells them apart; by their position where nothing does."""
    found: dict[str, Mapping[str, Any]] = {}
    for position, entry in enumerate(entries, start=1):
        holder = _holder(entry)
        identity = next((str(holder[name]) for name in IDENTITIES if name in holder), "")
        if not identity or identity in found:
            identity = f"第{position}项"
        found[identity] = entry
    return found


def _holder(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """What names an entry: itself, or the node that a part of a score wraps."""
    inner = entry.get("of")
    return inner if isinstance(inner, dict) and "key" not in entry else entry


def _name(entry: Mapping[str, Any], identity: str) -> str:
    entry = _holder(entry)
    name = entry.get("name") or entry.get("label") or entry.get("heading") or identity
    return name if str(name).startswith("第") else f"“{_short(str(name))}”"


def _said(value: Any, attribute: str) -> str:
    if value is _NOTHING:
        return "（无）"
    if attribute in CONDITIONS and isinstance(value, dict):
        return f"“{_short(in_words(value, {}))}”"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, str):
        return f"“{_short(value)}”"
    if isinstance(value, int | float):
        return str(value)
    return _short(json.dumps(value, ensure_ascii=False, sort_keys=True))


def _alike(old: str, new: str) -> int:
    """How many first characters are the same."""
    for count, (one, other) in enumerate(zip(old, new, strict=False)):
        if one != other:
            return count
    return min(len(old), len(new))


def _where_they_part(old: str, new: str) -> str:
    """Of two long texts the run that differs, with a few characters around it.

    >>> _where_they_part("甲" * 70 + "三日内" + "乙" * 70, "甲" * 70 + "五日内" + "乙" * 70)
    '“…甲甲甲甲甲甲甲甲三日内乙乙乙乙乙乙…” → “…甲甲甲甲甲甲甲甲五日内乙乙乙乙乙乙…”'
    """
    start = _alike(old, new)
    end = min(_alike(old[::-1], new[::-1]), len(old) - start, len(new) - start)

    def run(text: str) -> str:
        first, last = max(0, start - _AROUND), min(len(text), len(text) - end + _AROUND)
        return f"“{'…' if first else ''}{_short(text[first:last])}{'…' if last < len(text) else ''}”"

    return f"{run(old)} → {run(new)}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

"""Changes to a procedure being made: each takes the whole document and gives a new one.

A document is the plain data of a workflow's YAML file. It can always be read as a `Workflow`; as a whole it may
still have faults (a state that nothing leads to), which the designer shows and publishing refuses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from workflow.uses import Use, renamed, uses_of, without_uses

Document = dict[str, Any]
#: The lists of a document whose entries have keys.
Part = Literal["states", "triggers", "suspensions", "counts"]

KEY = re.compile(r"[a-z][a-z0-9_]{0,59}")
MOST_ENTRIES = 120
NOUNS: dict[str, str] = {"states": "状态", "triggers": "步骤", "suspensions": "中止事由", "counts": "计数"}
_BEGINNINGS: dict[str, str] = {
    "states": "state",
    "triggers": "step",
    "suspensions": "pause",
    "counts": "count",
}


class ProcedureEditRefused(ValueError):
    """A change that cannot be made. sentence: why, and what to do. uses: what stands in the way."""

    code = "edit_refused"

    def __init__(self, sentence: str, uses: Sequence[Use] = ()) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.uses = tuple(uses)


def new_document(key: str, name: str, *, calendar: str) -> Document:
    """The smallest procedure: a case is registered and brought to its end."""
    return {
        "key": key,
        "name": name,
        "version": 1,
        "source": "实施口径",
        "calendar": calendar,
        "initial": "registered",
        "states": [
            {"key": "registered", "name": "已立案", "source": "实施口径"},
            {"key": "closed", "name": "已办结", "final": True, "source": "实施口径"},
        ],
        "triggers": [
            {
                "key": "close",
                "name": "办结",
                "from": ["registered"],
                "to": "closed",
                "roles": ["officer"],
                "source": "实施口径",
            }
        ],
    }


def copied_document(document: Mapping[str, Any], *, key: str, name: str) -> Document:
    """Another procedure of the same states and steps; its stories come along."""
    return {**document, "key": key, "name": name, "version": 1}


def entries_of(document: Mapping[str, Any], part: Part) -> list[dict[str, Any]]:
    """The entries of one list; empty when the document has none."""
    return list(document.get(part, ()))


def position_of(document: Mapping[str, Any], part: Part, key: str) -> int:
    """Where an entry stands, from 0. Raises ProcedureEditRefused when it is gone."""
    for index, entry in enumerate(entries_of(document, part)):
        if entry["key"] == key:
            return index
    raise ProcedureEditRefused(f"这个{NOUNS[part]}已经不在流程里了，可能刚被别人删除；请看流程图和列表。")


def entry_in(document: Mapping[str, Any], part: Part, key: str) -> dict[str, Any]:
    """The plain settings of an entry."""
    return entries_of(document, part)[position_of(document, part, key)]


def with_entries(document: Mapping[str, Any], part: Part, entries: list[dict[str, Any]]) -> Document:
    """The document with another list; an empty one is left out where it may be."""
    changed = {**document, part: entries}
    if not entries and part in ("suspensions", "counts"):
        changed.pop(part)
    return changed


def add_entry(
    document: Document, part: Part, settings: Mapping[str, Any], *, after: str = ""
) -> tuple[Document, str]:
    """The document with a new entry under the next free key, and that key. after: empty for the last place."""
    entries = entries_of(document, part)
    if len(entries) >= MOST_ENTRIES:
        raise ProcedureEditRefused(f"一个流程最多{MOST_ENTRIES}个{NOUNS[part]}，请分成几个流程。")
    key = free_key(document, part)
    at = position_of(document, part, after) + 1 if after else len(entries)
    fresh = {"key": key, **settings}
    return with_entries(document, part, [*entries[:at], fresh, *entries[at:]]), key


def free_key(document: Mapping[str, Any], part: Part) -> str:
    """The next key that no entry of the document has."""
    used = {entry["key"] for name in NOUNS for entry in document.get(name, ())}
    number = 1
    while f"{_BEGINNINGS[part]}_{number}" in used:
        number += 1
    return f"{_BEGINNINGS[part]}_{number}"


def change_entry(document: Document, part: Part, key: str, settings: Mapping[str, Any]) -> Document:
    """The document with settings of an entry changed; None takes a setting away."""
    entries = entries_of(document, part)
    index = position_of(document, part, key)
    changed = {**entries[index], **settings, "key": key}
    entries[index] = {name: value for name, value in changed.items() if value is not None}
    return with_entries(document, part, entries)


def copy_entry(document: Document, part: Part, key: str) -> tuple[Document, str]:
    """The document with a copy right after an entry, and the copy's key; clocks get names of their own."""
    entry = entry_in(document, part, key)
    name = "label" if part == "counts" else "name"
    copied = {other: value for other, value in entry.items() if other != "key"}
    copied[name] = f"{entry[name]}（副本）"
    if copied.get("clocks"):
        taken = {clock["name"] for clock in clocks_in(document)}
        copied["clocks"] = [
            {**clock, "name": _free_clock(taken, str(clock["name"]))} for clock in copied["clocks"]
        ]
    return add_entry(document, part, copied, after=key)


def clocks_in(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every clock of the document."""
    owners = [*entries_of(document, "states"), *entries_of(document, "suspensions")]
    return [clock for owner in owners for clock in owner.get("clocks", ())]


def _free_clock(taken: set[str], wanted: str) -> str:
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    taken.add(name)
    return name


def move_entry(document: Document, part: Part, key: str, *, up: bool) -> Document:
    """The document with an entry one place up or down in its list."""
    entries = entries_of(document, part)
    index = position_of(document, part, key)
    other = index + (-1 if up else 1)
    if not 0 <= other < len(entries):
        raise ProcedureEditRefused("已经在最前面了。" if up else "已经在最后面了。")
    entries[index], entries[other] = entries[other], entries[index]
    return with_entries(document, part, entries)


def delete_entry(document: Document, part: Part, key: str, *, with_uses: bool = False) -> Document:
    """The document without an entry. Refused while others name it, unless these parts go along."""
    position_of(document, part, key)
    uses = uses_of(document, part, key)
    if part in ("states", "triggers") and len(entries_of(document, part)) == 1:
        raise ProcedureEditRefused(f"流程至少要有一个{NOUNS[part]}。")
    if uses and not with_uses:
        raise ProcedureEditRefused(
            "还有别处用到，不能直接删除；请先改掉这些地方，或者连同它们一起删除。", uses
        )
    stuck = [use for use in uses if not use.goes_along]
    if stuck:
        raise ProcedureEditRefused("下面这些地方必须先改掉，才能删除。", stuck)
    rest = without_uses(document, part, key)
    return with_entries(rest, part, [entry for entry in entries_of(rest, part) if entry["key"] != key])


def rename_entry(document: Document, part: Part, old: str, new: str) -> Document:
    """The document with an entry's key changed everywhere in it."""
    position_of(document, part, old)
    if new == old:
        return document
    if not KEY.fullmatch(new) or new in ("same", "previous"):
        raise ProcedureEditRefused("代号只用小写字母、数字和下划线，以字母开头，最多60个字符。")
    if any(entry["key"] == new for entry in entries_of(document, part)):
        raise ProcedureEditRefused(f"代号“{new}”已经有别的{NOUNS[part]}在用，请换一个。")
    return renamed(document, part, old, new)


def change_head(document: Document, settings: Mapping[str, Any]) -> Document:
    """The procedure with its own settings changed (no list, not the key); None takes one away."""
    kept = {name: document[name] for name in ("key", "version", *NOUNS) if name in document}
    changed = {**document, **settings, **kept}
    return {name: value for name, value in changed.items() if value is not None}


def save_clock(
    document: Document, part: Part, owner: str, name: str | None, clock: Mapping[str, Any]
) -> Document:
    """The document with one clock of a state or suspension changed, or (name None) added."""
    clocks = list(entry_in(document, part, owner).get("clocks", ()))
    if name is None:
        clocks.append(dict(clock))
    else:
        index = _clock_at(clocks, name)
        clocks[index] = {key: value for key, value in {**clocks[index], **clock}.items() if value is not None}
    return change_entry(document, part, owner, {"clocks": clocks})


def delete_clock(document: Document, part: Part, owner: str, name: str) -> Document:
    """The document without one clock."""
    clocks = list(entry_in(document, part, owner).get("clocks", ()))
    clocks.pop(_clock_at(clocks, name))
    return change_entry(document, part, owner, {"clocks": clocks or None})


def clock_in(document: Mapping[str, Any], part: Part, owner: str, name: str) -> dict[str, Any]:
    """One clock of a state or suspension."""
    clocks = list(entry_in(document, part, owner).get("clocks", ()))
    found: dict[str, Any] = clocks[_clock_at(clocks, name)]
    return found


def free_clock_name(document: Mapping[str, Any]) -> str:
    """The next free name of a clock."""
    taken = {str(clock["name"]) for clock in clocks_in(document)}
    number = 1
    while f"clock_{number}" in taken:
        number += 1
    return f"clock_{number}"


def _clock_at(clocks: Sequence[Mapping[str, Any]], name: str) -> int:
    for index, clock in enumerate(clocks):
        if clock["name"] == name:
            return index
    raise ProcedureEditRefused("这个期限已经不在了，可能刚被别人删除。")

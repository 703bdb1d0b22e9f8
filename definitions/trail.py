"""What one change did to a document, small enough to keep many, and exact enough to take back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Document = dict[str, Any]


def change_between(old: Mapping[str, Any], new: Mapping[str, Any], *, of: str = "fields") -> dict[str, Any]:
    """The change from one document to another: the run of its list that differs, and the other settings.

    of: the setting that holds the list, `fields` of a form, `body` of a kind of notice.
    start: first entry that differs; removed, inserted: the entries there before and after;
    head: setting → [before, after], where a missing side is an empty list.
    """
    before, after = list(old[of]), list(new[of])
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    names = sorted((set(old) | set(new)) - {of})
    return {
        "start": start,
        "removed": before[start : len(before) - end],
        "inserted": after[start : len(after) - end],
        "head": {
            name: [[old[name]] if name in old else [], [new[name]] if name in new else []]
            for name in names
            if old.get(name) != new.get(name) or (name in old) != (name in new)
        },
    }


def undone(document: Mapping[str, Any], change: Mapping[str, Any], *, of: str = "fields") -> Document:
    """The document before the change."""
    return _turned(document, change, of, gone=change["inserted"], back=change["removed"], side=0)


def redone(document: Mapping[str, Any], change: Mapping[str, Any], *, of: str = "fields") -> Document:
    """The document with the change made again."""
    return _turned(document, change, of, gone=change["removed"], back=change["inserted"], side=1)


def _turned(
    document: Mapping[str, Any],
    change: Mapping[str, Any],
    of: str,
    *,
    gone: list[Any],
    back: list[Any],
    side: int,
) -> Document:
    start, entries = change["start"], document[of]
    turned = {**document, of: [*entries[:start], *back, *entries[start + len(gone) :]]}
    for name, sides in change["head"].items():
        if sides[side]:
            turned[name] = sides[side][0]
        else:
            turned.pop(name, None)
    return turned

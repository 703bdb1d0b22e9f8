"""What one change did to a document, small enough to keep many, and exact enough to take back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Document = dict[str, Any]


def change_between(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The change from one document to another: the run of fields that differs, and the other settings.

    start: first field that differs; removed, inserted: the fields there before and after;
    head: setting → [before, after], where a missing side is an empty list.
    """
    before, after = list(old["fields"]), list(new["fields"])
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    names = sorted((set(old) | set(new)) - {"fields"})
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


def undone(document: Mapping[str, Any], change: Mapping[str, Any]) -> Document:
    """The document before the change."""
    return _turned(document, change, gone=change["inserted"], back=change["removed"], side=0)


def redone(document: Mapping[str, Any], change: Mapping[str, Any]) -> Document:
    """The document with the change made again."""
    return _turned(document, change, gone=change["removed"], back=change["inserted"], side=1)


def _turned(
    document: Mapping[str, Any], change: Mapping[str, Any], *, gone: list[Any], back: list[Any], side: int
) -> Document:
    start, fields = change["start"], document["fields"]
    turned = {**document, "fields": [*fields[:start], *back, *fields[start + len(gone) :]]}
    for name, sides in change["head"].items():
        if sides[side]:
            turned[name] = sides[side][0]
        else:
            turned.pop(name, None)
    return turned

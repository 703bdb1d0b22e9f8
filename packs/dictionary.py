"""Dictionaries of a pack: closed lists of words, in one or two levels, that the office edits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from definitions.base import Definition, Key, Text
from definitions.fault import DefinitionFaults, Fault


class Entry(Definition):
    """One word of a dictionary, with the words below it."""

    key: Key
    name: Text
    active: bool = True
    entries: tuple[Entry, ...] = ()


class Dictionary(Definition):
    """字典: what a field of the type dictionary offers.

    demonstration: true when the office must replace the entries before use.
    levels: 1, or 2 when only entries of the second level can be chosen.
    """

    key: Key
    name: Text
    version: int
    source: Text
    demonstration: bool = False
    note: str = ""
    levels: Literal[1, 2] = 1
    entries: tuple[Entry, ...]

    def leaves(self) -> tuple[Entry, ...]:
        """The entries that can be chosen, in order."""
        if self.levels == 1:
            return self.entries
        return tuple(leaf for entry in self.entries for leaf in entry.entries)

    def names(self) -> dict[str, str]:
        """Names by key, of both levels."""
        return {entry.key: entry.name for entry, _, _ in _walk(self.entries, "entries", 1)}

    def rows(self) -> tuple[tuple[str, str, str], ...]:
        """(key, name, key of the entry above or "") in order: as the office's table stores them."""
        rows: list[tuple[str, str, str]] = []
        for entry in self.entries:
            rows.append((entry.key, entry.name, ""))
            rows += [(leaf.key, leaf.name, entry.key) for leaf in entry.entries]
        return tuple(rows)


def load_dictionary(data: Any, *, root: str = "") -> Dictionary:
    """The checked dictionary, or DefinitionFaults with every fault and its place."""
    dictionary = Dictionary.read(data, root=root)
    faults = _faults(dictionary, f"{root}." if root else "")
    if faults:
        raise DefinitionFaults(faults)
    return dictionary


def _faults(dictionary: Dictionary, prefix: str) -> list[Fault]:
    faults: list[Fault] = []
    seen: set[str] = set()
    if not dictionary.entries:
        faults.append(Fault(f"{prefix}entries", "字典至少要有一项"))
    for entry, place, level in _walk(dictionary.entries, "entries", 1):
        if entry.key in seen:
            faults.append(Fault(f"{prefix}{place}.key", f"键“{entry.key}”重复"))
        seen.add(entry.key)
        if level == dictionary.levels and entry.entries:
            faults.append(
                Fault(f"{prefix}{place}.entries", f"字典只有{dictionary.levels}级，这里不能再有下级")
            )
        if level < dictionary.levels and not entry.entries:
            faults.append(Fault(f"{prefix}{place}.entries", "两级字典的每一大类下至少要有一项"))
    return faults


def _walk(entries: tuple[Entry, ...], place: str, level: int) -> Iterator[tuple[Entry, str, int]]:
    for index, entry in enumerate(entries):
        here = f"{place}[{index}]"
        yield entry, here, level
        yield from _walk(entry.entries, f"{here}.entries", level + 1)

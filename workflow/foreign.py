"""A procedure out of a foreign file: plain data of moderate size that can be read, or every fault with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from definitions.fault import DefinitionFaults, Fault
from workflow.definition import Workflow

Document = dict[str, Any]

#: More than any office draws; what is checked in pairs would keep the pages waiting.
MOST = {"states": 100, "triggers": 300, "suspensions": 50, "counts": 50, "stories": 100}
_LARGEST_NUMBER = 1_000_000
#: Signs that nobody types, and that not every database can keep.
_UNSOUND = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def sound_document(data: Any, *, key: str, version: int) -> Document:
    """A document out of foreign data, in a shape that every page of the designer can show. Raises DefinitionFaults.

    What is wrong with the procedure as a whole (a state nobody reaches) is a draft's fault, shown where it can be
    mended. key, version: what the procedure is called here, whatever the data says.
    """
    if not isinstance(data, dict):
        raise DefinitionFaults([Fault("文件", "里面没有流程：最外层应是 states、triggers 这样的各项")])
    found = [*_unplain(data, ""), *_too_many(data)]
    if found:
        raise DefinitionFaults(found)
    document = {**data, "key": key, "version": version}
    Workflow.read(document)
    return document


def _unplain(node: Any, place: str) -> Iterator[Fault]:
    """What is neither text nor a whole number, true, false, nothing, or a list or mapping of these."""
    if isinstance(node, dict):
        for name, value in node.items():
            if not isinstance(name, str) or _UNSOUND.search(name):
                yield Fault(place or "文件", "键应为文字")
            else:
                yield from _unplain(value, f"{place}.{name}" if place else name)
    elif isinstance(node, list):
        for number, item in enumerate(node):
            yield from _unplain(item, f"{place}[{number}]")
    elif isinstance(node, str):
        if _UNSOUND.search(node):
            yield Fault(place, "含有看不见的控制字符，请删去")
    elif isinstance(node, bool) or node is None:
        return
    elif not isinstance(node, int):
        yield Fault(place, "应为文字或整数")
    elif abs(node) > _LARGEST_NUMBER:
        yield Fault(place, "数目太大")


def _too_many(data: Document) -> Iterator[Fault]:
    for part, most in MOST.items():
        if isinstance(data.get(part), list) and len(data[part]) > most:
            yield Fault(part, f"最多{most}项，文件里有{len(data[part])}项")

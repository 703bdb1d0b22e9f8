"""A kind of notice still being made: what of it can be shown already, and everything that is still wrong with it."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from definitions.fault import DefinitionFaults, Fault
from notices.definition import NoticeKind, load_notice_kind
from notices.template import PLACEHOLDER
from notices.vocabulary import VOCABULARY

_BLOCK = re.compile(r"(body|attachments\[(\d+)\]\.blocks)\[(\d+)\]")
_ATTACHMENT = re.compile(r"attachments\[(\d+)\]")
_BRACED = re.compile(r"\{[^{}]*\}")
#: Settings that a document of any kind can be shown with.
_BASIS: Mapping[str, Any] = {
    "key": "draft",
    "name": "（未命名）",
    "version": 1,
    "source": "draft",
    "format": "letter",
    "series": "draft",
    "title": "（标题还没有写好）",
    "body": [{"text": "（正文还没有写好）"}],
}
_MOST_ROUNDS = 6


@dataclass(frozen=True)
class Unfinished:
    """A draft as it stands.

    shown: the part that can be drawn; placeholders that mean nothing stand in it as gaps.
    faults: all, as when it would be published. left_out: how many parts cannot be shown yet.
    """

    shown: NoticeKind
    faults: tuple[Fault, ...]
    left_out: int

    @property
    def good(self) -> bool:
        """Whether the kind by itself can be published."""
        return not self.faults


def unfinished(document: Mapping[str, Any]) -> Unfinished:
    """Read a draft. document: plain data that `notices.edit.sound_document` let pass."""
    try:
        return Unfinished(load_notice_kind(document), (), 0)
    except DefinitionFaults as refused:
        faults = refused.faults
    shown = _in_all_texts(copy.deepcopy(dict(document)), _marked)
    left_out = 0
    for _round in range(_MOST_ROUNDS):
        try:
            return Unfinished(load_notice_kind(shown), faults, left_out)
        except DefinitionFaults as refused:
            left_out += _without(shown, refused.faults)
    return Unfinished(load_notice_kind(_BASIS), faults, left_out + 1)


def _marked(text: str) -> str:
    def gap(match: re.Match[str]) -> str:
        found = PLACEHOLDER.fullmatch(match[0])
        known = found and (found[1] in VOCABULARY or "." in found[1] or found[1] == "group")
        return match[0] if known else f"【缺：没有“{match[0][1:-1]}”这个值】"

    marked = _BRACED.sub(gap, text)
    outside = PLACEHOLDER.split(marked)
    # split keeps the names found at odd places; braces elsewhere are strays and become harmless.
    return "".join(
        f"{{{part}}}" if index % 2 else part.replace("{", "｛").replace("}", "｝")
        for index, part in enumerate(outside)
    )


def _in_all_texts(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {
            name: item
            if name in ("when", "sample", "rows", "each", "column")
            else _in_all_texts(item, change)
            for name, item in value.items()
        }
    return [_in_all_texts(item, change) for item in value] if isinstance(value, list) else value


def _without(document: dict[str, Any], faults: tuple[Fault, ...]) -> int:
    """Take out what the faults are about; how many parts that were."""
    blocks: set[tuple[int | None, int]] = set()
    attachments: set[int] = set()
    others: set[str] = set()
    for fault in faults:
        if (match := _BLOCK.match(fault.place)) is not None:
            blocks.add((int(match[2]) if match[2] else None, int(match[3])))
        elif (match := _ATTACHMENT.match(fault.place)) is not None:
            attachments.add(int(match[1]))
        else:
            others.add(re.split(r"[.\[:]", fault.place, maxsplit=1)[0])
    for owner, position in sorted(blocks, key=lambda pair: -pair[1]):
        held = document["body"] if owner is None else document["attachments"][owner]["blocks"]
        if position < len(held):
            del held[position]
    document["attachments"] = [
        item
        for number, item in enumerate(document.get("attachments") or [])
        if number not in attachments and item.get("blocks")
    ]
    for name in others:
        if name in _BASIS:
            document[name] = _BASIS[name]
        else:
            document.pop(name, None)
    if not document.get("body"):
        document["body"] = list(_BASIS["body"])
    return len(blocks) + len(attachments) + len(others)

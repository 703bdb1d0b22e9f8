"""A kind of notice in the words of its readers, so that two versions can be compared in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from definitions.canonical import canonical_json
from definitions.expression import in_words
from notices.facts import kind_facts
from notices.vocabulary import VOCABULARY
from notices.wording import read_aloud

FORMATS = {"letter": "信函格式", "document": "文件格式"}
LEVELS = {0: "正文", 1: "一、", 2: "（一）", 3: "1.", 4: "（1）"}
STYLES = {"plain": "不留用印位置", "seal": "留出用印位置", "stamp": "留出签发人签名章位置"}
QR_PLACES = {"signature": "在署名旁", "slip": "在回执上", "none": "不印"}
ALIGNS = {"left": "靠左", "centre": "居中", "right": "靠右"}
_EXCERPT = 12
#: From this likeness on two paragraphs are one that was changed.
_ALIKE = 0.5

Document = dict[str, Any]


def worded_pair(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Document, Document]:
    """Both documents in words, with their blocks named alike where one became the other."""
    old, new = _worded(before), _worded(after)
    old["body"], new["body"] = _paired(before["body"], after["body"], old["body"], new["body"])
    for number, (first, second) in enumerate(
        zip(before.get("attachments") or (), after.get("attachments") or (), strict=False)
    ):
        mine, other = old["attachments"][number], new["attachments"][number]
        mine["blocks"], other["blocks"] = _paired(
            first["blocks"], second["blocks"], mine["blocks"], other["blocks"]
        )
    return old, new


def condition_in_words(condition: Any) -> str:
    """A condition as a clerk reads it; empty for none."""
    return "" if condition is None else in_words(condition, dict(kind_facts().labels))


def _worded(document: Mapping[str, Any]) -> Document:
    plain = {name: value for name, value in document.items() if name != "version"}
    for name, value in plain.items():
        if isinstance(value, str) and name not in ("key", "series", "source"):
            plain[name] = read_aloud(value)
    plain["format"] = FORMATS.get(str(document.get("format")), document.get("format"))
    if "qr" in plain:
        plain["qr"] = QR_PLACES.get(str(document["qr"]), document["qr"])
    plain["body"] = [_block(block) for block in document["body"]]
    if document.get("attachments"):
        plain["attachments"] = [
            {
                **{name: _text(value) for name, value in item.items()},
                "key": f"第{number}个",
                **({"when": condition_in_words(item["when"])} if item.get("when") else {}),
                "blocks": [_block(block) for block in item["blocks"]],
            }
            for number, item in enumerate(document["attachments"], 1)
        ]
    for name in ("reply_slip", "signature", "imprint"):
        if isinstance(document.get(name), dict):
            plain[name] = _block(document[name])
    return plain


def _block(block: Mapping[str, Any]) -> Document:
    rows = block.get("each")
    plain = {name: _text(value, rows) for name, value in block.items()}
    if block.get("when") is not None:
        plain["when"] = condition_in_words(block["when"])
    if "level" in block:
        plain["level"] = LEVELS.get(block["level"], block["level"])
    if "style" in block:
        plain["style"] = STYLES.get(str(block["style"]), block["style"])
    for name in ("each", "rows"):
        if block.get(name) in VOCABULARY:
            plain[name] = VOCABULARY[block[name]].meaning
    if isinstance(block.get("columns"), list):
        plain["columns"] = [_column(column, block.get("rows")) for column in block["columns"]]
    if isinstance(block.get("form"), list):
        del plain["form"]
        plain["cells"] = [
            {"key": str(cell.get("label", "")), **{name: _text(value) for name, value in cell.items()}}
            for row in block["form"]
            for cell in row
        ]
    return plain


def _column(column: Mapping[str, Any], rows: Any) -> Document:
    entry = VOCABULARY.get(rows)
    names = entry.columns if entry else {}
    return {
        "key": str(column.get("title", "")),
        **column,
        "column": names.get(str(column.get("column")), column.get("column")),
        **({"align": ALIGNS.get(str(column["align"]), column["align"])} if "align" in column else {}),
    }


def _text(value: Any, rows: str | None = None) -> Any:
    return read_aloud(value, rows) if isinstance(value, str) else value


def _paired(
    before: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],
    old: Sequence[Document],
    new: Sequence[Document],
) -> tuple[list[Document], list[Document]]:
    """The worded blocks with keys: the same one for what stayed or was changed."""
    first = [canonical_json(dict(block)) for block in before]
    second = [canonical_json(dict(block)) for block in after]
    partner: dict[int, int] = {}
    for tag, a, b, c, d in SequenceMatcher(a=first, b=second, autojunk=False).get_opcodes():
        if tag == "equal":
            partner.update(zip(range(c, d), range(a, b), strict=True))
        elif tag == "replace":
            partner.update(_likest(old, new, range(a, b), range(c, d)))
    names = {position: _name(block, position) for position, block in enumerate(old)}
    added = {
        position: _name(block, position) for position, block in enumerate(new) if position not in partner
    }
    keyed_old = [{"key": names[position], **block} for position, block in enumerate(old)]
    keyed_new = [
        {"key": names[partner[position]] if position in partner else f"{added[position]}（新）", **block}
        for position, block in enumerate(new)
    ]
    return keyed_old, keyed_new


def _likest(old: Sequence[Document], new: Sequence[Document], places: range, others: range) -> dict[int, int]:
    """New place → old place, for those that have become one another, in order."""
    if len(places) == len(others) == 1:
        return {others[0]: places[0]}
    found: dict[int, int] = {}
    start = places.start
    for other in others:
        likeness = [
            (SequenceMatcher(a=_plain(old[place]), b=_plain(new[other]), autojunk=False).ratio(), -place)
            for place in range(start, places.stop)
        ]
        best, place = max(likeness, default=(0.0, 0))
        if best >= _ALIKE:
            found[other] = -place
            start = -place + 1
    return found


def _plain(block: Document) -> str:
    return "".join(str(value) for value in block.values())


def _name(block: Document, position: int) -> str:
    said = str(block.get("heading") or block.get("text") or block.get("rows") or "填写栏")
    excerpt = said if len(said) <= _EXCERPT else f"{said[:_EXCERPT]}…"
    return f"第{position + 1}段（{excerpt}）"

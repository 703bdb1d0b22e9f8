"""Changes to a kind of notice being made: each takes the whole document and gives a new one.

A document is the plain data of a kind's YAML file. Its parts may have faults; what may not happen is that a list
is no list: `sound_document` refuses such a file before it becomes a draft.

A part is named as its address names it: ``body-3`` the fourth block of the text, ``a0`` the first attachment,
``a0-1`` its second block, ``head``, ``slip``, ``end``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Document = dict[str, Any]
Block = dict[str, Any]

MOST_BLOCKS = 120
MOST_ATTACHMENTS = 12
_BLOCK = re.compile(r"(?:body|a(\d{1,2}))-(\d{1,3})")
_ATTACHMENT = re.compile(r"a(\d{1,2})")


class EditRefused(ValueError):
    """A change that cannot be made. sentence: why, and what to do."""

    code = "edit_refused"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


#: What can be put into a text → how it begins.
STARTERS: Mapping[str, Callable[[], Block]] = {
    "paragraph": lambda: {"text": "（请写这一段的文字）"},
    "heading": lambda: {"level": 1, "heading": "（请写标题）"},
    "table": lambda: {"rows": "problems", "columns": [{"title": "问题", "column": "problem", "width": 10}]},
    "form": lambda: {"form": [[{"label": "（请写栏目）"}]]},
}


def new_document(key: str, name: str, series: str) -> Document:
    """A kind with the least that a letter has."""
    return {
        "key": key,
        "name": name,
        "version": 1,
        "source": "由本办自行制定",
        "format": "letter",
        "series": series,
        "title": f"关于{{case_title}}的{name}"[:100],
        "addressee": "{unit}",
        "body": [{"text": "（请写正文）"}],
        "note": "联系人：{contact}；联系电话：{phone}",
    }


def copied_document(document: Mapping[str, Any], *, key: str, name: str) -> Document:
    """Another kind of the same words."""
    return {**document, "key": key, "name": name, "version": 1}


def blocks_at(document: Mapping[str, Any], part: str) -> tuple[tuple[int | None, int], list[Block]]:
    """Where a block's address leads: (attachment or None, position), and the list that holds it."""
    match = _BLOCK.fullmatch(part)
    if match is None:
        raise EditRefused("没有这个部分，请从左边的列表进入。")
    owner = None if match[1] is None else int(match[1])
    return (owner, int(match[2])), blocks_of(document, owner)


def blocks_of(document: Mapping[str, Any], owner: int | None) -> list[Block]:
    """The blocks of the text (None), or of an attachment."""
    if owner is None:
        return list(document["body"])
    attachments = document.get("attachments") or []
    if owner >= len(attachments):
        raise EditRefused("这个附件已经不在了，可能刚被别人删除；请看左边的列表。")
    return list(attachments[owner].get("blocks") or [])


def block_at(document: Mapping[str, Any], part: str) -> Block:
    """The plain settings of a block. Raises EditRefused when it is gone."""
    (_, position), blocks = blocks_at(document, part)
    if position >= len(blocks):
        raise EditRefused("这一段已经不在了，可能刚被别人删除；请看左边的列表。")
    return blocks[position]


def _with_blocks(document: Mapping[str, Any], owner: int | None, blocks: list[Block]) -> Document:
    if owner is None:
        return {**document, "body": blocks}
    attachments = [dict(item) for item in document["attachments"]]
    attachments[owner] = {**attachments[owner], "blocks": blocks}
    return {**document, "attachments": attachments}


def add_block(document: Document, kind: str, *, owner: int | None, after: int | None) -> tuple[Document, str]:
    """The kind with a new block, and the block's address. after: position it follows, -1 first, None last."""
    if kind not in STARTERS:
        raise EditRefused("请选择要增加什么。")
    blocks = blocks_of(document, owner)
    if len(blocks) >= MOST_BLOCKS:
        raise EditRefused(f"最多 {MOST_BLOCKS} 段，请合并或改为附件。")
    place = len(blocks) if after is None else min(after + 1, len(blocks))
    blocks.insert(place, STARTERS[kind]())
    return _with_blocks(document, owner, blocks), address_of(owner, place)


def address_of(owner: int | None, position: int) -> str:
    """The address of a block."""
    return f"body-{position}" if owner is None else f"a{owner}-{position}"


def change_block(document: Document, part: str, block: Block) -> Document:
    """The kind with a block replaced."""
    block_at(document, part)
    (owner, position), blocks = blocks_at(document, part)
    blocks[position] = block
    return _with_blocks(document, owner, blocks)


def move_block(document: Document, part: str, *, up: bool) -> tuple[Document, str]:
    """The kind with a block one place up or down, and its new address."""
    block_at(document, part)
    (owner, position), blocks = blocks_at(document, part)
    other = position + (-1 if up else 1)
    if not 0 <= other < len(blocks):
        raise EditRefused("已经在最前面了。" if up else "已经在最后面了。")
    blocks[position], blocks[other] = blocks[other], blocks[position]
    return _with_blocks(document, owner, blocks), address_of(owner, other)


def copy_block(document: Document, part: str) -> tuple[Document, str]:
    """The kind with a copy right after a block, and the copy's address."""
    block = block_at(document, part)
    (owner, position), blocks = blocks_at(document, part)
    if len(blocks) >= MOST_BLOCKS:
        raise EditRefused(f"最多 {MOST_BLOCKS} 段，请合并或改为附件。")
    blocks.insert(position + 1, dict(block))
    return _with_blocks(document, owner, blocks), address_of(owner, position + 1)


def delete_block(document: Document, part: str) -> Document:
    """The kind without a block; a text keeps at least one."""
    block_at(document, part)
    (owner, position), blocks = blocks_at(document, part)
    if len(blocks) == 1:
        raise EditRefused(
            "至少要留一段；不要这个附件的，请删去附件。" if owner is not None else "正文至少要留一段。"
        )
    del blocks[position]
    return _with_blocks(document, owner, blocks)


def add_attachment(document: Document) -> tuple[Document, str]:
    """The kind with a new attachment, and its address."""
    attachments = list(document.get("attachments") or [])
    if len(attachments) >= MOST_ATTACHMENTS:
        raise EditRefused(f"最多 {MOST_ATTACHMENTS} 个附件。")
    attachments.append({"title": "（请写附件名称）", "blocks": [STARTERS["paragraph"]()]})
    return {**document, "attachments": attachments}, f"a{len(attachments) - 1}"


def attachment_at(document: Mapping[str, Any], part: str) -> dict[str, Any]:
    """The plain settings of an attachment."""
    return dict((document.get("attachments") or [])[_attachment(document, part)])


def _attachment(document: Mapping[str, Any], part: str) -> int:
    match = _ATTACHMENT.fullmatch(part)
    if match is None or int(match[1]) >= len(document.get("attachments") or []):
        raise EditRefused("这个附件已经不在了，可能刚被别人删除；请看左边的列表。")
    return int(match[1])


def change_attachment(document: Document, part: str, settings: Mapping[str, Any]) -> Document:
    """The kind with settings of an attachment changed; None takes one away."""
    index = _attachment(document, part)
    attachments = [dict(item) for item in document["attachments"]]
    attachments[index] = {
        name: value for name, value in {**attachments[index], **settings}.items() if value is not None
    }
    return {**document, "attachments": attachments}


def delete_attachment(document: Document, part: str) -> Document:
    """The kind without an attachment."""
    index = _attachment(document, part)
    attachments = [item for number, item in enumerate(document["attachments"]) if number != index]
    changed = {**document, "attachments": attachments}
    return (
        changed if attachments else {name: value for name, value in changed.items() if name != "attachments"}
    )


def change_settings(
    document: Document, settings: Mapping[str, Any], *, absent: Mapping[str, Any]
) -> Document:
    """The kind with settings of its own changed (not the text, not the key).

    absent: what a setting is when it is not written; such a value is taken out unless it was written before.
    """
    changed = {**document, **settings, "key": document["key"], "body": document["body"]}
    return {
        name: value
        for name, value in changed.items()
        if name in document or name not in absent or value != absent[name]
    }


def sound_document(data: Any, *, key: str) -> Document:
    """A file's content as a draft: lists are lists of plain parts; the key stays. Raises EditRefused."""
    if not isinstance(data, dict):
        raise EditRefused("文件里不是一种文书：最外层应是“名称: 内容”的各项。")
    body = data.get("body")
    attachments = data.get("attachments", [])
    if not _blocks(body) or not isinstance(attachments, list):
        raise EditRefused("文件里没有正文（body），或者正文、附件的写法不对。")
    for attachment in attachments:
        if not isinstance(attachment, dict) or not _blocks(attachment.get("blocks")):
            raise EditRefused("附件（attachments）的写法不对：每个附件应有 title 和 blocks。")
    for name in ("reply_slip", "signature", "imprint"):
        if not isinstance(data.get(name), dict | None):
            raise EditRefused(f"{name} 的写法不对。")
    return {**data, "key": key}


def _blocks(blocks: Any) -> bool:
    return (
        isinstance(blocks, list)
        and 0 < len(blocks) <= MOST_BLOCKS
        and all(isinstance(block, dict) for block in blocks)
    )

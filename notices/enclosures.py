"""附件 of a document: which there are with these values, one per group where the definition asks so."""

from __future__ import annotations

from dataclasses import dataclass

from notices.definition import Attachment, NoticeKind, Table
from notices.filling import Filling


@dataclass(frozen=True)
class Enclosure:
    """One 附件: its title, the group of rows that it shows (blank for all), its definition."""

    title: str
    group: str
    attachment: Attachment


def enclosures_of(kind: NoticeKind, filling: Filling) -> list[Enclosure]:
    """Every 附件 whose condition holds, in order."""
    return [
        Enclosure(filling.text(attachment.title, group=group), group, attachment)
        for attachment in kind.attachments
        if filling.holds(attachment.when)
        for group in _groups(attachment, filling)
    ]


def _groups(attachment: Attachment, filling: Filling) -> list[str]:
    table = next((block for block in attachment.blocks if isinstance(block, Table)), None)
    if attachment.group_by is None or table is None:
        return [""]
    return list(dict.fromkeys(row[attachment.group_by] for row in filling.rows(table.rows)))

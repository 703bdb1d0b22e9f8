"""What follows the body: 附件说明 (B6), 附注 (B14), 版记 (V1 to V3, L8)."""

from __future__ import annotations

from notices.composition import CELL, SMALL_SIZE, WIDTH, Composer, escape
from notices.definition import NoticeFormat, NoticeKind
from notices.filling import Filling
from notices.galley import Run


def attachment_statement(titles: list[str], composer: Composer) -> str:
    """附件说明 (rule B6); blank without attachments."""
    if not titles:
        return ""
    label = composer.width("附件：", "fang")
    parts = []
    for index, title in enumerate(titles):
        number = f"{index + 1}." if len(titles) > 1 else ""
        rest = 2 * CELL + label + composer.width(number, "fang")
        lead = "附件：" if index == 0 else ""
        first = 2 * CELL + (0 if index == 0 else label)
        runs = [Run("fang", lead + number), *composer.marked("fang", title)]
        css = "statement first" if index == 0 else "statement"
        parts.append(composer.paragraph(runs, css_class=css, first=first, rest=rest))
    return "".join(parts)


def note(kind: NoticeKind, filling: Filling, composer: Composer) -> str:
    """附注 in parentheses (rule B14)."""
    text = filling.text(kind.note, blank_ok=True).strip()
    if not text:
        return ""
    return composer.paragraph(composer.marked("fang", f"（{text}）"), css_class="note")


def imprint(kind: NoticeKind, filling: Filling, composer: Composer, *, stands: str = "") -> str:
    """The 版记, pinned to the foot of its page; blank when there is nothing to say.

    stands: `apart` on an upright page of its own (after a landscape 附件), `turned` on an even page without
    number (N2), blank with the text before it.
    """
    copies = filling.text(kind.cc, blank_ok=True).strip()
    indent = SMALL_SIZE
    lines = []
    if copies:
        label = 3 * SMALL_SIZE
        text = f"抄送：{copies.rstrip('。')}。"
        lines.append(
            f'<div class="cc">{composer.small_paragraph(text, rest=label, width=WIDTH - 2 * indent)}</div>'
        )
    if kind.imprint is not None:
        organ, date = filling.text(kind.imprint.organ), filling.text(kind.imprint.date)
        lines.append(f'<div class="printed"><div class="day">{escape(date)}印发</div>{escape(organ)}</div>')
    if not lines:
        return ""
    ruled = " ruled" if kind.format is NoticeFormat.DOCUMENT else ""
    thick, thin = '<div class="line"></div>', '<div class="line thin"></div>'
    body = f"{thick}{thin.join(lines)}{thick}"
    # The invisible copy reserves the room on the page, the real one stands on the last line of the type area.
    room = f"imprint-room {stands}".strip()
    return (
        f'<div class="{room}" id="imprint"><div class="imprint ghost{ruled}">{body}</div>'
        f'<div class="imprint real{ruled}">{body}</div></div>'
    )

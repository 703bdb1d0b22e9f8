"""A kind and its values as one HTML page: head, title, body, closing, attachments, reply slip."""

from __future__ import annotations

from datetime import datetime

from notices.blocks import blocks_html, form_html
from notices.closing import attachment_statement, imprint, note, qr_html, signature
from notices.composition import CELL, LINE, TITLE_SIZE, WIDTH, Composer, escape
from notices.definition import Attachment, NoticeKind, QrPlace, ReplySlip, Table
from notices.filling import Filling
from notices.head import head
from notices.title import break_title

_TITLE_LINE = 36.1875


def page_html(
    kind: NoticeKind, filling: Filling, composer: Composer, *, made_at: datetime | None, seal: bytes | None
) -> str:
    """The whole document without its style sheet. made_at: the date in the file's metadata, None for none."""
    enclosures = _attachments(kind, filling)
    title = plain_title(kind, filling)
    body = blocks_html(kind.body, filling, composer)
    closing = [
        attachment_statement([name for name, _, _ in enclosures], composer),
        signature(kind, filling, composer, seal),
        note(kind, filling, composer),
    ]
    flow = "".join([_addressee(kind, filling, composer), *_last_marked(body), *closing])
    pages = "".join(
        _attachment(index, len(enclosures), enclosure, filling, composer)
        for index, enclosure in enumerate(enclosures)
    )
    slip = "" if kind.reply_slip is None else _slip(kind, kind.reply_slip, filling, composer)
    css_class = f"{kind.format.value}{' draft' if filling.draft else ''}"
    return (
        f'<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"{_metadata(kind, filling, made_at)}</head>"
        f'<body class="{css_class}">{_draft_page(filling)}{head(kind, filling, composer)}'
        f"{_title(kind, filling, composer)}"
        f'<div class="flow">{flow}</div>{pages}{imprint(kind, filling, composer)}{slip}</body></html>'
    )


def plain_title(kind: NoticeKind, filling: Filling) -> str:
    """The title as one line of text, for metadata and registers."""
    return "".join(_title_phrases(kind, filling))


def _title_phrases(kind: NoticeKind, filling: Filling) -> list[str]:
    return filling.title(kind.title)


def _metadata(kind: NoticeKind, filling: Filling, made_at: datetime | None) -> str:
    fields = [
        ("author", str(filling.values.get("org", ""))),
        ("keywords", f"{kind.name},{filling.text(kind.number)}"),
    ]
    if made_at is not None:
        moment = made_at.isoformat(timespec="seconds")
        fields += [("dcterms.created", moment), ("dcterms.modified", moment)]
    return "".join(f'<meta name="{name}" content="{escape(text)}">' for name, text in fields if text)


def _draft_page(filling: Filling) -> str:
    if not filling.draft:
        return ""
    return (
        "<style>@page { @top-center { content: '样  张 · 未印发，不具效力'; font: 12pt 'GW Song';"
        " color: #777; letter-spacing: 1pt; vertical-align: top; padding-top: 11mm } }</style>"
    )


def _title(kind: NoticeKind, filling: Filling, composer: Composer) -> str:
    def width_of(text: str) -> float:
        return composer.width(text, "title", size=1.0, tracking=0.0)

    lines = break_title(_title_phrases(kind, filling), (WIDTH - 2 * CELL) / TITLE_SIZE, width_of)
    need = len(lines) * _TITLE_LINE
    # The block takes a whole number of lines, so that the text below keeps the grid.
    padding = -need % LINE
    inner = "<br>".join(
        "".join(
            f'<span class="{run.style}">{escape(run.text)}</span>' for run in composer.marked("title", line)
        )
        for line in lines
    )
    return f'<h1 class="title" style="padding-bottom:{padding:.3f}pt">{inner}</h1>'


def _addressee(kind: NoticeKind, filling: Filling, composer: Composer) -> str:
    text = filling.text(kind.addressee).strip()
    if not text:
        return ""
    return composer.paragraph(composer.marked("fang", f"{text}："), css_class="addressee", first=0.0)


def _last_marked(parts: list[str]) -> list[str]:
    """The last paragraph may be divided so that two of its lines go along with the signature."""
    if not parts or not parts[-1].startswith("<p"):
        return parts
    return [*parts[:-1], parts[-1].replace("<p ", '<p class="last" ', 1)]


def _attachments(kind: NoticeKind, filling: Filling) -> list[tuple[str, str, Attachment]]:
    """Every 附件 as (title, group, definition); one per group where the definition asks so."""
    found: list[tuple[str, str, Attachment]] = []
    for attachment in kind.attachments:
        if not filling.holds(attachment.when):
            continue
        found += [
            (filling.text(attachment.title, group=group), group, attachment)
            for group in _groups(attachment, filling)
        ]
    return found


def _groups(attachment: Attachment, filling: Filling) -> list[str]:
    table = next((block for block in attachment.blocks if isinstance(block, Table)), None)
    if attachment.group_by is None or table is None:
        return [""]
    return list(dict.fromkeys(row[attachment.group_by] for row in filling.rows(table.rows)))


def _attachment(
    index: int, count: int, enclosure: tuple[str, str, Attachment], filling: Filling, composer: Composer
) -> str:
    title, group, attachment = enclosure
    tag = f"附件{index + 1}" if count > 1 else "附件"
    blocks = blocks_html(attachment.blocks, filling, composer, group=group, group_by=attachment.group_by)
    turned = " landscape" if attachment.landscape else ""
    return (
        f'<section class="attachment{turned}"><p class="tag">{tag}</p>'
        f'<h1 class="title">{escape(title)}</h1>{"".join(blocks)}</section>'
    )


def _slip(kind: NoticeKind, slip: ReplySlip, filling: Filling, composer: Composer) -> str:
    intro = filling.text(slip.intro)
    remark = filling.text(slip.note)
    code = f'<div class="code slip-code">{qr_html(filling)}</div>' if kind.qr is QrPlace.SLIP else ""
    lead = composer.paragraph(composer.marked("fang", intro)) if intro else ""
    last = f'<p class="remark">{escape(remark)}</p>' if remark else ""
    return (
        f'<section class="slip"><h1 class="title">{escape(filling.text(slip.title))}</h1>{lead}'
        f"{form_html(slip.form, filling, composer)}{last}{code}</section>"
    )

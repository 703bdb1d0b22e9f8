"""A kind and its values as one HTML page: head, title, body, closing, attachments, reply slip."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from notices.blocks import blocks_html, form_html
from notices.closing import attachment_statement, imprint, note
from notices.composition import CELL, TITLE_SIZE, WIDTH, Composer, escape
from notices.definition import NoticeKind, QrPlace, ReplySlip
from notices.enclosures import Enclosure, enclosures_of
from notices.filling import Filling
from notices.head import head
from notices.qr import qr_html
from notices.signing import signature
from notices.title import break_title

#: So many lines of the text at least stand on the page of the signature (B13).
GOING_ALONG = 3


def page_html(
    kind: NoticeKind,
    filling: Filling,
    composer: Composer,
    *,
    made_at: datetime | None,
    seals: Sequence[bytes],
    turned: bool = False,
) -> str:
    """The whole document without its style sheet.

    made_at: the date in the file's metadata, None for none. seals: images of the organs in their order.
    turned: the 版记 on the next even page.
    """
    enclosures = enclosures_of(kind, filling)
    title = plain_title(kind, filling)
    body = blocks_html(kind.body, filling, composer)
    closing = [
        attachment_statement([enclosure.title for enclosure in enclosures], composer),
        signature(kind, filling, composer, seals),
        note(kind, filling, composer),
    ]
    flow = "".join([_addressee(kind, filling, composer), *_going_along(body), *closing])
    pages = "".join(
        _attachment(index, len(enclosures), enclosure, filling, composer)
        for index, enclosure in enumerate(enclosures)
    )
    lying = bool(enclosures) and enclosures[-1].attachment.landscape
    stands = "turned" if turned else ("apart" if lying else "")
    slip = "" if kind.reply_slip is None else _slip(kind, kind.reply_slip, filling, composer)
    css_class = f"{kind.format.value}{' draft' if filling.draft else ''}"
    return (
        f'<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"{_metadata(kind, filling, made_at)}</head>"
        f'<body class="{css_class}">{_draft_page(filling)}{head(kind, filling, composer)}'
        f"{_title(kind, filling, composer)}"
        f'<div class="flow">{flow}</div>{pages}{imprint(kind, filling, composer, stands=stands)}{slip}</body></html>'
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
    inner = "<br>".join(
        "".join(
            f'<span class="{run.style}">{escape(run.text)}</span>' for run in composer.marked("title", line)
        )
        for line in lines
    )
    return f'<h1 class="title">{inner}</h1>'


def _addressee(kind: NoticeKind, filling: Filling, composer: Composer) -> str:
    text = filling.text(kind.addressee).strip()
    if not text:
        return ""
    return composer.paragraph(composer.marked("fang", f"{text}："), css_class="addressee", first=0.0)


def _going_along(parts: list[str]) -> list[str]:
    """The last lines of the text are held to the signature: where it goes to another page, they go with it.

    A page with the signature alone, or with a line or two above it, looks as if more could be added to what was
    signed; 此页无正文 is no way out (B13). A table is left where it is.
    """
    held, missing = list(parts), GOING_ALONG
    for place in range(len(parts) - 1, -1, -1):
        tag = next((tag for tag in ("<p ", "<h2 ") if parts[place].startswith(tag)), None)
        if tag is None or missing <= 0:
            break
        lines = parts[place].count("<br>") + 1
        css_class = f"goes{min(lines, missing)}{' held' if lines < missing and place else ''}"
        held[place] = f'{tag}class="{css_class}" {parts[place].removeprefix(tag)}'
        missing -= lines
    return held


def _attachment(index: int, count: int, enclosure: Enclosure, filling: Filling, composer: Composer) -> str:
    title, group, attachment = enclosure.title, enclosure.group, enclosure.attachment
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

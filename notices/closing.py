"""What follows the body: 附件说明, signature and date (B8, B10), verification code, 附注, 版记 (V1 to V3, L8)."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from notices.composition import BODY_SIZE, CELL, LINE, SMALL_SIZE, WIDTH, Composer, escape
from notices.definition import NoticeFormat, NoticeKind, QrPlace, SignatureStyle
from notices.filling import Filling
from notices.galley import Measure, Run, set_paragraph
from notices.refusal import NoticeRefused

_SEAL_KINDS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_LARGEST_SEAL = 2_000_000
_QR_MM = 15


@dataclass(frozen=True)
class _Signing:
    """Where organ lines and date begin, in points from the left edge of the type area."""

    organ: tuple[tuple[str, float], ...]
    date: tuple[str, float]

    @property
    def leftmost(self) -> float:
        return min([place for _, place in self.organ] + [self.date[1]])


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


def signature(kind: NoticeKind, filling: Filling, composer: Composer, seal: bytes | None) -> str:
    """Organ, date, and the code at their left; blank for a kind that is not signed."""
    if kind.signature is None:
        return ""
    sealed = seal is not None or kind.signature.style is SignatureStyle.SEAL
    organ = filling.text(kind.signature.organ)
    date = filling.text(kind.signature.date)
    place = _with_seal if sealed else _without_seal
    signing = place(organ, date, composer)
    code = qr_html(filling) if kind.qr is QrPlace.SIGNATURE else ""
    beside = signing.leftmost > 5 * CELL
    lines = "".join(_placed(text, left, composer) for text, left in (*signing.organ, signing.date))
    image = "" if seal is None else _seal(seal, signing, composer)
    side = f'<div class="code beside">{code}</div>' if code and beside else ""
    below = f'<div class="code below">{code}</div>' if code and not beside else ""
    css_class = "sign sealed" if sealed else "sign"
    return f'<div class="{css_class}">{side}{lines}{image}{below}</div>'


def note(kind: NoticeKind, filling: Filling, composer: Composer) -> str:
    """附注 in parentheses (rule B14)."""
    text = filling.text(kind.note, blank_ok=True).strip()
    if not text:
        return ""
    return composer.paragraph(composer.marked("fang", f"（{text}）"), css_class="note")


def imprint(kind: NoticeKind, filling: Filling, composer: Composer) -> str:
    """The 版记, pinned to the foot of its page; blank when there is nothing to say."""
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
    return (
        f'<div class="imprint-room"><div class="imprint ghost{ruled}">{body}</div>'
        f'<div class="imprint real{ruled}">{body}</div></div>'
    )


def qr_html(filling: Filling) -> str:
    """The verification code as inline drawing with its alternative text; blank when the address is missing."""
    url = filling.text("{verify_url}")
    if "【缺：" in url or not url:
        return f'<span class="gap">{escape(url)}</span>' if url else ""
    import segno

    svg = segno.make(url, error="m").svg_inline(border=0, omitsize=True, title="核验二维码")
    return f'<div class="qr" style="width:{_QR_MM}mm;height:{_QR_MM}mm">{svg}</div><span class="hint">扫码核验</span>'


def _without_seal(organ: str, date: str, composer: Composer) -> _Signing:
    """Rule B10: organ two cells from the right, date begins two cells after the organ."""
    lines = _organ_lines(organ, composer, WIDTH - 4 * CELL)
    width = max(composer.width(line, "fang") for line in lines)
    date_width = composer.width(date, "fang")
    if date_width > width:
        date_left = WIDTH - 2 * CELL - date_width
        return _Signing(((lines[0], date_left - 2 * CELL),), (date, date_left))
    organ_left = WIDTH - 2 * CELL - width
    return _Signing(tuple((line, organ_left) for line in lines), (date, organ_left + 2 * CELL))


def _with_seal(organ: str, date: str, composer: Composer) -> _Signing:
    """Rule B8: date four cells from the right, organ centred on it; a long organ moves both inwards."""
    lines = _organ_lines(organ, composer, WIDTH - 4 * CELL)
    width = max(composer.width(line, "fang") for line in lines)
    date_width = composer.width(date, "fang")
    centre = min(WIDTH - 4 * CELL - date_width / 2, WIDTH - width / 2)
    places = tuple((line, centre - composer.width(line, "fang") / 2) for line in lines)
    return _Signing(places, (date, centre - date_width / 2))


def _organ_lines(organ: str, composer: Composer, width: float) -> tuple[str, ...]:
    measure = Measure(width, BODY_SIZE, CELL - BODY_SIZE)
    lines = set_paragraph([Run("fang", organ)], measure, composer.advance)
    return tuple(line.text for line in lines) or ("",)


def _placed(text: str, left: float, composer: Composer) -> str:
    runs = composer.marked("fang", text)
    spans = "".join(f'<span class="{run.style}">{escape(run.text)}</span>' for run in runs)
    return f'<p style="padding-left:{max(left, 0):.2f}pt">{spans}</p>'


def _seal(seal: bytes, signing: _Signing, composer: Composer) -> str:
    mime = next((mime for magic, mime in _SEAL_KINDS.items() if seal.startswith(magic)), None)
    if mime is None or len(seal) > _LARGEST_SEAL:
        raise NoticeRefused("seal_image", "印章图片应为 PNG 或 JPEG，且不超过 2 MB")
    date, left = signing.date
    centre = left + composer.width(date, "fang") / 2
    data = base64.b64encode(seal).decode("ascii")
    top = LINE * (len(signing.organ) + 1)
    return f'<img class="seal" alt="印章" style="left:{centre:.2f}pt;top:{top:.2f}pt" src="data:{mime};base64,{data}">'

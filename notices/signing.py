"""署名, 印章, 成文日期: without a seal (B10), with one (B8), jointly (B9), with a 签名章 (B11).

Only an image that the office uploaded is ever printed in the place of a seal; nothing is drawn in its stead.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from notices.composition import BODY_SIZE, CELL, LINE, WIDTH, Composer, escape
from notices.definition import NoticeKind, QrPlace, SignatureStyle
from notices.filling import Filling
from notices.galley import Measure, Run, set_paragraph
from notices.qr import qr_html
from notices.refusal import NoticeRefused

_SEAL_KINDS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_LARGEST_SEAL = 2_000_000
#: Diameter of the seal of a district's office, and rows of a joint issue: at most three seals, five lines high.
SEAL = 42 / 25.4 * 72
_MOST_A_ROW = 3
_ROW_LINES = 5
_COLUMN = 133.0
_STAMP_WIDTH, _STAMP_LINES = 5 * CELL, 2


@dataclass(frozen=True)
class _Placed:
    """A line of text, from the left edge of the type area and, in lines, from the top of the block."""

    text: str
    left: float
    line: float


@dataclass(frozen=True)
class _Block:
    """Everything of one signature: its lines, centres (x, y) of its seals, its height in lines."""

    lines: tuple[_Placed, ...]
    seals: tuple[tuple[float, float], ...]
    height: float

    @property
    def leftmost(self) -> float:
        return min(line.left for line in self.lines)


def check_image(image: bytes) -> str:
    """The media type of an image that may be printed as a seal; NoticeRefused for anything else."""
    mime = next((mime for magic, mime in _SEAL_KINDS.items() if image.startswith(magic)), None)
    if mime is None or len(image) > _LARGEST_SEAL:
        raise NoticeRefused("seal_image", "印章图片应为 PNG 或 JPEG，且不超过 2 MB")
    return mime


def signature(kind: NoticeKind, filling: Filling, composer: Composer, seals: Sequence[bytes]) -> str:
    """Organs, date, seals, and the code at their left; blank for a kind that is not signed."""
    if kind.signature is None:
        return ""
    organs = [filling.text(kind.signature.organ), *(filling.text(organ.name) for organ in kind.joint)]
    date = filling.text(kind.signature.date)
    style = kind.signature.style
    if style is SignatureStyle.STAMP:
        block = _stamped(filling.text(kind.signature.post), date, composer)
    elif style is SignatureStyle.SEAL or any(seals):
        block = _sealed_jointly(organs, date, composer) if kind.joint else _sealed(organs[0], date, composer)
    else:
        block = _plain(organs, date, composer)
    code = qr_html(filling) if kind.qr is QrPlace.SIGNATURE else ""
    beside = block.leftmost > 5 * CELL
    # The code of a document whose signatures fill the width stands under them, in lines of its own.
    height = block.height + (2 if code and not beside else 0)
    lines = "".join(_line(placed, composer) for placed in block.lines)
    images = "".join(
        _image(image, place, style) for image, place in zip(seals, block.seals, strict=False) if image
    )
    top = 0.0 if beside else block.height * LINE
    side = f'<div class="code beside" style="top:{top:.2f}pt">{code}</div>' if code else ""
    css_class = "sign stamped" if style is SignatureStyle.STAMP else "sign"
    return f'<div class="{css_class}" style="height:{height * LINE:.3f}pt">{side}{lines}{images}</div>'


def _plain(organs: Sequence[str], date: str, composer: Composer) -> _Block:
    """Rule B10: organs one below the other, two cells from the right; the date begins two cells after them."""
    names = [line for organ in organs for line in _wrapped(organ, composer, WIDTH - 4 * CELL)]
    width = max(composer.width(name, "fang") for name in names)
    date_width = composer.width(date, "fang")
    left = WIDTH - 2 * CELL - width
    date_left = left + 2 * CELL
    if date_width > width and len(names) == 1:
        date_left = WIDTH - 2 * CELL - date_width
        left = date_left - 2 * CELL
    lines = [_Placed(name, left, index) for index, name in enumerate(names)]
    return _Block((*lines, _Placed(date, date_left, len(names))), (), len(names) + 1)


def _sealed(organ: str, date: str, composer: Composer) -> _Block:
    """Rule B8: date four cells from the right, organ centred on it; a long organ moves both inwards."""
    names = _wrapped(organ, composer, WIDTH - 4 * CELL)
    width = max(composer.width(name, "fang") for name in names)
    date_width = composer.width(date, "fang")
    centre = min(WIDTH - 4 * CELL - date_width / 2, WIDTH - width / 2)
    lines = [_centred(name, centre, 1 + index, composer) for index, name in enumerate(names)]
    lines.append(_centred(date, centre, 1 + len(names), composer))
    return _Block(tuple(lines), ((centre, (len(names) + 1) * LINE),), len(names) + 3)


def _sealed_jointly(organs: Sequence[str], date: str, composer: Composer) -> _Block:
    """Rule B9: rows of at most three, seals in line and apart; the last one is pressed on the date as well."""
    rows = -(-len(organs) // _MOST_A_ROW)
    a_row = -(-len(organs) // rows)
    last = WIDTH - 4 * CELL - composer.width(date, "fang") / 2
    lines: list[_Placed] = []
    seals: list[tuple[float, float]] = []
    for row in range(rows):
        members = organs[row * a_row : (row + 1) * a_row]
        column = min(_COLUMN, (last - SEAL / 2) / max(1, len(members) - 1))
        wrapped = [_wrapped(organ, composer, column - 0.4 * CELL) for organ in members]
        deepest = max(map(len, wrapped))
        # Names end on one line, where the seals have their middle; three lines of a name fill the upper half.
        end = row * _ROW_LINES + max(2, deepest)
        middle = row * _ROW_LINES + 2
        for index, names in enumerate(wrapped):
            centre = last - (len(members) - 1 - index) * column
            lines += [
                _centred(name, centre, end - len(names) + place, composer) for place, name in enumerate(names)
            ]
            seals.append((centre, middle * LINE))
        if row == rows - 1:
            lines.append(_centred(date, last, end, composer))
    return _Block(tuple(lines), tuple(seals), rows * _ROW_LINES)


def _stamped(post: str, date: str, composer: Composer) -> _Block:
    """Rule B11: two lines below the text the stamp, four cells from the right, the post two cells before it."""
    centre = WIDTH - 4 * CELL - _STAMP_WIDTH / 2
    post_left = WIDTH - 4 * CELL - _STAMP_WIDTH - 2 * CELL - composer.width(post, "fang")
    date_left = WIDTH - 4 * CELL - composer.width(date, "fang")
    lines = (_Placed(post, post_left, (_STAMP_LINES - 1) / 2), _Placed(date, date_left, _STAMP_LINES + 1))
    return _Block(lines, ((centre, _STAMP_LINES * LINE / 2),), _STAMP_LINES + 2)


def _centred(text: str, centre: float, line: float, composer: Composer) -> _Placed:
    return _Placed(text, centre - composer.width(text, "fang") / 2, line)


def _wrapped(organ: str, composer: Composer, width: float) -> tuple[str, ...]:
    """The name in lines of about the same length, no longer than the width."""
    count = len(_lines(organ, composer, width))
    even = composer.width(organ, "fang") / max(1, count)
    for narrower in (even + 0.6 * CELL, even + 1.5 * CELL, width):
        lines = _lines(organ, composer, min(narrower, width))
        if len(lines) <= count:
            return lines
    return lines


def _lines(organ: str, composer: Composer, width: float) -> tuple[str, ...]:
    measure = Measure(width, BODY_SIZE, CELL - BODY_SIZE)
    found = set_paragraph([Run("fang", organ)], measure, composer.advance)
    return tuple(line.text for line in found) or ("",)


def _line(placed: _Placed, composer: Composer) -> str:
    runs = composer.marked("fang", placed.text)
    spans = "".join(f'<span class="{run.style}">{escape(run.text)}</span>' for run in runs)
    return f'<p style="left:{max(placed.left, 0):.2f}pt;top:{placed.line * LINE:.3f}pt">{spans}</p>'


def _image(image: bytes, place: tuple[float, float], style: SignatureStyle) -> str:
    mime = check_image(image)
    data = base64.b64encode(image).decode("ascii")
    x, y = place
    stamp = style is SignatureStyle.STAMP
    width, height = (_STAMP_WIDTH, _STAMP_LINES * LINE) if stamp else (SEAL, SEAL)
    box = f"left:{x - width / 2:.2f}pt;top:{y - height / 2:.2f}pt;width:{width:.2f}pt;height:{height:.2f}pt"
    name = "签名章" if stamp else "印章"
    return f'<img class="seal" alt="{name}" style="{box}" src="data:{mime};base64,{data}">'

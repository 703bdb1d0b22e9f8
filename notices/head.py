"""The head of page one: 信函格式 (rules L1 to L7) and 文件格式 (rules H1 to H8). Places are in points."""

from __future__ import annotations

from dataclasses import dataclass

from notices.composition import BODY_SIZE, CELL, LINE, WIDTH, Composer, escape
from notices.definition import NoticeFormat, NoticeKind
from notices.filling import Filling
from notices.glyphs import Face

MM = 72 / 25.4
#: Distances that the standard fixes.
_TOP = 37 * MM
_LETTER_MARK = 30 * MM
_LETTER_LOWER_RULE = 277 * MM
_DOCUMENT_MARK = 35 * MM
_FOUR = 4 * MM
_SEVEN_EIGHTHS = BODY_SIZE * 7 / 8
_HALF_LEADING = (LINE - BODY_SIZE) / 2
#: 1.5 pt and 0.75 pt strokes with as much between them: the standard leaves weights to the office.
_DOUBLE_RULE = 3.5
_ASCENT = 0.88
#: A longer mark is set on two lines, so that it stays the largest type of the page.
_LONGEST_MARK_LINE = 22
_MARK_LINE = 1.25


@dataclass(frozen=True)
class _Mark:
    """The red mark of the organ: its HTML and the height of its ink."""

    html: str
    ink: float


def head(kind: NoticeKind, filling: Filling, composer: Composer) -> str:
    """The head as HTML; its height ends where the title begins."""
    if kind.format is NoticeFormat.LETTER:
        return _letter(kind, filling, composer)
    return _document(kind, filling, composer)


def _mark(text: str, top: float, composer: Composer, *, largest: float, widest: float) -> _Mark:
    """The mark with its ink, not its line box, at `top` under the type area's upper edge."""
    lines = (
        [text]
        if len(text) <= _LONGEST_MARK_LINE
        else [text[: -(-len(text) // 2)], text[-(-len(text) // 2) :]]
    )
    length = max(len(lines[0]), 1)
    spread = 0.2 if length <= 8 else 0.06
    size = min(largest, widest / (length * (1 + spread)))
    low, high = composer.glyphs.ink(text, Face.TITLE)
    box_top = top - (_ASCENT - high + (_MARK_LINE - 1) / 2) * size
    style = f"top:{box_top:.2f}pt;font-size:{size:.2f}pt;letter-spacing:{spread * size:.2f}pt"
    # The spacing behind the last character would push the mark off centre.
    inner = "<br>".join(
        f'<span style="margin-right:{-spread * size:.2f}pt">{escape(line)}</span>' for line in lines
    )
    height = (high - low) * size + (len(lines) - 1) * _MARK_LINE * size
    return _Mark(f'<div class="mark" style="{style}">{inner}</div>', height)


def _ids(kind: NoticeKind, filling: Filling) -> list[tuple[str, str]]:
    """份号, 密级, 紧急程度 as far as they are given, with their type, in the order of H3."""
    texts = ((kind.copy_number, "fang"), (kind.secrecy, "hei"), (kind.urgency, "hei"))
    filled = [(filling.text(template, blank_ok=True), style) for template, style in texts]
    return [(text, style) for text, style in filled if text.strip()]


def _id_lines(ids: list[tuple[str, str]], top: float) -> str:
    return "".join(
        f'<div class="id {style}" style="top:{top + index * LINE:.2f}pt">{escape(text)}</div>'
        for index, (text, style) in enumerate(ids)
    )


def _letter(kind: NoticeKind, filling: Filling, composer: Composer) -> str:
    mark_top = _LETTER_MARK - _TOP
    mark = _mark(filling.text(kind.mark), mark_top, composer, largest=38, widest=150 * MM)
    rule_top = mark_top + mark.ink + _FOUR
    number_top = rule_top + _DOUBLE_RULE + _SEVEN_EIGHTHS - _HALF_LEADING
    ids = _ids(kind, filling)
    height = number_top + LINE * (max(1, len(ids)) + 2)
    lower_top = _LETTER_LOWER_RULE - _TOP - _DOUBLE_RULE
    return (
        f'<div class="head" style="height:{height:.2f}pt">{mark.html}'
        f"{_double_rule(rule_top, thick_first=True)}{_double_rule(lower_top, thick_first=False)}"
        f"{_id_lines(ids, number_top)}"
        f'<div class="number right" style="top:{number_top:.2f}pt">'
        f"{_number(kind, filling, composer)}</div></div>"
    )


def _double_rule(top: float, *, thick_first: bool) -> str:
    thick, thin = 1.5, 0.75
    first, second = (thick, thin) if thick_first else (thin, thick)
    return "".join(
        f'<div class="rule" style="top:{place:.2f}pt;height:{weight}pt"></div>'
        for place, weight in ((top, first), (top + _DOUBLE_RULE - second, second))
    )


def _document(kind: NoticeKind, filling: Filling, composer: Composer) -> str:
    mark = _mark(filling.text(kind.mark), _DOCUMENT_MARK, composer, largest=46, widest=WIDTH)
    number_top = _DOCUMENT_MARK + mark.ink + 2 * LINE - _HALF_LEADING
    rule_top = number_top + _HALF_LEADING + BODY_SIZE + _FOUR
    signer = filling.text(kind.signer, blank_ok=True)
    number = _number(kind, filling, composer)
    if signer.strip():
        line = (
            f'<div class="number left" style="top:{number_top:.2f}pt">{number}</div>'
            f'<div class="number right" style="top:{number_top:.2f}pt;padding-right:{CELL:.2f}pt">'
            f'签发人：<span class="kai">{escape(signer)}</span></div>'
        )
    else:
        line = f'<div class="number" style="top:{number_top:.2f}pt">{number}</div>'
    return (
        f'<div class="head" style="height:{rule_top + 2 * LINE:.2f}pt">{_id_lines(_ids(kind, filling), 0)}'
        f'{mark.html}{line}<div class="redline" style="top:{rule_top:.2f}pt"></div></div>'
    )


def _number(kind: NoticeKind, filling: Filling, composer: Composer) -> str:
    runs = composer.marked("fang", filling.text(kind.number))
    return "".join(f'<span class="{run.style}">{escape(run.text)}</span>' for run in runs)

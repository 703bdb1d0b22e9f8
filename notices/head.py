"""The head of page one: 信函格式 (rules L1 to L7) and 文件格式 (rules H1 to H8). Places are in points."""

from __future__ import annotations

from notices.composition import BODY_SIZE, CELL, LINE, WIDTH, Composer, escape
from notices.definition import NoticeFormat, NoticeKind
from notices.filling import Filling
from notices.mark import joint_mark, single_mark

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
#: 签发人 stand two on a line (H7).
_SIGNERS_A_LINE = 2
_USUAL_NAME = 3


def head(kind: NoticeKind, filling: Filling, composer: Composer) -> str:
    """The head as HTML; its height ends where the title begins."""
    if kind.format is NoticeFormat.LETTER:
        return _letter(kind, filling, composer)
    return _document(kind, filling, composer)


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
    mark = single_mark(filling.text(kind.mark), mark_top, composer, largest=38, widest=150 * MM)
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
    lead = filling.text(kind.mark)
    others = [filling.text(organ.mark) for organ in kind.joint]
    ids = _ids(kind, filling)
    if others:
        mark = joint_mark([lead, *others], _DOCUMENT_MARK, composer, largest=46)
    else:
        mark = single_mark(lead, _DOCUMENT_MARK, composer, largest=46, widest=WIDTH)
    signers = _signers(filling.text(kind.signer, blank_ok=True))
    number_top = _DOCUMENT_MARK + mark.ink + 2 * LINE - _HALF_LEADING + max(0, len(signers) - 1) * LINE
    rule_top = number_top + _HALF_LEADING + BODY_SIZE + _FOUR
    number = _number(kind, filling, composer)
    if signers:
        first_top = number_top - (len(signers) - 1) * LINE
        line = (
            f'<div class="number left" style="top:{number_top:.2f}pt">{number}</div>'
            f"{_signer_lines(signers, first_top, composer)}"
        )
    else:
        line = f'<div class="number" style="top:{number_top:.2f}pt">{number}</div>'
    return (
        f'<div class="head" style="height:{rule_top + 2 * LINE:.2f}pt">{_id_lines(ids, 0)}'
        f'{mark.html}{line}<div class="redline" style="top:{rule_top:.2f}pt"></div></div>'
    )


def _signers(text: str) -> list[list[str]]:
    """签发人 in the order of their organs, two a line (H7); several are written with 、 between them."""
    names = [name for name in text.replace(" ", "、").split("、") if name.strip()]
    if max(map(len, names), default=0) == _USUAL_NAME:
        # A name of two characters is spread to the width of the others.
        names = ["\u3000".join(name) if len(name) == 2 else name for name in names]
    return [names[place : place + _SIGNERS_A_LINE] for place in range(0, len(names), _SIGNERS_A_LINE)]


def _signer_lines(signers: list[list[str]], top: float, composer: Composer) -> str:
    """Names one cell from the right; those of further lines stand under the first one's."""
    longest = max(composer.width(name, "kai") for line in signers for name in line)
    columns = max(map(len, signers))
    label = composer.width("签发人：", "fang")
    names_left = WIDTH - CELL - columns * longest - (columns - 1) * CELL
    parts = [_at(names_left - label, top, "签发人：", "")]
    for row, line in enumerate(signers):
        for column, name in enumerate(line):
            place = names_left + column * (longest + CELL)
            parts.append(_at(place, top + row * LINE, name, "kai"))
    return "".join(parts)


def _at(left: float, top: float, text: str, style: str) -> str:
    face = f' class="{style}"' if style else ""
    return (
        f'<div class="number left" style="top:{top:.2f}pt;padding-left:{left:.2f}pt">'
        f"<span{face}>{escape(text)}</span></div>"
    )


def _number(kind: NoticeKind, filling: Filling, composer: Composer) -> str:
    runs = composer.marked("fang", filling.text(kind.number))
    return "".join(f'<span class="{run.style}">{escape(run.text)}</span>' for run in runs)

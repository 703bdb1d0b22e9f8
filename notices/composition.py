"""Paragraphs as finished lines of HTML: sizes of the page, runs in their type, indents, drafts' gaps."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from notices.galley import Line, Measure, Run, set_paragraph
from notices.glyphs import Face, Glyphs

#: The type area of rule P4 in points, its 28 cells (P5), the line pitch that gives 22 lines.
WIDTH = 156 / 25.4 * 72
CELL = WIDTH / 28
LINE = 28.95
BODY_SIZE = 16.0
SMALL_SIZE = 14.0
TITLE_SIZE = 22.0

_FACES = {"fang": Face.FANG, "kai": Face.KAI, "hei": Face.HEI, "song": Face.SONG, "title": Face.TITLE}
_GAP = re.compile(r"(【缺：[^】]*】)")


def escape(text: str) -> str:
    """Text as inert HTML text."""
    return html.escape(text, quote=True)


@dataclass(frozen=True)
class Composer:
    """Sets text with the widths of the built fonts. draft: marks 【缺：…】 so that nobody overlooks it."""

    glyphs: Glyphs
    draft: bool

    def advance(self, character: str, style: str) -> float:
        return self.glyphs.advance(character, _FACES[style.split(" ", maxsplit=1)[0]])

    def width(
        self, text: str, style: str, *, size: float = BODY_SIZE, tracking: float | None = None
    ) -> float:
        """Width of one line of text in points."""
        extra = CELL - BODY_SIZE if tracking is None else tracking
        return sum(self.advance(character, style) * size + extra for character in text)

    def marked(self, style: str, text: str) -> list[Run]:
        """Text as runs; in a draft the gaps are runs of their own."""
        if not self.draft:
            return [Run(style, text)] if text else []
        return [
            Run(f"{style} gap" if _GAP.fullmatch(part) else style, part) for part in _GAP.split(text) if part
        ]

    def paragraph(
        self,
        runs: Sequence[Run],
        *,
        tag: str = "p",
        css_class: str = "",
        first: float = 2 * CELL,
        rest: float = 0.0,
    ) -> str:
        """One paragraph on the 28-cell grid."""
        measure = Measure(WIDTH, BODY_SIZE, CELL - BODY_SIZE, first, rest)
        lines = set_paragraph(runs, measure, self.advance)
        return _element(tag, css_class, lines, first, rest)

    def small_paragraph(self, text: str, *, rest: float, width: float) -> str:
        """A paragraph of the 版记 in 4号仿宋."""
        lines = set_paragraph(
            self.marked("fang", text), Measure(width, SMALL_SIZE, 0.0, 0.0, rest), self.advance
        )
        return _element("p", "small", lines, 0.0, rest)


def _element(tag: str, css_class: str, lines: Sequence[Line], first: float, rest: float) -> str:
    attribute = f' class="{css_class}"' if css_class else ""
    style = f"padding-left:{rest:.3f}pt;text-indent:{first - rest:.3f}pt"
    return f'<{tag}{attribute} style="{style}">{"<br>".join(map(_line, lines))}</{tag}>'


def _line(line: Line) -> str:
    spans = []
    for piece in line.pieces:
        attribute = "" if piece.style == "fang" else f' class="{piece.style}"'
        spans.append(
            f'<span{attribute} style="letter-spacing:{piece.spacing:.4f}pt">{escape(piece.text)}</span>'
        )
    return "".join(spans)

"""A regulation as PDF: clauses in the type of official documents, and a drawing on its own page.

It is no notice: it has no number, no addressee and no seal, and it is made anew from the running definition each time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from notices.composition import LINE, Composer, escape
from notices.definition import NoticeFormat
from notices.engine import draw_pdf
from notices.fonts import fonts_directory, use_fonts
from notices.galley import Run
from notices.glyphs import glyphs_in
from notices.refusal import NoticeGlyphMissing
from notices.render import style_sheet

#: The drawing's room on a page lying on its side, and on one standing.
_LYING = (225.0, 130.0)
_STANDING = (156.0, 205.0)
_SIZE = re.compile(r'viewBox="0 0 (\d+) (\d+)" width="\d+" height="\d+"')


@dataclass(frozen=True)
class Rulebook:
    """What is printed. chapters: (heading, articles), an article being (number, paragraphs, source).

    edition: the line below the title. figure: an SVG drawing, empty for none.
    """

    title: str
    organ: str
    edition: str
    chapters: tuple[tuple[str, tuple[tuple[str, tuple[str, ...], str], ...]], ...]
    figure: str = ""
    figure_title: str = ""


def render_rulebook(book: Rulebook, *, draft: bool) -> bytes:
    """The regulation as PDF; the same input gives the same bytes. draft: every page says so.

    Raises NoticeGlyphMissing for signs that no font can draw, fonts.FontsMissing when the machine is not ready.
    """
    directory = fonts_directory()
    use_fonts(directory)
    glyphs = glyphs_in(directory)
    text = _all_text(book)
    missing = glyphs.missing(text)
    if missing:
        raise NoticeGlyphMissing(missing)
    page = _page(book, Composer(glyphs, draft=False), draft=draft)
    return draw_pdf(page, style_sheet(NoticeFormat.DOCUMENT), strict=True)


def _all_text(book: Rulebook) -> str:
    parts = [book.title, book.organ, book.edition, book.figure_title, re.sub(r"<[^>]*>", "", book.figure)]
    for heading, articles in book.chapters:
        parts.append(heading)
        for number, paragraphs, source in articles:
            parts += [number, *paragraphs, source]
    return "".join(parts).replace("\n", "")


def _page(book: Rulebook, composer: Composer, *, draft: bool) -> str:
    body = [f'<h1 class="title">{escape(book.title)}</h1>']
    body += [
        f'<p style="text-align:center"><span class="kai">{escape(line)}</span></p>'
        for line in (book.organ, f"（{book.edition}）")
    ]
    for heading, articles in book.chapters:
        style = f"text-align:center;padding:{LINE:.2f}pt 0 0"
        body.append(f'<h2 style="{style}"><span class="hei">{escape(heading)}</span></h2>')
        for number, paragraphs, source in articles:
            body += _article(number, paragraphs, source, composer)
    return (
        f'<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{escape(book.title)}</title>'
        f'<meta name="author" content="{escape(book.organ)}"></head><body class="document">'
        f'{_draft_words() if draft else ""}<div class="flow">{"".join(body)}</div>{_figure(book)}</body></html>'
    )


def _article(number: str, paragraphs: tuple[str, ...], source: str, composer: Composer) -> list[str]:
    first, *rest = paragraphs
    lines = [composer.paragraph([Run("hei", f"{number}　"), Run("fang", first)])]
    lines += [composer.paragraph([Run("fang", text)]) for text in rest]
    lines.append(composer.paragraph([Run("kai", f"（{source}）")]))
    return lines


def _figure(book: Rulebook) -> str:
    if not book.figure:
        return ""
    found = _SIZE.search(book.figure)
    if found is None:
        raise ValueError("a drawing says how large it is")
    width, height = float(found[1]), float(found[2])
    lying = width > height
    room = _LYING if lying else _STANDING
    scale = min(room[0] / width, room[1] / height, 0.4)
    size = (
        f'viewBox="0 0 {found[1]} {found[2]}" width="{width * scale:.1f}mm" height="{height * scale:.1f}mm"'
    )
    return (
        f'<section class="attachment{" landscape" if lying else ""}"><p class="tag">附件</p>'
        f'<h1 class="title">{escape(book.figure_title)}</h1>'
        f'<div style="text-align:center;letter-spacing:0">{book.figure.replace(found[0], size)}</div></section>'
    )


def _draft_words() -> str:
    return (
        "<style>@page { @top-center { content: '草  稿 · 尚未发布，不具效力'; font: 12pt 'GW Song';"
        " color: #777; letter-spacing: 1pt; vertical-align: top; padding-top: 11mm } }</style>"
    )

"""Body text with counted levels (rule B5), ruled tables, forms to fill in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from notices.composition import Composer, escape
from notices.definition import Block, Column, FormCell, FormRow, Paragraph, Table
from notices.filling import Filling

_DIGITS = "零一二三四五六七八九"
#: Type of number and heading by level: 黑体, 楷体, 仿宋, 仿宋.
_HEADING_STYLE = ("fang", "hei", "kai", "fang", "fang")


def chinese_ordinal(number: int) -> str:
    """1 to 99 as in headings.

    >>> [chinese_ordinal(number) for number in (1, 10, 11, 20, 35)]
    ['一', '十', '十一', '二十', '三十五']
    """
    tens, ones = divmod(number, 10)
    lead = "" if tens == 0 else ("十" if tens == 1 else f"{_DIGITS[tens]}十")
    return lead + (_DIGITS[ones] if ones else "")


class Numbering:
    """Counts the levels of one text; a level starts anew under each higher one."""

    def __init__(self) -> None:
        self._counts = [0, 0, 0, 0, 0]

    def next(self, level: int) -> str:
        """The number to print before a paragraph of this level; blank for plain text."""
        if level == 0:
            return ""
        self._counts[level] += 1
        self._counts[level + 1 :] = [0] * (4 - level)
        count = self._counts[level]
        return (f"{chinese_ordinal(count)}、", f"（{chinese_ordinal(count)}）", f"{count}.", f"（{count}）")[
            level - 1
        ]


def blocks_html(
    blocks: Sequence[Block],
    filling: Filling,
    composer: Composer,
    *,
    group: str = "",
    group_by: str | None = None,
) -> list[str]:
    """The blocks that hold, each as HTML; the caller marks the last one.

    group, group_by: only rows whose column `group_by` equals `group` enter a table.
    """
    numbering = Numbering()
    parts: list[str] = []
    for block in blocks:
        if not filling.holds(block.when):
            continue
        if isinstance(block, Paragraph):
            parts += _paragraphs(block, filling, composer, numbering, group)
        elif isinstance(block, Table):
            rows = filling.rows(block.rows)
            if group_by is not None:
                rows = [row for row in rows if row[group_by] == group]
            parts.append(_table(block.columns, rows, composer))
        else:
            parts.append(form_html(block.form, filling, composer))
    return parts


def form_html(form: Sequence[FormRow], filling: Filling, composer: Composer) -> str:
    """A form: labelled places to print or to write in."""
    rows = []
    for row in form:
        cells = "".join(_form_cell(cell, 1 if len(row) == 2 else 3, filling, composer) for cell in row)
        rows.append(f"<tr>{cells}</tr>")
    columns = '<col style="width:22%"><col style="width:28%"><col style="width:22%"><col style="width:28%">'
    return f'<table class="form"><colgroup>{columns}</colgroup><tbody>{"".join(rows)}</tbody></table>'


def _form_cell(cell: FormCell, span: int, filling: Filling, composer: Composer) -> str:
    text = _inline(filling.text(cell.text, blank_ok=True), composer)
    height = f"height:{cell.lines * 24 + 4}pt"
    return (
        f'<th scope="row" style="{height}">{escape(filling.text(cell.label))}</th>'
        f'<td colspan="{span}">{text}</td>'
    )


@dataclass(frozen=True)
class Words:
    """One paragraph as it is read: pieces of (style, text) in order; heading: it is a heading by itself."""

    pieces: tuple[tuple[str, str], ...]
    heading: bool


def paragraph_words(block: Paragraph, filling: Filling, numbering: Numbering, group: str) -> Iterator[Words]:
    """The paragraphs that a block gives, one per row and line of text, with their numbers and types."""
    rows: list[dict[str, str]] | list[None] = [None] if block.each is None else filling.rows(block.each)
    for row in rows:
        heading = filling.text(block.heading, row=row, group=group)
        first, *more = filling.text(block.text, row=row, group=group).split("\n")
        style = _HEADING_STYLE[block.level] if heading or block.level == 1 else "fang"
        pieces = (
            (style, numbering.next(block.level)),
            (style, heading),
            ("hei" if block.level == 1 and not heading else "fang", first),
        )
        is_heading = block.level == 1 or bool(heading and not first)
        yield Words(tuple(piece for piece in pieces if piece[1]), is_heading)
        for text in more:
            if text.strip():
                yield Words((("fang", text),), heading=False)


def _paragraphs(
    block: Paragraph, filling: Filling, composer: Composer, numbering: Numbering, group: str
) -> list[str]:
    return [
        composer.paragraph(
            [run for style, text in words.pieces for run in composer.marked(style, text)],
            tag="h2" if words.heading else "p",
        )
        for words in paragraph_words(block, filling, numbering, group)
    ]


def _table(columns: Sequence[Column], rows: Sequence[dict[str, str]], composer: Composer) -> str:
    total = sum(column.width for column in columns)
    widths = "".join(f'<col style="width:{100 * column.width / total:.2f}%">' for column in columns)
    titles = "".join(f'<th scope="col">{escape(column.title)}</th>' for column in columns)
    lines = "".join(
        "<tr>"
        + "".join(f'<td class="{c.align.value}">{_inline(row[c.column], composer)}</td>' for c in columns)
        + "</tr>"
        for row in rows
    )
    return (
        f'<table class="list"><colgroup>{widths}</colgroup><thead><tr>{titles}</tr></thead>'
        f"<tbody>{lines}</tbody></table>"
    )


def _inline(text: str, composer: Composer) -> str:
    runs = composer.marked("fang", text)
    return "".join(
        f'<span class="{run.style}">{escape(run.text)}</span>' if "gap" in run.style else escape(run.text)
        for run in runs
    ).replace("\n", "<br>")

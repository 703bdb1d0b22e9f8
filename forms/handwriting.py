"""What is printed for a pen to write on, and what a written answer looks like in its place. Pure HTML pieces.

Boxes are drawn by the style sheet, not by a character: no font of the office has every tick.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from forms.choices import Entry

#: Characters that a hand writes on one line of the answer column.
LINE_HOLDS = 25
#: More options than this are not printed one by one.
MOST_TICKED = 60


@dataclass(frozen=True)
class Picture:
    """A picture that goes with an answer: its file name, and its content as a data URL."""

    name: str
    data_url: str


def box(ticked: bool = False) -> Markup:
    """A box to tick; ticked for a filled form."""
    return Markup('<i class="box on">√</i>') if ticked else Markup('<i class="box"></i>')


def ticks(entries: Sequence[Entry], chosen: Iterable[str] = ()) -> Markup:
    """Boxes with their names, under their headings where they have any."""
    marked = set(chosen)
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.group, []).append(entry)
    lines = [
        Markup('<p class="ticks">{}{}</p>').format(
            Markup("<b>{}</b>").format(heading) if heading else "",
            Markup(" ").join(
                Markup('<span class="tick">{}{}</span>').format(box(entry.key in marked), entry.label)
                for entry in members
            ),
        )
        for heading, members in groups.items()
    ]
    return Markup("").join(lines)


def ruled(lines: int = 1, *, short: bool = False) -> Markup:
    """Lines to write on. short: one line of half the width, for a few characters."""
    css_class = "rule short" if short else "rule"
    return Markup("").join(Markup('<div class="{}"></div>').format(css_class) for _ in range(lines))


def lines_for(longest: int, *, most: int = 12) -> int:
    """How many lines a text of so many characters needs.

    >>> lines_for(20), lines_for(100), lines_for(2000)
    (1, 4, 12)
    """
    return max(1, min(-(-longest // LINE_HOLDS), most))


def gaps(*words: str) -> Markup:
    """Short gaps with the words after them: ＿＿年＿＿月."""
    return Markup('<p class="gaps">{}</p>').format(
        Markup("").join(Markup('<i class="gap"></i>{}').format(word) for word in words)
    )


def said(text: str) -> Markup:
    """A written answer as text."""
    return Markup('<p class="said">{}</p>').format(text)


def remark(text: str) -> Markup:
    """A word to whoever fills the paper."""
    return Markup('<p class="remark">{}</p>').format(text) if text else Markup("")


def table(head: Sequence[str], rows: Iterable[Sequence[str | Markup]], *, css_class: str) -> Markup:
    """A table; cells are text, or pieces of this module."""
    headings = Markup("").join(
        Markup('<th class="c{}">{}</th>').format(number, name) for number, name in enumerate(head)
    )
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(
                Markup('<td class="c{}">{}</td>').format(number, cell) for number, cell in enumerate(row)
            )
        )
        for row in rows
    )
    return Markup('<table class="{}"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>').format(
        css_class, headings, body
    )


def gallery(pictures: Sequence[Picture]) -> Markup:
    """Pictures beside each other, each with its name below."""
    shown = Markup("").join(
        Markup('<figure><img alt="{name}" src="{source}"><figcaption>{name}</figcaption></figure>').format(
            name=picture.name or "照片", source=picture.data_url
        )
        for picture in pictures
    )
    return Markup('<div class="pictures">{}</div>').format(shown) if pictures else shown


__all__ = [
    "LINE_HOLDS",
    "MOST_TICKED",
    "Markup",
    "Picture",
    "box",
    "escape",
    "gallery",
    "gaps",
    "lines_for",
    "remark",
    "ruled",
    "said",
    "table",
    "ticks",
]

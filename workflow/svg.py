"""The drawing of a procedure as SVG: it needs no style sheet, and takes one (`.flow-…`) where there is one."""

from __future__ import annotations

from collections.abc import Callable, Collection
from html import escape

from workflow.picture import LINE, LOOK_WORDS, SIZE, SMALL, Arrow, Label, Look, Node, Picture, extent

Link = Callable[[str], str]

#: Fill and line of each kind of state, for paper and for documents without a style sheet.
_COLOURS = {
    Look.FIRST: ("#e8f0fa", "#1b4f8f"),
    Look.PLAIN: ("#ffffff", "#566273"),
    Look.COSTS: ("#fdeceb", "#a61f19"),
    Look.HEARD: ("#fdf3e0", "#8a5a00"),
    Look.FINAL: ("#e7f3ea", "#1d6a3a"),
    Look.MANY: ("#ffffff", "#8c97a6"),
}
_INK = "#1b2430"


def svg(
    picture: Picture,
    *,
    title: str,
    state_link: Link | None = None,
    step_link: Link | None = None,
    wrong: Collection[str] = (),
    here: str = "",
    font: str = "",
) -> str:
    """The drawing. state_link, step_link: key → address of its page. wrong: keys of states and steps with faults.
    here: the key of the state or step that is being looked at. font: a font family, for documents."""
    family = f' font-family="{escape(font)}"' if font else ""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="flow" viewBox="0 0 {picture.width:.0f} {picture.height:.0f}"'
        f' width="{picture.width:.0f}" height="{picture.height:.0f}" role="{"group" if state_link else "img"}"'
        f' aria-label="{escape(title)}"{family}>',
        '<defs><marker id="flow-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"'
        f' orient="auto-start-reverse"><path class="flow-head" d="M0 0L8 4L0 8z" fill="{_INK}"/></marker></defs>',
    ]
    parts += [_arrow(arrow) for arrow in picture.arrows]
    parts += [
        _label(label, step_link, label.trigger in wrong, label.trigger == here)
        for arrow in picture.arrows
        for label in arrow.labels
    ]
    parts += [_node(node, state_link, node.key in wrong, node.key == here) for node in picture.nodes]
    return "".join([*parts, "</svg>"])


def _arrow(arrow: Arrow) -> str:
    dashes = (
        ' stroke-dasharray="2 4"' if arrow.dotted else ' stroke-dasharray="7 3"' if arrow.automatic else ""
    )
    kind = " flow-arrow--auto" if arrow.automatic else ""
    return (
        f'<path class="flow-arrow{kind}" d="{arrow.path}" fill="none" stroke="#566273" stroke-width="1.25"{dashes}'
        ' marker-end="url(#flow-head)"/>'
    )


def _label(label: Label, link: Link | None, wrong: bool, here: bool) -> str:
    width = extent(label.words, SMALL) + 6
    state = f"{' is-wrong' if wrong else ''}{' is-here' if here else ''}"
    body = (
        f'<rect class="flow-plate" x="{label.x - width / 2:.1f}" y="{label.y - 12:.1f}" width="{width:.1f}"'
        f' height="{LINE - 1:.0f}" fill="#ffffff"/>'
        f'<text class="flow-step{state}" x="{label.x:.1f}" y="{label.y:.1f}" font-size="{SMALL}" text-anchor="middle"'
        f' fill="{"#a61f19" if wrong else _INK}">{escape(label.words)}</text>'
    )
    return f'<a href="{escape(link(label.trigger))}">{body}</a>' if link else body


def _node(node: Node, link: Link | None, wrong: bool, here: bool) -> str:
    fill, line = _COLOURS[node.look]
    state = f"{' is-wrong' if wrong else ''}{' is-here' if here else ''}"
    middle, radius = node.x + node.width / 2, 3 if node.look is not Look.FINAL else 12
    dashes = ' stroke-dasharray="3 3"' if node.look is Look.MANY else ""
    texts = []
    y = node.y + 7 + LINE - 4
    for words in node.lines:
        texts.append(_text(words, middle, y, SIZE, "flow-name"))
        y += LINE
    for words in node.notes:
        texts.append(_text(words, middle, y, SMALL, "flow-note"))
        y += LINE
    mark = _text("！", node.x + node.width - 10, node.y + 15, SIZE, "flow-mark") if wrong else ""
    body = (
        f'<rect class="flow-state flow-state--{node.look.value}{state}" x="{node.x:.1f}" y="{node.y:.1f}" rx="{radius}"'
        f' width="{node.width:.1f}" height="{node.height:.1f}" fill="{fill}" stroke="{line}"'
        f' stroke-width="{2.5 if wrong or here else 1.25}"{dashes}/>{"".join(texts)}{mark}'
    )
    if link is None or node.look is Look.MANY:
        return body
    return f'<a href="{escape(link(node.key))}" class="flow-link">{body}</a>'


def _text(words: str, x: float, y: float, size: float, kind: str) -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="middle" fill="{_INK}">'
        f"{escape(words)}</text>"
    )


def legend() -> tuple[tuple[str, str], ...]:
    """(look, words) of every kind of state, for the line below the drawing."""
    return tuple((look.value, words) for look, words in LOOK_WORDS.items())

"""A procedure as a drawing: where its states stand, how its steps lead from one to another, in which words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from workflow.definition import PREVIOUS, RUNNING, SAME, Clock, State, Trigger, Workflow
from workflow.layers import Box, Link, Route, laid_out
from workflow.vocabulary import Firing

SIZE = 13.0
SMALL = 11.5
LINE = 17.0
_GAP = 18.0
_MARGIN = 14.0
#: A step that can be taken from more states than this is drawn from the first of them, and once for all others.
_MANY = 4
_NAME_SIGNS = 11
_LABEL_SIGNS = 9


class Look(StrEnum):
    """What a state is, told by colour and by words."""

    FIRST = "first"
    PLAIN = "plain"
    COSTS = "costs"
    HEARD = "heard"
    FINAL = "final"
    #: Not a state: stands for many, or for the one before.
    MANY = "many"


LOOK_WORDS: Mapping[Look, str] = {
    Look.FIRST: "初始状态",
    Look.PLAIN: "办理中",
    Look.COSTS: "扣分",
    Look.HEARD: "听取陈述，期限停止",
    Look.FINAL: "终结状态",
}


@dataclass(frozen=True)
class Node:
    """One state. lines: its name, broken; notes: clock and tier below it. x, y: the left upper corner."""

    key: str
    look: Look
    lines: tuple[str, ...]
    notes: tuple[str, ...]
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Label:
    """The name of one step on an arrow. x: its middle; y: its base line."""

    trigger: str
    words: str
    x: float
    y: float


@dataclass(frozen=True)
class Arrow:
    """One arrow with the steps that go along it. path: for SVG. automatic: fired by clocks alone."""

    source: str
    target: str
    path: str
    labels: tuple[Label, ...]
    automatic: bool
    dotted: bool


@dataclass(frozen=True)
class Picture:
    """The whole drawing."""

    width: float
    height: float
    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]


def picture_of(workflow: Workflow, points: Mapping[str, str] | None = None) -> Picture:
    """The drawing. points: state → what it costs in words, such as 扣3分; empty shows the tier alone."""
    costs = points or {}
    shapes = {state.key: _shape(workflow, state, costs) for state in workflow.states}
    links = _links(workflow, shapes)
    layout = laid_out(
        {key: shape.width for key, shape in shapes.items()},
        [Link(link.source, link.target, link.room) for link in links],
        first=workflow.initial if workflow.initial in shapes else next(iter(shapes)),
        gap=_GAP,
    )
    tops, height = _tops(layout.layers, shapes, layout.routes, links)
    nodes = {
        key: Node(
            key, shape.look, shape.lines, shape.notes,
            layout.boxes[key].x - shape.width / 2 + _MARGIN, tops[layout.boxes[key].layer],
            shape.width, shape.height,
        )
        for key, shape in shapes.items()
    }  # fmt: skip
    ports = _ports(layout.routes)
    arrows = tuple(
        _arrow(route, link, nodes, tops, ports[index])
        for index, (route, link) in enumerate(zip(layout.routes, links, strict=True))
    )
    width = max(box.x + box.width / 2 for layer in layout.layers for box in layer) + 2 * _MARGIN
    return Picture(width, height, tuple(nodes.values()), arrows)


# -- what is drawn -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Shape:
    look: Look
    lines: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def width(self) -> float:
        texts = [extent(line, SIZE) for line in self.lines] + [extent(line, SMALL) for line in self.notes]
        return max([*texts, 64.0]) + 24

    @property
    def height(self) -> float:
        return LINE * (len(self.lines) + len(self.notes)) + 14


@dataclass(frozen=True)
class _Link:
    source: str
    target: str
    triggers: tuple[Trigger, ...]
    dotted: bool = False

    @property
    def words(self) -> list[tuple[str, str]]:
        return [
            (trigger.key, line) for trigger in self.triggers for line in folded(trigger.name, _LABEL_SIGNS)
        ]

    @property
    def room(self) -> float:
        return max(extent(line, SMALL) for _, line in self.words) + 10


def _shape(workflow: Workflow, state: State, costs: Mapping[str, str]) -> _Shape:
    if state.final:
        look = Look.FINAL
    elif state.tier:
        look = Look.COSTS
    elif state.holds_clocks:
        look = Look.HEARD
    else:
        look = Look.FIRST if state.key == workflow.initial else Look.PLAIN
    notes = [clock_note(clock) for clock in state.clocks]
    if state.tier:
        notes.append(costs.get(state.key) or f"扣分档 {state.tier}")
    return _Shape(look, tuple(folded(state.name, _NAME_SIGNS)), tuple(notes))


def clock_note(clock: Clock) -> str:
    """A clock in a few signs: 整改反馈 15日."""
    return f"{clock.label} {clock.words}"


def _links(workflow: Workflow, shapes: dict[str, _Shape]) -> list[_Link]:
    """Arrows with all steps that share them; a step from many states, or back to the one before, goes by a node of
    its own, which is added to the shapes."""
    shared: dict[tuple[str, str], list[Trigger]] = {}
    extra: list[_Link] = []
    for trigger in workflow.triggers:
        sources = workflow.sources_of(trigger)
        moving = [
            (source, branch.state)
            for source in sources
            for branch in workflow.branches_from(trigger, source)
            if branch.state != SAME
        ]
        if not moving:
            continue
        targets = {target for _, target in moving}
        if len(targets) == 1 and targets <= shapes.keys() and len(sources) > _MANY:
            running = RUNNING in trigger.sources
            words = f"自{len(sources)}个状态" if running else f"另自{len(sources) - 1}个状态"
            key = f"*from:{trigger.key}"
            shapes[key] = _Shape(Look.MANY, (words,), ())
            extra.append(_Link(key, next(iter(targets)), (trigger,), dotted=True))
            moving = [] if running else moving[:1]
        for source, target in dict.fromkeys(moving):
            if target == PREVIOUS:
                key = f"*back:{source}"
                shapes.setdefault(key, _Shape(Look.MANY, ("返回原状态",), ()))
                shared.setdefault((source, key), []).append(trigger)
            elif target in shapes and source in shapes and source != target:
                shared.setdefault((source, target), []).append(trigger)
    plain = [
        _Link(
            source,
            target,
            tuple({rule.key: rule for rule in triggers}.values()),
            dotted=target.startswith("*"),
        )
        for (source, target), triggers in shared.items()
    ]
    return [*plain, *extra]


def folded(text: str, signs: int) -> list[str]:
    """A name in lines of about so many signs, evenly."""
    count = max(1, -(-len(text) // signs))
    size = -(-len(text) // count)
    return [text[start : start + size] for start in range(0, len(text), size)]


def extent(text: str, size: float) -> float:
    """About how wide a text is: Chinese signs are square, others about half as wide."""
    return sum(size if ord(sign) > 0x2000 else size * 0.56 for sign in text)


# -- where it is drawn ---------------------------------------------------------------------------------------


def _tops(
    layers: Sequence[Sequence[Box]],
    shapes: Mapping[str, _Shape],
    routes: Sequence[Route],
    links: Sequence[_Link],
) -> tuple[list[float], float]:
    """The upper edge of each layer, and the height of all."""
    lines = {route.label.key: len(link.words) for route, link in zip(routes, links, strict=True)}
    tops, y = [], _MARGIN
    for number, layer in enumerate(layers):
        tops.append(y)
        if number % 2 == 0:
            y += max([shapes[box.key].height for box in layer if box.key in shapes], default=LINE)
        else:
            y += LINE * max([lines.get(box.key, 1) for box in layer], default=1) + 34
    return tops, y + _MARGIN


def _ports(routes: Sequence[Route]) -> list[tuple[float, float]]:
    """For each arrow how far from the middle it leaves and enters, so that arrows of one state spread out."""
    ends: dict[tuple[str, bool], list[tuple[float, int, int]]] = {}
    for index, route in enumerate(routes):
        first, last = route.boxes[0], route.boxes[-1]
        ends.setdefault((first.key, route.boxes[1].layer > first.layer), []).append(
            (route.boxes[1].x, index, 0)
        )
        ends.setdefault((last.key, route.boxes[-2].layer > last.layer), []).append(
            (route.boxes[-2].x, index, 1)
        )
    widths = {box.key: box.width for route in routes for box in (route.boxes[0], route.boxes[-1])}
    found = [[0.0, 0.0] for _ in routes]
    for (key, _), group in ends.items():
        step = min(22.0, (widths[key] - 20) / max(1, len(group)))
        for place, (_, index, side) in enumerate(sorted(group)):
            found[index][side] = (place - (len(group) - 1) / 2) * step
    return [(pair[0], pair[1]) for pair in found]


def _arrow(
    route: Route, link: _Link, nodes: Mapping[str, Node], tops: Sequence[float], ports: tuple[float, float]
) -> Arrow:
    first, last = nodes[link.source], nodes[link.target]
    down = route.boxes[-1].layer > route.boxes[0].layer
    points = [(first.x + first.width / 2 + ports[0], first.y + first.height if down else first.y)]
    for box in route.boxes[1:-1]:
        middle = box.x + _MARGIN
        high = tops[box.layer]
        low = tops[box.layer + 1] if box.layer + 1 < len(tops) else high
        inset = 14.0 if box.layer % 2 else 0.0
        sides = (high + inset, low - inset) if down else (low - inset, high + inset)
        points += [(middle, sides[0]), (middle, sides[1])]
    points.append((last.x + last.width / 2 + ports[1], last.y if down else last.y + last.height))
    top = tops[route.label.layer] + 17 + LINE - 5
    labels = tuple(
        Label(key, words, route.label.x + _MARGIN, top + LINE * number)
        for number, (key, words) in enumerate(link.words)
    )
    automatic = all(trigger.by is Firing.TIMER for trigger in link.triggers)
    return Arrow(link.source, link.target, _curve(points), labels, automatic, link.dotted)


def _curve(points: Iterable[tuple[float, float]]) -> str:
    """A line through all points that runs upright at each of them."""
    given = list(points)
    parts = [f"M{given[0][0]:.1f} {given[0][1]:.1f}"]
    for (x, y), (to_x, to_y) in pairwise(given):
        if abs(x - to_x) < 0.5:
            parts.append(f"L{to_x:.1f} {to_y:.1f}")
        else:
            middle = (y + to_y) / 2
            parts.append(f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}")
    return " ".join(parts)

"""A graph laid out in layers: arrows run downwards, their words stand between the layers, crossings are few.

Source: Sugiyama, Tagawa, Toda 1981 (layers, dummies, barycentres); labels are dummies of their own, so none overlaps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

#: Sweeps over the layers; more change nothing in graphs of this size.
_SWEEPS = 24
_ROUNDS = 40
_BEND = 10.0


@dataclass
class Box:
    """Something that takes room in a layer. x: its middle."""

    key: str
    width: float
    layer: int
    x: float = 0.0


@dataclass(frozen=True)
class Link:
    """An arrow to be laid out. label: room for its words."""

    source: str
    target: str
    label: float


@dataclass
class Route:
    """The way of one arrow: the boxes it passes, from its source to its target, and the one that is its label."""

    link: Link
    boxes: list[Box]
    label: Box


@dataclass
class Layout:
    """Boxes by key, layers from top to bottom, and the way of each arrow."""

    boxes: dict[str, Box]
    layers: list[list[Box]]
    routes: list[Route] = field(default_factory=list)


def laid_out(widths: Mapping[str, float], links: Sequence[Link], *, first: str, gap: float) -> Layout:
    """Places for all boxes. widths: key → room it needs, in reading order. first: the key that stands on top."""
    backward = _backward(list(widths), links, first)
    forward = [
        (link.target, link.source) if index in backward else (link.source, link.target)
        for index, link in enumerate(links)
    ]
    ranks = _ranks(list(widths), forward, first)
    boxes = {key: Box(key, width, 2 * ranks[key]) for key, width in widths.items()}
    layout = Layout(boxes, [[] for _ in range(2 * max(ranks.values(), default=0) + 1)])
    for box in boxes.values():
        layout.layers[box.layer].append(box)
    for index, link in enumerate(links):
        layout.routes.append(_route(layout, link, index, backwards=index in backward))
    _order(layout)
    _place(layout, gap)
    return layout


def _backward(keys: list[str], links: Sequence[Link], first: str) -> set[int]:
    """Arrows that close a circle; they are laid out upside down."""
    out: dict[str, list[int]] = {key: [] for key in keys}
    for index, link in enumerate(links):
        out[link.source].append(index)
    found: set[int] = set()
    state: dict[str, int] = {}

    def visit(key: str) -> None:
        state[key] = 1
        for index in out[key]:
            target = links[index].target
            if state.get(target) == 1:
                found.add(index)
            elif target not in state:
                visit(target)
        state[key] = 2

    for key in [first, *keys]:
        if key not in state:
            visit(key)
    return found


def _ranks(keys: list[str], arrows: Sequence[tuple[str, str]], first: str) -> dict[str, int]:
    ranks = {key: 0 if key == first else 1 for key in keys} if len(keys) > 1 else dict.fromkeys(keys, 0)
    for _ in keys:
        moved = False
        for source, target in arrows:
            if ranks[target] <= ranks[source] and target != first:
                ranks[target], moved = ranks[source] + 1, True
        if not moved:
            break
    return ranks


def _route(layout: Layout, link: Link, index: int, *, backwards: bool) -> Route:
    top, bottom = (link.target, link.source) if backwards else (link.source, link.target)
    start, end = layout.boxes[top], layout.boxes[bottom]
    between = range(start.layer + 1, end.layer)
    where = end.layer - 1 if backwards else start.layer + 1
    chain = [start]
    label = start
    for layer in between:
        bend = Box(f"{index}:{layer}", link.label if layer == where else _BEND, layer)
        layout.layers[layer].append(bend)
        chain.append(bend)
        label = bend if layer == where else label
    chain.append(end)
    return Route(link, chain[::-1] if backwards else chain, label)


def _neighbours(layout: Layout) -> tuple[dict[str, list[Box]], dict[str, list[Box]]]:
    above: dict[str, list[Box]] = {}
    below: dict[str, list[Box]] = {}
    for route in layout.routes:
        chain = sorted(route.boxes, key=lambda box: box.layer)
        for upper, lower in pairwise(chain):
            below.setdefault(upper.key, []).append(lower)
            above.setdefault(lower.key, []).append(upper)
    return above, below


def _order(layout: Layout) -> None:
    above, below = _neighbours(layout)
    best, fewest = [list(layer) for layer in layout.layers], _crossings(layout.layers, below)
    for sweep in range(_SWEEPS):
        near = above if sweep % 2 == 0 else below
        layers = layout.layers if sweep % 2 == 0 else layout.layers[::-1]
        places = {box.key: place for layer in layout.layers for place, box in enumerate(layer)}
        for layer in layers:
            centres = {
                box.key: _mean([places[other.key] for other in near.get(box.key, [])], places[box.key])
                for box in layer
            }
            layer.sort(key=lambda box: centres[box.key])
            places.update({box.key: place for place, box in enumerate(layer)})
        crossings = _crossings(layout.layers, below)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layout.layers], crossings
    layout.layers[:] = best


def _crossings(layers: list[list[Box]], below: Mapping[str, list[Box]]) -> int:
    places = {box.key: place for layer in layers for place, box in enumerate(layer)}
    total = 0
    for layer in layers:
        pairs = [(places[box.key], places[other.key]) for box in layer for other in below.get(box.key, [])]
        total += sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for n, a in enumerate(pairs) for b in pairs[n + 1 :])
    return total


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _place(layout: Layout, gap: float) -> None:
    """Middles of all boxes: near their neighbours, never closer than the gap."""
    above, below = _neighbours(layout)
    for layer in layout.layers:
        x = 0.0
        for box in layer:
            box.x = x + box.width / 2
            x += box.width + gap
    for turn in range(_ROUNDS):
        layers = layout.layers if turn % 2 == 0 else layout.layers[::-1]
        for layer in layers:
            wanted = []
            for box in layer:
                near = [*above.get(box.key, []), *below.get(box.key, [])]
                # The bends of one long arrow hold together more than they follow its ends.
                pulls = [other.x for other in near for _ in range(4 if _bends(box) and _bends(other) else 1)]
                wanted.append(_mean(pulls, box.x))
            _settle(layer, wanted, gap)
    left = min(box.x - box.width / 2 for layer in layout.layers for box in layer)
    for layer in layout.layers:
        for box in layer:
            box.x -= left


def _bends(box: Box) -> bool:
    return ":" in box.key and not box.key.startswith("*")


def _settle(layer: list[Box], wanted: Sequence[float], gap: float) -> None:
    """Boxes as near as they can be to where they want, in their order; neighbours in each other's way share it."""
    groups: list[tuple[float, float, list[float]]] = []
    offset = 0.0
    offsets = []
    for index, box in enumerate(layer):
        if index:
            offset += layer[index - 1].width / 2 + gap + box.width / 2
        offsets.append(offset)
        weights = 1.0 + box.width / 100
        groups.append(((wanted[index] - offset) * weights, weights, [offset]))
        while len(groups) > 1 and groups[-2][0] / groups[-2][1] > groups[-1][0] / groups[-1][1]:
            total, weight, members = groups.pop()
            before = groups.pop()
            groups.append((before[0] + total, before[1] + weight, [*before[2], *members]))
    position = 0
    for total, weight, members in groups:
        for _ in members:
            layer[position].x = total / weight + offsets[position]
            position += 1

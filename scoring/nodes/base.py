"""What every kind of score node is: checked, computed, explained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from pydantic import Field

from definitions.base import Definition, Key, Text
from definitions.fault import Fault
from scoring.exact import equals, printed
from scoring.explained import Counted, Explained
from scoring.facts import Inputs

if TYPE_CHECKING:
    from scoring.definition import Scheme

#: Values of all nodes by key; None: nothing to count yet.
Values = dict[str, Fraction | None]
#: A node made ready for one scheme: facts in, value out; fills in `Values` on the way.
Scorer = Callable[[Inputs, Values], Fraction | None]


@dataclass(frozen=True)
class Evidence:
    """What an explanation is told from: the facts of one target and the values they gave."""

    scheme: Scheme
    inputs: Inputs
    values: Values
    #: Period part of node keys, such as ``first_half/``; empty outside periods.
    prefix: str = ""


class ScoreNode(Definition):
    """One figure of a scheme.

    key: unique within the scheme.  name: what the office calls the figure.  source: its clause.
    places: decimals when this figure is shown; the scheme's own when left out.
    """

    key: Key
    name: Text
    source: Text | None = None
    places: int | None = Field(default=None, ge=0, le=10)

    def children(self) -> tuple[tuple[str, ScoreNode], ...]:
        """The nodes below, each with its place inside this node."""
        return ()

    def faults(self, place: str, scheme: Scheme) -> Iterator[Fault]:
        """What is wrong with this node itself, not with those below."""
        yield from ()

    def compute(self, scheme: Scheme, prefix: str) -> Scorer:
        """This node's own arithmetic, with all look-ups of the scheme done beforehand."""
        raise NotImplementedError(f"{type(self).__name__} computes nothing")

    def formula(self, evidence: Evidence) -> str:
        """The arithmetic of this node in Chinese with the figures in place, up to before the result."""
        raise NotImplementedError(f"{type(self).__name__} has no formula")

    def counted(self, evidence: Evidence) -> tuple[Counted, ...]:
        """The rows that this node counted."""
        return ()

    def scorer(self, scheme: Scheme, prefix: str = "") -> Scorer:
        """The computation, noting its result under this node's key."""
        compute, key = self.compute(scheme, prefix), prefix + self.key

        def score(inputs: Inputs, values: Values) -> Fraction | None:
            value = values[key] = compute(inputs, values)
            return value

        return score

    def leaves(self, prefix: str = "") -> Iterator[tuple[str, ScoreNode]]:
        """The nodes that count facts, with their full keys, in the order of the scheme."""
        below = self.children()
        if not below:
            yield prefix + self.key, self
        for _, child in below:
            yield from child.leaves(prefix)

    def explain(self, evidence: Evidence) -> Explained:
        """The figure with everything it rests on."""
        key = evidence.prefix + self.key
        value = evidence.values[key]
        places = evidence.scheme.places_of(self)
        formula = self.formula(evidence)
        return Explained(
            key=key,
            label=self.name,
            value=value,
            printed=None if value is None else printed(value, places),
            formula=formula if value is None else formula + equals(value, places),
            source=self.source,
            counted=self.counted(evidence),
            children=self.explain_children(evidence),
        )

    def explain_children(self, evidence: Evidence) -> tuple[Explained, ...]:
        """The explanations of the nodes below."""
        return tuple(child.explain(evidence) for _, child in self.children())


def value_in_formula(evidence: Evidence, node: ScoreNode) -> str:
    """The value of a node below as it stands in its parent's formula."""
    value = evidence.values[evidence.prefix + node.key]
    if value is None:
        return "（尚无数据）"
    return printed(value, evidence.scheme.places_of(node))

"""Rank to points: a place won elsewhere brings the points of a table."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from definitions.base import Definition, Key
from definitions.fault import Fault
from scoring.exact import Exact, in_formula
from scoring.explained import Counted
from scoring.facts import Inputs
from scoring.nodes.base import Evidence, ScoreNode, Scorer, Values

if TYPE_CHECKING:
    from scoring.definition import Scheme


class PlaceRow(Definition):
    """The points of the places `first` to `last`, both included."""

    first: int = Field(ge=1, strict=True)
    last: int = Field(ge=1, strict=True)
    points: Exact


class Places(ScoreNode):
    """名次折分: the given place (a figure) is looked up in a table.

    otherwise: points of a place outside the table, and of a target that has no place.
    """

    kind: Literal["places"]
    figure: Key
    table: tuple[PlaceRow, ...] = Field(min_length=1)
    otherwise: Exact = Fraction(0)

    def faults(self, place: str, scheme: Scheme) -> Iterator[Fault]:
        """An unknown figure, rows that overlap or run backwards."""
        yield from scheme.unknown_figures({f"{place}.figure": self.figure})
        for index, row in enumerate(self.table):
            if row.last < row.first:
                yield Fault(f"{place}.table[{index}]", "末位名次小于首位名次")
            if any(row.first <= other.last and other.first <= row.last for other in self.table[:index]):
                yield Fault(f"{place}.table[{index}]", "与前面的名次重叠")

    def compute(self, scheme: Scheme, prefix: str) -> Scorer:
        """The points of the one place; with several given places, of the best."""

        def compute(inputs: Inputs, _values: Values) -> Fraction | None:
            given = inputs.figures.get(self.figure)
            return self._points(min(given)) if given else self.otherwise

        return compute

    def _points(self, place: Fraction) -> Fraction:
        for row in self.table:
            if row.first <= place <= row.last:
                return row.points
        return self.otherwise

    def formula(self, evidence: Evidence) -> str:
        """The place and what the table says."""
        given = evidence.inputs.figures.get(self.figure)
        if not given:
            return f"{evidence.scheme.figure_names[self.figure]}：无名次，记"
        return f"{evidence.scheme.figure_names[self.figure]}：第 {in_formula(min(given))} 名，记"

    def counted(self, evidence: Evidence) -> tuple[Counted, ...]:
        """The place."""
        given = evidence.inputs.figures.get(self.figure)
        if not given:
            return ()
        best = min(given)
        name = f"{evidence.scheme.figure_names[self.figure]}第 {in_formula(best)} 名"
        return (Counted(self.figure, "", name, 1, self._points(best), self._points(best)),)

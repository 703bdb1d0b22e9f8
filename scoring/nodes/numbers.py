"""Numbers: the mean of the marks that were given."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from definitions.base import Key
from definitions.fault import Fault
from scoring.exact import Exact, in_formula
from scoring.explained import Counted
from scoring.facts import Inputs
from scoring.nodes.base import Evidence, ScoreNode, Scorer, Values

if TYPE_CHECKING:
    from scoring.definition import Scheme


class Numbers(ScoreNode):
    """打分平均: mean of all given values of one figure.

    trim_above: with more marks than this, the highest and the lowest one are dropped; None: never.
    lowest, highest: marks outside are refused when facts are read.
    """

    kind: Literal["numbers"]
    figure: Key
    trim_above: int | None = Field(default=None, ge=2)
    lowest: Exact | None = None
    highest: Exact | None = None

    def faults(self, place: str, scheme: Scheme) -> Iterator[Fault]:
        """An unknown figure, limits the wrong way round."""
        yield from scheme.unknown_figures({f"{place}.figure": self.figure})
        if self.lowest is not None and self.highest is not None and self.lowest > self.highest:
            yield Fault(f"{place}.lowest", "最低分高于最高分")

    def kept(self, marks: tuple[Fraction, ...]) -> list[Fraction]:
        """The marks that count, from low to high."""
        kept = sorted(marks)
        return kept[1:-1] if self.trim_above is not None and len(kept) > self.trim_above else kept

    def compute(self, scheme: Scheme, prefix: str) -> Scorer:
        """The mean of the marks that count."""

        def compute(inputs: Inputs, _values: Values) -> Fraction | None:
            kept = self.kept(inputs.figures.get(self.figure, ()))
            return sum(kept, Fraction(0)) / len(kept) if kept else None

        return compute

    def formula(self, evidence: Evidence) -> str:
        """The marks and their number."""
        marks = evidence.inputs.figures.get(self.figure, ())
        kept = self.kept(marks)
        if not kept:
            return "尚无打分"
        dropped = "去掉最高、最低各一个：" if len(kept) < len(marks) else ""
        if len(kept) == 1:
            return f"{dropped}{self.name} {in_formula(kept[0])}"
        return f"{dropped}（{'＋'.join(in_formula(mark) for mark in kept)}）÷{len(kept)}"

    def counted(self, evidence: Evidence) -> tuple[Counted, ...]:
        """One row per mark that counts."""
        name = evidence.scheme.figure_names[self.figure]
        marks = self.kept(evidence.inputs.figures.get(self.figure, ()))
        return tuple(Counted(self.figure, "", name, 1, mark, mark) for mark in marks)

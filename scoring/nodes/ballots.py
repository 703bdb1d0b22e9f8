"""Ballots by grade: each counted rating brings the points of its grade."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from definitions.base import Key
from definitions.fault import Fault
from scoring.exact import in_formula
from scoring.explained import Counted
from scoring.facts import Inputs
from scoring.nodes.base import Evidence, ScoreNode, Scorer, Values
from scoring.vocabulary import Normaliser

if TYPE_CHECKING:
    from scoring.definition import Scheme


class Ballots(ScoreNode):
    """按档计票: Σ(次数×分值)÷(次数×最高分值), or the plain mean of the points.

    method: whose ratings are counted; its scale gives the points. Grades that are not valid votes
    (不了解) are left out above and below the line.  minimum: with fewer valid ratings there is no figure.
    """

    kind: Literal["ballots"]
    method: Key
    divide_by: Normaliser = Normaliser.TOP
    minimum: int = Field(default=1, ge=1)

    def faults(self, place: str, scheme: Scheme) -> Iterator[Fault]:
        """An unknown method, or a scale that cannot be divided by."""
        scale = scheme.scale_of(self.method)
        if self.method not in scheme.method_by_key:
            yield Fault(f"{place}.method", f"没有名为“{self.method}”的测评方式")
        elif scale and self.divide_by is Normaliser.TOP and scale.top <= 0:
            yield Fault(
                f"{place}.divide_by", f"档次表“{scale.key}”的最高分值为 {in_formula(scale.top)}，不能作除数"
            )

    def compute(self, scheme: Scheme, prefix: str) -> Scorer:
        """Whole-number sums and one division."""
        scale = scheme.scale(self.method)
        unit = lcm(*(grade.points.denominator for grade in scale.valid))
        rows = tuple(((self.method, grade.key), int(grade.points * unit)) for grade in scale.valid)
        divisor = int(scale.top * unit) if self.divide_by is Normaliser.TOP else unit
        minimum = self.minimum

        def compute(inputs: Inputs, _values: Values) -> Fraction | None:
            count_of = inputs.counts.get
            number = points = 0
            for pair, points_of_one in rows:
                if count := count_of(pair, 0):
                    number += count
                    points += count * points_of_one
            return Fraction(points, number * divisor) if number >= minimum else None

        return compute

    def formula(self, evidence: Evidence) -> str:
        """次数 and 分值 of each grade that occurred."""
        scale = evidence.scheme.scale(self.method)
        rows = [row for row in self.counted(evidence) if row.as_ in scale.valid_keys]
        number = sum(row.count for row in rows)
        if number < self.minimum:
            return f"有效测评 {number} 次，不足 {self.minimum} 次，尚无数据"
        above = "＋".join(f"{row.count}×{in_formula(row.points)}" for row in rows)
        below = f"（{number}×{in_formula(scale.top)}）" if self.divide_by is Normaliser.TOP else str(number)
        return f"（{above}）÷{below}"

    def counted(self, evidence: Evidence) -> tuple[Counted, ...]:
        """One row per grade that occurred; a grade that is no valid vote adds nothing."""
        method = evidence.scheme.method_by_key[self.method]
        rows = []
        for grade in evidence.scheme.scale(self.method).grades:
            count = evidence.inputs.counts.get((self.method, grade.key), 0)
            if count:
                label = f"{method.name}·{grade.name}" + ("" if grade.valid else "（不计入）")
                rows.append(Counted(self.method, grade.key, label, count, grade.points, count * grade.points))
        return tuple(rows)

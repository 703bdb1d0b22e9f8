"""Indicator: a rate with a named numerator and denominator."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from definitions.base import Key
from definitions.fault import Fault
from scoring.exact import Positive, in_formula
from scoring.explained import Counted
from scoring.facts import Inputs
from scoring.nodes.base import Evidence, ScoreNode, Scorer, Values

if TYPE_CHECKING:
    from scoring.definition import Scheme


class Indicator(ScoreNode):
    """指标: numerator ÷ denominator; every published rate names what it was divided by.

    complement: counts 1 − rate (不满意率, 逾期率).  full_at: the rate that already earns everything;
    above it nothing is gained.  Without a denominator, or with zero, there is no figure.
    """

    kind: Literal["indicator"]
    numerator: Key
    denominator: Key
    complement: bool = False
    full_at: Positive | None = None

    def faults(self, place: str, scheme: Scheme) -> Iterator[Fault]:
        """Unknown figures."""
        named = {f"{place}.numerator": self.numerator, f"{place}.denominator": self.denominator}
        yield from scheme.unknown_figures(named)

    def compute(self, scheme: Scheme, prefix: str) -> Scorer:
        """The rate, turned round and held at 1 where the scheme says so."""

        def compute(inputs: Inputs, _values: Values) -> Fraction | None:
            above, below = self._parts(inputs)
            if above is None or not below:
                return None
            rate = 1 - above / below if self.complement else above / below
            return rate if self.full_at is None else min(Fraction(1), rate / self.full_at)

        return compute

    def _parts(self, inputs: Inputs) -> tuple[Fraction | None, Fraction | None]:
        given = (inputs.figures.get(self.numerator), inputs.figures.get(self.denominator))
        above, below = (sum(values, Fraction(0)) if values else None for values in given)
        return above, below

    def formula(self, evidence: Evidence) -> str:
        """Numerator and denominator by name."""
        above, below = self._parts(evidence.inputs)
        names = evidence.scheme.figure_names
        if above is None or not below:
            return f"{names[self.numerator]}÷{names[self.denominator]}，尚无数据"
        rate = f"{names[self.numerator]} {in_formula(above)}÷{names[self.denominator]} {in_formula(below)}"
        if self.complement:
            rate = f"1－{rate}"
        return rate if self.full_at is None else f"（{rate}）÷满分线 {in_formula(self.full_at)}，不超过 1"

    def counted(self, evidence: Evidence) -> tuple[Counted, ...]:
        """Numerator and denominator."""
        names, rows = evidence.scheme.figure_names, []
        for key, value in zip((self.numerator, self.denominator), self._parts(evidence.inputs), strict=True):
            if value is not None:
                rows.append(Counted(key, "", names[key], 1, value, value))
        return tuple(rows)

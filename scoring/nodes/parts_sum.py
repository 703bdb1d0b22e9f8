"""Sum of parts, each with a factor: composite × 80 + rectification."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from definitions.base import Definition
from definitions.fault import Fault
from scoring.exact import Exact, in_formula
from scoring.facts import Inputs
from scoring.nodes.base import Evidence, ScoreNode, Scorer, Values, value_in_formula
from scoring.vocabulary import MissingPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scoring.definition import Scheme
    from scoring.nodes.registry import Node


class Part(Definition):
    """One part; factor: what its value is multiplied by."""

    factor: Exact = Fraction(1)
    of: Node


class PartsSum(ScoreNode):
    """合计: Σ factor×value.

    missing: ``block`` (no sum while a part has no figure) or ``zero``.
    floor, ceiling: the sum is never outside these; no limit when left out.
    """

    kind: Literal["sum"]
    parts: tuple[Part, ...] = Field(min_length=1)
    missing: Literal[MissingPolicy.BLOCK, MissingPolicy.ZERO] = MissingPolicy.BLOCK
    floor: Exact | None = None
    ceiling: Exact | None = None

    def children(self) -> tuple[tuple[str, ScoreNode], ...]:
        """The parts."""
        return tuple((f"parts[{index}].of", part.of) for index, part in enumerate(self.parts))

    def faults(self, place: str, scheme: Scheme) -> Iterator[Fault]:
        """A floor above the ceiling, a part that counts nothing."""
        if self.floor is not None and self.ceiling is not None and self.floor > self.ceiling:
            yield Fault(f"{place}.floor", "下限高于上限")
        for index, part in enumerate(self.parts):
            if part.factor == 0:
                yield Fault(f"{place}.parts[{index}].factor", "系数为 0，此项不起作用，请删去或改正")

    def compute(self, scheme: Scheme, prefix: str) -> Scorer:
        """The sum, held between floor and ceiling."""
        rows = tuple((part.factor, part.of.scorer(scheme, prefix)) for part in self.parts)
        blocks = self.missing is MissingPolicy.BLOCK
        floor, ceiling = self.floor, self.ceiling

        def compute(inputs: Inputs, values: Values) -> Fraction | None:
            total, blocked = Fraction(0), False
            for factor, scorer in rows:
                value = scorer(inputs, values)
                if value is None:
                    blocked = blocks
                else:
                    total += value if factor == 1 else factor * value
            if blocked:
                return None
            if floor is not None and total < floor:
                return floor
            return ceiling if ceiling is not None and total > ceiling else total

        return compute

    def formula(self, evidence: Evidence) -> str:
        """Names, figures and factors of the parts."""
        absent = [
            part.of.name for part in self.parts if evidence.values[evidence.prefix + part.of.key] is None
        ]
        if absent and self.missing is MissingPolicy.BLOCK:
            return f"{'、'.join(absent)}尚无数据，暂不合计"
        text = "＋".join(_term(evidence, part) for part in self.parts)
        limits = []
        if self.floor is not None:
            limits.append(f"不低于 {in_formula(self.floor)}")
        if self.ceiling is not None:
            limits.append(f"不高于 {in_formula(self.ceiling)}")
        return f"{text}（{'，'.join(limits)}）" if limits else text


def _term(evidence: Evidence, part: Part) -> str:
    term = f"{part.of.name} {value_in_formula(evidence, part.of)}"
    return term if part.factor == 1 else f"{term}×{in_formula(part.factor)}"

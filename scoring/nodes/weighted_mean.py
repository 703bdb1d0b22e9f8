"""Weighted mean: parts with weights, and a rule for parts that have no figure yet."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from definitions.base import Definition
from definitions.fault import Fault
from scoring.exact import Exact, Positive, in_formula
from scoring.facts import Inputs
from scoring.nodes.base import Evidence, ScoreNode, Scorer, Values, value_in_formula
from scoring.vocabulary import MissingPolicy

if TYPE_CHECKING:
    from scoring.definition import Scheme
    from scoring.nodes.registry import Node


class WeightedPart(Definition):
    """One part and its weight, such as ``20%``."""

    weight: Positive
    of: Node


class WeightedMean(ScoreNode):
    """加权平均.

    weights_total: what the weights must add up to; 1 unless said otherwise.
    missing: the rule for parts without figures; the scheme's setting when left out.
    """

    kind: Literal["weighted_mean"]
    parts: tuple[WeightedPart, ...] = Field(min_length=1)
    weights_total: Exact = Fraction(1)
    missing: MissingPolicy | None = None

    def children(self) -> tuple[tuple[str, ScoreNode], ...]:
        """The parts."""
        return tuple((f"parts[{index}].of", part.of) for index, part in enumerate(self.parts))

    def faults(self, place: str, scheme: Scheme) -> Iterator[Fault]:
        """Weights that do not add up."""
        total = sum((part.weight for part in self.parts), Fraction(0))
        if total != self.weights_total:
            yield Fault(
                f"{place}.parts",
                f"权数合计为 {in_formula(total)}，应为 {in_formula(self.weights_total)}，请调整权数",
            )

    def policy(self, scheme: Scheme) -> MissingPolicy:
        """The rule in force for parts without figures."""
        return self.missing or scheme.settings.missing_method

    def compute(self, scheme: Scheme, prefix: str) -> Scorer:
        """Σ weight×value ÷ Σ weight, over the parts that the rule for missing ones leaves."""
        unit = lcm(*(part.weight.denominator for part in self.parts))
        rows = tuple((int(part.weight * unit), part.of.scorer(scheme, prefix)) for part in self.parts)
        policy = self.policy(scheme)

        def compute(inputs: Inputs, values: Values) -> Fraction | None:
            weights, above, blocked = 0, Fraction(0), False
            for weight, scorer in rows:
                value = scorer(inputs, values)
                if value is not None:
                    weights += weight
                    above += weight * value
                elif policy is MissingPolicy.ZERO:
                    weights += weight
                else:
                    blocked = blocked or policy is MissingPolicy.BLOCK
            return None if blocked or not weights else above / weights

        return compute

    def formula(self, evidence: Evidence) -> str:
        """Each weight with the figure it applies to, and what became of missing parts."""
        policy = self.policy(evidence.scheme)
        present = [part for part in self.parts if self._value(evidence, part) is not None]
        absent = "、".join(part.of.name for part in self.parts if self._value(evidence, part) is None)
        if not present and policy is not MissingPolicy.ZERO:
            return "各项均尚无数据"
        if absent and policy is MissingPolicy.BLOCK:
            return f"{absent}尚无数据，按方案暂不计算"
        above = "＋".join(
            f"{value_in_formula(evidence, part.of)}×{_percent(part.weight / self.weights_total)}"
            for part in present
        )
        if not absent:
            return above
        if policy is MissingPolicy.ZERO:
            return f"{absent}尚无数据，按零计：{above or '0'}"
        weights = sum((part.weight for part in present), Fraction(0)) / self.weights_total
        return f"{absent}尚无数据，其权数由其余各项按比例分担：（{above}）÷{_percent(weights)}"

    @staticmethod
    def _value(evidence: Evidence, part: WeightedPart) -> Fraction | None:
        return evidence.values[evidence.prefix + part.of.key]


def _percent(weight: Fraction) -> str:
    return f"{in_formula(weight * 100)}%"

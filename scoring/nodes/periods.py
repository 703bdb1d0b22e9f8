"""Periods: the same figure for each half-year or quarter, with a weight for each."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from definitions.base import Definition, Key, Text
from definitions.fault import Fault
from scoring.exact import Positive, in_formula, printed
from scoring.explained import Explained
from scoring.facts import NO_INPUTS, Inputs
from scoring.nodes.base import Evidence, ScoreNode, Scorer, Values
from scoring.vocabulary import MissingPolicy

if TYPE_CHECKING:
    from scoring.definition import Scheme
    from scoring.nodes.registry import Node


class Period(Definition):
    """A stretch of the campaign; facts name it by its key."""

    key: Key
    name: Text
    weight: Positive


class Periods(ScoreNode):
    """分期加权: the node below is computed from the facts of each period alone.

    missing: the rule for periods without figures; the scheme's setting when left out.
    """

    kind: Literal["periods"]
    periods: tuple[Period, ...] = Field(min_length=1)
    of: Node
    missing: MissingPolicy | None = None

    def children(self) -> tuple[tuple[str, ScoreNode], ...]:
        """The one node that is computed per period."""
        return (("of", self.of),)

    def leaves(self, prefix: str = "") -> Iterator[tuple[str, ScoreNode]]:
        """The leaves below, once per period."""
        for period in self.periods:
            yield from self.of.leaves(f"{prefix}{period.key}/")

    def faults(self, place: str, scheme: Scheme) -> Iterator[Fault]:
        """Weights that do not add up, periods named twice or within periods."""
        total = sum((period.weight for period in self.periods), Fraction(0))
        if total != 1:
            yield Fault(f"{place}.periods", f"权数合计为 {in_formula(total)}，应为 1，请调整权数")
        seen: set[str] = set()
        for index, period in enumerate(self.periods):
            if period.key in seen:
                yield Fault(f"{place}.periods[{index}].key", f"“{period.key}”列了两次")
            seen.add(period.key)
        if any(isinstance(node, Periods) for _, node in walk(self.of, "of")):
            yield Fault(f"{place}.of", "分期之内不能再分期")

    def compute(self, scheme: Scheme, prefix: str) -> Scorer:
        """The weighted mean over the periods."""
        rows = [
            (period.key, period.weight, self.of.scorer(scheme, f"{prefix}{period.key}/"))
            for period in self.periods
        ]
        policy = self.missing or scheme.settings.missing_method

        def compute(inputs: Inputs, values: Values) -> Fraction | None:
            weights, above, blocked = Fraction(0), Fraction(0), False
            for key, weight, scorer in rows:
                value = scorer(inputs.periods.get(key, NO_INPUTS), values)
                if value is not None:
                    above += weight * value
                if value is not None or policy is MissingPolicy.ZERO:
                    weights += weight
                blocked = blocked or (value is None and policy is MissingPolicy.BLOCK)
            return None if blocked or not weights else above / weights

        return compute

    def formula(self, evidence: Evidence) -> str:
        """Each period with its weight."""
        terms, places = [], evidence.scheme.places_of(self.of)
        for period in self.periods:
            value = evidence.values[f"{evidence.prefix}{period.key}/{self.of.key}"]
            figure = "（尚无数据）" if value is None else printed(value, places)
            terms.append(f"{period.name} {figure}×{in_formula(period.weight * 100)}%")
        return "＋".join(terms)

    def explain_children(self, evidence: Evidence) -> tuple[Explained, ...]:
        """The node below, once per period."""
        return tuple(
            self.of.explain(
                Evidence(
                    evidence.scheme,
                    evidence.inputs.periods.get(period.key, NO_INPUTS),
                    evidence.values,
                    f"{evidence.prefix}{period.key}/",
                )
            )
            for period in self.periods
        )


def walk(node: ScoreNode, place: str) -> Iterator[tuple[str, ScoreNode]]:
    """A node and all below it, each with its place in the scheme."""
    yield place, node
    for inner, child in node.children():
        yield from walk(child, f"{place}.{inner}")

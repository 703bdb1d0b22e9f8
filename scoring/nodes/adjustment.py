"""Bonus and penalty: points per event, held within caps."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from definitions.base import Definition, Key, Text
from definitions.fault import Fault
from scoring.exact import Exact, in_formula
from scoring.explained import Counted
from scoring.facts import Inputs
from scoring.nodes.base import Evidence, ScoreNode, Scorer, Values
from scoring.vocabulary import Combine

if TYPE_CHECKING:
    from scoring.definition import Scheme


class EventPoints(Definition):
    """What one occurrence of an event brings; negative points take away."""

    event: Key
    points: Exact
    source: Text | None = None


class Adjustment(ScoreNode):
    """加减分: Σ count×points, not above `at_most`, not below `at_least`.

    base: what the points are added to, 0 unless said otherwise.
    combine: all events, or of several only the one that weighs most (一事多奖取最高).
    """

    kind: Literal["adjustment"]
    items: tuple[EventPoints, ...] = Field(min_length=1)
    base: Exact = Fraction(0)
    at_most: Exact | None = None
    at_least: Exact | None = None
    combine: Combine = Combine.SUM

    def faults(self, place: str, scheme: Scheme) -> Iterator[Fault]:
        """Unknown or doubled events, caps the wrong way round."""
        seen: set[str] = set()
        for index, item in enumerate(self.items):
            where = f"{place}.items[{index}].event"
            if item.event not in scheme.event_names:
                yield Fault(where, f"没有名为“{item.event}”的事件，请在 events 中列出")
            if item.event in seen:
                yield Fault(where, f"事件“{item.event}”列了两次")
            seen.add(item.event)
        if self.at_most is not None and self.at_least is not None and self.at_least > self.at_most:
            yield Fault(f"{place}.at_least", "下限高于上限")

    def compute(self, scheme: Scheme, prefix: str) -> Scorer:
        """The points of the events, held within the caps."""

        def compute(inputs: Inputs, _values: Values) -> Fraction | None:
            amounts = [inputs.events[item.event] * item.points for item in self._happened(inputs)]
            total = self.base + sum(amounts, Fraction(0))
            if self.at_most is not None:
                total = min(self.at_most, total)
            return total if self.at_least is None else max(self.at_least, total)

        return compute

    def _happened(self, inputs: Inputs) -> list[EventPoints]:
        happened = [item for item in self.items if inputs.events.get(item.event)]
        if self.combine is Combine.LARGEST and happened:
            return [max(happened, key=lambda item: abs(item.points * inputs.events[item.event]))]
        return happened

    def formula(self, evidence: Evidence) -> str:
        """Every event that counted, and the caps."""
        rows = self.counted(evidence)
        terms = [f"{row.label} {row.count}×{in_formula(row.points)}" for row in rows]
        if self.base or not terms:
            terms.insert(0, in_formula(self.base))
        limits = []
        if self.at_most is not None:
            limits.append(f"最高 {in_formula(self.at_most)}")
        if self.at_least is not None:
            limits.append(f"最低 {in_formula(self.at_least)}")
        return "＋".join(terms) + (f"（{'，'.join(limits)}）" if limits else "")

    def counted(self, evidence: Evidence) -> tuple[Counted, ...]:
        """One row per event that counted."""
        names, inputs = evidence.scheme.event_names, evidence.inputs
        return tuple(
            Counted(
                item.event,
                "",
                names[item.event],
                inputs.events[item.event],
                item.points,
                inputs.events[item.event] * item.points,
            )
            for item in self._happened(inputs)
        )

"""Deduction pool: a base from which each case takes the points of the tier it has reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from definitions.base import Definition, Key, Text
from definitions.fault import Fault
from scoring.exact import Exact, in_formula
from scoring.explained import Counted
from scoring.facts import Inputs
from scoring.nodes.base import Evidence, ScoreNode, Scorer, Values
from scoring.vocabulary import Ladder

if TYPE_CHECKING:
    from scoring.definition import Scheme


class Tier(Definition):
    """A rung of the ladder: a case that has been in `state` costs `points`."""

    key: Key
    state: Key
    name: Text
    points: int = Field(ge=1, le=10_000, strict=True)
    source: Text | None = None


@dataclass(frozen=True)
class DeductionEntry:
    """What reaching one tier adds to the deduction of a case; entries of a case sum to its points."""

    tier: str
    points: int


@dataclass(frozen=True)
class CaseDeduction:
    """What one case costs now.

    tier: the highest tier that counts, None when nothing is deducted.  points: of the whole case.
    entries: in the order in which the tiers were reached.
    """

    tier: str | None
    points: int
    entries: tuple[DeductionEntry, ...]


class Pool(ScoreNode):
    """倒扣分: base, less what each case costs, not below floor.

    ladder: whether one case costs its highest tier or all its tiers; the scheme's setting when left out.
    """

    kind: Literal["pool"]
    base: Exact
    floor: Exact = Fraction(0)
    ladder: Ladder | None = None
    tiers: tuple[Tier, ...] = Field(min_length=1)

    def faults(self, place: str, scheme: Scheme) -> Iterator[Fault]:
        """A tier or state named twice, a floor above the base."""
        for attribute in ("key", "state"):
            seen: set[str] = set()
            for index, tier in enumerate(self.tiers):
                name = getattr(tier, attribute)
                if name in seen:
                    yield Fault(f"{place}.tiers[{index}].{attribute}", f"“{name}”在扣分档次中出现两次")
                seen.add(name)
        if self.floor > self.base:
            yield Fault(f"{place}.floor", f"下限 {in_formula(self.floor)} 高于基准分 {in_formula(self.base)}")

    def in_force(self, scheme: Scheme) -> Ladder:
        """How the tiers of one case are counted."""
        return self.ladder or scheme.settings.ladder

    def deduction(
        self, scheme: Scheme, states: Iterable[str], *, taken_back: Iterable[str] = ()
    ) -> CaseDeduction:
        """What a case with this history costs; each tier counts once however often it was reached.

        taken_back: keys of tiers that an appeal has set aside.
        """
        taken_back = frozenset(taken_back)
        by_state = {tier.state: tier for tier in self.tiers if tier.key not in taken_back}
        reached = [by_state[state] for state in dict.fromkeys(states) if state in by_state]
        if not reached:
            return CaseDeduction(None, 0, ())
        sums = self.in_force(scheme) is Ladder.SUM
        entries: list[DeductionEntry] = []
        booked = 0
        for tier in reached:
            points = tier.points if sums else tier.points - booked
            if points > 0:
                entries.append(DeductionEntry(tier.key, points))
                booked += points
        highest = max(reached, key=lambda tier: tier.points)
        return CaseDeduction(highest.key, booked, tuple(entries))

    def compute(self, scheme: Scheme, prefix: str) -> Scorer:
        """Base less all cases, not below the floor."""
        base, floor = self.base, self.floor

        def compute(inputs: Inputs, _values: Values) -> Fraction | None:
            if not inputs.cases:
                return base
            costs = (self.deduction(scheme, case.states, taken_back=case.reversed) for case in inputs.cases)
            return max(floor, base - sum(cost.points for cost in costs))

        return compute

    def formula(self, evidence: Evidence) -> str:
        """Base and every deduction; says so when the pool is used up."""
        rows = self.counted(evidence)
        text = "－".join([in_formula(self.base), *(in_formula(row.points) for row in rows if row.points)])
        if self.base + sum(row.amount for row in rows) < self.floor:
            return f"{text}，扣至 {in_formula(self.floor)} 分为止"
        return text

    def counted(self, evidence: Evidence) -> tuple[Counted, ...]:
        """One row per case, also for those that cost nothing."""
        names = {tier.key: tier.name for tier in self.tiers}
        rows = []
        for case in evidence.inputs.cases:
            cost = self.deduction(evidence.scheme, case.states, taken_back=case.reversed)
            label = f"{case.key}：{names[cost.tier] if cost.tier else '不予扣分'}"
            rows.append(
                Counted(case.key, cost.tier or "", label, 1, Fraction(cost.points), Fraction(-cost.points))
            )
        return tuple(rows)

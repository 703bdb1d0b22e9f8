"""Facts sorted by target, and held against the scheme before anything is scored."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from definitions.fault import DefinitionFaults, Fault
from scoring.definition import Scheme
from scoring.facts import CaseFacts, Inputs, ScoringFacts
from scoring.nodes.numbers import Numbers


def check_counts(scheme: Scheme, counts: Mapping[tuple[str, str], int]) -> None:
    """Refuse counts of a method or grade that the scheme does not know, and negative ones."""
    if scheme.known_votes.issuperset(counts) and (not counts or min(counts.values()) >= 0):
        return
    faults = [
        Fault(f"counts[{method}, {grade}]", "方案中没有这种测评方式或档次")
        for method, grade in counts
        if (method, grade) not in scheme.known_votes
    ]
    faults += [
        Fault(f"counts[{pair[0]}, {pair[1]}]", "次数不能小于 0") for pair, n in counts.items() if n < 0
    ]
    raise DefinitionFaults(faults)


@dataclass
class _Heap:
    """The facts of one target in one period while they are being gathered."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    cases: list[CaseFacts] = field(default_factory=list)
    figures: defaultdict[str, list[Fraction]] = field(default_factory=lambda: defaultdict(list))
    events: Counter[str] = field(default_factory=Counter)

    def inputs(self, periods: Mapping[str, Inputs]) -> Inputs:
        figures = {key: tuple(values) for key, values in self.figures.items()}
        return Inputs(dict(self.counts), tuple(self.cases), figures, dict(self.events), periods)


def gather(scheme: Scheme, facts: ScoringFacts) -> dict[str, Inputs]:
    """Target key → its facts; rows of the same kind add up, so their order plays no part.

    Raises DefinitionFaults with every row that does not fit the scheme or names no known target.
    """
    faults = list(_faults(scheme, facts))
    if faults:
        raise DefinitionFaults(faults)
    heaps: dict[tuple[str, str], _Heap] = defaultdict(_Heap)
    for rating in facts.ratings:
        heaps[rating.target, rating.period].counts[rating.method, rating.grade] += rating.count
    for case in facts.cases:
        heaps[case.target, case.period].cases.append(case)
    for figure in facts.figures:
        heaps[figure.target, figure.period].figures[figure.figure].append(figure.value)
    for event in facts.events:
        heaps[event.target, event.period].events[event.event] += event.count
    return {target.key: _of_target(scheme, heaps, target.key) for target in facts.targets}


def _of_target(scheme: Scheme, heaps: Mapping[tuple[str, str], _Heap], target: str) -> Inputs:
    periods = {
        period: heaps[target, period].inputs({}) for period in scheme.periods if (target, period) in heaps
    }
    return (
        heaps.get((target, ""), _Heap()).inputs(periods) if (target, "") in heaps else _Heap().inputs(periods)
    )


def _faults(scheme: Scheme, facts: ScoringFacts) -> Iterator[Fault]:
    targets: set[str] = set()
    for index, target in enumerate(facts.targets):
        if target.key in targets:
            yield Fault(f"targets[{index}].key", f"测评对象“{target.key}”列了两次")
        if target.category not in scheme.category_by_key:
            yield Fault(f"targets[{index}].category", f"方案中没有类别“{target.category}”")
        targets.add(target.key)
    for field_name in ("ratings", "cases", "figures", "events"):
        for index, row in enumerate(getattr(facts, field_name)):
            if row.target not in targets:
                yield Fault(f"{field_name}[{index}].target", f"没有测评对象“{row.target}”")
            if row.period and row.period not in scheme.periods:
                yield Fault(f"{field_name}[{index}].period", f"方案中没有分期“{row.period}”")
    yield from _vote_faults(scheme, facts)
    yield from _case_faults(scheme, facts)
    yield from _figure_and_event_faults(scheme, facts)


def _vote_faults(scheme: Scheme, facts: ScoringFacts) -> Iterator[Fault]:
    for index, rating in enumerate(facts.ratings):
        if rating.method not in scheme.method_by_key:
            yield Fault(f"ratings[{index}].method", f"方案中没有测评方式“{rating.method}”")
        elif (rating.method, rating.grade) not in scheme.known_votes:
            yield Fault(f"ratings[{index}].grade", f"测评方式“{rating.method}”没有档次“{rating.grade}”")
        if rating.count < 0:
            yield Fault(f"ratings[{index}].count", "次数不能小于 0")


def _case_faults(scheme: Scheme, facts: ScoringFacts) -> Iterator[Fault]:
    tiers = {tier.key for tier in scheme.pool.tiers} if scheme.pool else set()
    seen: set[str] = set()
    for index, case in enumerate(facts.cases):
        if case.key in seen:
            yield Fault(f"cases[{index}].key", f"整改事项“{case.key}”列了两次；一起只计一次")
        seen.add(case.key)
        for tier in case.reversed:
            if tier not in tiers:
                yield Fault(f"cases[{index}].reversed", f"方案中没有扣分档次“{tier}”")


def _figure_and_event_faults(scheme: Scheme, facts: ScoringFacts) -> Iterator[Fault]:
    limits = {node.figure: node for node in scheme.nodes.values() if isinstance(node, Numbers)}
    for index, figure in enumerate(facts.figures):
        if figure.figure not in scheme.figure_names:
            yield Fault(f"figures[{index}].figure", f"方案中没有数据项“{figure.figure}”")
        node = limits.get(figure.figure)
        if node and (
            (node.lowest is not None and figure.value < node.lowest)
            or (node.highest is not None and figure.value > node.highest)
        ):
            yield Fault(f"figures[{index}].value", f"超出“{scheme.figure_names[figure.figure]}”的分值范围")
    for index, event in enumerate(facts.events):
        if event.event not in scheme.event_names:
            yield Fault(f"events[{index}].event", f"方案中没有事件“{event.event}”")
        if event.count < 0:
            yield Fault(f"events[{index}].count", "次数不能小于 0")

"""The procedures of a pack against the rest of it: conditions, four eyes, deductions along every path."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping

from definitions.fault import Fault
from packs.parts import Pack, PartKind, placed
from scoring.definition import Scheme
from scoring.engine import case_deduction
from scoring.exact import in_formula
from workflow.definition import Workflow
from workflow.reachability import arrows_of
from workflow.soundness import soundness_faults


def procedure_faults(pack: Pack) -> Iterator[Fault]:
    """Everything that publishing would bring to light too late."""
    known = known_values(pack)
    for key, workflow in pack.workflows.items():
        path = pack.path_of(PartKind.WORKFLOW, key)
        found = [*soundness_faults(workflow, known=known), *_beyond_cap(workflow, pack.scheme)]
        yield from (placed(path, fault) for fault in found)


def known_values(pack: Pack) -> Mapping[str, Mapping[str, str]]:
    """The closed lists that conditions of a procedure can compare with: key → name."""
    channels = pack.dictionaries.get("channels")
    found: dict[str, Mapping[str, str]] = {
        "category": {category.key: category.name for category in pack.roster.categories}
    }
    if channels is not None:
        found["channel"] = channels.names()
    return {name: values for name, values in found.items() if values}


def _beyond_cap(workflow: Workflow, scheme: Scheme) -> Iterator[Fault]:
    """One case must not cost more than the whole pool holds. Source: 方案第六条第五款."""
    pool = scheme.pool
    if pool is None:
        return
    limit = pool.base - pool.floor
    for state, path in dearest_paths(workflow, scheme).items():
        cost = case_deduction(scheme, path).points
        if cost > limit:
            index = [entry.key for entry in workflow.states].index(state)
            names = " → ".join(workflow.states_by_key[key].name for key in path)
            yield Fault(
                f"states[{index}].tier",
                f"一起事项经过 {names} 共扣{cost}分，超过整改情况的全部分值{in_formula(limit)}分",
            )


def dearest_paths(workflow: Workflow, scheme: Scheme) -> dict[str, tuple[str, ...]]:
    """State that costs points → the states that cost points on the dearest way to it, it being the last."""
    arrows = arrows_of(workflow, workflow.triggers)
    paid = {tier.state for tier in scheme.pool.tiers} if scheme.pool else set()
    best: dict[str, tuple[str, ...]] = {}
    waiting = deque([(workflow.initial, (workflow.initial,) if workflow.initial in paid else ())])
    # What a way costs hangs on which states it touched; what it is reported under, on the last of them.
    seen: set[tuple[str, frozenset[str], tuple[str, ...]]] = set()
    while waiting:
        state, path = waiting.popleft()
        if (state, frozenset(path), path[-1:]) in seen:
            continue
        seen.add((state, frozenset(path), path[-1:]))
        if path and path[-1] == state and _cost(scheme, path) > _cost(scheme, best.get(state, ())):
            best[state] = path
        for target in sorted(arrows[state]):
            longer = (*path, target) if target in paid and target not in path else path
            waiting.append((target, longer))
    return best


def _cost(scheme: Scheme, path: tuple[str, ...]) -> int:
    return case_deduction(scheme, path).points

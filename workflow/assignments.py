"""Every case that conditions can tell apart: the values of their facts, tried one by one.

A condition looks at few facts and compares them with few values; between these nothing changes. So finitely many
assignments stand for all. They may include some that no case ever reaches; what holds in none of them never holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from definitions.expression import ValueType, literals_compared, names_used
from workflow.definition import Expression, Trigger, Workflow
from workflow.expression_faults import names_for
from workflow.vocabulary import AskType

#: All values of a fact that other definitions list; a mapping gives their names too.
Known = Mapping[str, Collection[str]]
#: More than so many are not tried: the question is then left open.
MOST_ASSIGNMENTS = 5_000
#: Stands for every value that no condition names.
ANYTHING_ELSE = "…"


def assignments(
    workflow: Workflow,
    trigger: Trigger | None,
    expressions: Iterable[Expression],
    *,
    fixed: Mapping[str, Any],
    known: Known,
) -> list[dict[str, Any]] | None:
    """Facts for every case that the expressions tell apart; None when there are too many to try.

    fixed: facts that are known, such as the state. known: all values that a fact can have, where that is a closed
    list that the procedure itself does not define (channels, categories).
    """
    given = list(expressions)
    types = names_for(workflow, trigger)
    names = sorted({name for expression in given for name in names_used(expression)} - fixed.keys())
    literals: dict[str, set[Any]] = {name: set() for name in names}
    for expression in given:
        for name, literal in literals_compared(expression):
            if name in literals:
                literals[name].add(literal)
        for name, number in _numbers_compared(expression):
            if name in literals:
                literals[name].add(number)
    domains = [_domain(name, types.get(name), literals[name], trigger, known) for name in names]
    size = 1
    for domain in domains:
        size *= len(domain)
    if size > MOST_ASSIGNMENTS:
        return None
    return [{**fixed, **dict(zip(names, values, strict=True))} for values in product(*domains)]


def _domain(
    name: str,
    kind: ValueType | None,
    literals: set[Any],
    trigger: Trigger | None,
    known: Known,
) -> list[Any]:
    asked = next((ask for ask in trigger.asks if ask.field == name), None) if trigger else None
    if kind is ValueType.BOOLEAN:
        return [True, False]
    if kind is ValueType.NUMBER:
        numbers = {item for item in literals if not isinstance(item, str)} | {0}
        around = {value for number in numbers for value in (number - 1, number, number + 1)}
        least = asked.at_least if asked and asked.at_least is not None else 0
        most = asked.at_most if asked and asked.at_most is not None else max(around)
        found: list[Any] = sorted({value for value in around if least <= value <= most} | {least})
        return [*found, None] if asked and not asked.required else found
    if kind is ValueType.CHOICES:
        return _subsets(sorted(map(str, literals)))
    if asked is not None and asked.type is AskType.CHOICE:
        options: list[Any] = [option.key for option in asked.options]
        return options if asked.required else [*options, None]
    if name in known:
        return sorted(known[name])
    return [*sorted(map(str, literals)), ANYTHING_ELSE]


def _subsets(items: list[str]) -> list[Any]:
    return [
        [item for item, taken in zip(items, chosen, strict=True) if taken]
        for chosen in product((False, True), repeat=len(items))
    ]


def _numbers_compared(node: Any) -> Iterator[tuple[str, int]]:
    if isinstance(node, list):
        for item in node:
            yield from _numbers_compared(item)
    elif isinstance(node, dict):
        for operands in node.values():
            items = operands if isinstance(operands, list) else [operands]
            names = [
                item["var"] for item in items if isinstance(item, dict) and isinstance(item.get("var"), str)
            ]
            numbers = [item for item in items if isinstance(item, int) and not isinstance(item, bool)]
            yield from ((name, number) for name in names for number in numbers)
            yield from _numbers_compared(items)

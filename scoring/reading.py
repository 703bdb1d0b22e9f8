"""Facts as JSON: read strictly, with every fault and its place."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Annotated, Any, NoReturn

from pydantic import ConfigDict, Field

from definitions.base import Definition, Text
from definitions.fault import DefinitionFaults, Fault
from scoring.exact import Exact
from scoring.facts import CaseFacts, EventCount, Figure, RatingCount, ScoringFacts, TargetFacts

#: More than any district will ever count, and small enough to reckon with at once.
_Count = Annotated[int, Field(ge=0, le=10**12, strict=True)]


class _Row(Definition):
    """One row; more keys than those below are faults, as in definitions."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_max_length=10_000)


class _Target(_Row):
    key: Text
    name: Text
    category: Text


class _Rating(_Row):
    target: Text
    method: Text
    grade: Text
    count: _Count
    period: str = ""


class _Case(_Row):
    key: Text
    target: Text
    states: tuple[Text, ...]
    reversed: tuple[Text, ...] = ()
    period: str = ""


class _Figure(_Row):
    target: Text
    figure: Text
    value: Exact
    period: str = ""


class _Event(_Row):
    target: Text
    event: Text
    count: _Count = 1
    period: str = ""


class _Data(_Row):
    targets: tuple[_Target, ...]
    ratings: tuple[_Rating, ...] = ()
    cases: tuple[_Case, ...] = ()
    figures: tuple[_Figure, ...] = ()
    events: tuple[_Event, ...] = ()


def read_facts(data: Any) -> ScoringFacts:
    """The facts in plain data, as `/docs/scoring.md` lists them.

    Raises DefinitionFaults for missing or strange keys and values of the wrong type. Whether they fit a scheme
    is asked when they are scored.
    """
    rows = _Data.read(data)
    return ScoringFacts(
        targets=tuple(TargetFacts(row.key, row.name, row.category) for row in rows.targets),
        ratings=tuple(
            RatingCount(row.target, row.method, row.grade, row.count, row.period) for row in rows.ratings
        ),
        cases=tuple(
            CaseFacts(row.key, row.target, row.states, row.reversed, row.period) for row in rows.cases
        ),
        figures=tuple(Figure(row.target, row.figure, row.value, row.period) for row in rows.figures),
        events=tuple(EventCount(row.target, row.event, row.count, row.period) for row in rows.events),
    )


def parse_json(text: str, *, name: str) -> Any:
    """The JSON document with exact figures; a doubled key or NaN is a fault, as is broken JSON."""
    try:
        return json.loads(
            text, parse_float=Decimal, parse_constant=_no_such_number, object_pairs_hook=_without_doubles
        )
    except json.JSONDecodeError as error:
        raise DefinitionFaults([Fault(f"{name}:{error.lineno}", f"JSON 写法有误：{error.msg}")]) from error
    except RecursionError as error:
        raise DefinitionFaults([Fault(name, "JSON 嵌套过深")]) from error
    except ValueError as error:
        raise DefinitionFaults([Fault(name, f"JSON 内容有误：{error}")]) from error


def _no_such_number(word: str) -> NoReturn:
    raise ValueError(f"{word} 不是数字")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"键“{next(key for key in keys if keys.count(key) > 1)}”重复")
    return found

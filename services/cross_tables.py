"""Answers set against where they come from: category, month, target or channel, several questions at once.

What was given in secret is in none of these tables: it is told by `services.guarded_answers` alone, where no small
group can be seen and no two tables can be subtracted from each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.context import Context
from forms.fields.base import Field
from forms.tally import Tally
from models.campaign import Definition
from models.roster import Category, Target, Unit
from services.actor import Actor
from services.answer_digests import CROSSABLE, By, digests_of
from services.answer_filters import SOURCES, AnswerFilter, issued_versions, may_look, versions_wanted
from services.answer_lists import columns_of
from services.definitions import form_of
from services.every_choice import EveryChoice

#: What the lines of a table can be, the usual one first.
LINES = ("category_month", "category", "month", "target", "source")
_COUNTED_BY: dict[str, By] = {"target": "target", "source": "source"}
#: (id of a category or target, or a source; month), as the digests have it; each may be left empty.
_Place = tuple[int | str, str]


@dataclass(frozen=True)
class CrossTable:
    """One question. answers: what can be answered, in order. lines: (words of the line, count of each answer)."""

    question: Field
    answers: tuple[str, ...]
    lines: tuple[tuple[tuple[str, ...], tuple[int, ...]], ...]
    totals: tuple[int, ...]


@dataclass(frozen=True)
class CrossTables:
    """Several questions by the same lines.

    by: one of `LINES`. A line is told in words: category and month, category, month, unit and target, or the key of the
    source. Nothing is said as an empty text.
    """

    by: str
    tables: tuple[CrossTable, ...]


def crossable(session: Session, versions: Sequence[Definition]) -> list[Field]:
    """The questions that can be told across months and categories: those with a list of answers."""
    return [column.field for column in columns_of(session, versions) if isinstance(column.field, CROSSABLE)]


def cross_tables(
    session: Session,
    actor: Actor,
    key: str,
    questions: Sequence[str],
    by: str,
    which: AnswerFilter,
    *,
    now: datetime,
) -> CrossTables | None:
    """The questions asked for (the grade, if none of them is there) by one of `LINES`; None for a form without any."""
    may_look(actor)
    versions = issued_versions(session, key)
    fields = crossable(session, versions)
    if not fields:
        return None
    by = by if by in LINES else LINES[0]
    asked = [field for field in fields if field.key in questions] or [_usual(session, versions[0].id, fields)]
    counted = _counted(session, versions_wanted(versions, which), asked, by, which, now)
    names = _names(session, by)
    context = Context(EveryChoice(session))
    return CrossTables(by, tuple(_table(field, counted[field.key], names, context) for field in asked))


def _usual(session: Session, form_id: int, fields: Sequence[Field]) -> Field:
    binding = form_of(session, form_id).binding
    return next((field for field in fields if binding is not None and field.key == binding.grade), fields[0])


def _counted(
    session: Session,
    versions: Sequence[Definition],
    asked: Sequence[Field],
    by: str,
    which: AnswerFilter,
    now: datetime,
) -> dict[str, dict[_Place, Tally]]:
    """Question → line → what was counted over all versions."""
    counted: dict[str, dict[_Place, Tally]] = {field.key: {} for field in asked}
    for row in versions:
        for digest in digests_of(session, row.id, which, by=_COUNTED_BY.get(by, "category"), now=now):
            for (where, month), part in digest.parts.items():
                line = ("" if by == "month" else where, month if by in ("month", "category_month") else "")
                for key, lines in counted.items():
                    if key in part:
                        lines.setdefault(line, Tally()).add(part[key])
    return counted


def _names(session: Session, by: str) -> dict[int | str, tuple[str, ...]]:
    """The words of each place, in the order of the roster."""
    if by == "source":
        return {source: (source,) for source in SOURCES}
    if by == "target":
        rows = session.execute(
            select(Target.id, Unit.name, Target.name)
            .join(Target.unit)
            .order_by(Unit.category_id, Unit.position, Unit.id, Target.position, Target.id)
        )
        return {**{row[0]: (row[1], row[2]) for row in rows}, 0: ("", "")}
    if by == "month":
        return {"": ()}
    named = session.execute(select(Category.id, Category.name).order_by(Category.position, Category.id))
    return {0: ("",), **{row[0]: (row[1],) for row in named}}


def _table(
    field: Field, counted: dict[_Place, Tally], names: dict[int | str, tuple[str, ...]], context: Context
) -> CrossTable:
    told = {line: field.summed(tally, context).counts for line, tally in counted.items()}
    answers = tuple(dict.fromkeys(name for counts in told.values() for name in counts))
    order = {place: number for number, place in enumerate(names)}

    def words(line: _Place) -> tuple[str, ...]:
        where, month = line
        return (*names.get(where, (str(where),)), *((month,) if month else ()))

    lines = sorted(told, key=lambda line: (order.get(line[0], len(order)), line[1]))
    totals: Counter[Any] = Counter()
    for counts in told.values():
        totals.update(counts)
    return CrossTable(
        field,
        answers,
        tuple((words(line), tuple(told[line].get(name, 0) for name in answers)) for line in lines),
        tuple(totals[name] for name in answers),
    )

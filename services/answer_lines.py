"""Filled forms as lines, in one order over versions and sources; a line's place is where a page can begin.

Who filled a form in is told in none of this: the register of ratings says it to those who need it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, or_, select
from sqlalchemy.orm import Session

from forms.context import OFFICE_TIME
from models.campaign import Definition
from models.collection import Answer, Collection
from models.rating import Rating
from models.roster import Category, Target, Unit
from services.answer_filters import AnswerFilter, answer_conditions, rating_conditions

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: (instant, kind, number): what the next page begins after.
Place = tuple[datetime, str, int]


@dataclass(frozen=True)
class Line:
    """One filled form.

    kind: `rating` or `answer`, `id` is its number there. on: the day it speaks of, of an answer the day it came.
    target, unit, category, grade: empty for an answer that is no rating. counted: false once revised, voided
    or withdrawn.
    """

    kind: str
    id: int
    form_id: int
    version: int
    answers: dict[str, Any]
    on: date
    at: datetime
    target: str
    unit: str
    category: str
    grade: str
    period: str
    source: str
    collection: str
    counted: bool

    @property
    def place(self) -> str:
        """Where it stands in the list: what the next page begins after."""
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1)}-{self.kind}-{self.id}"


def merged_lines(
    session: Session,
    versions: Sequence[Definition],
    which: AnswerFilter,
    begin: Place | None,
    *,
    limit: int | None,
) -> Generator[Line, None, None]:
    """The lines of all versions and both sources in one order; each comes from an index, none is sorted whole."""
    with ExitStack() as stack:
        sources = []
        for row in versions:
            for query, of_rating in (
                (ratings_of(row, which, begin), True),
                (answers_of(row, which, begin), False),
            ):
                if query is None:
                    continue
                make = line_of_rating if of_rating else line_of_answer
                limited = query if limit is None else query.limit(limit)
                result = session.execute(limited.execution_options(yield_per=min(limit or 1_000, 1_000)))
                stack.callback(result.close)
                sources.append(_lines(result, row, make))
        yield from heapq.merge(*sources, key=lambda line: (line.at, line.kind, line.id), reverse=True)


def _lines(
    result: Iterable[Row[Any]], row: Definition, make: Callable[[Row[Any], Definition], Line]
) -> Iterator[Line]:
    for found in result:
        yield make(found, row)


def place_of(text: str) -> Place | None:
    """The place a link names; None for what is none."""
    at, _, rest = text.partition("-")
    kind, _, number = rest.partition("-")
    if kind not in ("answer", "rating") or not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    if not (at.isascii() and at.isdigit() and len(at) < 18):
        return None
    return _EPOCH + timedelta(microseconds=int(at)), kind, int(number)


def _after(begin: Place | None, kind: str, at: Any, number: Any) -> list[ColumnElement[bool]]:
    if begin is None:
        return []
    when, kind_before, id_before = begin
    if kind > kind_before:  # of one instant, ratings stand before answers
        return [at < when]
    if kind < kind_before:
        return [at <= when]
    return [at <= when, or_(at < when, number < id_before)]


def ratings_of(row: Definition, which: AnswerFilter, begin: Place | None) -> Select[*tuple[Any, ...]] | None:
    """The ratings of one version after a place, with all that a line says; None when the filter leaves none."""
    conditions = rating_conditions(row.id, which)
    if conditions is None:
        return None
    return (
        select(
            Rating.id,
            Rating.answers,
            Rating.happened_on.label("happened_on"),
            Rating.submitted_at.label("at"),
            Target.name.label("target"),
            Unit.name.label("unit"),
            Category.name.label("category"),
            Rating.grade.label("grade"),
            Rating.period.label("period"),
            Answer.source.label("source"),
            Collection.title.label("collection"),
            Rating.counted.label("counted"),
        )
        .join(Target, Target.id == Rating.target_id)
        .join(Unit, Unit.id == Target.unit_id)
        .join(Category, Category.id == Unit.category_id)
        .outerjoin(Answer, Answer.rating_id == Rating.id)
        .outerjoin(Collection, Collection.id == Answer.collection_id)
        .where(*conditions, *_after(begin, "rating", Rating.submitted_at, Rating.id))
        .order_by(Rating.submitted_at.desc(), Rating.id.desc())
    )


def answers_of(row: Definition, which: AnswerFilter, begin: Place | None) -> Select[*tuple[Any, ...]] | None:
    """The answers of one version that are no ratings, as `ratings_of`."""
    conditions = answer_conditions(row.id, which)
    if conditions is None:
        return None
    return (
        select(
            Answer.id,
            Answer.answers,
            Answer.submitted_at.label("at"),
            Answer.source.label("source"),
            Collection.title.label("collection"),
            Answer.withdrawn_at.label("withdrawn_at"),
        )
        .join(Collection, Collection.id == Answer.collection_id)
        .where(*conditions, *_after(begin, "answer", Answer.submitted_at, Answer.id))
        .order_by(Answer.submitted_at.desc(), Answer.id.desc())
    )


def line_of_rating(found: Row[Any], row: Definition) -> Line:
    """A row of `ratings_of` as a line."""
    return Line(
        kind="rating",
        id=found.id,
        form_id=row.id,
        version=row.version,
        answers=found.answers,
        on=found.happened_on,
        at=found.at,
        target=found.target,
        unit=found.unit,
        category=found.category,
        grade=found.grade,
        period=found.period,
        source=found.source or "web",
        collection=found.collection or "",
        counted=found.counted,
    )


def line_of_answer(found: Row[Any], row: Definition) -> Line:
    """A row of `answers_of` as a line."""
    return Line(
        kind="answer",
        id=found.id,
        form_id=row.id,
        version=row.version,
        answers=found.answers,
        on=found.at.astimezone(OFFICE_TIME).date(),
        at=found.at,
        target="",
        unit="",
        category="",
        grade="",
        period="",
        source=found.source,
        collection=found.collection,
        counted=found.withdrawn_at is None,
    )

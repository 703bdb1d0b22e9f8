"""Filled forms as the office reads them: which forms have any, a page of them, one of them, all of them as rows.

A page is found by the place after which it begins, not by its number, so that the thousandth costs what the first
does. Who filled a form in is told in none of this: the register of ratings says it to those who need it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, or_, select
from sqlalchemy.orm import Session

from forms.context import OFFICE_TIME, Context
from forms.definition import FormDefinition
from forms.fields.base import Field
from forms.fields.long_text import LongText
from forms.fields.short_text import ShortText
from forms.fields.ticked import OneOf
from models.campaign import Definition, DefinitionStatus
from models.collection import Answer, Collection
from models.notice import Attachment
from models.rating import Rating
from models.roster import Category, Target, Unit
from services.actor import Actor
from services.answer_filters import (
    AnswerFilter,
    answer_conditions,
    issued_versions,
    may_look,
    rating_conditions,
    versions_wanted,
)
from services.attachments import attachments_of
from services.definition_versions import office_pack
from services.definitions import form_of
from services.every_choice import EveryChoice
from services.refusal import not_found

PAGE_SIZE = 50
#: A word is looked for in the newest so many filled forms that pass the other filters.
SEARCHED = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


@dataclass(frozen=True)
class Column:
    """A question that any version asks. old: the newest version asks it no more."""

    key: str
    label: str
    field: Field
    old: bool


@dataclass(frozen=True)
class AnswerPage:
    """One page of filled forms. after: the next page begins after this place; empty on the last one.

    searched: how many were looked through for the word, None without a word. total: None with a word.
    """

    lines: tuple[Line, ...]
    total: int | None
    after: str
    searched: int | None


@dataclass(frozen=True)
class FormWithAnswers:
    """A form of the list. secret: its answers are told as guarded counts alone."""

    key: str
    name: str
    versions: int
    answers: int
    last: datetime | None
    secret: bool


def forms_with_answers(session: Session, actor: Actor) -> list[FormWithAnswers]:
    """Every form that was ever published, those with answers first."""
    may_look(actor)
    rows = session.execute(
        select(Definition)
        .where(
            Definition.pack_key == office_pack(session),
            Definition.kind == "form",
            Definition.status != DefinitionStatus.DRAFT,
        )
        .order_by(Definition.version)
    ).scalars()
    versions: dict[str, list[Definition]] = {}
    for row in rows:
        versions.setdefault(row.key, []).append(row)
    counted = _counts(session)
    found = []
    for key, held in versions.items():
        parts = [counted[row.id] for row in held if row.id in counted]
        found.append(
            FormWithAnswers(
                key,
                held[-1].name,
                len(held),
                sum(count for count, _ in parts),
                max((last for _, last in parts), default=None),
                bool(held[-1].body.get("anonymous")),
            )
        )
    return sorted(found, key=lambda line: (line.answers == 0, line.name))


def _counts(session: Session) -> dict[int, tuple[int, datetime]]:
    """Id of a version → filled forms that are read one by one, and when the last one came."""
    found: dict[int, tuple[int, datetime]] = {}
    rated = (
        select(Rating.form_id, func.count(), func.max(Rating.submitted_at))
        .where(Rating.round_id.is_(None))
        .group_by(Rating.form_id)
    )
    given = (
        select(Answer.form_id, func.count(), func.max(Answer.submitted_at))
        .join(Collection, Collection.id == Answer.collection_id)
        .where(Answer.rating_id.is_(None), Collection.anonymous.is_(False))
        .group_by(Answer.form_id)
    )
    for query in (rated, given):
        for form_id, count, last in session.execute(query):
            before = found.get(form_id)
            found[form_id] = (count, last) if before is None else (count + before[0], max(last, before[1]))
    return found


def columns_of(session: Session, versions: Sequence[Definition]) -> list[Column]:
    """The questions of all versions, the newest version's in its order, then those it asks no more."""
    found: dict[str, Column] = {}
    for row in versions:
        for field in form_of(session, row.id).fields:
            if field.asks and field.key not in found:
                found[field.key] = Column(field.key, field.label, field, old=row is not versions[0])
    return list(found.values())


def answer_page(
    session: Session,
    actor: Actor,
    key: str,
    which: AnswerFilter,
    *,
    after: str = "",
    size: int = PAGE_SIZE,
) -> AnswerPage:
    """The filled forms after a place, newest first. A place that is none begins at the newest."""
    may_look(actor)
    versions = versions_wanted(issued_versions(session, key), which)
    begin = _place(after)
    if which.word:
        lines, searched = _with_word(session, versions, which, begin, size)
        return AnswerPage(
            tuple(lines[:size]), None, lines[size - 1].place if len(lines) > size else "", searched
        )
    lines = list(_merged(session, versions, which, begin, limit=size + 1))[: size + 1]
    total = sum(_count(session, row.id, which) for row in versions)
    return AnswerPage(tuple(lines[:size]), total, lines[size - 1].place if len(lines) > size else "", None)


def _with_word(
    session: Session,
    versions: Sequence[Definition],
    which: AnswerFilter,
    begin: tuple[datetime, str, int] | None,
    size: int,
) -> tuple[list[Line], int]:
    """The lines with the word in their text, one more than a page, and how many were looked through."""
    wanted = which.word.casefold()
    context = Context(EveryChoice(session))
    readers = {row.id: _reader(form_of(session, row.id), wanted, context) for row in versions}
    found: list[Line] = []
    searched = 0
    with closing(_merged(session, versions, replace(which, word=""), begin, limit=SEARCHED)) as lines:
        for line in lines:
            searched += 1
            if wanted in line.target.casefold() or readers[line.form_id](line.answers):
                found.append(line)
            if len(found) > size or searched >= SEARCHED:
                break
    return found, searched


def _reader(form: FormDefinition, wanted: str, context: Context) -> Callable[[dict[str, Any]], bool]:
    """Whether the word stands in what is printed of answers. Names of a list are looked through once, not each time."""
    texts = {field.key for field in form.fields if isinstance(field, (ShortText, LongText))}
    named = {
        field.key: {entry.key for entry in field.options_for(context) if wanted in entry.label.casefold()}
        for field in form.fields
        if isinstance(field, OneOf)
    }
    others = {
        field.key: field for field in form.fields if field.asks and field.key not in texts | named.keys()
    }

    def reads(answers: dict[str, Any]) -> bool:
        for key, answer in answers.items():
            if key in texts:
                if wanted in str(answer).casefold():
                    return True
            elif key in named:
                if answer in named[key]:
                    return True
            elif key in others and wanted in others[key].printed(answer, context).casefold():
                return True
        return False

    return reads


def every_line(session: Session, actor: Actor, key: str, which: AnswerFilter) -> Iterator[Line]:
    """All filled forms that pass, newest first, without ever holding them all; the word is heeded too."""
    may_look(actor)
    versions = versions_wanted(issued_versions(session, key), which)
    if which.word:
        yield from _with_word(session, versions, which, None, SEARCHED)[0]
    else:
        yield from _merged(session, versions, which, None, limit=None)


def _merged(
    session: Session,
    versions: Sequence[Definition],
    which: AnswerFilter,
    begin: tuple[datetime, str, int] | None,
    *,
    limit: int | None,
) -> Generator[Line, None, None]:
    """The lines of all versions and both sources in one order; each comes from an index, none is sorted whole."""
    with ExitStack() as stack:
        sources = []
        for row in versions:
            for query, of_rating in (
                (_ratings(row, which, begin), True),
                (_answers(row, which, begin), False),
            ):
                if query is None:
                    continue
                make = _line_of_rating if of_rating else _line_of_answer
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


def _count(session: Session, form_id: int, which: AnswerFilter) -> int:
    total = 0
    for noun, conditions in (
        (Rating, rating_conditions(form_id, which)),
        (Answer, answer_conditions(form_id, which)),
    ):
        if conditions is not None:
            total += int(session.execute(select(func.count(noun.id)).where(*conditions)).scalar_one())
    return total


def _place(text: str) -> tuple[datetime, str, int] | None:
    """The place a link names; None for what is none."""
    at, _, rest = text.partition("-")
    kind, _, number = rest.partition("-")
    if kind not in ("answer", "rating") or not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    if not (at.isascii() and at.isdigit() and len(at) < 18):
        return None
    return _EPOCH + timedelta(microseconds=int(at)), kind, int(number)


def _after(
    begin: tuple[datetime, str, int] | None, kind: str, at: Any, number: Any
) -> list[ColumnElement[bool]]:
    if begin is None:
        return []
    when, kind_before, id_before = begin
    if kind > kind_before:  # of one instant, ratings stand before answers
        return [at < when]
    if kind < kind_before:
        return [at <= when]
    return [at <= when, or_(at < when, number < id_before)]


def _ratings(
    row: Definition, which: AnswerFilter, begin: tuple[datetime, str, int] | None
) -> Select[*tuple[Any, ...]] | None:
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


def _answers(
    row: Definition, which: AnswerFilter, begin: tuple[datetime, str, int] | None
) -> Select[*tuple[Any, ...]] | None:
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


def _line_of_rating(found: Row[Any], row: Definition) -> Line:
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


def _line_of_answer(found: Row[Any], row: Definition) -> Line:
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


@dataclass(frozen=True)
class AnswerSheet:
    """One filled form as its own version asked it. answers: (label, text or "" for nothing, heading or not)."""

    line: Line
    form: FormDefinition
    newest: int
    answers: tuple[tuple[str, str, bool], ...]
    files: tuple[Attachment, ...]


def answer_sheet(session: Session, actor: Actor, key: str, kind: str, number: int) -> AnswerSheet:
    """One filled form in its own version; the same refusal whether it is missing, secret or another form's."""
    may_look(actor)
    versions = issued_versions(session, key)
    noun: Any = Rating if kind == "rating" else Answer
    for row in versions:
        query = (_ratings if kind == "rating" else _answers)(row, AnswerFilter(), None)
        found = query is not None and session.execute(query.where(noun.id == number)).one_or_none()
        if found:
            line = (_line_of_rating if kind == "rating" else _line_of_answer)(found, row)
            return _sheet(session, line, versions[0].version)
    raise not_found("这份答卷")


def _sheet(session: Session, line: Line, newest: int) -> AnswerSheet:
    form = form_of(session, line.form_id)
    context = Context(EveryChoice(session))
    said = tuple(
        (
            field.label,
            "" if not field.asks else field.printed(line.answers.get(field.key), context),
            field.asks,
        )
        for field in form.fields
        if field.asks or field.type in ("section", "page")
    )
    return AnswerSheet(line, form, newest, said, tuple(attachments_of(session, line.kind, line.id)))

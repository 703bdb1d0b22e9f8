"""Filled forms as the office reads them: which forms have any, a page of them, one of them, all of them as rows.

A page is found by the place after which it begins, not by its number, so that the thousandth costs what the first
does. Who filled a form in is told in none of this: the register of ratings says it to those who need it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms.context import Context
from forms.definition import FormDefinition
from forms.fields.base import Field
from forms.fields.long_text import LongText
from forms.fields.short_text import ShortText
from forms.fields.ticked import OneOf
from models.campaign import Definition, DefinitionStatus
from models.collection import Answer, Collection
from models.notice import Attachment
from models.rating import Rating
from services.actor import Actor
from services.answer_filters import (
    AnswerFilter,
    answer_conditions,
    issued_versions,
    may_look,
    rating_conditions,
    versions_wanted,
)
from services.answer_lines import (
    Line,
    Place,
    answers_of,
    line_of_answer,
    line_of_rating,
    merged_lines,
    place_of,
    ratings_of,
)
from services.attachments import attachments_of
from services.definition_versions import office_pack
from services.definitions import form_of
from services.every_choice import EveryChoice
from services.refusal import not_found

PAGE_SIZE = 50
#: A word is looked for in the newest so many filled forms that pass the other filters.
SEARCHED = 10_000


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


def target_fields(session: Session, versions: Sequence[Definition]) -> frozenset[str]:
    """The questions that name the rated target in some version: a list says the target once, with its unit."""
    bindings = [form_of(session, row.id).binding for row in versions]
    return frozenset(binding.target for binding in bindings if binding is not None and binding.target)


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
    begin = place_of(after)
    if which.word:
        lines, searched = _with_word(session, versions, which, begin, size)
        return AnswerPage(
            tuple(lines[:size]), None, lines[size - 1].place if len(lines) > size else "", searched
        )
    lines = list(merged_lines(session, versions, which, begin, limit=size + 1))[: size + 1]
    total = sum(_count(session, row.id, which) for row in versions)
    return AnswerPage(tuple(lines[:size]), total, lines[size - 1].place if len(lines) > size else "", None)


def _with_word(
    session: Session,
    versions: Sequence[Definition],
    which: AnswerFilter,
    begin: Place | None,
    size: int,
) -> tuple[list[Line], int]:
    """The lines with the word in their text, one more than a page, and how many were looked through."""
    wanted = which.word.casefold()
    context = Context(EveryChoice(session))
    readers = {row.id: _reader(form_of(session, row.id), wanted, context) for row in versions}
    found: list[Line] = []
    searched = 0
    with closing(merged_lines(session, versions, replace(which, word=""), begin, limit=SEARCHED)) as lines:
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
        yield from merged_lines(session, versions, which, None, limit=None)


def _count(session: Session, form_id: int, which: AnswerFilter) -> int:
    total = 0
    for noun, conditions in (
        (Rating, rating_conditions(form_id, which)),
        (Answer, answer_conditions(form_id, which)),
    ):
        if conditions is not None:
            total += int(session.execute(select(func.count(noun.id)).where(*conditions)).scalar_one())
    return total


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
        query = (ratings_of if kind == "rating" else answers_of)(row, AnswerFilter(), None)
        found = query is not None and session.execute(query.where(noun.id == number)).one_or_none()
        if found:
            line = (line_of_rating if kind == "rating" else line_of_answer)(found, row)
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

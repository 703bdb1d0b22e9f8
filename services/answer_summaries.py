"""What the filled forms of one form say together: question by question, and across months and categories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.context import Context
from forms.fields.base import Field, Summary
from forms.fields.dictionary import Dictionary
from forms.fields.matrix import Matrix
from forms.fields.multi_choice import MultiChoice
from forms.fields.picker import Picker
from forms.fields.ticked import OneOf
from forms.fields.yes_no import YesNo
from forms.tally import Tally
from models.campaign import Definition
from models.roster import Category
from services.actor import Actor
from services.answer_digests import digests_of
from services.answer_filters import AnswerFilter, issued_versions, may_look, versions_wanted
from services.answer_lists import columns_of
from services.definitions import form_of
from services.every_choice import EveryChoice


@dataclass(frozen=True)
class Question:
    """One question over all versions that ask it. old: the newest version asks it no more."""

    field: Field
    summary: Summary
    old: bool


@dataclass(frozen=True)
class Cross:
    """One question across months and categories.

    answers: what can be answered, in order. rows: (category, month, count of each answer). totals: of each answer.
    """

    question: Field
    answers: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[int, ...]], ...]
    totals: tuple[int, ...]


@dataclass(frozen=True)
class Overview:
    """forms: how many filled forms were counted."""

    forms: int
    questions: tuple[Question, ...]


def overview(session: Session, actor: Actor, key: str, which: AnswerFilter, *, now: datetime) -> Overview:
    """All questions of a form at a glance, over the filled forms that count and pass the filter."""
    may_look(actor)
    versions = issued_versions(session, key)
    wanted = versions_wanted(versions, which)
    tallies, forms = _together(session, wanted, which, now)
    context = Context(EveryChoice(session))
    questions = [
        Question(
            column.field, _shortened(column.field, tallies.get(column.key, Tally()), context), column.old
        )
        for column in columns_of(session, versions)
        if not column.old or column.key in tallies
    ]
    return Overview(forms, tuple(questions))


def _shortened(field: Field, tally: Tally, context: Context) -> Summary:
    """The summary; of a long list from outside the form only what was answered, the most frequent first."""
    summary = field.summed(tally, context)
    if not isinstance(field, (Picker, Dictionary)):
        return summary
    given = sorted(
        ((name, times) for name, times in summary.counts.items() if times), key=lambda pair: -pair[1]
    )
    return replace(summary, counts=dict(given))


def _together(
    session: Session, versions: Sequence[Definition], which: AnswerFilter, now: datetime
) -> tuple[dict[str, Tally], int]:
    """Question → what was counted over all versions, the oldest first; and the number of filled forms."""
    together: dict[str, Tally] = {}
    forms = 0
    for row in reversed(versions):
        digests = digests_of(session, row.id, which, now=now)
        forms += sum(digest.rows for digest in digests)
        for digest in digests:
            for _, part in sorted(digest.parts.items(), key=lambda item: item[0][1]):
                for key, tally in part.items():
                    together.setdefault(key, Tally()).add(tally)
    return together, forms


def crossable(session: Session, versions: Sequence[Definition]) -> list[Field]:
    """The questions that can be told across months and categories: those with a list of answers."""
    kinds = (OneOf, YesNo, MultiChoice, Matrix)
    return [column.field for column in columns_of(session, versions) if isinstance(column.field, kinds)]


def cross_table(
    session: Session, actor: Actor, key: str, question: str, which: AnswerFilter, *, now: datetime
) -> Cross | None:
    """One question (the grade, if none of that key) by category and month; None for a form without any."""
    may_look(actor)
    versions = issued_versions(session, key)
    fields = crossable(session, versions)
    if not fields:
        return None
    binding = form_of(session, versions[0].id).binding
    asked = next((field for field in fields if field.key == question), None)
    graded = next(
        (field for field in fields if binding is not None and field.key == binding.grade), fields[0]
    )
    field = asked or graded
    parts: dict[tuple[int, str], Tally] = {}
    for row in versions_wanted(versions, which):
        for digest in digests_of(session, row.id, which, now=now):
            for place, part in digest.parts.items():
                if field.key in part:
                    parts.setdefault(place, Tally()).add(part[field.key])
    return _cross(session, field, parts)


def _cross(session: Session, field: Field, parts: Mapping[tuple[int, str], Tally]) -> Cross:
    rows = session.execute(select(Category.id, Category.name).order_by(Category.position, Category.id))
    names = {row[0]: row[1] for row in rows}
    order = list(names)
    context = Context(EveryChoice(session))
    counted = {place: field.summed(tally, context).counts for place, tally in parts.items()}
    answers = list(dict.fromkeys(name for counts in counted.values() for name in counts))
    places = sorted(counted, key=lambda place: (order.index(place[0]) if place[0] in names else -1, place[1]))
    totals: Counter[str] = Counter()
    for counts in counted.values():
        totals.update(counts)
    return Cross(
        field,
        tuple(answers),
        tuple(
            (names.get(category, ""), month, tuple(counted[category, month].get(name, 0) for name in answers))
            for category, month in places
        ),
        tuple(totals[name] for name in answers),
    )

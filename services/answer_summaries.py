"""What the filled forms of one form say together, question by question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from forms.context import Context
from forms.fields.base import Field, Summary
from forms.fields.dictionary import Dictionary
from forms.fields.picker import Picker
from forms.tally import Tally
from models.campaign import Definition
from services.actor import Actor
from services.answer_digests import digests_of
from services.answer_filters import AnswerFilter, issued_versions, may_look, versions_wanted
from services.answer_lists import columns_of
from services.every_choice import EveryChoice


@dataclass(frozen=True)
class Question:
    """One question over all versions that ask it. old: the newest version asks it no more."""

    field: Field
    summary: Summary
    old: bool


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
            for part in (*digest.parts.values(), digest.whole):
                for key, tally in part.items():
                    together.setdefault(key, Tally()).add(tally)
    return together, forms

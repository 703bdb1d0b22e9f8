"""Answers given in secret: nothing before the close, then fixed figures in which no small group can be seen.

Each closed round and each closed anonymous collection is told by itself and whole: there is no filter, for two
filters subtracted from each other would show what neither shows. Source: 方案第五条第（四）项.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms.context import Context
from forms.fields.base import Field
from forms.fields.ticked import distinct_names
from forms.suppression import Guarded, guarded
from forms.tally import Tally
from forms.terms import frequent_terms
from models.campaign import Campaign
from models.collection import Answer, Collection
from models.rating import BallotRound, Rating
from models.roster import Target
from services.actor import Actor
from services.answer_filters import issued_versions, may_look
from services.definitions import form_of
from services.every_choice import EveryChoice
from services.mixing import smallest_group
from services.refusal import not_found

#: Words that people wrote are read only where so many wrote some.
ENOUGH_TO_READ = 10
UNANSWERED = "未填"


@dataclass(frozen=True)
class Sitting:
    """A round or an anonymous collection. open: nothing of it is told yet. ballots: how many came back."""

    kind: str
    id: int
    title: str
    version: int
    form_id: int
    closed_at: datetime | None
    ballots: int
    #: The campaign's `smallest_group`.
    smallest: int

    @property
    def told(self) -> bool:
        """Whether its figures may be shown: it is closed, and enough took part."""
        return self.closed_at is not None and self.ballots >= self.smallest


@dataclass(frozen=True)
class GuardedQuestion:
    """One question of a sitting. answers: what can be answered, in order. counts: fit to be shown.

    terms: words that at least the smallest group wrote. texts: what was written, in the order of the alphabet; None
    while too few wrote.
    """

    field: Field
    answers: tuple[str, ...]
    counts: Guarded
    terms: tuple[tuple[str, int], ...] = ()
    texts: tuple[str, ...] | None = None


def sittings(session: Session, actor: Actor, key: str) -> list[Sitting]:
    """All rounds and anonymous collections with a version of this form, newest first."""
    may_look(actor)
    versions = {row.id: row for row in issued_versions(session, key)}
    rounds = session.execute(select(BallotRound).where(BallotRound.form_id.in_(versions))).scalars()
    anonymous = session.execute(
        select(Collection).where(Collection.form_id.in_(versions), Collection.anonymous)
    ).scalars()
    found = [
        *(_sitting(session, "round", row, versions[row.form_id].version, row.returned) for row in rounds),
        *(
            _sitting(session, "collection", row, versions[row.form_id].version, row.standing)
            for row in anonymous
        ),
    ]
    never = datetime.min.replace(tzinfo=UTC)
    return sorted(
        found, key=lambda one: (one.closed_at is None, one.closed_at or never, one.id), reverse=True
    )


def _sitting(
    session: Session, kind: str, row: BallotRound | Collection, version: int, ballots: int
) -> Sitting:
    smallest = smallest_group(session.get_one(Campaign, row.campaign_id))
    return Sitting(kind, row.id, row.title, version, row.form_id, row.closed_at, ballots, smallest)


def guarded_figures(
    session: Session, actor: Actor, key: str, kind: str, number: int
) -> tuple[Sitting, tuple[GuardedQuestion, ...]]:
    """The figures of one sitting; a refusal for one that is not there, no questions for one not to be told."""
    sitting = next(
        (one for one in sittings(session, actor, key) if (one.kind, one.id) == (kind, number)), None
    )
    if sitting is None:
        raise not_found("这次收集")
    if not sitting.told:
        return sitting, ()
    form = form_of(session, sitting.form_id)
    given = _given_in_round(session, number) if kind == "round" else _given_in_collection(session, number)
    ballots = list(given)
    context = Context(EveryChoice(session))
    found = []
    for field in form.fields:
        if not field.asks:
            continue
        if kind == "round" and form.binding is not None and field.key == form.binding.grade:
            found.append(_graded(session, field, number, sitting.smallest))
        else:
            found.append(_question(field, ballots, sitting, context))
    return sitting, tuple(found)


def _given_in_round(session: Session, round_id: int) -> Iterable[dict[str, Any]]:
    """What stands on the ballots besides the grades; the ballot's first row carries it."""
    rows = session.execute(select(Rating.answers).where(Rating.round_id == round_id)).scalars()
    return (answers for answers in rows if answers)


def _given_in_collection(session: Session, collection_id: int) -> Iterable[dict[str, Any]]:
    query = select(Answer.answers).where(Answer.collection_id == collection_id, Answer.withdrawn_at.is_(None))
    return session.execute(query).scalars()


def _graded(session: Session, field: Field, round_id: int, smallest: int) -> GuardedQuestion:
    """The grades of a round by target, from the ratings themselves."""
    counted = session.execute(
        select(Target.key, Rating.grade, func.count())
        .join(Target, Target.id == Rating.target_id)
        .where(Rating.round_id == round_id, Rating.counted)
        .group_by(Target.id, Target.key, Rating.grade)
        .order_by(Target.id)
    )
    targets = distinct_names(EveryChoice(session).entries("target"))
    names = {entry.key: entry.label for entry in field.options_for(Context())}
    answers = tuple(name for key, name in names.items() if key != "-")
    table: dict[str, dict[str, int]] = {}
    for target, grade, count in counted:
        cells = table.setdefault(targets[target], dict.fromkeys(answers, 0))
        cells[names.get(grade, grade)] = count
    return GuardedQuestion(field, answers, guarded(table, smallest=smallest))


def _question(
    field: Field, ballots: list[dict[str, Any]], sitting: Sitting, context: Context
) -> GuardedQuestion:
    tally = Tally()
    texts: list[str] = []
    for answers in ballots:
        answer = answers.get(field.key)
        field.count_into(tally, answer)
        said = field.quoted(answer) if answer else ""
        if said:
            texts.append(said)
    summary = field.summed(tally, context)
    counts = dict(summary.counts)
    if texts or not counts:
        enough = len(texts) >= ENOUGH_TO_READ
        terms = tuple((term, times) for term, times in frequent_terms(texts) if times >= sitting.smallest)
        return GuardedQuestion(
            field, (), guarded({}), terms if enough else (), tuple(sorted(texts)) if enough else None
        )
    table: dict[str, dict[str, int]] = {label: dict(cells) for label, cells in summary.table.items()}
    if not table:
        # Left out is an answer too: otherwise the few who left it out could be had by subtraction.
        table = {field.label: counts | {UNANSWERED: max(sitting.ballots - summary.answered, 0)}}
    names = tuple(dict.fromkeys(name for cells in table.values() for name in cells))
    return GuardedQuestion(field, names, guarded(table, smallest=sitting.smallest))

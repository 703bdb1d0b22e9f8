"""Filled forms of one form over all its versions, whichever way they came: which there are, and which are asked for.

A filled form is a rating (a form bound to a method) or an answer of a collection. Those given in secret, in a
ballot or an anonymous collection, are in none of this: they are told as guarded counts alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, and_, not_, or_, select
from sqlalchemy.orm import Session, aliased

from forms.context import OFFICE_TIME
from models.campaign import Definition
from models.collection import Answer, Collection
from models.people import Role
from models.rating import Rating
from models.roster import Category, Target, Unit
from services.actor import OFFICE, Actor
from services.form_versions import form_versions
from services.refusal import not_found

#: Those who look at filled forms; the rated never do.
READERS = (*OFFICE, Role.ADMIN, Role.AUDITOR)
#: How a filled form came.
SOURCES = ("web", "paper", "excel", "api")
_MONTH = re.compile(r"(20\d\d|19\d\d)-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class AnswerFilter:
    """Which filled forms; empty words filter nothing.

    month: `2026-04`. target, unit, category: keys. grade: key. version: number. source: one of `SOURCES`.
    collection: id. state: `counted` or `not_counted` (revised, voided, withdrawn). word: stands in the answers.
    """

    month: str = ""
    category: str = ""
    unit: str = ""
    target: str = ""
    grade: str = ""
    version: str = ""
    source: str = ""
    collection: str = ""
    state: str = ""
    word: str = ""

    @property
    def active(self) -> bool:
        """Whether anything is filtered."""
        return any(getattr(self, item.name) for item in fields(self))


def may_look(actor: Actor) -> None:
    """Only the office, its administrator and the auditor look at filled forms."""
    actor.require(*READERS, to="查看答卷")


def issued_versions(session: Session, key: str) -> list[Definition]:
    """All versions of a form of the office's pack that were ever published, newest first; 404 for none."""
    rows = form_versions(session, key)
    if not rows:
        raise not_found("这个表单")
    return rows


def versions_wanted(versions: Sequence[Definition], which: AnswerFilter) -> list[Definition]:
    """The versions the filter leaves."""
    return [row for row in versions if not which.version or str(row.version) == which.version]


#: What brought a rating; under names of their own, for the lists join the same tables.
_Brought, _From = aliased(Answer), aliased(Collection)
_ANONYMOUS_RATING = (
    select(_Brought.id)
    .join(_From, _From.id == _Brought.collection_id)
    .where(_Brought.rating_id == Rating.id, _From.anonymous)
    .correlate(Rating)
    .exists()
)


def rating_conditions(form_id: int, which: AnswerFilter) -> list[ColumnElement[bool]] | None:
    """Which ratings made with this version are meant; None when none can be."""
    found: list[ColumnElement[bool]] = [
        Rating.form_id == form_id,
        Rating.round_id.is_(None),
        not_(_ANONYMOUS_RATING),
    ]
    if which.state == "counted":
        found.append(Rating.counted.is_(True))
    elif which.state == "not_counted":
        found.append(Rating.counted.is_(False))
    if which.month:
        span = month_span(which.month)
        if span is None:
            return None
        found += [Rating.happened_on >= span[0], Rating.happened_on < span[1]]
    if which.grade:
        found.append(Rating.grade == which.grade)
    place = _places(which)
    if place is not None:
        found.append(Rating.target_id.in_(place))
    brought = select(_Brought.id).where(_Brought.rating_id == Rating.id).correlate(Rating)
    if which.source:
        named = brought.where(_Brought.source == which.source).exists()
        found.append(or_(named, not_(brought.exists())) if which.source == "web" else named)
    if which.collection:
        if not _number(which.collection):
            return None
        found.append(brought.where(_Brought.collection_id == int(which.collection)).exists())
    return found


def answer_conditions(form_id: int, which: AnswerFilter) -> list[ColumnElement[bool]] | None:
    """Which answers given in this version, not being ratings, are meant; None when none can be."""
    if which.category or which.unit or which.target or which.grade:
        return None
    found: list[ColumnElement[bool]] = [
        Answer.form_id == form_id,
        Answer.rating_id.is_(None),
        Answer.collection_id.in_(select(_From.id).where(not_(_From.anonymous))),
    ]
    if which.state:
        found.append(
            Answer.withdrawn_at.is_(None) if which.state == "counted" else Answer.withdrawn_at.is_not(None)
        )
    if which.month:
        span = month_span(which.month)
        if span is None:
            return None
        begin, end = _instants(span)
        found += [Answer.submitted_at >= begin, Answer.submitted_at < end]
    if which.source:
        found.append(Answer.source == which.source)
    if which.collection:
        if not _number(which.collection):
            return None
        found.append(Answer.collection_id == int(which.collection))
    return found


def month_span(month: str) -> tuple[date, date] | None:
    """The first day of a month written `2026-04` and of the next one; None for what is no month."""
    match = _MONTH.fullmatch(month)
    if match is None:
        return None
    year, number = int(match[1]), int(match[2])
    return date(year, number, 1), date(year + number // 12, number % 12 + 1, 1)


def _instants(span: tuple[date, date]) -> tuple[datetime, datetime]:
    begin, end = (datetime.combine(day, time(), OFFICE_TIME) for day in span)
    return begin, end


def _places(which: AnswerFilter) -> Any:
    wanted = [
        column == value
        for column, value in (
            (Target.key, which.target),
            (Unit.key, which.unit),
            (Category.key, which.category),
        )
        if value
    ]
    if not wanted:
        return None
    return (
        select(Target.id)
        .join(Unit, Unit.id == Target.unit_id)
        .join(Category, Category.id == Unit.category_id)
        .where(and_(*wanted))
    )


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10

"""What all filled forms of one version say together, counted by month and category and kept between requests.

Filled forms are never edited, so what was counted stays counted: a later look reads only what came since. That
something was taken away (revised, voided, withdrawn, purged) is seen by the number of rows, and all is counted anew.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Literal
from weakref import WeakKeyDictionary

from pydantic_core import from_json
from sqlalchemy import ColumnElement, Connection, Engine, Select, Text, cast, func, literal, select
from sqlalchemy.orm import Session

from forms.fields.base import Field
from forms.fields.matrix import Matrix
from forms.fields.multi_choice import MultiChoice
from forms.fields.ticked import OneOf
from forms.fields.yes_no import YesNo
from forms.tally import Tally
from models.collection import Answer
from models.rating import Rating
from models.roster import Target, Unit
from services.answer_filters import AnswerFilter, answer_conditions, rating_conditions
from services.definitions import form_of

#: The kinds of question with a list of answers.
CROSSABLE = (OneOf, YesNo, MultiChoice, Matrix)
#: Counted anew after so long, whatever was seen.
KEPT_FOR = timedelta(minutes=10)
#: So many filters of so many versions are kept.
MOST_KEPT = 24

#: So many rows are read at a time.
BATCH = 25_000
#: A digest with more places than this is counted for one look and not kept.
MOST_PLACES = 3_000

#: What the filled forms are told apart by.
By = Literal["category", "target", "source"]
#: (id of the category or target, 0 for none; or the source), month → question → what was counted.
Parts = dict[tuple[int | str, str], dict[str, Tally]]
Rows = Select[*tuple[Any, ...]]


@dataclass
class Digest:
    """rows: how many filled forms are in it. last: the highest id among them. whole: the questions without a
    list of answers, which nobody tells apart by place; only of a digest by category.
    """

    made_at: datetime
    rows: int = 0
    last: int = 0
    parts: Parts = field(default_factory=dict)
    whole: dict[str, Tally] = field(default_factory=dict)


_kept: WeakKeyDictionary[Engine | Connection, OrderedDict[Any, Digest]] = WeakKeyDictionary()
_lock = Lock()


def digests_of(
    session: Session, form_id: int, which: AnswerFilter, *, by: By = "category", now: datetime
) -> list[Digest]:
    """The counted ratings and answers made with one version that count now and pass the filter.

    by: apart from the month; by target and by source only the questions with a list of answers are counted.
    """
    found = []
    for kind in (Rating, Answer):
        query = _rows(session, kind, form_id, which, by)
        if query is not None:
            found.append(_fresh(session, kind, form_id, which, by, query, now))
    return found


def _rows(
    session: Session, kind: type[Rating | Answer], form_id: int, which: AnswerFilter, by: By
) -> Rows | None:
    """Id, answers and place of what is meant, the place as one text: `PLACE|MONTH`."""
    if which.state == "not_counted":
        return None
    counted = AnswerFilter(**{**vars(which), "state": "counted", "version": "", "word": ""})
    conditions = (rating_conditions if kind is Rating else answer_conditions)(form_id, counted)
    if conditions is None:
        return None
    place = _place(kind, by).concat("|").concat(_month(session, kind))
    columns: Rows = select(kind.id, cast(kind.answers, Text).label("answers"), place.label("place"))
    return columns.where(*conditions)


def _place(kind: type[Rating | Answer], by: By) -> ColumnElement[str]:
    if by == "source":
        brought = select(Answer.source).where(Answer.rating_id == Rating.id).scalar_subquery()
        return cast(Answer.source, Text) if kind is Answer else func.coalesce(brought, "web")
    return cast(Rating.target_id if kind is Rating else literal(0), Text)


def _month(session: Session, kind: type[Rating | Answer]) -> ColumnElement[str]:
    """`2026-04` as the office's clock has it, worked out by the database."""
    if kind is Rating:
        return func.substr(cast(Rating.happened_on, Text), 1, 7)
    if session.get_bind().dialect.name == "postgresql":
        return func.to_char(func.timezone("Asia/Shanghai", Answer.submitted_at), "YYYY-MM")
    return func.substr(func.datetime(Answer.submitted_at, "+8 hours"), 1, 7)


def _fresh(
    session: Session,
    kind: type[Rating | Answer],
    form_id: int,
    which: AnswerFilter,
    by: By,
    query: Rows,
    now: datetime,
) -> Digest:
    key = (kind.__tablename__, form_id, which, by)
    with _lock:
        kept = _kept.setdefault(session.get_bind(), OrderedDict())
        digest = kept.get(key)
    # Asked before the rows are read: what arrives in between is read, and found too many, at the next look.
    total = int(
        session.execute(query.with_only_columns(func.count(kind.id), maintain_column_froms=True)).scalar_one()
    )
    if digest is None or now - digest.made_at > KEPT_FOR:
        digest = Digest(now)
    else:
        parts = {place: dict(part) for place, part in digest.parts.items()}
        digest = Digest(digest.made_at, digest.rows, digest.last, parts, dict(digest.whole))
    if digest.rows != total:
        read = _read_on(session, kind, form_id, by, query, digest)
        if digest.rows + read != total:
            digest = Digest(now)
            read = _read_on(session, kind, form_id, by, query, digest)
        digest.rows += read
    with _lock:
        kept.pop(key, None)
        if len(digest.parts) <= MOST_PLACES:
            kept[key] = digest
        while len(kept) > MOST_KEPT:
            kept.popitem(last=False)
    return digest


def _read_on(
    session: Session, kind: type[Rating | Answer], form_id: int, by: By, query: Rows, digest: Digest
) -> int:
    """Count the rows after the last one that is in the digest; gives how many there were.

    The database packs many rows into one text: read one by one, they cost several times what counting them does.
    """
    asked = [spec for spec in form_of(session, form_id).fields if spec.asks]
    listed = [spec for spec in asked if isinstance(spec, CROSSABLE)]
    others = [spec for spec in asked if spec not in listed] if by == "category" else []
    ids = _categories(session) if kind is Rating and by == "category" else None
    keys: dict[str, tuple[int | str, str]] = {}
    own: set[int] = set()
    read = 0
    while True:
        rows = query.where(kind.id > digest.last).order_by(kind.id).limit(BATCH).subquery()
        count, last, answers, places = session.execute(
            select(
                func.count(),
                func.max(rows.c.id),
                func.aggregate_strings(rows.c.answers, ","),
                func.aggregate_strings(rows.c.place, ","),
            )
        ).one()
        if not count:
            return read
        given: dict[tuple[int | str, str], list[dict[str, Any]]] = {}
        many = from_json(f"[{answers}]")
        _count(digest.whole, many, others, own)
        for place, one in zip(places.split(","), many, strict=True):
            key = keys.get(place)
            if key is None:
                key = keys[place] = _key(place, by, ids)
            given.setdefault(key, []).append(one)
        for key, there in given.items():
            _count(digest.parts.setdefault(key, {}), there, listed, own)
        digest.last = last
        read += count


def _key(place: str, by: By, categories: Mapping[int, int] | None) -> tuple[int | str, str]:
    where, _bar, month = place.partition("|")
    if by == "source":
        return where, month
    return (int(where) if categories is None else categories.get(int(where), 0)), month


def _count(
    held: dict[str, Tally], many: Sequence[dict[str, Any]], asked: Sequence[Field], own: set[int]
) -> None:
    """own: ids of the tallies made in this reading; any other is another digest's too, and copied first."""
    for spec in asked:
        key = spec.key
        answers = [one[key] for one in many if key in one]
        if not answers:
            continue
        tally = held.get(key)
        if tally is None or id(tally) not in own:
            tally = held[key] = Tally() if tally is None else tally.merged(Tally())
            own.add(id(tally))
        spec.count_all(tally, answers)


def _categories(session: Session) -> dict[int, int]:
    rows = session.execute(select(Target.id, Unit.category_id).join(Unit, Unit.id == Target.unit_id))
    return {row[0]: row[1] for row in rows}

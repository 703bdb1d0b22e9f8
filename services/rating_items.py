"""The items of one rating that can be put right by themselves: lines of repeating rows, poor rows of a matrix.

One visit may find several things. The office merges them into one case or opens one for each; what has a running case
is not taken up a second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.context import Context
from forms.definition import FormDefinition
from forms.fields.base import Field
from forms.fields.matrix import Matrix
from forms.fields.rows import Rows
from models.case import Case, CaseItem
from models.rating import Rating
from services.actor import Actor
from services.case_rights import hidden_from
from services.definitions import form_of
from services.every_choice import EveryChoice
from services.refusal import Refusal

MOST_ITEMS = 60


@dataclass(frozen=True)
class RatingItem:
    """key: `FIELD:LINE`, lasting, for a rating is never edited. question: label of its field. cases: opened for it."""

    key: str
    question: str
    text: str
    cases: tuple[Case, ...] = ()

    @property
    def running(self) -> Case | None:
        """The case that still runs for it."""
        return next((case for case in self.cases if case.ended_at is None), None)


def items_of(session: Session, rating: Rating) -> tuple[RatingItem, ...]:
    """The items of a rating, in the order of its form, with the cases they have; none for a plain form.

    Lines count where the form names their field for a case (`case_fields`). Of a matrix, whose options stand from the
    best to the worst, the rows in the worse half of them count; the question that is the grade does not.
    """
    form = form_of(session, rating.form_id)
    found = _items(form, rating.answers, Context(EveryChoice(session)))
    rows = session.execute(
        select(CaseItem.item, Case)
        .join(Case, Case.id == CaseItem.case_id)
        .where(CaseItem.rating_id == rating.id)
        .order_by(Case.id)
    )
    cases: dict[str, tuple[Case, ...]] = {}
    for key, case in rows:
        cases[key] = (*cases.get(key, ()), case)
    return tuple(RatingItem(key, label, text, cases.get(key, ())) for key, label, text in found)


def items_shown(session: Session, actor: Actor, rating: Rating) -> tuple[RatingItem, ...]:
    """The same for a reader, without the cases whose origin the reader does not get to know."""
    return tuple(
        replace(
            item,
            cases=tuple(case for case in item.cases if "rating" not in hidden_from(session, actor, case)),
        )
        for item in items_of(session, rating)
    )


def _items(form: FormDefinition, answers: dict[str, Any], context: Context) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for field in form.fields:
        given = answers.get(field.key)
        if given and is_source(form, field):
            texts = _poor_rows(field, given, context) if isinstance(field, Matrix) else _lines(field, given)
            found += [(f"{field.key}:{key}", field.label, text) for key, text in texts]
    return found[:MOST_ITEMS]


def is_source(form: FormDefinition, field: Field) -> bool:
    """Whether the answers to a question are items."""
    binding = form.binding
    if binding is None:
        return False
    if isinstance(field, Matrix):
        return field.key != binding.grade and field.rows != "targets"
    return isinstance(field, Rows) and field.key in binding.case_fields


def _poor_rows(field: Matrix, given: dict[str, str], context: Context) -> list[tuple[str, str]]:
    options = list(field.options)
    poor = {option.key: option.name for option in options[(len(options) + 1) // 2 :]}
    names = {entry.key: entry.label for entry in field.rows_for(context)}
    return [(row, f"{names.get(row, row)}：{poor[value]}") for row, value in given.items() if value in poor]


def _lines(field: Field, given: list[dict[str, Any]]) -> list[tuple[str, str]]:
    if not isinstance(field, Rows):
        return []
    cells = [(column.key, column.as_field()) for column in field.of]
    told = [
        "；".join(
            f"{cell.label}：{cell.printed(line[key])}"
            for key, cell in cells
            if line.get(key) not in (None, "")
        )
        for line in given
    ]
    return [(str(number), text) for number, text in enumerate(told, start=1) if text]


def take_items(
    session: Session, actor: Actor, case: Case, rating_id: int | None, items: Sequence[str]
) -> None:
    """Note what a new case was opened for; within the transaction that opens it.

    Refusal for what the rating does not have, and for what has a running case.
    """
    if not items:
        return
    rating = session.get(Rating, rating_id) if rating_id is not None else None
    known = {item.key: item for item in items_of(session, rating)} if rating is not None else {}
    if not set(items) <= set(known):
        raise Refusal("item_unknown", "所选的问题项不在这份测评里，没有立案；请回到测评记录重新选择。", 422)
    for key in dict.fromkeys(items):
        running = known[key].running
        if running is not None:
            hidden = "rating" in hidden_from(session, actor, running)
            where = "另一起事项" if hidden else running.number
            raise Refusal(
                "item_taken",
                f"“{known[key].text[:40]}”已经在{where}中整改，没有重复立案；请去掉这一项。",
                409,
            )
        session.add(CaseItem(case_id=case.id, item=key, rating_id=rating_id))
    session.flush()

"""Typed twice: a part of the paper forms is typed again by another person, and both typings are compared."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from forms.answers import bind
from forms.context import Context
from forms.fields.file import File
from models.batch import Batch, BatchLine, BatchSettlement
from models.people import Role
from models.rating import Rating
from services.actor import Actor
from services.batch_intake import Intake, intake_of
from services.batch_settling import compared_in, differing, first_answers, monitor_names
from services.batch_undo import line_of
from services.batches import batch_for, note
from services.choices import StoredChoices
from services.prefills import impose, show_fixed
from services.rating_forms import FormRefused
from services.refusal import Refusal
from services.transaction import transaction

#: label, first typing, second typing.
Difference = tuple[str, str, str]


def next_to_check(session: Session, actor: Actor, batch: Batch) -> BatchLine | None:
    """The next drawn form that this person may type a second time; none of one's own."""
    actor.require(Role.ADMIN, Role.OFFICER, to="复核录入")
    return session.execute(
        select(BatchLine)
        .outerjoin(BatchLine.rating)
        .where(
            BatchLine.batch_id == batch.id,
            BatchLine.sampled,
            BatchLine.checked_at.is_(None),
            BatchLine.withdrawn_at.is_(None),
            BatchLine.typed_by_id != actor.user_id,
            or_(BatchLine.rating_id.is_(None), Rating.counted.is_(True)),
        )
        .order_by(BatchLine.id)
        .limit(1)
    ).scalar_one_or_none()


def check_line(
    session: Session,
    actor: Actor,
    batch_id: int,
    line_id: int,
    *,
    monitor: str,
    formdata: Any,
    now: datetime,
) -> list[Difference]:
    """Compare a second typing with the first, and keep what differs; gives the differences, none for the same.

    The first typing stays what counts until somebody finds which is right (`services.batch_settling`).
    Raises FormRefused with the form as it was typed.
    """
    actor.require(Role.ADMIN, Role.OFFICER, to="复核录入")
    batch = batch_for(session, actor, batch_id)
    intake = intake_of(session, batch)
    choices = StoredChoices(session)
    line = line_of(session, batch, line_id)
    bound = bind(intake.form, impose(formdata, _fixed(intake, line)), choices=choices, now=now)
    show_fixed(bound.form, intake.fixed())
    if bound.answers is None:
        raise FormRefused(bound)
    try:
        with transaction(session):
            line = line_of(session, batch_for(session, actor, batch_id, lock=True), line_id)
            if line.typed_by_id == actor.user_id:
                raise Refusal("same_person", "自己录入的不能由自己复核，请由另一人录第二遍。", 403)
            if line.checked_at is not None:
                raise Refusal("line_checked", "这一份已经复核过。")
            first, second = first_answers(line), dict(bound.answers)
            monitors = monitor_names(session, line, monitor)
            found = [
                (item.label, item.first, item.second)
                for item in differing(intake, first, second, Context(choices), monitors)
            ]
            line.checked_by_id, line.checked_at = actor.person, now
            line.differences = [list(difference) for difference in found]
            line.second = {"monitor": monitor, "answers": _typed(intake, second)} if found else None
            line.compared = compared_in(intake, first, second)
            payload = {"line": line.id, "serial": line.serial, "differences": [label for label, *_ in found]}
            note(session, actor, batch, "batch.form_checked", payload, now)
    except Refusal as refusal:
        raise FormRefused(bound, refusal) from refusal
    return found


def _fixed(intake: Intake, line: BatchLine) -> dict[str, str]:
    """What stands whatever the second person types: the card is in the first typing's keeping."""
    return intake.fixed(line.answer.code if line.answer else None)


def _typed(intake: Intake, answers: dict[str, Any]) -> dict[str, Any]:
    """Without files: those are not typed."""
    files = {spec.key for spec in intake.form.fields if isinstance(spec, File)}
    return {key: value for key, value in answers.items() if key not in files}


def checked_lines(session: Session, batch: Batch) -> list[BatchLine]:
    """The forms that were typed a second time, those that differ first."""
    rows = session.execute(
        select(BatchLine)
        .where(BatchLine.batch_id == batch.id, BatchLine.checked_at.is_not(None))
        .options(
            joinedload(BatchLine.typed_by),
            joinedload(BatchLine.checked_by),
            joinedload(BatchLine.settlement).joinedload(BatchSettlement.settled_by),
            joinedload(BatchLine.answer),
            joinedload(BatchLine.rating),
        )
        .order_by(BatchLine.id.desc())
    ).scalars()
    return sorted(rows, key=lambda line: (not line.open, not line.differences))

"""核定: where two typings differ, somebody who did not type the first looks at the paper and says which is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from forms.answers import bind
from forms.builder import PREFIX
from forms.context import Context
from forms.fields.file import File
from models.batch import Batch, BatchLine, BatchSettlement
from models.people import Role
from models.roster import Monitor
from services.actor import Actor
from services.attachments import attachments_of
from services.batch_intake import Intake, intake_of
from services.batch_taking import monitor_id, received_at
from services.batch_undo import line_of
from services.batches import batch_for, note
from services.choices import StoredChoices
from services.prefills import impose
from services.rating_forms import kept_id
from services.refusal import Refusal
from services.transaction import transaction
from services.typing_corrections import Correction, correct_answer, correct_rating

FIRST, SECOND = "first", "second"
#: Stands for who reported, among the keys of differences; no field's key begins so.
MONITOR = "-monitor"
LONGEST_REASON = 500


@dataclass(frozen=True)
class Difference:
    """Where two typings differ. first, second: in words."""

    key: str
    label: str
    first: str
    second: str


def differing(
    intake: Intake,
    first: Mapping[str, Any],
    second: Mapping[str, Any],
    context: Context,
    monitors: tuple[str, str],
) -> list[Difference]:
    """Each difference, in the order of the form. monitors: names of who reported, by either typing."""
    found: list[Difference] = []
    if intake.monitors and monitors[0] != monitors[1]:
        found.append(Difference(MONITOR, "监测点", *monitors))
    for spec in intake.form.fields:
        one, two = first.get(spec.key), second.get(spec.key)
        # Files are not typed, so they are not typed twice.
        if spec.asks and one != two and not isinstance(spec, File):
            words = (spec.printed(one, context), spec.printed(two, context))
            found.append(Difference(spec.key, spec.label, *words))
    return found


def compared_in(intake: Intake, first: Mapping[str, Any], second: Mapping[str, Any]) -> int:
    """How many answers two typings can differ in: those that either has, and who reported."""
    given = sum(
        not isinstance(spec, File) and (spec.key in first or spec.key in second)
        for spec in intake.form.fields
        if spec.asks
    )
    return given + int(intake.monitors)


def first_answers(line: BatchLine) -> Mapping[str, Any]:
    """What the first typing became."""
    return line.answer.answers if line.answer else line.rating.answers if line.rating else {}


def to_settle(
    session: Session, actor: Actor, batch_id: int, line_id: int
) -> tuple[BatchLine, list[Difference]]:
    """A form whose typings differ, with each difference; refused for whoever may not settle it."""
    actor.require(Role.ADMIN, Role.OFFICER, to="核定两遍录入")
    batch = batch_for(session, actor, batch_id)
    line = line_of(session, batch, line_id)
    _refuse_settled(batch, line, actor)
    return line, _differences(session, intake_of(session, batch), line)


def next_to_settle(session: Session, actor: Actor, batch: Batch) -> BatchLine | None:
    """The next form that waits for this person to say which typing is right; None for nothing, or nobody's right."""
    if not actor.has(Role.ADMIN, Role.OFFICER) or batch.undo_at is not None:
        return None
    rows = session.execute(
        select(BatchLine)
        .outerjoin(BatchLine.settlement)
        .where(
            BatchLine.batch_id == batch.id,
            BatchLine.checked_at.is_not(None),
            BatchLine.typed_by_id != actor.user_id,
            BatchLine.withdrawn_at.is_(None),
            BatchSettlement.id.is_(None),
        )
        .order_by(BatchLine.id)
    ).scalars()
    return next((line for line in rows if line.open), None)


def settle_line(
    session: Session,
    actor: Actor,
    batch_id: int,
    line_id: int,
    *,
    chosen: Mapping[str, str],
    reason: str,
    now: datetime,
) -> BatchSettlement:
    """Say of each difference which typing is right. What the first had wrong becomes a corrected revision.

    chosen: key of the difference → `first` or `second`. reason: needed where something is corrected. Raises Refusal
    also where the answers so chosen do not make a good form.
    """
    actor.require(Role.ADMIN, Role.OFFICER, to="核定两遍录入")
    with transaction(session):
        batch = batch_for(session, actor, batch_id, lock=True)
        line = line_of(session, batch, line_id)
        session.refresh(line)
        _refuse_settled(batch, line, actor)
        intake = intake_of(session, batch)
        found = _differences(session, intake, line)
        if any(chosen.get(item.key) not in (FIRST, SECOND) for item in found):
            raise Refusal("not_all_chosen", "请对照纸质表，逐项选出哪一遍是对的。", 422)
        wrong = [item for item in found if chosen[item.key] == SECOND]
        said = reason.strip()[:LONGEST_REASON]
        if wrong and not said:
            raise Refusal("reason_missing", "有要更正的，请写明理由，例如：对照纸质表，第一遍看错一行。", 422)
        row = _found(actor, line, [(item.label, chosen[item.key]) for item in found], said, now)
        if wrong:
            right = _right(session, batch, intake, line, {item.key for item in wrong}, said, now)
            _correct(session, actor, line, right, now)
        session.add(row)
        session.flush()
        payload = {"line": line.id, "serial": line.serial, "corrected": [item.label for item in wrong]}
        note(session, actor, batch, "batch.form_settled", {**payload, "reason": said}, now)
        session.expire(line)
    return row


def _found(
    actor: Actor, line: BatchLine, found: list[tuple[str, str]], reason: str, now: datetime
) -> BatchSettlement:
    wrong = sum(which == SECOND for _label, which in found)
    return BatchSettlement(
        line_id=line.id,
        found=[list(one) for one in found],
        wrong=wrong,
        reason=reason,
        earlier_rating=line.rating_id if wrong else None,
        earlier_answer=line.answer_id if wrong else None,
        settled_by_id=actor.person,
        settled_at=now,
    )


def _correct(session: Session, actor: Actor, line: BatchLine, right: Correction, now: datetime) -> None:
    try:
        with session.begin_nested():
            if line.answer_id is not None:
                line.answer_id, line.rating_id = correct_answer(
                    session, actor, line.answer_id, right, now=now
                )
            else:
                line.rating_id = correct_rating(session, actor, line.rating_id or 0, right, now=now)
    except IntegrityError as error:
        raise Refusal(
            "monthly_already",
            "这样更正以后，这个监测点当月对该测评对象就报了两次，每月每个对象只报一次。请核对监测点、月份和对象。",
            422,
        ) from error


def _refuse_settled(batch: Batch, line: BatchLine, actor: Actor) -> None:
    if line.settlement is not None:
        raise Refusal("line_settled", f"编号“{line.serial}”已经核定过。")
    if line.typed_by_id == actor.user_id:
        raise Refusal("same_person", "自己录的第一遍不能由自己核定，请由另一人办理。", 403)
    if batch.undo_at is not None or not line.stands:
        raise Refusal("line_gone", f"编号“{line.serial}”已经作废或更正，不用核定。")
    if not line.open:
        raise Refusal("nothing_differs", f"编号“{line.serial}”没有待核定的不同。")


def _differences(session: Session, intake: Intake, line: BatchLine) -> list[Difference]:
    second = line.second or {}
    return differing(
        intake,
        first_answers(line),
        second.get("answers", {}),
        Context(StoredChoices(session)),
        monitor_names(session, line, second.get("monitor", "")),
    )


def monitor_names(session: Session, line: BatchLine, typed: str) -> tuple[str, str]:
    """Who reported, by the first typing and by the second; typed: key."""
    name = session.execute(select(Monitor.name).where(Monitor.key == typed)).scalar_one_or_none()
    return (line.rating.monitor.name if line.rating and line.rating.monitor else "", name or "")


def _right(
    session: Session,
    batch: Batch,
    intake: Intake,
    line: BatchLine,
    second_right: set[str],
    reason: str,
    now: datetime,
) -> Correction:
    """The form with what is right of either typing; refused where that is no good form."""
    first, second = dict(first_answers(line)), line.second or {}
    typed = second.get("answers", {})
    merged = {**first, **{key: typed.get(key) for key in second_right if key != MONITOR}}
    received = received_at(batch.received_on, now)
    posted = impose(
        _posted(session, intake, line, merged), intake.fixed(line.answer.code if line.answer else None)
    )
    bound = bind(intake.form, posted, choices=StoredChoices(session), now=received)
    if bound.answers is None:
        faults = "；".join(f"{label}：{sentence}" for label, sentence in bound.faults)
        raise Refusal(
            "choice_unfit",
            f"这样选出的一份不合这张表的要求：{faults}。请核对纸质表；确是两遍都错，就作废重录。",
            422,
        )
    files = {spec.key for spec in intake.form.fields if isinstance(spec, File)}
    answers = {key: first[key] if key in files else value for key, value in bound.answers.items()}
    reported = line.rating.monitor_id if line.rating else None
    if MONITOR in second_right:
        reported = monitor_id(session, second.get("monitor", ""))
    return Correction(intake.form, answers, reported, reason, received)


def _posted(
    session: Session, intake: Intake, line: BatchLine, answers: Mapping[str, Any]
) -> MultiDict[str, str]:
    """Answers as they would be posted; files are referred to."""
    owner = ("rating", line.rating_id) if line.rating_id else ("answer", line.answer_id or 0)
    files = attachments_of(session, *owner)
    posted: MultiDict[str, str] = MultiDict()
    for spec in intake.form.fields:
        given = answers.get(spec.key)
        if isinstance(spec, File):
            given = [{"id": kept_id(row)} for row in files if row.field == spec.key]
        for suffix, values in spec.posted_from(given).items() if spec.asks and given is not None else ():
            for value in values:
                posted.add(f"{PREFIX}{spec.key}" + (f"-{suffix}" if suffix else ""), value)
    return posted


@dataclass(frozen=True)
class ErrorRate:
    """How well a batch was typed, by what was typed twice.

    checked: forms compared. fields: answers compared in them. waiting: forms whose differences are not settled.
    faulty: forms with an error of the first typing; wrong: answers that were wrong.
    """

    checked: int
    fields: int
    waiting: int
    faulty: int
    wrong: int

    @property
    def rate(self) -> Fraction | None:
        """Of the answers compared, how many were wrong; None before anything was compared or while some waits."""
        return None if self.waiting or not self.fields else Fraction(self.wrong, self.fields)


def error_rate(session: Session, batch: Batch, checked: Sequence[BatchLine]) -> ErrorRate:
    """checked: the forms of the batch that were typed twice."""
    known = [line for line in checked if line.compared]
    faulty, wrong = session.execute(
        select(func.count(), func.coalesce(func.sum(BatchSettlement.wrong), 0))
        .join(BatchSettlement.line)
        .where(BatchLine.batch_id == batch.id, BatchSettlement.wrong > 0)
    ).one()
    waiting = sum(line.open for line in known)
    return ErrorRate(len(known), sum(line.compared for line in known), waiting, int(faulty), int(wrong))

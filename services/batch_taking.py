"""One filled form into a batch: it becomes what it would have become on the web, under its number, once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from forms.answers import bind, proposes_case
from forms.context import Uploads
from forms.fields.file import File
from models.batch import Batch, BatchLine
from models.campaign import Campaign
from models.collection import Answer, CollectionCode
from models.people import Role
from models.rating import RatingVoid
from models.roster import Monitor
from services.actor import Actor
from services.answers import Filled, Way, take_answer
from services.attachments import Checked, FileStore, attach
from services.batch_intake import Intake, intake_of
from services.batches import batch_for
from services.card_fixed import typed_code
from services.choices import StoredChoices
from services.history import record
from services.prefills import impose, show_fixed
from services.rating_forms import (
    LOCAL,
    FormRefused,
    Rated,
    checked_uploads,
    rated_by,
    read_filling,
    refused,
)
from services.ratings import record_answer
from services.refusal import Refusal
from services.transaction import transaction

LONGEST_SERIAL = 40


@dataclass(frozen=True)
class FilledForm:
    """A form as it goes into a batch. monitor: key of the one that reported, empty where none does.

    code_id: of the card that came with it, in a collection that goes by cards.
    """

    serial: str
    answers: dict[str, Any]
    monitor: str = ""
    files: Sequence[tuple[str, Checked]] = ()
    code_id: int | None = None


def received_at(received_on: date, now: datetime) -> datetime:
    """The moment by which forms of that day are judged: its end, and never later than now."""
    return min(datetime.combine(received_on, time(23, 59), LOCAL), now.astimezone(LOCAL))


def enter_form(
    session: Session,
    actor: Actor,
    batch_id: int,
    *,
    serial: str,
    monitor: str,
    formdata: Any,
    files: Uploads | None,
    store: FileStore,
    now: datetime,
    code: str = "",
) -> BatchLine:
    """Take one paper form. serial: the number on the paper. monitor: key of the one that reported.

    code: of the card that came with it; asked for by a collection that goes by cards, and used up.
    Raises FormRefused with the form as it was typed; files of a rating that were good are held with it.
    """
    actor.require(Role.ADMIN, Role.OFFICER, to="录入纸质表和导入答卷")
    batch = batch_for(session, actor, batch_id)
    intake = intake_of(session, batch)
    if intake.held is not None:
        return _enter_answer(
            session, actor, batch, intake, serial, code, formdata, files, store=store, now=now
        )
    filling = read_filling(
        session,
        actor,
        session.get_one(Campaign, batch.campaign_id),
        method_key=batch.method,
        form_id=intake.form_id,
        form=intake.form,
        formdata=formdata,
        files=files,
        store=store,
        now=received_at(batch.received_on, now),
    )
    form = FilledForm(serial, filling.answers, monitor, filling.files)
    try:
        with transaction(session):
            batch = batch_for(session, actor, batch_id, lock=True)
            return take_form(session, actor, batch, intake, form, store=store, now=now)
    except Refusal as refusal:
        raise refused(
            session, actor, filling.bound, refusal, checked=filling.files, store=store, now=now
        ) from refusal


def _enter_answer(
    session: Session,
    actor: Actor,
    batch: Batch,
    intake: Intake,
    serial: str,
    code: str,
    formdata: Any,
    files: Uploads | None,
    *,
    store: FileStore,
    now: datetime,
) -> BatchLine:
    received = received_at(batch.received_on, now)
    card, no_card = card_of(session, intake, code)
    fixed = intake.fixed(card)
    bound = bind(
        intake.form, impose(formdata, fixed), choices=StoredChoices(session), files=files, now=received
    )
    # Whom the card stands for is no word on the page: another card may be typed there next.
    show_fixed(bound.form, intake.fixed())
    checked, why = checked_uploads(bound)
    try:
        for refusal in (no_card, why):
            if refusal is not None:
                raise refusal
        if bound.answers is None:
            raise FormRefused(bound)
        answers = dict(bound.answers)
        for field in intake.form.fields:
            if isinstance(field, File) and field.key in answers:
                own = [file for key, file in checked if key == field.key]
                answers[field.key] = [{"name": file.file_name, "bytes": len(file.content)} for file in own]
        with transaction(session):
            batch = batch_for(session, actor, batch.id, lock=True)
            form = FilledForm(serial, answers, files=checked, code_id=card.id if card else None)
            return take_form(session, actor, batch, intake, form, store=store, now=now)
    except Refusal as found:
        raise (found if isinstance(found, FormRefused) else FormRefused(bound, found)) from found


def card_of(session: Session, intake: Intake, code: str) -> tuple[CollectionCode | None, Refusal | None]:
    """The card whose code was typed, or why there is none that is good; neither where no card is asked for."""
    if intake.held is None:
        return None, None
    try:
        return typed_code(session, intake.held, code), None
    except Refusal as refusal:
        return None, refusal


def take_form(
    session: Session,
    actor: Actor,
    batch: Batch,
    intake: Intake,
    form: FilledForm,
    *,
    store: FileStore,
    now: datetime,
) -> BatchLine:
    """Take one filled form into a batch, within the caller's act. Raises Refusal."""
    actor.require(Role.ADMIN, Role.OFFICER, to="录入纸质表和导入答卷")
    if batch.undo_at is not None:
        raise Refusal("batch_undone", "这一批已经撤销，不能再录入，请另开一批。")
    serial = form.serial.strip()
    if not serial or len(serial) > LONGEST_SERIAL:
        raise Refusal(
            "serial_missing", f"请写纸上的编号，不超过{LONGEST_SERIAL}字；没有编号的先在纸上编一个。", 422
        )
    _refuse_double(session, intake.scope, serial)
    line = _line(actor, batch, intake, serial, now)
    try:
        with session.begin_nested():
            if intake.held is None:
                line.rating_id = _rate(session, actor, batch, intake, form, store, now)
            else:
                line.answer_id, line.rating_id = _answer(session, actor, batch, intake, form, store, now)
            session.add(line)
            session.flush()
    except IntegrityError as error:
        raise Refusal(
            "monthly_already",
            "这个监测点当月对该测评对象已经报过，每月每个对象报一次，没有重复记录。请核对监测点、月份和对象。",
            422,
        ) from error
    payload = {"batch": batch.id, "serial": serial, "source": batch.source}
    kind, number = ("answer", line.answer_id) if intake.held else ("rating", line.rating_id)
    record(session, actor, "batch.form_taken", object_kind=kind, object_id=number, payload=payload, now=now)
    return line


def _line(actor: Actor, batch: Batch, intake: Intake, serial: str, now: datetime) -> BatchLine:
    return BatchLine(
        batch_id=batch.id,
        scope=intake.scope,
        serial=serial,
        typed_by_id=actor.person,
        typed_at=now,
        # Drawn by lot, so that nobody knows beforehand which form will be looked at again.
        sampled=secrets.randbelow(100) < batch.check_percent,
        differences=[],
        withdrawn_reason="",
    )


def _rate(
    session: Session,
    actor: Actor,
    batch: Batch,
    intake: Intake,
    form: FilledForm,
    store: FileStore,
    now: datetime,
) -> int:
    campaign = session.get_one(Campaign, batch.campaign_id)
    rated: Rated = rated_by(
        session, campaign, batch.method, intake.form, form.answers, now=received_at(batch.received_on, now)
    )
    given = {
        "form_id": intake.form_id,
        "answers": form.answers,
        "monitor_id": monitor_id(session, form.monitor) if intake.monitors else None,
        # Whoever types a paper in has not rated anybody.
        "rater_id": None,
        "submitted_at": now,
    }
    proposes = proposes_case(intake.form, form.answers)
    rating_id = record_answer(
        session, actor, campaign, batch.method, rated, given=given, proposes=proposes, now=now
    )
    attach(session, actor, store, list(form.files), owner_kind="rating", owner_id=rating_id, now=now)
    return rating_id


def _answer(
    session: Session,
    actor: Actor,
    batch: Batch,
    intake: Intake,
    form: FilledForm,
    store: FileStore,
    now: datetime,
) -> tuple[int, int | None]:
    """The answer of the collection that the form is, and its rating where the form is bound to a method."""
    taken = take_answer(
        session,
        actor,
        batch.collection_id or 0,
        Filled(intake.form_id, intake.form, form.answers, form.files),
        token="",
        store=store,
        now=now,
        way=Way(source=batch.source, batch_id=batch.id, code_id=form.code_id),
    )
    return taken.answer_id, taken.rating_id


def monitor_id(session: Session, key: str) -> int:
    """The monitor that a page names; refused for none."""
    found = session.execute(select(Monitor.id).where(Monitor.key == key, Monitor.active)).scalar_one_or_none()
    if found is None:
        raise Refusal("monitor_missing", "请选择填这张表的监测点。", 422)
    return int(found)


def serial_fault(session: Session, intake: Intake, serial: str) -> str:
    """What is wrong with a serial before anything is taken; empty when nothing is."""
    line = _standing_line(session, intake.scope, serial.strip())
    if line is None or _gone(session, line) is not None:
        return ""
    return _taken(line).sentence


def _refuse_double(session: Session, scope: str, serial: str) -> None:
    """One paper is one form; a serial is free again once what it became counts no more."""
    line = _standing_line(session, scope, serial)
    if line is None:
        return
    gone = _gone(session, line)
    if gone is None:
        raise _taken(line)
    line.withdrawn_at, line.withdrawn_by_id, line.withdrawn_reason = gone
    session.flush()


def _standing_line(session: Session, scope: str, serial: str) -> BatchLine | None:
    return session.execute(
        select(BatchLine).where(
            BatchLine.scope == scope, BatchLine.serial == serial, BatchLine.withdrawn_at.is_(None)
        )
    ).scalar_one_or_none()


def _taken(line: BatchLine) -> Refusal:
    return Refusal(
        "serial_taken",
        f"编号“{line.serial}”已经录入过（第{line.batch_id}批），没有重复记录。请核对纸上的编号。",
    )


def _gone(session: Session, line: BatchLine) -> tuple[datetime | None, int | None, str] | None:
    """When, by whom and why that which a line became was taken out elsewhere; None while it stands."""
    void = session.execute(
        select(RatingVoid).where(RatingVoid.rating_id == line.rating_id, RatingVoid.approved_at.is_not(None))
    ).scalar_one_or_none()
    if void is not None:
        return void.approved_at, void.approved_by_id, void.reason
    answer = session.get(Answer, line.answer_id) if line.answer_id else None
    if answer is not None and answer.withdrawn_at is not None:
        return answer.withdrawn_at, answer.withdrawn_by_id, answer.withdrawn_reason
    return None

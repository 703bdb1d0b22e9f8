"""批次: filled forms taken in by the office, from paper by keyboard or from a workbook, one by one or taken back whole.

Each form becomes what it would have become on the web: a rating, or an answer of a collection. That it came on
paper, who typed it and under which serial stands in its line and in the log.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from forms.answers import proposes_case
from forms.context import Uploads
from forms.definition import FormDefinition
from models.batch import Batch, BatchLine
from models.campaign import Campaign
from models.people import Role
from models.rating import Rating, RatingVoid
from models.roster import Monitor
from services.actor import OFFICE, Actor
from services.attachments import FileStore, attach
from services.definitions import form_of, form_of_campaign
from services.history import record
from services.rating_forms import (
    LOCAL,
    Rated,
    method_of,
    read_filling,
    refused,
    reports_for_monitor,
)
from services.ratings import record_answer
from services.refusal import Refusal, not_found
from services.transaction import transaction

LONGEST_TITLE = 200
LONGEST_SERIAL = 40
SHOWN = 10


@dataclass(frozen=True)
class Intake:
    """What a batch takes forms for. monitors: whether each form needs the monitor that reported it."""

    name: str
    form_id: int
    form: FormDefinition
    scope: str
    monitors: bool


def method_intake(session: Session, campaign: Campaign, method_key: str) -> Intake:
    """Ratings by one method; secret ballots come by their codes, not in batches."""
    method = method_of(campaign, method_key)
    if method["secret"]:
        raise Refusal(
            "secret_method", f"“{method['name']}”凭代码投票，纸质票请在本轮集中测评的页面录入。", 422
        )
    form_id, form = form_of_campaign(session, campaign, method["form"])
    return Intake(
        name=str(method["name"]),
        form_id=form_id,
        form=form,
        scope=f"method:{campaign.id}:{method_key}",
        monitors=reports_for_monitor(campaign, method_key),
    )


def intake_of(session: Session, batch: Batch) -> Intake:
    """What this batch takes forms for, in the version it was opened with."""
    campaign = session.get_one(Campaign, batch.campaign_id)
    method = method_of(campaign, batch.method)
    return Intake(
        name=str(method["name"]),
        form_id=batch.form_id,
        form=form_of(session, batch.form_id),
        scope=f"method:{campaign.id}:{batch.method}",
        monitors=reports_for_monitor(campaign, batch.method),
    )


def open_batch(
    session: Session,
    actor: Actor,
    campaign: Campaign,
    intake: Intake,
    *,
    method: str,
    source: str,
    title: str,
    received_on: date,
    check_percent: int = 0,
    file_name: str = "",
    sha256: str = "",
    now: datetime,
) -> Batch:
    """A batch to take forms into. received_on: the day they reached the office."""
    actor.require(Role.ADMIN, Role.OFFICER, to="录入纸质表和导入答卷")
    if not title.strip() or len(title.strip()) > LONGEST_TITLE:
        raise Refusal("title_missing", f"请给这一批写个名称，不超过{LONGEST_TITLE}字。", 422)
    if received_on > now.astimezone(LOCAL).date():
        raise Refusal("received_later", "收到日期不能晚于今天，请核对。", 422)
    if not 0 <= check_percent <= 100:
        raise Refusal("check_percent", "抽查比例应在 0 和 100 之间。", 422)
    with transaction(session):
        batch = Batch(
            campaign_id=campaign.id,
            source=source,
            method=method,
            form_id=intake.form_id,
            title=title.strip(),
            received_on=received_on,
            check_percent=check_percent,
            file_name=file_name[-200:],
            sha256=sha256,
            opened_by_id=actor.person,
            opened_at=now,
        )
        session.add(batch)
        session.flush()
        payload = {"source": source, "method": method, "title": batch.title, "received_on": str(received_on)}
        note(session, actor, batch, "batch.opened", payload, now)
    return batch


def batch_for(session: Session, actor: Actor, batch_id: int, *, lock: bool = False) -> Batch:
    """One batch, for those who may see the office's work."""
    actor.require(Role.ADMIN, *OFFICE, to="查看录入批次")
    batch = session.get(Batch, batch_id, with_for_update=lock, populate_existing=lock)
    if batch is None:
        raise not_found("录入批次")
    return batch


@dataclass(frozen=True)
class BatchRow:
    """A batch in the list, with how many forms stand in it and how many were taken back."""

    batch: Batch
    standing: int
    withdrawn: int
    to_check: int


def batches_of(session: Session, actor: Actor, campaign: Campaign) -> list[BatchRow]:
    """All batches of a campaign, newest first."""
    actor.require(Role.ADMIN, *OFFICE, to="查看录入批次")
    rows = session.execute(
        select(Batch)
        .where(Batch.campaign_id == campaign.id)
        .options(joinedload(Batch.opened_by))
        .order_by(Batch.id.desc())
    ).scalars()
    return [BatchRow(batch, *_counts(session, batch.id)) for batch in rows]


def _counts(session: Session, batch_id: int) -> tuple[int, int, int]:
    row = session.execute(
        select(
            func.count().filter(BatchLine.withdrawn_at.is_(None)),
            func.count().filter(BatchLine.withdrawn_at.is_not(None)),
            func.count().filter(
                BatchLine.sampled, BatchLine.checked_at.is_(None), BatchLine.withdrawn_at.is_(None)
            ),
        ).where(BatchLine.batch_id == batch_id)
    ).one()
    return int(row[0]), int(row[1]), int(row[2])


def row_of(session: Session, actor: Actor, batch_id: int) -> BatchRow:
    """One batch with its counts."""
    batch = batch_for(session, actor, batch_id)
    return BatchRow(batch, *_counts(session, batch.id))


def last_lines(session: Session, batch: Batch, count: int = SHOWN) -> list[BatchLine]:
    """The forms taken last, newest first."""
    return list(
        session.execute(
            select(BatchLine)
            .where(BatchLine.batch_id == batch.id)
            .options(
                joinedload(BatchLine.rating).joinedload(Rating.target),
                joinedload(BatchLine.typed_by),
                joinedload(BatchLine.checked_by),
            )
            .order_by(BatchLine.id.desc())
            .limit(count)
        ).scalars()
    )


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
) -> BatchLine:
    """Take one paper form. serial: the number on the paper. monitor: key of the one that reported.

    Raises FormRefused with the form as it was typed; files that were good are held with it.
    """
    actor.require(Role.ADMIN, Role.OFFICER, to="录入纸质表和导入答卷")
    batch = batch_for(session, actor, batch_id)
    intake = intake_of(session, batch)
    campaign = session.get_one(Campaign, batch.campaign_id)
    filling = read_filling(
        session,
        actor,
        campaign,
        method_key=batch.method,
        form_id=intake.form_id,
        form=intake.form,
        formdata=formdata,
        files=files,
        store=store,
        now=received_at(batch.received_on, now),
    )
    rated = Rated(filling.target_id, filling.grade, filling.period, filling.happened_on)
    try:
        with transaction(session):
            batch = batch_for(session, actor, batch_id, lock=True)
            form = Taken(serial, filling.answers, rated, monitor)
            line = take_form(session, actor, batch, intake, form, now=now)
            attach(
                session,
                actor,
                store,
                filling.files,
                owner_kind="rating",
                owner_id=line.rating_id or 0,
                now=now,
            )
    except Refusal as refusal:
        raise refused(
            session, actor, filling.bound, refusal, checked=filling.files, store=store, now=now
        ) from refusal
    return line


def received_at(received_on: date, now: datetime) -> datetime:
    """The moment by which forms of that day are judged: its end, and never later than now."""
    return min(datetime.combine(received_on, time(23, 59), LOCAL), now.astimezone(LOCAL))


@dataclass(frozen=True)
class Taken:
    """A filled form as it goes into a batch. monitor: key of the one that reported, empty where none does."""

    serial: str
    answers: dict[str, Any]
    rated: Rated
    monitor: str


def take_form(
    session: Session, actor: Actor, batch: Batch, intake: Intake, form: Taken, *, now: datetime
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
            line.rating_id = _rate(session, actor, batch, intake, form, now)
            session.add(line)
            session.flush()
    except IntegrityError as error:
        raise Refusal(
            "monthly_already",
            "这个监测点当月对该测评对象已经报过，每月每个对象报一次，没有重复记录。请核对监测点、月份和对象。",
            422,
        ) from error
    payload = {"batch": batch.id, "serial": serial, "source": batch.source}
    record(
        session,
        actor,
        "batch.form_taken",
        object_kind="rating",
        object_id=line.rating_id,
        payload=payload,
        now=now,
    )
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


def _rate(session: Session, actor: Actor, batch: Batch, intake: Intake, form: Taken, now: datetime) -> int:
    given = {
        "form_id": intake.form_id,
        "answers": form.answers,
        "monitor_id": _monitor_id(session, form.monitor) if intake.monitors else None,
        # Whoever types a paper in has not rated anybody.
        "rater_id": None,
        "submitted_at": now,
    }
    campaign = session.get_one(Campaign, batch.campaign_id)
    proposes = proposes_case(intake.form, form.answers)
    return record_answer(
        session, actor, campaign, batch.method, form.rated, given=given, proposes=proposes, now=now
    )


def _monitor_id(session: Session, key: str) -> int:
    found = session.execute(select(Monitor.id).where(Monitor.key == key, Monitor.active)).scalar_one_or_none()
    if found is None:
        raise Refusal("monitor_missing", "请选择填这张表的监测点。", 422)
    return int(found)


def _refuse_double(session: Session, scope: str, serial: str) -> None:
    """One paper is one form; a serial is free again once what it became counts no more."""
    line = session.execute(
        select(BatchLine).where(
            BatchLine.scope == scope, BatchLine.serial == serial, BatchLine.withdrawn_at.is_(None)
        )
    ).scalar_one_or_none()
    if line is None:
        return
    void = session.execute(
        select(RatingVoid).where(RatingVoid.rating_id == line.rating_id, RatingVoid.approved_at.is_not(None))
    ).scalar_one_or_none()
    if void is None:
        raise Refusal(
            "serial_taken",
            f"编号“{serial}”已经录入过（第{line.batch_id}批），没有重复记录。请核对纸上的编号。",
        )
    line.withdrawn_at, line.withdrawn_by_id = void.approved_at, void.approved_by_id
    line.withdrawn_reason = void.reason
    session.flush()


def note(
    session: Session, actor: Actor, batch: Batch, act: str, payload: Mapping[str, Any], now: datetime
) -> None:
    """One act on a batch in the log, within the act's own transaction."""
    record(session, actor, act, object_kind="batch", object_id=batch.id, payload=dict(payload), now=now)

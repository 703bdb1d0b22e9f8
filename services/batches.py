"""批次: filled forms taken in by the office, from paper by keyboard or from a workbook, one by one or taken back whole.

Each form becomes what it would have become on the web: a rating, or an answer of a collection. That it came on
paper, who typed it and under which serial stands in its line and in the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from models.batch import Batch, BatchLine
from models.campaign import Campaign
from models.people import Role
from models.rating import Rating
from services.actor import OFFICE, Actor
from services.batch_intake import Intake
from services.history import record
from services.rating_forms import (
    LOCAL,
)
from services.refusal import Refusal, not_found
from services.transaction import transaction

LONGEST_TITLE = 200
LONGEST_SERIAL = 40
SHOWN = 10


def open_batch(
    session: Session,
    actor: Actor,
    campaign: Campaign,
    intake: Intake,
    *,
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
            method=intake.method,
            collection_id=intake.held.id if intake.held else None,
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
        payload = {"source": source, "of": intake.key, "title": batch.title, "received_on": str(received_on)}
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
                joinedload(BatchLine.answer),
                joinedload(BatchLine.typed_by),
                joinedload(BatchLine.checked_by),
            )
            .order_by(BatchLine.id.desc())
            .limit(count)
        ).scalars()
    )


def note(
    session: Session, actor: Actor, batch: Batch, act: str, payload: Mapping[str, Any], now: datetime
) -> None:
    """One act on a batch in the log, within the act's own transaction."""
    record(session, actor, act, object_kind="batch", object_id=batch.id, payload=dict(payload), now=now)

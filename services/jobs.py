"""Work that is due: claimed by one worker at a time, done once, late rather than lost."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Update, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, sessionmaker

from models.base import table_of
from models.job import Job
from services.transaction import afterwards, at_end, transaction

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
#: Pauses after failures; from the last on the job is an incident for the office to look at.
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 7200))
BATCH = 20
#: The same key is scheduled once.
_NEW_JOBS = {
    "postgresql": postgresql.insert(table_of(Job)).on_conflict_do_nothing(index_elements=["unique_key"]),
    "sqlite": sqlite.insert(table_of(Job)).on_conflict_do_nothing(index_elements=["unique_key"]),
}
#: Set when this process has scheduled something, so that its own worker need not wait for its next look.
news = threading.Event()


@dataclass(frozen=True)
class Work:
    """How a kind of job is done.

    apply: (session, payload, prepared, now), inside the transaction that marks the job done.
    prepare: (session, payload) before that transaction, for what takes long (drawing a page); reads only. Its
    payload says besides under `tried_at` when this try began, as ISO text.
    ready: loads, before that transaction, what the process needs for such work; quick when it is there.
    elsewhere: whether other processes, of lower priority, do what takes long; nobody here is kept waiting by it.
    """

    apply: Callable[[Session, dict[str, Any], Any, datetime], None]
    prepare: Callable[[Session, dict[str, Any]], Any] | None = None
    elsewhere: bool = False
    ready: Callable[[], None] | None = None


def schedule(session: Session, kind: str, *, key: str, payload: dict[str, Any], due_at: datetime) -> None:
    """Want a piece of work done, in the transaction of the act that wants it. The same key is scheduled once."""
    at_end(
        session,
        _write,
        {"kind": kind, "unique_key": key, "payload": payload, "due_at": due_at, "tries": 0, "error": ""},
    )
    afterwards(session, _tell_worker)


def _tell_worker(_session: Session) -> None:
    news.set()


def _write(session: Session, rows: list[dict[str, Any]]) -> None:
    session.execute(_NEW_JOBS[session.get_bind().dialect.name], rows)


@dataclass(frozen=True)
class Claim:
    """A job this worker has for the length of the lease. tries: how many there have been, this one among them."""

    id: int
    kind: str
    payload: dict[str, Any]
    tries: int
    due_at: datetime
    lease_until: datetime


def claim(
    session: Session,
    *,
    now: datetime,
    kinds: Collection[str],
    limit: int = BATCH,
    lease: timedelta = LEASE,
) -> list[Claim]:
    """Take what is due of these kinds, oldest first; nobody else gets it until the lease is over.

    Only the first counts as tried already. A worker that dies takes the others down unbegun, and they must not
    be given up for that; a job that kills its workers is the first of the next claim, and is counted there.
    """
    due = (
        select(Job.id, Job.kind, Job.payload, Job.tries + 1, Job.due_at)
        .where(Job.done_at.is_(None), Job.due_at <= now, Job.kind.in_(kinds))
        .where((Job.lease_until.is_(None)) | (Job.lease_until <= now))
        .where(Job.tries <= len(PAUSES))
        .order_by(Job.due_at, Job.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    with transaction(session):
        claims = [Claim(*row, now + lease) for row in session.execute(due).all()]
        if claims:
            first = case((Job.id == claims[0].id, 1), else_=0)
            session.execute(
                update(Job)
                .where(Job.id.in_([job.id for job in claims]))
                .values(lease_until=now + lease, tries=Job.tries + first)
                .execution_options(synchronize_session=False)
            )
    return claims


def run(session: Session, job: Claim, work: Work, *, now: datetime) -> bool:
    """Do one claimed job: effect and mark in one transaction. False if the lease was lost or it failed."""
    try:
        if work.ready is not None:
            work.ready()
        prepared = (
            work.prepare(session, {**job.payload, "tried_at": now.isoformat()}) if work.prepare else None
        )
        with transaction(session):
            work.apply(session, job.payload, prepared, now)
            kept = session.execute(
                _held(job).values(done_at=now, lease_until=None, tries=job.tries, error="")
            )
            if kept.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE's result has it
                raise LeaseLost
    except LeaseLost:
        return False
    except Exception:
        log.exception("job %s (%s) failed", job.id, job.kind)
        _note_failure(session, job, traceback.format_exc(limit=-3), now)
        return False
    return True


def _held(job: Claim) -> Update:
    """A change of the job that meets no row once another worker has it: each claim's lease ends later."""
    return (
        update(Job)
        .where(Job.id == job.id, Job.lease_until == job.lease_until, Job.done_at.is_(None))
        .execution_options(synchronize_session=False)
    )


class LeaseLost(Exception):
    """Another worker has taken the job meanwhile: whatever was done here is undone."""


def _note_failure(session: Session, job: Claim, error: str, now: datetime) -> None:
    pause = PAUSES[min(job.tries, len(PAUSES)) - 1]
    with transaction(session):
        session.execute(_held(job).values(lease_until=now + pause, tries=job.tries, error=error[-2000:]))


def reopen(session: Session, key: str) -> None:
    """Want a piece of work that is marked done once more, where doing it twice does no harm."""
    session.execute(
        update(Job)
        .where(Job.unique_key == key, Job.done_at.is_not(None))
        .values(done_at=None, tries=0, lease_until=None)
        .execution_options(synchronize_session=False)
    )


def tick(
    sessions: sessionmaker[Session],
    works: Mapping[str, Work],
    *,
    clock: Callable[[], datetime],
    most: int = 10_000,
    lease: timedelta = LEASE,
) -> int:
    """Do everything that is due, in order of due time; gives how many jobs were done.

    works: the kinds this worker can do; others are left to workers that can.
    """
    done = 0
    while done < most:
        with sessions() as session:
            claims = claim(session, now=clock(), kinds=works, lease=lease)
            if not claims:
                break
            for job in claims:
                done += run(session, job, works[job.kind], now=clock())
    return done


def incidents(session: Session) -> list[Job]:
    """Jobs that failed as often as they may: nothing is lost, somebody has to look."""
    return list(
        session.execute(
            select(Job).where(Job.done_at.is_(None), Job.tries > len(PAUSES)).order_by(Job.due_at)
        ).scalars()
    )


def waiting(session: Session, *, now: datetime) -> int:
    """How many jobs are due and not done."""
    return int(
        session.execute(
            select(func.count()).select_from(Job).where(Job.done_at.is_(None), Job.due_at <= now)
        ).scalar_one()
    )


@dataclass(frozen=True)
class Backlog:
    """What is due and not done. late: by how much the oldest of it; given_up: jobs that somebody must look at."""

    due: int
    late: timedelta
    given_up: int


def backlog_of(session: Session, *, now: datetime) -> Backlog:
    """How far the workers are behind."""
    failed = Job.tries > len(PAUSES)
    due, oldest, given_up = session.execute(
        select(
            func.count().filter(~failed),
            func.min(Job.due_at).filter(~failed),
            func.count().filter(failed),
        ).where(Job.done_at.is_(None), Job.due_at <= now)
    ).one()
    return Backlog(due, now - oldest if oldest else timedelta(0), given_up)


def retry(session: Session, job_id: int, *, now: datetime) -> None:
    """Try an incident again from the start."""
    with transaction(session):
        session.execute(
            update(Job)
            .where(Job.id == job_id, Job.done_at.is_(None))
            .values(tries=0, lease_until=None, due_at=now)
        )

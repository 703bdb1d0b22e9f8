"""Incidents: work that failed as often as it may. Nothing is lost; somebody looks and has it tried again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from models.job import Job
from models.people import Role
from services.actor import OFFICE, Actor
from services.history import record
from services.jobs import incidents, retry
from services.refusal import Refusal, not_found
from services.transaction import transaction


def incidents_for(session: Session, actor: Actor) -> list[Job]:
    """What the office has to look at; empty for those who cannot do anything about it."""
    return incidents(session) if actor.has(*OFFICE, Role.ADMIN) else []


def retry_incident(session: Session, actor: Actor, job_id: int, *, now: datetime) -> None:
    """Have an incident tried again from the start; who did so stays in the log."""
    actor.require(Role.HEAD, Role.ADMIN, to="重新执行失败的任务")
    with transaction(session):
        job = session.get(Job, job_id, with_for_update=True, populate_existing=True)
        if job is None:
            raise not_found("任务")
        if job.done_at is not None:
            raise Refusal("job_done", "这项任务已经完成，不必重新执行。")
        if job_id not in {row.id for row in incidents(session)}:
            raise Refusal("job_waiting", "这项任务正在等待执行，还没有放弃；请稍后再看。")
        retry(session, job_id, now=now)
        record(
            session,
            actor,
            "job.retried",
            object_kind="job",
            object_id=job_id,
            payload={"kind": job.kind, "key": job.unique_key},
            now=now,
        )

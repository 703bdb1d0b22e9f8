"""What a worker does when something is due: fire a deadline, remind, draw a notice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.case import CaseStep, Deadline
from services.actor import SYSTEM
from services.attachments import FileStore
from services.case_effects import Moment, issue_for_step, tell
from services.case_migrations import go_on
from services.cases import fire_clock, locked_case
from services.costs import cost_words
from services.dossier import Dossier
from services.history import record
from services.jobs import Work
from services.notices import draw, keep_file, ready_to_issue
from services.print_runs import JOB, draw_part, keep_part
from services.retention import retention_works
from services.sending import deliver, keep_answer


def fire_deadline(session: Session, payload: dict[str, Any], _prepared: Any, now: datetime) -> None:
    """A clock has run out. Jobs that were scheduled before the case stood in them do not say it."""
    due = datetime.fromisoformat(payload["due"])
    fire_clock(session, payload["deadline"], due, now=now, case_id=payload.get("case"))


def remind(session: Session, payload: dict[str, Any], _prepared: Any, now: datetime) -> None:
    """Say that a clock will run out: a message, and a numbered reminder where the procedure wants one."""
    row = _still_due(session, payload)
    if row is None or row.due_at <= now:
        return
    case = locked_case(session, row.case_id)
    text = payload["text"] or f"距期限届满还有{payload['days']}个工作日（{row.explanation}），请按期反馈。"
    dossier = Dossier(session, case)
    # Whoever is told that a clock runs out is told what that costs.
    tell(session, case, payload["tell"], f"{text}{cost_words(dossier, row)}", now=now)
    if payload["notice"]:
        step = session.execute(
            select(CaseStep).where(CaseStep.case_id == case.id).order_by(CaseStep.position.desc()).limit(1)
        ).scalar_one()
        issue_for_step(session, SYSTEM, dossier, step, [(payload["notice"], {})], moment=Moment(now, now))
    record(
        session,
        SYSTEM,
        "case.reminded",
        object_kind="case",
        object_id=case.id,
        payload={"deadline": row.id, "notice": payload["notice"]},
        now=now,
    )


def _still_due(session: Session, payload: dict[str, Any]) -> Deadline | None:
    """The clock, locked with its case, if it still runs to the moment it was scheduled for."""
    case_id = session.execute(select(Deadline.case_id).where(Deadline.id == payload["deadline"])).scalar_one()
    locked_case(session, case_id)
    row = session.get_one(Deadline, payload["deadline"], with_for_update=True, populate_existing=True)
    moved = row.due_at != datetime.fromisoformat(payload["due"])
    return None if moved or row.status != "running" else row


#: Every kind of job of cases and notices.
WORKS: dict[str, Work] = {
    "deadline": Work(apply=fire_deadline, ready=ready_to_issue),
    "reminder": Work(apply=remind, ready=ready_to_issue),
    "case_migration": Work(apply=go_on),
    "deliver": Work(prepare=deliver, apply=keep_answer),
    "draw_notice": Work(
        prepare=draw,
        apply=keep_file,
    ),
    JOB: Work(
        prepare=draw_part,
        apply=keep_part,
        elsewhere=True,
    ),
}


def works(store: FileStore) -> dict[str, Work]:
    """Every kind of job there is, with the place where files lie for those that remove some."""
    return WORKS | retention_works(store)

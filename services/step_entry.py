"""A step written into a case's history, and what it means for pages and panels that were made before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.case import Case, CaseStep
from models.panel import Absence, Panel
from services.actor import Actor
from services.case_effects import Moment
from services.refusal import Refusal
from services.step_words import step_name
from workflow.definition import Workflow

LOCAL = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class StepRecord:
    """What a step's entry in the history says besides who and when."""

    trigger: str
    before: str
    position: int = 1
    source: str = ""
    asked: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    roles: frozenset[str] = frozenset()
    cosigners: tuple[str, ...] = ()
    signed: str = ""
    absence: Absence | None = None


def written_step(session: Session, case: Case, actor: Actor, moment: Moment, content: StepRecord) -> CaseStep:
    """The entry of a step that was just taken, in the step's own transaction."""
    row = CaseStep(
        case_id=case.id,
        position=content.position,
        trigger=content.trigger,
        from_state=content.before,
        to_state=case.state,
        actor_id=actor.user_id,
        actor_name=content.signed or actor.name,
        effective_at=moment.effective,
        recorded_at=moment.recorded,
        asked=dict(content.asked),
        facts=dict(content.facts),
        roles=sorted(content.roles),
        cosigners=list(content.cosigners),
        acting_for_id=content.absence.person_id if content.absence else None,
        absence_id=content.absence.id if content.absence else None,
        source=content.source,
        workflow_id=case.workflow_id,
    )
    session.add(row)
    session.flush()
    return row


def lapse_panels(session: Session, case: Case, moment: Moment) -> None:
    """Panels of the case that are still open decide about a case that is no longer so (会签失效)."""
    session.execute(
        update(Panel)
        .where(Panel.case_id == case.id, Panel.status == "open")
        .values(status="lapsed", ended_at=moment.recorded, row_version=Panel.row_version + 1)
    )


def moved(session: Session, case: Case, workflow: Workflow) -> Refusal:
    """Why a page that was made before the last step may not act: who did what."""
    last = session.execute(
        select(CaseStep).where(CaseStep.case_id == case.id).order_by(CaseStep.position.desc()).limit(1)
    ).scalar_one()
    what = step_name(workflow, last)
    at = last.recorded_at.astimezone(LOCAL)
    return Refusal(
        "case_moved",
        f"{last.actor_name}已于{at.month}月{at.day}日{at:%H:%M}办理“{what}”，本事项现为"
        f"“{workflow.states_by_key[case.state].name}”。您的操作没有执行，请查看最新情况后再决定。",
    )

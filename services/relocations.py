"""An entry of a case's history that is no step of its procedure: written with the state, in one transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from models.case import Case, CaseStep
from services.actor import Actor
from services.case_effects import Moment
from services.history import record
from services.step_entry import StepRecord, lapse_panels, written_step
from workflow.definition import Workflow
from workflow.situation import Situation


def relocate(
    session: Session,
    actor: Actor,
    case: Case,
    workflow_id: int,
    workflow: Workflow,
    after: Situation,
    *,
    kind: str,
    said: dict[str, Any],
    moment: Moment,
) -> CaseStep:
    """Bring a locked case to this situation under this version, with its own entry in history and log.

    kind: one of `workflow.relocation.NAMES`. said: what a replay needs, and the reason.
    """
    before = case.state
    case.situation = after.as_data()
    case.state = after.state
    case.workflow_id = workflow_id
    case.changed_at = moment.effective
    if workflow.states_by_key[after.state].final:
        case.ended_at = moment.effective
    entry = written_step(
        session,
        case,
        actor,
        moment,
        StepRecord(
            trigger=kind,
            before=before,
            position=after.steps + 1,
            source="实施口径",
            asked=said,
            roles=actor.roles,
        ),
    )
    lapse_panels(session, case, moment)
    payload = {
        "kind": kind,
        "from": before,
        "to": after.state,
        "position": entry.position,
        "workflow": workflow_id,
    }
    record(
        session,
        actor,
        "case.relocated",
        object_kind="case",
        object_id=case.id,
        payload=payload,
        now=moment.recorded,
    )
    return entry

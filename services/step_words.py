"""Entries of a case's history by name, whatever version of the procedure they were written under."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy.orm import Session

from models.case import CaseStep
from services.definitions import workflow_of
from workflow.definition import Workflow
from workflow.relocation import NAMES


def state_names(session: Session, rows: Iterable[CaseStep]) -> Mapping[str, str]:
    """State to its name, of every version that the history ran under; the newest version's word wins."""
    names: dict[str, str] = {}
    for definition_id in sorted({row.workflow_id for row in rows}):
        names |= {state.key: state.name for state in workflow_of(session, definition_id).states}
    return names


def step_name(workflow: Workflow, row: CaseStep) -> str:
    """What a step was called. workflow: the version it was written under."""
    if row.trigger in NAMES:
        return NAMES[row.trigger]
    rule = workflow.triggers_by_key.get(row.trigger)
    return rule.name if rule else "立案"


def step_names_of(workflow: Workflow) -> Mapping[str, str]:
    """Step to its name."""
    return {trigger.key: trigger.name for trigger in workflow.triggers}

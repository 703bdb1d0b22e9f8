"""会签 looked up: what waits for whom, what was proposed, what belongs to a case."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models.panel import Panel as PanelRow
from models.panel import PanelEntry
from services.absences import absences_now
from services.actor import Actor
from services.case_access import may_see
from services.definitions import workflow_of
from services.refusal import not_found
from workflow.panel import panel_from


def panel_for(session: Session, actor: Actor, panel_id: int) -> PanelRow:
    """One panel for someone who may see its case."""
    row = (
        session.execute(
            select(PanelRow)
            .where(PanelRow.id == panel_id)
            .options(joinedload(PanelRow.case), joinedload(PanelRow.acts).joinedload(PanelEntry.by))
        )
        .unique()
        .scalar_one_or_none()
    )
    if row is None or not may_see(actor, row.case):
        raise not_found("这次会签")
    return row


def panels_waiting(session: Session, actor: Actor, *, now: datetime) -> list[PanelRow]:
    """Open panels that await this person's word, or that of somebody for whom this person stands in."""
    mine = {str(actor.user_id), *(str(row.person_id) for row in absences_now(session, actor, now=now))}
    rows = session.execute(
        select(PanelRow)
        .where(PanelRow.status == "open")
        .options(joinedload(PanelRow.case), joinedload(PanelRow.proposed_by))
        .order_by(PanelRow.proposed_at)
    ).scalars()
    found = []
    for row in rows:
        panel = panel_from(row.standing)
        if not mine.isdisjoint(panel.turns) or str(actor.user_id) in panel.asked:
            found.append(row)
    return found


def panels_of_case(session: Session, case_id: int) -> list[PanelRow]:
    """All panels of a case, newest first."""
    return list(
        session.execute(
            select(PanelRow).where(PanelRow.case_id == case_id).order_by(PanelRow.id.desc())
        ).scalars()
    )


def panels_proposed(session: Session, actor: Actor) -> list[PanelRow]:
    """What this person has put before panels, newest first."""
    return list(
        session.execute(
            select(PanelRow)
            .where(PanelRow.proposed_by_id == actor.user_id)
            .options(joinedload(PanelRow.case), joinedload(PanelRow.proposed_by))
            .order_by(PanelRow.id.desc())
            .limit(50)
        ).scalars()
    )


def step_names(session: Session, rows: Iterable[PanelRow]) -> dict[int, str]:
    """What each panel is about, by the panel's id."""
    return {
        row.id: workflow_of(session, row.case.workflow_id).triggers_by_key[row.trigger].name for row in rows
    }

"""会签 recounted: every panel stands as its record leads to, and what was agreed was done by those who agreed."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from models.case import CaseStep
from models.panel import Panel, PanelEntry
from services.difference import Difference
from workflow.panel import Deed, PanelAct, PanelRefused, PanelStatus, panel_from, replayed
from workflow.panel import Panel as Standing


def panel_differences(session: Session) -> Iterator[Difference]:
    """What of the panels does not follow from their records."""
    rows = session.execute(select(Panel).options(selectinload(Panel.acts)).order_by(Panel.id)).scalars()
    for row in rows:
        place = f"会签{row.id}"
        try:
            standing = _led_to(row)
        except PanelRefused as refused:
            yield Difference("panel", place, f"会签记录重演时被拒绝：{refused.sentence}")
            continue
        if standing.as_data() != row.standing:
            yield Difference("panel", place, "会签席位与会签记录不符")
        elif row.status != "lapsed" and row.status != standing.status.value:
            yield Difference("panel", place, f"会签存为“{row.status}”，按记录应为“{standing.status.value}”")
        if row.status == PanelStatus.AGREED and not _was_taken(session, row, standing):
            yield Difference("panel", place, "会签已同意，事项历程中却没有由这些人会签的这一步")


def _led_to(row: Panel) -> Standing:
    deeds = [_deed(entry) for entry in row.acts]
    # Who might be brought in was judged when it was done; roles may have changed since.
    brought_in = frozenset(deed.to for deed in deeds if deed.to is not None)
    return replayed(panel_from(row.convened), deeds, eligible=brought_in)


def _deed(entry: PanelEntry) -> Deed:
    return Deed(
        PanelAct(entry.act),
        by=str(entry.by_id),
        seat=str(entry.seat_id),
        to=None if entry.to_id is None else str(entry.to_id),
        before=entry.before,
    )


def _was_taken(session: Session, row: Panel, standing: Standing) -> bool:
    steps = session.execute(
        select(CaseStep.cosigners).where(CaseStep.case_id == row.case_id, CaseStep.trigger == row.trigger)
    ).scalars()
    return any(set(cosigners) == set(standing.signers) for cosigners in steps)

"""What became of a notice: every act upon it, as the log has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models.history import HistoryEntry
from models.notice import NoticeDraft
from models.people import User
from services.actor import Actor
from services.notices import notice_for


@dataclass(frozen=True)
class LifeLine:
    """One act: when, by whom, which (`notice.issued` …), with what the log noted."""

    at: datetime
    who: str
    act: str
    payload: Mapping[str, Any]


def life_of(session: Session, actor: Actor, notice_id: int) -> tuple[LifeLine, ...]:
    """Every act upon a notice in order, its draft's included, for someone who may see it."""
    notice = notice_for(session, actor, notice_id)
    drafts = session.execute(select(NoticeDraft.id).where(NoticeDraft.notice_id == notice_id)).scalars()
    mine = (HistoryEntry.object_kind == "notice") & (HistoryEntry.object_id == str(notice_id))
    drafted = (HistoryEntry.object_kind == "notice_draft") & (
        HistoryEntry.object_id.in_([str(draft) for draft in drafts])
    )
    rows = session.execute(
        select(HistoryEntry).where(or_(mine, drafted)).order_by(HistoryEntry.at, HistoryEntry.id)
    ).scalars()
    lines = [LifeLine(row.at, row.actor_name, row.act, row.payload) for row in rows]
    if notice.service is not None and all(line.act != "notice.served" for line in lines):
        # Served by a step of its case, which the log has under the case.
        by = session.get_one(User, notice.service.recorded_by_id).name
        lines.append(
            LifeLine(notice.service.recorded_at, by, "notice.served", {"reason": notice.service.remark})
        )
    return tuple(sorted(lines, key=lambda line: line.at))

"""The log by days: its numbers rise with time, so a day is found by halving instead of by reading it all."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.history import HistoryEntry


def first_entry_at(session: Session, instant: datetime) -> int:
    """Number of the first entry at or after the instant; one more than the last when there is none.

    Entries of acts that ran side by side may stand a moment out of order; at the edge of a day that is
    a matter of milliseconds.
    """
    low, high = session.execute(
        select(func.coalesce(func.min(HistoryEntry.id), 1), func.coalesce(func.max(HistoryEntry.id), 0) + 1)
    ).one()
    while low < high:
        middle = (low + high) // 2
        found = session.execute(
            select(HistoryEntry.id, HistoryEntry.at)
            .where(HistoryEntry.id >= middle)
            .order_by(HistoryEntry.id)
            .limit(1)
        ).one_or_none()
        if found is None or found.at >= instant:
            high = middle
        else:
            low = found.id + 1
    return int(low)

"""Every noun in one place, so that one import makes the whole metadata known."""

from __future__ import annotations

from models import (
    access_token,
    batch,
    calendar_change,
    campaign,
    case,
    case_move,
    collection,
    history,
    job,
    notice,
    outgoing,
    panel,
    people,
    print_run,
    rating,
    roster,
    seal,
)
from models.base import Base

__all__ = [
    "Base",
    "access_token",
    "batch",
    "calendar_change",
    "campaign",
    "case",
    "case_move",
    "collection",
    "history",
    "job",
    "notice",
    "outgoing",
    "panel",
    "people",
    "print_run",
    "rating",
    "roster",
    "seal",
]

"""Every noun in one place, so that one import makes the whole metadata known."""

from __future__ import annotations

from models import campaign, case, collection, history, job, notice, people, rating, roster
from models.base import Base

__all__ = ["Base", "campaign", "case", "collection", "history", "job", "notice", "people", "rating", "roster"]

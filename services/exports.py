"""Tables that leave the house as files are noted in the log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from services.actor import Actor
from services.history import record
from services.transaction import transaction


def record_export(session: Session, actor: Actor, *, table: str, rows: int, now: datetime) -> None:
    """Say in the log who took which table with how many rows."""
    with transaction(session):
        record(
            session,
            actor,
            "table.exported",
            object_kind="table",
            object_id=table,
            payload={"rows": rows},
            now=now,
        )

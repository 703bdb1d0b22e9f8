"""Verify: whatever somebody changes behind the services' back is found, and named."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from models.engine import writing
from services.due_work import WORKS
from services.history import seal_history
from services.jobs import tick
from services.verification import verify
from tests.integration.due_cases import served_cases
from tests.integration.office import START, Office, days


@dataclass(frozen=True)
class Tampering:
    """guarded: the table whose guard is taken off first. kind: of the difference that must be named."""

    name: str
    guarded: str
    statement: str
    kind: str


TAMPERINGS = (
    Tampering("the text of a log entry", "history_entry", "UPDATE history_entry SET actor_name = '别人' WHERE id = 5", "history"),
    Tampering("the act of a log entry", "history_entry", "UPDATE history_entry SET act = 'case.forgiven' WHERE id = 6", "history"),
    Tampering("a link of the chain", "history_seal", "UPDATE history_seal SET link = previous WHERE position = 4", "history"),
    Tampering("a link taken out", "history_seal", "DELETE FROM history_seal WHERE position = 7", "history"),
    Tampering("a state", "", "UPDATE rectification_case SET state = 'closed' WHERE id = 1", "case"),
    Tampering("a step's end", "case_step", "UPDATE case_step SET to_state = 'rectified' WHERE case_id = 1 AND position = 4", "case"),
    Tampering("a step taken out", "case_step", "UPDATE case_step SET position = 9 WHERE case_id = 1 AND position = 4", "case"),
    Tampering("a lower deduction", "deduction", "UPDATE deduction SET points = 1 WHERE case_id = 1", "deduction"),
    Tampering("a deduction taken out", "deduction", "DELETE FROM deduction WHERE case_id = 1", "deduction"),
    Tampering("a frozen value", "notice", "UPDATE notice SET title = title, frozen_values = '{\"unit\": \"别处\"}' WHERE id = 1", "notice"),
    Tampering("a number moved", "notice", "UPDATE notice SET position = 99 WHERE id = (SELECT max(id) FROM notice)", "number"),
    Tampering("a counter moved", "", "UPDATE number_series SET last = last + 1 WHERE series = '效扣'", "number"),
    Tampering("a tally", "", "INSERT INTO tally (campaign_id, target_id, method, grade, count) SELECT id, 1, 'instant', 'excellent', 3 FROM campaign", "tally"),
)  # fmt: skip


@pytest.fixture
def books(engine: Engine, session: Session, office: Office) -> Engine:
    """Two cases that ran out of time, sealed; all in order."""
    served_cases(session, office, 2)
    clockwork = {kind: work for kind, work in WORKS.items() if work.prepare is None}
    tick(sessionmaker(engine), clockwork, clock=lambda: START + days(60))
    session.rollback()
    seal_history(session, now=START + days(60))
    session.close()
    with Session(engine) as reading:
        assert verify(reading) == []
    return engine


def take_guards_off(session: Session, table: str) -> None:
    """What a database administrator could do."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        return
    guards = session.execute(
        text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"), {"table": table}
    )
    for name in guards.scalars().all():
        session.execute(text(f"DROP TRIGGER {name}"))


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda tampering: tampering.name.replace(" ", "-"))
def test_tampering_is_found_and_named(books: Engine, tampering: Tampering) -> None:
    with Session(books) as session, writing():
        if tampering.guarded:
            take_guards_off(session, tampering.guarded)
        changed = session.execute(text(tampering.statement))
        assert changed.rowcount == 1  # type: ignore[attr-defined]  # an UPDATE's result has it
        session.commit()
    with Session(books) as reading:
        found = verify(reading)
    assert tampering.kind in {difference.kind for difference in found}
    assert all(difference.place and difference.what for difference in found)

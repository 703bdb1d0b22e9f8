"""Late is not lost, and a clock that jumps harms nothing: no effect twice, none early, none undone."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from models.case import CaseStep, Deadline, Deduction
from services.verification import verify
from services.worker import Worker
from tests.integration.due_cases import served_cases
from tests.integration.killed_worker import CLOCKWORK
from tests.integration.office import Office, days

#: So far apart that each case is due on another day.
APART = timedelta(days=3)


def turn(engine: Engine, session: Session, now: datetime) -> None:
    """A worker's turn by a clock that shows this time."""
    session.rollback()
    Worker(sessionmaker(engine), CLOCKWORK, clock=lambda: now, pause=1).turn()
    session.rollback()


def fired(session: Session) -> list[tuple[int, datetime]]:
    """Case and date of every step that a clock took, in the order of writing."""
    query = select(CaseStep.case_id, CaseStep.effective_at).where(CaseStep.trigger == "expire")
    return [(row[0], row[1]) for row in session.execute(query.order_by(CaseStep.id))]


def test_after_an_outage_over_three_due_dates_all_fire_in_order_dated_when_due(
    engine: Engine, session: Session, office: Office
) -> None:
    cases = served_cases(session, office, 3, apart=APART)
    due = dict(session.execute(select(Deadline.case_id, Deadline.due_at).where(Deadline.then != "")).all())
    assert len(set(due.values())) == 3
    turn(engine, session, max(due.values()) + days(10))
    assert fired(session) == sorted(due.items(), key=lambda item: item[1])
    assert [case_id for case_id, _ in fired(session)] == cases
    assert verify(session) == []


def test_jumps_of_the_clock_do_no_harm(engine: Engine, session: Session, office: Office) -> None:
    served_cases(session, office, 3, apart=APART)
    due = sorted(session.execute(select(Deadline.due_at).where(Deadline.then != "")).scalars())
    session.rollback()
    first = due[0]
    turn(engine, session, first - timedelta(seconds=1))
    assert fired(session) == [], "none early"
    turn(engine, session, first)
    assert len(fired(session)) == 1
    for jump in (days(1), -days(1)):
        turn(engine, session, first + jump)
        assert len(fired(session)) == 1, "none twice, none undone"
    turn(engine, session, first + days(40))
    assert [at for _, at in fired(session)] == due, "what the far future finds is dated when it was due"
    for back in (first, first - days(1), first + days(41)):
        turn(engine, session, back)
        assert len(fired(session)) == 3
    booked = session.execute(select(Deduction.points)).scalars().all()
    assert booked == [3, 3, 3]
    assert verify(session) == []

"""What the next miss costs, said before it happens: exact to the ledger and the ranking that follow."""

from __future__ import annotations

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from models.case import Case, Deadline, Deduction
from models.job import Message
from services.costs import cost_ahead
from services.scores import current_ranking
from services.worker import Worker
from tests.integration.due_cases import served_cases
from tests.integration.killed_worker import CLOCKWORK
from tests.integration.office import Office, days


def test_the_points_foretold_are_the_points_booked(engine: Engine, session: Session, office: Office) -> None:
    (case_id,) = served_cases(session, office, 1)
    case = session.get_one(Case, case_id)
    ahead = cost_ahead(session, case)
    assert ahead is not None
    assert ahead.cost is not None
    assert ahead.cost.points == 3
    assert "前未办理（整改反馈）：扣3分" in ahead.words
    due = session.execute(select(Deadline.due_at)).scalar_one()
    before = session.execute(select(Deduction.id)).all()
    assert before == [], "a look books nothing"
    session.rollback()
    Worker(sessionmaker(engine), CLOCKWORK, clock=lambda: due, pause=1).turn()
    session.expire_all()
    assert session.execute(select(Deduction.points)).scalars().all() == [ahead.cost.points]
    line = current_ranking(session, office.campaign).lines[case.target_id]
    if ahead.cost.total_then is not None:
        assert line.score.printed == ahead.cost.total_then
        assert line.score.rank == ahead.cost.rank_then
    assert cost_ahead(session, session.get_one(Case, case_id)) is None


def test_a_reminder_says_what_it_costs(engine: Engine, session: Session, office: Office) -> None:
    served_cases(session, office, 1)
    due = session.execute(select(Deadline.due_at)).scalar_one()
    session.rollback()
    Worker(sessionmaker(engine), CLOCKWORK, clock=lambda: due - days(1), pause=1).turn()
    told = session.execute(select(Message.text).where(Message.text.contains("前未办理"))).scalars().all()
    assert told
    assert all("扣3分" in text for text in told)

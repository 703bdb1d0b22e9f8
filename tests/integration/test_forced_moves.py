"""A stuck case moved by the head: with a reason and a second person, deductions only when it is said, and replayed."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.case import Case, CaseStep, Deadline, Deduction
from services.cases import step_case
from services.forced_moves import approve_move, propose_move, refuse_move
from services.front_page import public_case_counts
from services.refusal import Refusal
from services.verification import verify
from tests.integration.due_cases import served_cases
from tests.integration.office import START, Office


def propose(session: Session, office: Office, case_id: int, state: str, *, book: bool = False) -> int:
    """A proposal of the head's."""
    move = propose_move(
        session, office.head, case_id, state=state, book=book, reason="（演示）流程卡住", now=START
    )
    return move.id


@pytest.mark.parametrize(("book", "points"), [(False, []), (True, [3])])
def test_a_case_is_moved_and_booked_only_by_choice(
    session: Session, office: Office, *, book: bool, points: list[int]
) -> None:
    (case_id,) = served_cases(session, office, 1)
    move_id = propose(session, office, case_id, "overdue", book=book)
    assert session.get_one(Case, case_id).state == "issued"
    with pytest.raises(Refusal, match="另一人"):
        approve_move(session, office.head, move_id, now=START)
    with pytest.raises(Refusal, match="无权"):
        approve_move(session, office.officer, move_id, now=START)
    approve_move(session, office.reviewer, move_id, now=START)
    case = session.get_one(Case, case_id)
    assert case.state == "overdue"
    assert session.execute(select(Deduction.points)).scalars().all() == points
    last = session.execute(select(CaseStep).order_by(CaseStep.id.desc())).scalars().first()
    assert last is not None
    assert (last.trigger, last.actor_name) == ("office:forced", office.reviewer.name)
    assert last.asked["reason"] == "（演示）流程卡住"
    assert last.asked["proposed_by"] == office.head.name
    assert session.execute(select(Deadline.status).where(Deadline.status == "running")).all() == []
    assert public_case_counts(session, office.campaign).moved == 1
    assert verify(session) == []
    step_case(session, office.officer, case_id, "supervise", asked={}, now=START)
    assert session.get_one(Case, case_id).state == "supervised"
    assert verify(session) == []


def test_a_case_can_be_ended_by_it(session: Session, office: Office) -> None:
    (case_id,) = served_cases(session, office, 1)
    approve_move(session, office.reviewer, propose(session, office, case_id, "closed"), now=START)
    assert session.get_one(Case, case_id).ended_at == START
    assert verify(session) == []


def test_what_is_refused(session: Session, office: Office) -> None:
    (case_id,) = served_cases(session, office, 1)
    for state, book, reason, said in (
        ("issued", False, "x", "当前状态"),
        ("nowhere", False, "x", "请选择"),
        ("rectified", True, "x", "没有扣分档"),
        ("overdue", False, " ", "理由"),
    ):
        with pytest.raises(Refusal, match=said):
            propose_move(session, office.head, case_id, state=state, book=book, reason=reason, now=START)
    with pytest.raises(Refusal, match="无权"):
        propose_move(session, office.reviewer, case_id, state="overdue", book=False, reason="x", now=START)
    move_id = propose(session, office, case_id, "overdue")
    with pytest.raises(Refusal, match="等待批准"):
        propose(session, office, case_id, "overdue")
    step_case(session, office.officer, case_id, "remind", asked={}, now=START)
    with pytest.raises(Refusal, match="又办理过"):
        approve_move(session, office.reviewer, move_id, now=START)
    with pytest.raises(Refusal, match="理由"):
        refuse_move(session, office.reviewer, move_id, why="", now=START)
    refuse_move(session, office.reviewer, move_id, why="（演示）不属实", now=START)
    with pytest.raises(Refusal, match="已经处理过"):
        approve_move(session, office.reviewer, move_id, now=START)
    assert public_case_counts(session, office.campaign).moved == 0

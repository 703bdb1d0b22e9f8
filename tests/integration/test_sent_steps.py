"""A step that another system sends is taken once, also when it comes several times at the same moment."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from models.access_token import SentStep
from models.case import Case, CaseStep, Deadline
from services.access_tokens import SCOPES, Entered, make_token
from services.api_steps import SentWish, take_step
from services.attachments import FileStore
from services.refusal import Refusal
from tests.integration.due_cases import served_cases
from tests.integration.office import START, Office

WORDS = {"measures": "已恢复窗口值守，并公示值班安排。"}


@pytest.fixture
def entered(session: Session, office: Office) -> Entered:
    row, _secret = make_token(
        session, office.admin, user_id=office.owner.person, name="平台", scopes=[*SCOPES], days=9, now=START
    )
    return Entered(office.owner, row.id, frozenset(SCOPES), "zh_CN", "平台")


def served(session: Session, office: Office) -> Case:
    return session.get_one(Case, served_cases(session, office, 1)[0])


def test_sent_at_the_same_moment_it_is_one(
    engine: Engine, session: Session, office: Office, entered: Entered, tmp_path: Path
) -> None:
    case = served(session, office)
    wish = SentWish(case.id, "answer", case.row_version, WORDS)
    session.rollback()
    answers: list[object] = []
    together = threading.Barrier(4)

    def send() -> None:
        with sessionmaker(engine, expire_on_commit=False)() as own:
            together.wait()
            try:
                taken = take_step(own, entered, wish, key="k" * 8, store=FileStore(tmp_path), now=START)
                answers.append(tuple(sorted(taken.items())))
            except Refusal as error:
                answers.append(error)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    assert len(set(answers)) == 1, answers
    assert session.query(SentStep).count() == 1
    steps = select(CaseStep).where(CaseStep.case_id == case.id, CaseStep.trigger == "answer")
    assert len(session.execute(steps).scalars().all()) == 1


def test_a_refused_step_leaves_its_key_free(
    session: Session, office: Office, entered: Entered, tmp_path: Path
) -> None:
    case = served(session, office)
    store = FileStore(tmp_path)
    for asked in ({}, {"measures": ""}):
        wish = SentWish(case.id, "answer", case.row_version, asked)
        with pytest.raises(Refusal):
            take_step(session, entered, wish, key="k" * 8, store=store, now=START)
    assert session.query(SentStep).count() == 0
    wish = SentWish(case.id, "answer", case.row_version, WORDS)
    assert take_step(session, entered, wish, key="k" * 8, store=store, now=START)["trigger"] == "answer"


def test_a_clock_that_ran_out_comes_first(
    session: Session, office: Office, entered: Entered, tmp_path: Path
) -> None:
    """An answer after the due time counts as late, however late the worker is."""
    case = served(session, office)
    due = session.execute(select(Deadline.due_at).where(Deadline.case_id == case.id, Deadline.then != ""))
    late = due.scalars().one() + timedelta(minutes=1)
    wish = SentWish(case.id, "answer", case.row_version, WORDS)
    session.rollback()
    with pytest.raises(Refusal) as refused:
        take_step(session, entered, wish, key="k" * 8, store=FileStore(tmp_path), now=late)
    assert refused.value.code == "case_moved"
    steps = session.execute(
        select(CaseStep.trigger).where(CaseStep.case_id == case.id).order_by(CaseStep.position)
    )
    *earlier, last = steps.scalars()
    assert earlier == ["register", "issue", "serve"]
    assert last != "answer"


def test_one_key_for_two_cases_is_one_step(
    engine: Engine, session: Session, office: Office, entered: Entered, tmp_path: Path
) -> None:
    ids = served_cases(session, office, 3)
    own = [session.get_one(Case, ids[place]) for place in (0, 2)]
    wishes = [SentWish(case.id, "answer", case.row_version, WORDS) for case in own]
    session.rollback()
    codes: list[str] = []
    together = threading.Barrier(2)

    def send(wish: SentWish) -> None:
        with sessionmaker(engine, expire_on_commit=False)() as mine:
            together.wait()
            try:
                take_step(mine, entered, wish, key="k" * 8, store=FileStore(tmp_path), now=START)
                codes.append("taken")
            except Refusal as refused:
                codes.append(refused.code)

    threads = [threading.Thread(target=send, args=(wish,)) for wish in wishes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["key_reused", "taken"]
    assert session.execute(select(CaseStep).where(CaseStep.trigger == "answer")).scalars().one()

"""Paper ballots typed in by the office: one code one ballot over all ways in, and no more kept than of the web."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from models.history import HistoryEntry
from models.people import LoginAttempt
from models.rating import BallotRound, Rating
from models.roster import Target
from services.ballot_typing import ballot_to_type, code_fault, plain_code, type_ballot
from services.ballots import cast_ballot, close_round
from services.rating_forms import FormRefused
from services.refusal import Refusal
from services.tallies import tallies
from services.verification import verify
from tests.integration.office import START, Office, days
from tests.integration.test_ballots import VOTED, ballot, deal, every_value, opened

ALL = ("good", "good", "fair", "bad", "-", "excellent")


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as opened_session:
        yield opened_session


@pytest.fixture
def held(session: Session, office: Office) -> BallotRound:
    ids = session.execute(select(Target.id).order_by(Target.id).limit(6)).scalars()
    return opened(session, office, list(ids))


def put(
    session: Session,
    office: Office,
    held: BallotRound,
    code: str,
    *grades: str,
    sure: bool = False,
    late: bool = False,
) -> int:
    return type_ballot(
        session,
        office.officer,
        held.id,
        code,
        formdata=ballot(session, held, *grades),
        sure=sure,
        now=VOTED + days(2) if late else VOTED,
    )


def test_a_paper_is_a_ballot_like_any_other_and_names_nobody(
    session: Session, office: Office, held: BallotRound
) -> None:
    [(_, paper)] = deal(session, office, held)
    [(_, web)] = deal(session, office, held)
    acts = session.execute(select(func.count()).select_from(HistoryEntry)).scalar_one()
    assert put(session, office, held, f"https://x.example/ballot#{paper}", *ALL) == 5
    cast_ballot(session, web, formdata=ballot(session, held, "good"), now=VOTED)
    assert session.execute(select(func.count()).select_from(HistoryEntry)).scalar_one() == acts
    assert "03:07" not in every_value(session)
    assert {row.rater_id for row in session.execute(select(Rating)).scalars()} == {None}
    assert tallies(session, office.campaign.id) == {}
    close_round(session, office.officer, held.id, now=VOTED)
    assert held.returned == 2
    assert verify(session) == []


def test_a_code_is_good_once_whether_typed_or_voted(
    session: Session, office: Office, held: BallotRound
) -> None:
    [(_, code)] = deal(session, office, held)
    cast_ballot(session, code, formdata=ballot(session, held, "good"), now=VOTED)
    assert "已经用过" in code_fault(session, office.officer, held.id, code, now=VOTED)
    with pytest.raises(FormRefused) as spent:
        put(session, office, held, code, *ALL)
    assert spent.value.code == "code_spent"
    assert spent.value.bound.form["f_grades"].data
    assert session.execute(select(func.count()).select_from(Rating)).scalar_one() == 1


def test_one_paper_typed_by_two_clerks_at_once_is_one_ballot(
    engine: Engine, session: Session, office: Office, held: BallotRound
) -> None:
    [(_, code)] = deal(session, office, held)
    form, number, officer = ballot(session, held, *ALL), held.id, office.officer
    session.commit()
    sessions = sessionmaker(engine, expire_on_commit=False)

    def send(_clerk: int) -> str:
        with sessions() as own:
            try:
                type_ballot(own, officer, number, code, formdata=form, sure=False, now=VOTED)
            except FormRefused as refused:
                return refused.code
            return "taken"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(send, range(4))) == ["code_spent"] * 3 + ["taken"]
    session.refresh(held)
    assert held.returned == 1


def test_what_is_blank_is_asked_about_once(session: Session, office: Office, held: BallotRound) -> None:
    [(_, code)] = deal(session, office, held)
    with pytest.raises(FormRefused) as blank:
        put(session, office, held, code, "good", "", "bad")
    assert blank.value.code == "rows_blank"
    assert "还有4个" in blank.value.sentence
    with pytest.raises(FormRefused) as empty:
        put(session, office, held, code, sure=True)
    assert empty.value.code == "form_refused"
    assert put(session, office, held, code, "good", "", "bad", sure=True) == 2


def test_papers_that_came_in_time_are_typed_until_the_close(
    session: Session, office: Office, held: BallotRound
) -> None:
    [(_, code)], [(_, other)] = deal(session, office, held), deal(session, office, held)
    assert put(session, office, held, code, *ALL, late=True) == 5
    with pytest.raises(Refusal, match="投票时间"):
        cast_ballot(session, other, formdata=ballot(session, held, "good"), now=VOTED + days(2))
    with pytest.raises(Refusal, match="还没有开始"):
        ballot_to_type(session, office.officer, held.id, now=START - days(1))
    close_round(session, office.officer, held.id, now=VOTED + days(2))
    with pytest.raises(Refusal, match="已经结束"):
        put(session, office, held, other, *ALL)


def test_a_slip_of_a_clerk_locks_nobody_out_and_other_rounds_are_told(
    session: Session, office: Office, held: BallotRound
) -> None:
    assert "代码不对" in code_fault(session, office.officer, held.id, "2222-3333", now=VOTED)
    assert session.execute(select(func.count()).select_from(LoginAttempt)).scalar_one() == 0
    assert code_fault(session, office.officer, held.id, " ", now=VOTED) == ""
    second = opened(session, office, held.target_ids, title="第二轮")
    [(_, code)] = deal(session, office, second)
    assert "另一轮" in code_fault(session, office.officer, held.id, code, now=VOTED)
    for who in ("reviewer", "head", "monitor", "leader", "auditor"):
        with pytest.raises(Refusal) as refused:
            code_fault(session, office.people[who], held.id, code, now=VOTED)
        assert refused.value.status == 403


def test_a_scanner_may_read_the_address() -> None:
    assert plain_code(" https://x.example/ballot#2345-6789 ") == plain_code("2345-6789") == "2345-6789"

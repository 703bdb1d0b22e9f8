"""待我办理 with more cases than a page shows: every case once, and no more judged than are shown or counted."""

from __future__ import annotations

from sqlalchemy import select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session

from bench.counting import listening
from models.case import Case
from models.engine import make_engine
from services.case_lists import ordered
from services.cases import Problem, open_case
from services.transaction import transaction
from services.waiting import COUNTED, waiting_for
from tests.integration.office import START, Office

MANY = COUNTED + 70


def open_many(session: Session, office: Office) -> set[int]:
    """So many registered cases; each waits for an officer to issue its notice."""
    with transaction(session):
        return {
            open_case(
                session,
                office.officer,
                office.campaign.id,
                Problem(
                    target_id=office.target.id,
                    channel="inspection",
                    title=f"（演示）第{number + 1}起",
                    facts="（演示）窗口无人值守。",
                    found_on=START.date(),
                ),
                now=START,
            ).id
            for number in range(MANY)
        }


def test_pages_list_each_case_once_and_count_no_further_than_told(session: Session, office: Office) -> None:
    made = open_many(session, office)
    first = waiting_for(session, office.officer, office.campaign, now=START, size=10)
    assert (len(first.rows), first.total, first.more) == (10, COUNTED, True)
    seen: list[int] = []
    page, pages = 1, 1
    while page <= pages:
        found = waiting_for(session, office.officer, office.campaign, now=START, page=page)
        pages = found.pages
        seen += [line.row.id for line in found.rows]
        assert {offer.trigger for line in found.rows for offer in line.offers} == {"issue"}
        page += 1
    assert len(seen) == MANY
    assert set(seen) == made
    assert (found.total, found.more) == (MANY, False)
    beyond = waiting_for(session, office.officer, office.campaign, now=START, page=99)
    assert beyond.rows == found.rows


def test_a_page_asks_as_much_of_many_cases_as_of_few(session: Session, office: Office) -> None:
    waiting_for(session, office.officer, office.campaign, now=START, size=10)  # definitions are read once
    said = []
    for cases in ("few", "many"):
        if cases == "many":
            open_many(session, office)
        session.expire_all()
        engine = session.get_bind().engine
        with listening(engine) as counted:
            waiting_for(session, office.officer, office.campaign, now=START, size=10)
        said.append(len(counted.statements))
    # Of none there are no clocks and no points to ask for.
    assert said[1] <= said[0] + 4, said


def test_sqlite_looks_up_the_clocks_of_each_case(sqlite_url: str) -> None:
    """Without the right index it reads every running clock for each case, and a desk of thousands stands still."""
    query = ordered(select(Case).join(Case.target))
    said = str(query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    engine = make_engine(sqlite_url)
    with engine.connect() as connection:
        plan = "\n".join(row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {said}")))
    engine.dispose()
    assert "ix_deadline_case_id_status_due_at (case_id=? AND status=?)" in plan, plan

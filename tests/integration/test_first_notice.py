"""The first notice of a process: its fonts are read before the act begins, so that no other writer waits for them."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from models.case import Deadline
from models.job import Job
from notices.glyphs import glyphs_in
from services.cases import step_case
from services.due_work import WORKS
from services.jobs import claim, run
from services.transaction import transaction
from tests.integration.due_cases import served_cases
from tests.integration.office import START, Office, days


def known_at_write(engine: Engine, act: Callable[[], object]) -> list[int]:
    """How many sets of fonts were known at each write of an act that begins with none."""
    glyphs_in.cache_clear()
    known: list[int] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.startswith("SELECT"):
            known.append(glyphs_in.cache_info().currsize)

    event.listen(engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return known


def test_a_person_s_step_and_a_clock_find_the_fonts_ready(
    engine: Engine, session: Session, office: Office
) -> None:
    [case_id] = served_cases(session, office, 1)
    known = known_at_write(
        engine,
        lambda: step_case(session, office.officer, case_id, "remind", asked={}, now=START + days(1)),
    )
    assert known
    assert min(known) == 1
    due = session.execute(
        select(Deadline.due_at).where(Deadline.case_id == case_id, Deadline.then != "")
    ).scalar_one()
    session.commit()
    with transaction(session):
        session.query(Job).filter(Job.kind != "deadline").delete()
    [job] = claim(session, now=due, kinds=("deadline",), limit=1)
    known = known_at_write(engine, lambda: run(session, job, WORKS["deadline"], now=due))
    assert known
    assert min(known) == 1

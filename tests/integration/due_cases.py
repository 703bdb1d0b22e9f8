"""Cases whose clocks have run out, for tests of those who fire them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.base import Base
from models.case import Case, CaseStep, Deadline
from services.cases import Problem, open_case, step_case
from services.transaction import transaction
from tests.integration.office import START, Office


def served_cases(
    session: Session, office: Office, count: int, *, apart: timedelta = timedelta(0)
) -> list[int]:
    """So many cases, issued and served one after the other; their ids in that order."""
    made: list[int] = []
    with transaction(session):
        for number in range(count):
            at: datetime = START + number * apart
            target = office.target if number % 2 == 0 else office.other_target
            sheet = Problem(
                target_id=target.id,
                channel="inspection",
                title=f"（演示）第{number + 1}起",
                facts="（演示）窗口无人值守。",
                found_on=START.date(),
            )
            case = open_case(session, office.officer, office.campaign.id, sheet, now=at)
            step_case(session, office.officer, case.id, "issue", asked={}, now=at)
            served = {"service_way": "electronic", "receiver": "值班人员"}
            step_case(session, office.officer, case.id, "serve", asked=served, now=at)
            made.append(case.id)
    return made


def copied_cases(session: Session, case_id: int, count: int) -> list[int]:
    """So many copies of a case with its steps and clocks (not its notices and jobs); their ids."""
    case = session.get_one(Case, case_id)
    steps = session.execute(select(CaseStep).where(CaseStep.case_id == case_id)).scalars().all()
    clocks = session.execute(select(Deadline).where(Deadline.case_id == case_id)).scalars().all()
    made: list[int] = []
    with transaction(session):
        for number in range(count):
            copy = Case(**_columns(case) | {"number": f"{case.number}-{number}"})
            session.add(copy)
            session.flush()
            own = {step.id: CaseStep(**_columns(step) | {"case_id": copy.id}) for step in steps}
            session.add_all(own.values())
            session.flush()
            for clock in clocks:
                values = _columns(clock) | {"case_id": copy.id, "step_id": own[clock.step_id].id}
                session.add(Deadline(**values))
            made.append(copy.id)
    return made


def _columns(row: Base) -> dict[str, object]:
    left = ("id", "row_version")
    return {name.key: getattr(row, name.key) for name in row.__mapper__.column_attrs if name.key not in left}

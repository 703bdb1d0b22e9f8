"""Cases whose clocks have run out, for tests of those who fire them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

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

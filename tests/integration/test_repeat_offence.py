"""屡查屡犯: off as shipped; where a procedure says so, a repeat sets out further up the ladder, with its grounds."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from definitions.fault import DefinitionFaults
from models.case import Case, CaseStep
from services.case_file import case_file
from services.cases import Problem, open_case, step_case
from services.repeat_offence import earlier_cases
from services.verification import verify
from tests.integration.changed_procedure import publish_changed
from tests.integration.office import START, Office
from workflow.repeat_offence import months_before

TODAY = START.date()
RULE = {
    "within_months": 12,
    "counts": {"supervisions": 1},
    "not_counting": ["withdrawn", "exempted"],
    "source": "实施口径",
}


def on(data: dict[str, Any]) -> None:
    """A procedure that knows repeat offences."""
    data["repeat_offence"] = RULE


def sheet(office: Office, problem: str = "slow_delay", found_on: date = TODAY) -> Problem:
    """One problem at the first target."""
    return Problem(
        target_id=office.target.id,
        channel="inspection",
        title="（演示）窗口无人在岗",
        facts="（演示）等候四十分钟。",
        found_on=found_on,
        problem=problem,
    )


def opened(session: Session, office: Office, **given: Any) -> Case:
    """A case of it."""
    return open_case(session, office.officer, office.campaign.id, sheet(office, **given), now=START)


def use(session: Session, office: Office) -> None:
    """Let the campaign use the changed procedure."""
    row = publish_changed(session, on)
    from models.engine import writing

    with writing():
        office.campaign.workflow_id = row.id
        session.add(office.campaign)
        session.commit()


def test_it_is_off_as_shipped(session: Session, office: Office) -> None:
    opened(session, office)
    again = opened(session, office)
    assert again.situation["counts"] == {}
    assert earlier_cases(session, office.campaign, sheet(office)) is None


def test_a_repeat_sets_out_further_up_the_ladder(session: Session, office: Office) -> None:
    use(session, office)
    first = opened(session, office, found_on=date(2025, 4, 9))
    assert first.situation["counts"] == {}
    old = opened(session, office, problem="bad_manner", found_on=date(2025, 4, 8))
    assert old.situation["counts"] == {}
    found = earlier_cases(session, office.campaign, sheet(office))
    assert found is not None
    assert [case.id for case in found.cases] == [first.id]
    assert "自1起" in found.follows
    again = opened(session, office)
    assert again.situation["counts"] == {"supervisions": 1}
    entry = session.execute(select(CaseStep).where(CaseStep.case_id == again.id)).scalar_one()
    assert entry.facts == {"repeats": [first.number]}
    line = case_file(session, office.officer, again.id, now=START).steps[0]
    assert line.answers == (("重复发生", f"12个月内同一问题已有1起：{first.number}（实施口径）"),)
    session.rollback()
    step_case(session, office.officer, again.id, "issue", asked={}, now=START)
    served = {"service_way": "electronic", "receiver": "值班人员"}
    step_case(session, office.officer, again.id, "serve", asked=served, now=START)
    step_case(session, office.owner, again.id, "answer", asked={"measures": "（演示）已整改"}, now=START)
    step_case(session, office.reviewer, again.id, "reject", asked={"shortfall": "（演示）未整改"}, now=START)
    # The first supervision is skipped: the second is due at once.
    step_case(session, office.head, again.id, "supervise_again", asked={}, now=START)
    assert session.get_one(Case, again.id).state == "supervised_again"
    assert verify(session) == []


def test_what_is_no_ground(session: Session, office: Office) -> None:
    use(session, office)
    wrong = opened(session, office)
    step_case(session, office.head, wrong.id, "withdraw", asked={"reason": "（演示）误立"}, now=START)
    assert earlier_cases(session, office.campaign, sheet(office)) is None
    opened(session, office, found_on=date(2025, 4, 8))
    assert earlier_cases(session, office.campaign, sheet(office)) is None, "a day more than twelve months"
    assert earlier_cases(session, office.campaign, sheet(office, problem="")) is None


def test_a_rule_that_names_nothing_is_a_fault(session: Session, office: Office) -> None:
    def wrong(data: dict[str, Any]) -> None:
        data["repeat_offence"] = {**RULE, "counts": {"times": 1}, "not_counting": ["gone"]}

    with pytest.raises(DefinitionFaults) as faults:
        publish_changed(session, wrong)
    places = {fault.place for fault in faults.value.faults}
    assert places == {"repeat_offence.counts.times", "repeat_offence.not_counting[0]"}


@pytest.mark.parametrize(
    ("day", "months", "earlier"),
    [
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2026, 1, 15), 12, date(2025, 1, 15)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
    ],
)
def test_months_are_counted_by_the_calendar(day: date, months: int, earlier: date) -> None:
    assert months_before(day, months) == earlier

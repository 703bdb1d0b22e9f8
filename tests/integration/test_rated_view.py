"""What the rated see: ratings to the end of last month, deductions at once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from models.campaign import Campaign
from models.case import Case
from models.engine import writing
from models.rating import Rating
from services.cases import Problem, open_case, step_case
from services.explanations import explanation_for
from services.rated_view import end_of_last_month, rated_view
from services.ratings import approve_void, propose_void
from services.scores import current_ranking
from services.tallies import count_in
from tests.integration.office import START, Office

MARCH = datetime(2026, 3, 20, 1, 0, tzinfo=UTC)
MAY = START + timedelta(days=30)


def rate(session: Session, office: Office, grade: str, count: int, at: datetime) -> list[int]:
    with writing():
        rows = [
            Rating(
                campaign_id=office.campaign.id,
                target_id=office.target.id,
                method="instant",
                grade=grade,
                form_id=office.campaign.settings["forms"]["instant"],
                answers={},
                rater_id=office.monitor.user_id,
                happened_on=at.date(),
                submitted_at=at,
            )
            for _ in range(count)
        ]
        session.add_all(rows)
        session.flush()
        count_in(
            session,
            campaign_id=office.campaign.id,
            target_id=office.target.id,
            method="instant",
            grade=grade,
            by=count,
        )
        session.commit()
    return [row.id for row in rows]


def seen(session: Session, office: Office, now: datetime) -> dict[str, int]:
    """How many instant ratings of each grade the rated are shown."""
    line = rated_view(session, office.campaign, now=now).ranking.lines[office.target.id]
    return {grade: count for (_, grade), count in line.score.inputs.counts.items() if count}


def overdue_case(session: Session, office: Office) -> Case:
    sheet = Problem(office.target.id, "complaint", "事项", "（演示）事实", START.date())
    case = open_case(session, office.officer, office.campaign.id, sheet, now=START)
    step_case(session, office.officer, case.id, "issue", asked={}, now=START)
    served = {"service_way": "electronic", "receiver": "值班人员"}
    step_case(session, office.owner, case.id, "serve", asked=served, now=START)
    step_case(session, office.owner, case.id, "answer", asked={"measures": "已整改"}, now=START)
    step_case(session, office.officer, case.id, "reject", asked={"shortfall": "没有到位"}, now=START)
    return case


def test_a_rating_of_this_month_shows_next_month(session: Session, office: Office) -> None:
    rate(session, office, "excellent", 6, MARCH)
    assert seen(session, office, START) == {"excellent": 6}
    rate(session, office, "bad", 1, START)
    assert seen(session, office, START) == {"excellent": 6}
    live = current_ranking(session, office.campaign).lines[office.target.id].score
    assert live.inputs.counts["instant", "bad"] == 1
    assert seen(session, office, MAY) == {"excellent": 6, "bad": 1}


def test_a_deduction_shows_at_once(session: Session, office: Office) -> None:
    rate(session, office, "excellent", 6, MARCH)
    before = rated_view(session, office.campaign, now=START).ranking.lines[office.target.id].score
    overdue_case(session, office)
    after = rated_view(session, office.campaign, now=START).ranking.lines[office.target.id].score
    assert before.rectification is not None
    assert after.rectification is not None
    assert before.rectification - after.rectification == 3
    found = explanation_for(session, office.owner, office.campaign, target_id=office.target.id, now=START)
    assert (found.until, [item.points for item in found.movements]) == (date(2026, 3, 31), [-3])


def test_a_void_shows_next_month(session: Session, office: Office) -> None:
    first, *_rest = rate(session, office, "excellent", 6, MARCH)
    row = propose_void(session, office.officer, first, reason="虚假测评", now=START)
    approve_void(session, office.head, row.id, now=START)
    assert seen(session, office, START) == {"excellent": 6}
    assert seen(session, office, MAY) == {"excellent": 5}


def test_what_is_kept_follows_a_round_closed_late(session: Session, office: Office) -> None:
    rate(session, office, "excellent", 6, MARCH)
    first = rated_view(session, office.campaign, now=START).ranking
    assert rated_view(session, office.campaign, now=START + timedelta(days=3)).ranking is first
    rate(session, office, "good", 2, MARCH)
    assert seen(session, office, START) == {"excellent": 6, "good": 2}


@pytest.mark.parametrize(
    ("setting", "shown"), [("live", {"bad": 6}), ("monthly", {}), ("something", {}), (None, {})]
)
def test_the_pack_decides_and_protects_by_default(
    session: Session, office: Office, setting: str | None, shown: dict[str, int]
) -> None:
    with writing():
        campaign = session.get_one(Campaign, office.campaign.id)
        settings = {key: value for key, value in campaign.settings.items() if key != "rated_see"}
        campaign.settings = settings | ({"rated_see": setting} if setting else {})
        session.commit()
    office.campaign = campaign
    rate(session, office, "bad", 6, START)
    assert seen(session, office, START) == shown
    assert (rated_view(session, campaign, now=START).until is None) == (setting == "live")


def test_the_office_sees_everything_at_once(session: Session, office: Office) -> None:
    rate(session, office, "bad", 6, START)
    found = explanation_for(session, office.officer, office.campaign, target_id=office.target.id, now=START)
    assert found.until is None
    assert found.line.total is not None


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 10, 31, 15, 59, tzinfo=UTC), (9, 30)),
        (datetime(2026, 10, 31, 16, 0, tzinfo=UTC), (10, 31)),
        (datetime(2027, 1, 1, 0, 0, tzinfo=UTC), (12, 31)),
        (datetime(2028, 3, 15, 0, 0, tzinfo=UTC), (2, 29)),
    ],
)
def test_months_are_the_offices_own(now: datetime, day: tuple[int, int]) -> None:
    end = end_of_last_month(now)
    assert (end.month, end.day) == day
    assert end < now

"""An office with ratings, for tests of the ranking, the leader's board and the public pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.rating import Rating
from models.roster import Target
from services.tallies import count_in
from services.transaction import transaction
from tests.integration.office import START, build_office
from tests.web.desk_office import Desk


@pytest.fixture
def desk(app: Flask) -> Iterator[Desk]:
    """The office with nobody rated yet."""
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        office = build_office(session)
        yield Desk(app, office)


def rate(
    desk: Desk,
    target_id: int,
    method: str,
    *,
    at: datetime = START,
    on: date = date(2026, 4, 8),
    **grades: int,
) -> None:
    """So many counted ratings of each grade, with their tallies: `rate(desk, 1, "instant", good=3)`."""
    campaign = desk.office.campaign
    with desk.session() as session, transaction(session):
        for grade, count in grades.items():
            for _ in range(count):
                session.add(
                    Rating(
                        campaign_id=campaign.id,
                        target_id=target_id,
                        method=method,
                        grade=grade,
                        form_id=campaign.settings["forms"][method],
                        answers={},
                        happened_on=on,
                        submitted_at=at,
                    )
                )
            session.flush()
            count_in(
                session, campaign_id=campaign.id, target_id=target_id, method=method, grade=grade, by=count
            )


def rate_worked_example(desk: Desk, target_id: int) -> None:
    """The worked example of the plan, without its cases: composite 799/900."""
    rate(desk, target_id, "instant", excellent=10, good=5, fair=3, poor=1, bad=1)
    rate(desk, target_id, "comprehensive", excellent=6, good=4, fair=2)
    rate(desk, target_id, "inspection", excellent=1, good=2, fair=1)
    rate(desk, target_id, "concentrated", excellent=30, good=15, fair=4, poor=1)


def all_targets(desk: Desk) -> list[Target]:
    """Every target in the order of the roster."""
    with desk.session() as session:
        return list(session.execute(select(Target).order_by(Target.id)).scalars())

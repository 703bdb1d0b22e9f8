"""Numbers of notices: exactly 1 … N however many issue at once and however many fail; the year turns at midnight.

The full size of the promise, 32 issuers with 50 notices each: PINGDU_TEST_ISSUERS=32x50 before the command.
"""

from __future__ import annotations

import os
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from models.notice import Notice, NumberSeries
from notices.completeness import sample_of
from notices.definition import NoticeKind, Value
from notices.render import check_issue
from services.definitions import notice_kind_of_campaign
from services.notice_lists import series_checks
from services.notices import Occasion, issue_notices
from services.refusal import Refusal
from services.transaction import transaction
from tests.integration.office import START, Office

ISSUERS, EACH = (int(part) for part in os.environ.get("PINGDU_TEST_ISSUERS", "8x10").split("x"))
FAILING = 0.2


def values(kind: NoticeKind) -> dict[str, Value]:
    given: dict[str, Value] = sample_of(kind)
    return {name: value for name, value in given.items() if name not in ("issued_on", "number", "verify_url")}


def issue(session: Session, office: Office, *, now: datetime = START, kind: str = "reminder") -> Notice:
    with transaction(session):
        return issue_notices(session, office.officer, office.campaign, [(kind, values)], Occasion(now))[0]


def test_numbers_are_one_to_n_whoever_issues_and_whatever_fails(engine: Engine, office: Office) -> None:
    def work(number: int) -> int:
        chance, issued = random.Random(number), 0

        def sometimes(kind: NoticeKind) -> dict[str, Value]:
            if chance.random() < FAILING:
                raise Refusal("chance", "这一份没有印发。")
            return values(kind)

        for _turn in range(EACH):
            with Session(engine) as session:
                try:
                    with transaction(session):
                        wanted = [("reminder", sometimes)]
                        issue_notices(session, office.officer, office.campaign, wanted, Occasion(START))
                    issued += 1
                except Refusal:
                    continue
        return issued

    with Session(engine) as session:  # what a process reads once, it reads before the race
        kind = notice_kind_of_campaign(session, office.campaign, "reminder")[1]
    check_issue(kind, sample_of(kind))
    with ThreadPoolExecutor(ISSUERS) as pool:
        issued = sum(pool.map(work, range(ISSUERS)))
    assert 0 < issued < ISSUERS * EACH
    with Session(engine) as session:
        taken = list(session.execute(select(Notice.position).order_by(Notice.position)).scalars())
        assert taken == list(range(1, issued + 1))
        assert session.execute(select(NumberSeries.last)).scalar_one() == issued
        [check] = series_checks(session, office.officer, office.campaign)
        assert (check.last, check.count, check.missing) == (issued, issued, ())


@pytest.mark.parametrize(
    ("at", "number"),
    [
        (datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC), "效整改〔2026〕2号"),
        (datetime(2026, 12, 31, 16, 0, 0, tzinfo=UTC), "效整改〔2027〕1号"),
    ],
)
def test_the_year_of_a_number_turns_at_midnight_of_the_office(
    session: Session, office: Office, at: datetime, number: str
) -> None:
    issue(session, office)
    row = issue(session, office, now=at)
    assert row.number == number
    assert row.issued_on.year == row.year
    assert row.frozen["number"] == number


def test_a_notice_a_second_before_midnight_keeps_its_year_when_drawn_after_it(
    session: Session, office: Office
) -> None:
    row = issue(session, office, now=datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC))
    assert row.frozen["issued_on"] == "2026年12月31日"
    assert (
        issue(session, office, now=datetime(2026, 12, 31, 16, 0, tzinfo=UTC)).frozen["issued_on"]
        == "2027年1月1日"
    )


def test_series_are_numbered_apart(session: Session, office: Office) -> None:
    assert issue(session, office).number == "效整改〔2026〕1号"
    assert issue(session, office, kind="supervision_notice").number == "效督〔2026〕1号"
    assert issue(session, office).number == "效整改〔2026〕2号"

"""Numbers of notices: exactly 1 … N however many issue at once and however many fail; the year turns at midnight.

The full size of the promise, 32 issuers with 50 notices each: PINGDU_TEST_ISSUERS=32x50 before the command.
"""

from __future__ import annotations

import os
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from cli.db import alembic_config, upgrade
from models.base import table_of
from models.campaign import Campaign
from models.engine import writing
from models.notice import Notice, NumberSeries
from notices.completeness import sample_of
from notices.definition import NoticeKind, Value
from notices.render import check_issue
from services.definitions import notice_kind_of_campaign
from services.notice_lists import NoticeFilter, codes_of_notices, list_notices, series_checks
from services.notices import Occasion, issue_notices
from services.packs import create_campaign
from services.refusal import Refusal
from services.transaction import transaction
from tests.integration.office import INSTALLER, START, Office, district_pack

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


def campaign_of(session: Session, office: Office, key: str, series: dict[str, str]) -> Campaign:
    """One more campaign of the same year, with the office's definitions and these 机关代字."""
    with writing():
        first = session.get_one(Campaign, office.campaign.id)
        row = create_campaign(
            session, INSTALLER, district_pack(), key=key, name=f"{key}测评活动", starts_on=first.starts_on,
            ends_on=first.ends_on, public_url="http://127.0.0.1:8000", demonstration=True, now=START,
        )  # fmt: skip
        row.settings = {**row.settings, "series": {**row.settings["series"], **series}}
        session.commit()
    return row


def test_each_organ_counts_from_one_and_one_organ_goes_on(session: Session, office: Office) -> None:
    other = replace(office, campaign=campaign_of(session, office, "other", {"rectification": "教效整改"}))
    again = replace(office, campaign=campaign_of(session, office, "again", {}))
    taken = [issue(session, each).number for each in (office, other, other, office, again, other)]
    assert taken == [
        "效整改〔2026〕1号", "教效整改〔2026〕1号", "教效整改〔2026〕2号",
        "效整改〔2026〕2号", "效整改〔2026〕3号", "教效整改〔2026〕3号",
    ]  # fmt: skip
    [check] = series_checks(session, office.officer, other.campaign)
    assert (check.series, check.last, check.count, check.missing) == ("教效整改", 3, 3, ())
    assert "教效整改" in codes_of_notices(session, other.campaign)
    for word in ("教效整改", "rectification"):
        found = list_notices(session, office.officer, other.campaign, NoticeFilter(series=word), size=2)
        assert [row.position for row in found.rows] == [3, 2]
        rest = list_notices(
            session, office.officer, other.campaign, NoticeFilter(series=word), after=found.after
        )
        assert [row.position for row in rest.rows] == [1]


def test_the_database_takes_no_number_of_an_organ_twice(session: Session, office: Office) -> None:
    row = issue(session, office)
    again = {
        column.name: getattr(row, "frozen" if column.name == "frozen_values" else column.name)
        for column in table_of(Notice).columns
        if column.name != "id"
    }
    with pytest.raises(IntegrityError), writing():
        session.execute(insert(table_of(Notice)).values({**again, "number": "別", "verify_code": "x"}))
    session.rollback()


def test_notices_numbered_before_are_counted_under_their_codes(
    engine: Engine, session: Session, office: Office
) -> None:
    other = replace(office, campaign=campaign_of(session, office, "other", {"supervision": "教效督"}))
    for each, kind in ((office, "reminder"), (office, "reminder"), (office, "supervision_notice")):
        issue(session, each, kind=kind)
    session.rollback()
    from alembic.command import downgrade

    downgrade(alembic_config(engine), "0017")
    with engine.connect() as connection:
        before = connection.execute(text("SELECT series, year, last FROM number_series WHERE year > 0")).all()
        assert set(before) == {("rectification", 2026, 2), ("supervision", 2026, 1)}
        assert set(connection.execute(text("SELECT series FROM notice")).scalars()) == {
            "rectification",
            "supervision",
        }
    upgrade(engine)
    assert issue(session, office).number == "效整改〔2026〕3号"
    assert issue(session, other, kind="supervision_notice").number == "教效督〔2026〕1号"
    assert issue(session, office, kind="supervision_notice").number == "效督〔2026〕2号"
    assert {check.missing for check in series_checks(session, office.officer, office.campaign)} == {()}
    with pytest.raises(DBAPIError), writing():
        session.execute(text("UPDATE notice SET series = 'x'"))
    session.rollback()

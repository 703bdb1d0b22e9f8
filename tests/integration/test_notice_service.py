"""Service of notices that start no clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.notice import Notice, ServiceRecord
from services.cases import Problem, open_case, step_case
from services.notice_service import moment_of_service, record_service, unsigned_notices
from services.refusal import Refusal
from tests.integration.office import START, Office


@pytest.fixture
def closed(session: Session, office: Office) -> Notice:
    """The closure notice of a case that went the straight way."""
    sheet = Problem(office.target.id, "complaint", "事项", "（演示）事实", START.date())
    case = open_case(session, office.officer, office.campaign.id, sheet, now=START)
    served = {"service_way": "electronic", "receiver": "值班人员"}
    for actor, trigger, asked in (
        (office.officer, "issue", {}),
        (office.owner, "serve", served),
        (office.owner, "answer", {"measures": "已整改"}),
        (office.officer, "accept", {"verification": "on_site", "conclusion": "到位"}),
        (office.officer, "close", {}),
    ):
        step_case(session, actor, case.id, trigger, asked=asked, now=START)
    return session.execute(select(Notice).where(Notice.kind == "closure_notice")).scalar_one()


def test_the_target_signs_for_it_once(session: Session, office: Office, closed: Notice) -> None:
    record_service(session, office.owner, closed.id, way="electronic", receiver="值班人员", now=START)
    held = session.get_one(ServiceRecord, closed.id)
    assert (held.receiver, held.served_at) == ("值班人员", START)
    with pytest.raises(Refusal) as refused:
        record_service(session, office.officer, closed.id, way="direct", receiver="值班人员", now=START)
    assert refused.value.code == "already_served"


@pytest.mark.parametrize(
    ("who", "code"), [("stranger", "not_found"), ("leader", "forbidden"), ("monitor", "forbidden")]
)
def test_others_may_not(session: Session, office: Office, closed: Notice, who: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        record_service(session, office.people[who], closed.id, way="direct", receiver="某", now=START)
    assert refused.value.code == code


def test_impossible_times_and_needless_service_are_refused(
    session: Session, office: Office, closed: Notice
) -> None:
    receipt = session.execute(select(Notice).where(Notice.kind == "service_receipt")).scalars().first()
    assert receipt is not None
    for notice, served_at, code in (
        (closed, START + timedelta(days=1), "served_out_of_time"),
        (closed, START - timedelta(days=1), "served_out_of_time"),
        (receipt, START, "needs_no_service"),
    ):
        with pytest.raises(Refusal) as refused:
            record_service(
                session,
                office.officer,
                notice.id,
                way="direct",
                receiver="某",
                served_at=served_at,
                now=START,
            )
        assert refused.value.code == code


def test_a_notice_that_starts_a_clock_is_served_by_its_step(session: Session, office: Office) -> None:
    sheet = Problem(office.target.id, "complaint", "事项", "（演示）事实", START.date())
    case = open_case(session, office.officer, office.campaign.id, sheet, now=START)
    step_case(session, office.officer, case.id, "issue", asked={}, now=START)
    notice = session.execute(select(Notice)).scalar_one()
    with pytest.raises(Refusal) as refused:
        record_service(session, office.owner, notice.id, way="electronic", receiver="某", now=START)
    assert refused.value.code == "service_starts_clock"
    assert "记录送达" in refused.value.sentence


@pytest.mark.parametrize("who", ["officer", "head", "reviewer"])
def test_whoever_records_it_a_clock_starts_by_the_step_alone(
    session: Session, office: Office, who: str
) -> None:
    sheet = Problem(office.target.id, "complaint", "事项", "（演示）事实", START.date())
    case = open_case(session, office.officer, office.campaign.id, sheet, now=START)
    step_case(session, office.officer, case.id, "issue", asked={}, now=START)
    notice = session.execute(select(Notice)).scalar_one()
    with pytest.raises(Refusal) as refused:
        record_service(session, office.people[who], notice.id, way="direct", receiver="某", now=START)
    assert refused.value.code == "service_starts_clock"


def test_the_day_of_service_becomes_a_moment(session: Session, closed: Notice) -> None:
    tomorrow = START + timedelta(days=1)
    for day, now, moment in (
        (None, tomorrow, tomorrow),
        (tomorrow.date(), tomorrow, tomorrow),
        (START.date(), tomorrow, START + timedelta(hours=3)),  # noon at the office, after its issue at nine
    ):
        assert moment_of_service(closed, day, now=now) == moment
    closed.issued_at = START + timedelta(hours=8)
    assert moment_of_service(closed, START.date(), now=tomorrow) == START + timedelta(hours=8)
    session.rollback()


def test_what_waits_to_be_signed_for(session: Session, office: Office, closed: Notice) -> None:
    assert unsigned_notices(session, office.owner, [office.target], now=START) == [closed]
    assert unsigned_notices(session, office.stranger, [office.other_target], now=START) == []
    sheet = Problem(office.target.id, "complaint", "另一事项", "（演示）事实", START.date())
    case = open_case(session, office.officer, office.campaign.id, sheet, now=START)
    step_case(session, office.officer, case.id, "issue", asked={}, now=START)
    assert unsigned_notices(session, office.owner, [office.target], now=START) == [closed]

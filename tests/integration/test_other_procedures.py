"""Complaints and reviews run as packs beside the evaluation: their own campaigns, numbers, clocks and notices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from models.campaign import Campaign, CampaignStatus
from models.case import Case, Deadline
from models.notice import Notice
from packs.pack import Pack, load_pack
from services.actor import Actor
from services.campaign_choice import campaign_to_show, campaigns_to_choose
from services.cases import Problem, open_case, step_case
from services.packs import create_campaign, load_roster, publish_pack, set_campaign_status
from services.refusal import Refusal
from services.verification import verify
from services.worker import Worker
from tests.integration.killed_worker import CLOCKWORK
from tests.integration.office import INSTALLER, PACK, START, Office, days

SERVED = {"service_way": "electronic", "receiver": "值班人员"}


@lru_cache
def shipped(name: str) -> Pack:
    """A pack that comes with the product, read once."""
    return load_pack(PACK.parent / name)


def set_up(session: Session, name: str) -> Campaign:
    """The pack's campaign, open, beside what is there."""
    pack = shipped(name)
    publish_pack(session, INSTALLER, pack, now=START)
    assert load_roster(session, INSTALLER, pack, now=START) == 0, "the office keeps its own roster"
    campaign = create_campaign(
        session,
        INSTALLER,
        pack,
        key=f"{name}-2026",
        name=f"2026年{pack.sheet.plan.campaign}",
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 12, 31),
        public_url="http://127.0.0.1:8000",
        demonstration=True,
        now=START,
    )
    set_campaign_status(session, INSTALLER, campaign.id, CampaignStatus.OPEN, now=START)
    return campaign


@pytest.fixture
def opened(session: Session, office: Office) -> Callable[..., tuple[Case, Callable[..., Case]]]:
    """`opened("efficiency-complaint")`: a case of that pack, and a way to take its steps."""

    def make(name: str, at: datetime = START) -> tuple[Case, Callable[..., Case]]:
        campaign = set_up(session, name)
        sheet = Problem(
            office.target.id, "complaint", "窗口无人办理", "（演示）三次前往均无人办理", START.date()
        )
        case = open_case(session, office.officer, campaign.id, sheet, now=at)

        def step(actor: Actor, trigger: str, now: datetime, **asked: Any) -> Case:
            step_case(session, actor, case.id, trigger, asked=asked, now=now)
            session.refresh(case)
            return case

        return case, step

    return make


def work(engine: Engine, session: Session, now: datetime) -> None:
    """A worker's turn."""
    session.rollback()
    Worker(sessionmaker(engine), CLOCKWORK, clock=lambda: now, pause=1).turn()
    session.expire_all()


def running(session: Session, case: Case) -> Deadline:
    """The clock with a consequence that runs."""
    query = select(Deadline).where(
        Deadline.case_id == case.id, Deadline.status == "running", Deadline.then != ""
    )
    return session.execute(query).scalar_one()


def kinds(session: Session, case: Case) -> list[str]:
    """The kinds of the case's notices in their order."""
    return list(
        session.execute(select(Notice.kind).where(Notice.case_id == case.id).order_by(Notice.id)).scalars()
    )


def test_a_complaint_from_registration_to_call_back(
    session: Session, office: Office, opened: Callable[..., Any]
) -> None:
    case, step = opened("efficiency-complaint")
    assert case.number == "效投案〔2026〕1号"
    accepting = running(session, case)
    assert accepting.explanation.startswith("4月9日起算，5个工作日")
    step(office.officer, "accept", START + days(1), complainant="王先生（演示）", came_by="phone")
    step(office.owner, "serve", START + days(1), **SERVED)
    handling = running(session, case)
    assert (handling.length, handling.unit) == (1, "months")
    assert handling.explanation == (
        "4月10日送达，1个月：至5月10日（休息日，顺延至其后第一个工作日）→ 5月11日17:30前"
    )
    step(office.owner, "request_extension", START + days(20), reason="（演示）需要现场核查")
    with pytest.raises(Refusal):
        step(office.owner, "grant_extension", START + days(21), granted_working_days=10)
    step(office.reviewer, "grant_extension", START + days(21), granted_working_days=10)
    assert running(session, case).due_at > handling.starts_at + timedelta(days=31)
    step(office.owner, "reply", START + days(25), findings="（演示）属实", outcome="（演示）已改正并致歉")
    step(
        office.officer, "call_back", START + days(26), satisfaction="dissatisfied", opinion="（演示）仍不满意"
    )
    assert case.state == "reworked"
    step(office.officer, "reply", START + days(29), findings="（演示）属实", outcome="（演示）当面说明")
    with pytest.raises(Refusal):
        step(office.officer, "call_back", START + days(30), satisfaction="satisfied", opinion="（演示）满意")
    step(office.reviewer, "call_back", START + days(30), satisfaction="satisfied", opinion="（演示）满意")
    assert case.state == "closed"
    assert kinds(session, case) == [
        "complaint_acceptance",
        "complaint_assignment",
        "complaint_extension",
        "complaint_reply",
        "complaint_reply",
    ]
    assert verify(session) == []


def test_a_complaint_that_nobody_answers_is_overdue_after_a_month(
    engine: Engine, session: Session, office: Office, opened: Callable[..., Any]
) -> None:
    case, step = opened("efficiency-complaint")
    work(engine, session, START + days(10))
    assert case.state == "received", "a lapsed acceptance is told, and the case stays"
    step(office.officer, "accept", START + days(10), complainant="匿名投诉人", came_by="letter")
    step(office.owner, "serve", START + days(10), **SERVED)
    due = running(session, case).due_at
    work(engine, session, due - timedelta(minutes=1))
    assert case.state == "accepted"
    work(engine, session, due + timedelta(minutes=1))
    assert session.get_one(Case, case.id).state == "overdue"
    assert verify(session) == []


def test_a_review_is_decided_by_someone_else_in_its_days(
    session: Session, office: Office, opened: Callable[..., Any]
) -> None:
    case, step = opened("appeal-review")
    assert case.number == "效复案〔2026〕1号"
    told = {"contested": "《扣分告知书》（效扣〔2026〕3号）", "decided_by": "督办专员"}
    step(office.officer, "tell_right", START, **told)
    step(office.officer, "serve", START, **SERVED)
    assert running(session, case).explanation.startswith("4月9日送达，15个工作日")
    step(office.owner, "apply", START + days(5), appeal_words="（演示）请求撤销扣分")
    step(office.officer, "admit", START + days(6), withdrawal_words="原经办人员未参加复核")
    assert running(session, case).explanation.startswith("4月15日起算，10个工作日")
    decision = {"ruling": "revoke", "reason": "（演示）当日确有正当理由"}
    step(office.reviewer, "decide", START + days(10), **decision)
    assert running(session, case).explanation.startswith("4月19日起算，5个工作日")
    step(office.owner, "deliver", START + days(12), receiver="值班人员")
    assert case.state == "delivered"
    assert kinds(session, case) == ["review_right", "review_admission", "review_decision"]
    assert verify(session) == []


def test_who_took_part_before_does_not_decide_the_review(
    engine: Engine, session: Session, office: Office, opened: Callable[..., Any]
) -> None:
    case, step = opened("appeal-review")
    told = {"contested": "《扣分告知书》（效扣〔2026〕3号）", "decided_by": "督办专员"}
    step(office.officer, "tell_right", START, **told)
    step(office.officer, "serve", START, **SERVED)
    step(office.owner, "apply", START + days(5), appeal_words="（演示）请求撤销扣分")
    step(office.reviewer, "admit", START + days(6), withdrawal_words="原经办人员未参加复核")
    decision = {"ruling": "uphold", "reason": "（演示）事实清楚"}
    with pytest.raises(Refusal):
        step(office.reviewer, "decide", START + days(7), **decision)
    work(engine, session, START + days(30))
    assert session.get_one(Case, case.id).state == "review_overdue"
    step(office.head, "decide", START + days(31), **decision)
    work(engine, session, START + days(60))
    assert session.get_one(Case, case.id).state == "decided", "a lapsed delivery is told, and the case stays"
    assert verify(session) == []


def test_the_evaluation_stays_the_office_s_present_campaign(session: Session, office: Office) -> None:
    complaints = set_up(session, "efficiency-complaint")
    assert campaign_to_show(session, None) == office.campaign
    assert campaign_to_show(session, complaints.id) == complaints
    assert campaign_to_show(session, 999_999) == office.campaign
    assert [row.ranks for row in campaigns_to_choose(session)] == [True, False]

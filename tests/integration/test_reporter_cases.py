"""再评价 by whoever reported: the step is open to the reporter alone, the case file is not."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.case import Case, CaseStep
from models.engine import writing
from models.job import Message
from models.rating import Rating
from services.actor import Actor
from services.case_access import case_for, replayed, reported, visible_cases
from services.cases import Problem, open_case, step_case
from services.refusal import Refusal
from services.reporter_cases import asked_back, asked_back_for, re_evaluate
from tests.integration.office import START, Office

REGRADE = {"regrade": "good", "opinion": "窗口已有人值守"}


def answered_case(
    session: Session,
    office: Office,
    reporter: Actor,
    *,
    issue: dict[str, Any] | None = None,
    answer: dict[str, Any] | None = None,
) -> Case:
    """A case that came of a rating of the reporter, answered by its target. issue, answer: what else was said."""
    with writing():
        rating = Rating(
            campaign_id=office.campaign.id,
            target_id=office.target.id,
            method="instant",
            grade="bad",
            form_id=office.campaign.scheme_id,
            answers={},
            monitor_id=reporter.monitor_id,
            rater_id=reporter.user_id,
            happened_on=START.date(),
            submitted_at=START,
        )
        session.add(rating)
        session.commit()
    sheet = Problem(
        office.target.id, "rating", "窗口无人值守", "（演示）事实", START.date(), rating_id=rating.id
    )
    case = open_case(session, office.officer, office.campaign.id, sheet, now=START)
    for actor, trigger, asked in (
        (office.officer, "issue", issue or {}),
        (office.owner, "serve", {"service_way": "electronic", "receiver": "值班人员"}),
        (office.owner, "answer", {"measures": "已安排轮流值守", **(answer or {})}),
    ):
        step_case(session, actor, case.id, trigger, asked=asked, now=START)
    return case


@pytest.fixture
def case(session: Session, office: Office) -> Case:
    return answered_case(session, office, office.monitor)


def colleague(office: Office) -> Actor:
    """Another account of the reporting monitor."""
    first = office.monitor
    return Actor(office.inspector.user_id, "演示同事", frozenset({"monitor"}), monitor_id=first.monitor_id)


def test_the_reporter_re_evaluates_and_history_replays(session: Session, office: Office, case: Case) -> None:
    found = asked_back(session, office.monitor, now=START)
    assert [(item.case_id, item.title, item.offer.trigger) for item in found] == [
        (case.id, "窗口无人值守", "re_evaluate")
    ]
    assert found[0].answers == (("整改措施和结果", "已安排轮流值守"),)
    re_evaluate(
        session,
        office.monitor,
        case.id,
        "re_evaluate",
        asked=REGRADE,
        seen_version=found[0].version,
        now=START,
    )
    session.refresh(case)
    last = session.execute(select(CaseStep).order_by(CaseStep.id.desc()).limit(1)).scalar_one()
    assert (last.trigger, last.actor_id, last.roles) == ("re_evaluate", office.monitor.user_id, ["monitor"])
    assert case.state == "answered"
    assert replayed(session, case).as_data() == case.situation
    assert asked_back(session, office.monitor, now=START) == []


def test_the_reporter_is_told_when_answered_and_not_after_the_own_word(
    session: Session, office: Office, case: Case
) -> None:
    def told() -> list[str]:
        return list(
            session.execute(
                select(Message.text).where(Message.user_id == office.monitor.user_id).order_by(Message.id)
            ).scalars()
        )

    assert told() == [f"{case.number}：您反映的问题已有整改反馈，请再作一次评价。"]
    step_case(session, office.monitor, case.id, "re_evaluate", asked=REGRADE, now=START)
    assert len(told()) == 1


def test_the_reporter_is_told_when_the_office_did_it_instead(
    session: Session, office: Office, case: Case
) -> None:
    step_case(session, office.officer, case.id, "re_evaluate", asked=REGRADE, now=START)
    texts = (
        session.execute(select(Message.text).where(Message.user_id == office.monitor.user_id)).scalars().all()
    )
    assert any("已代为记录再评价" in text for text in texts)


def test_an_account_of_the_same_monitor_may_too(session: Session, office: Office, case: Case) -> None:
    actor = colleague(office)
    assert reported(session, actor, case)
    step_case(session, actor, case.id, "re_evaluate", asked=REGRADE, now=START)


def test_the_case_file_stays_closed_to_the_reporter(session: Session, office: Office, case: Case) -> None:
    with pytest.raises(Refusal) as refused:
        case_for(session, office.monitor, case.id)
    assert refused.value.status == 404
    assert session.execute(visible_cases(office.monitor)).scalars().all() == []


@pytest.mark.parametrize("trigger", ["accept", "reject", "answer", "withdraw", "no_such_step"])
def test_no_other_step_is_open_to_the_reporter(
    session: Session, office: Office, case: Case, trigger: str
) -> None:
    for act in (step_case, re_evaluate):
        with pytest.raises(Refusal) as refused:
            act(session, office.monitor, case.id, trigger, asked={}, seen_version=case.row_version, now=START)
        assert (refused.value.code, refused.value.status) == ("not_found", 404)


@pytest.mark.parametrize("who", ["monitor2", "inspector", "stranger", "leader", "auditor"])
def test_nobody_else_takes_the_step(session: Session, office: Office, case: Case, who: str) -> None:
    with pytest.raises(Refusal) as refused:
        step_case(session, office.people[who], case.id, "re_evaluate", asked=REGRADE, now=START)
    assert refused.value.status in (403, 404)
    with pytest.raises(Refusal) as hidden:
        asked_back_for(session, office.people[who], case.id, "re_evaluate", now=START)
    with pytest.raises(Refusal) as missing:
        asked_back_for(session, office.people[who], 999_999, "re_evaluate", now=START)
    assert (hidden.value.code, hidden.value.sentence) == (missing.value.code, missing.value.sentence)


def test_a_moved_case_names_nobody_of_the_office(session: Session, office: Office, case: Case) -> None:
    seen = case.row_version
    step_case(session, office.officer, case.id, "re_evaluate", asked=REGRADE, now=START)
    with pytest.raises(Refusal) as refused:
        re_evaluate(
            session, office.monitor, case.id, "re_evaluate", asked=REGRADE, seen_version=seen, now=START
        )
    assert refused.value.code == "not_asked"
    assert office.officer.name not in refused.value.sentence


def test_a_case_of_no_rating_has_no_reporter(session: Session, office: Office) -> None:
    sheet = Problem(office.target.id, "complaint", "事项", "（演示）事实", START.date())
    found = open_case(session, office.officer, office.campaign.id, sheet, now=START)
    assert not reported(session, office.monitor, found)
    assert not reported(session, Actor(None, "系统计时", frozenset({"system"})), found)

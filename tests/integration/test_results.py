"""Scores, editions and their notices, on both databases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import partial

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from models.engine import writing
from models.notice import Notice
from models.roster import Target
from scoring.exact import ratio
from services.cases import Problem, open_case, step_case
from services.due_work import WORKS
from services.jobs import tick
from services.refusal import Refusal
from services.results import editions, latest_published, propose_edition, publish_edition, withdraw_edition
from services.scores import current_ranking, ranking_as_of
from services.tallies import count_in
from services.transaction import transaction
from services.verification import verify
from tests.integration.office import START, Office, days

#: Counts of the worked example, 优良一般较差差.
WORKED = {
    "instant": (10, 5, 3, 1, 1),
    "comprehensive": (6, 4, 2, 0, 0),
    "inspection": (1, 2, 1, 0, 0),
    "concentrated": (30, 15, 4, 1, 0),
}
GRADES = ("excellent", "good", "fair", "poor", "bad")


def rate(session: Session, office: Office, target_id: int, counts: Mapping[str, tuple[int, ...]]) -> None:
    """Tallies as so many ratings would have left them."""
    with transaction(session):
        for method, numbers in counts.items():
            for grade, number in zip(GRADES, numbers, strict=True):
                if number:
                    count_in(
                        session,
                        campaign_id=office.campaign.id,
                        target_id=target_id,
                        method=method,
                        grade=grade,
                        by=number,
                    )


def _same(moment: datetime) -> datetime:
    """A clock that stands."""
    return moment


def let_expire(session: Session, office: Office, count: int, *, twice: int = 0) -> None:
    """Cases of the target that nobody answers; `twice` of them also after the second supervision."""
    cases = [
        open_case(
            session,
            office.officer,
            office.campaign.id,
            Problem(office.target.id, "complaint", f"事项{number}", "（演示）事实", date(2026, 4, 8)),
            now=START,
        )
        for number in range(count)
    ]
    now = START
    for ladder in (None, "supervise", "supervise_again"):
        for case in cases[: count if ladder is None else twice]:
            actor = office.reviewer if ladder == "supervise_again" else office.officer
            step_case(session, actor, case.id, ladder or "issue", asked={}, now=now)
            asked = {"service_way": "electronic", "receiver": "值班人员"}
            step_case(session, office.owner, case.id, "serve", asked=asked, now=now)
        now += days(40)
        works = {kind: work for kind, work in WORKS.items() if kind != "draw_notice"}
        tick(sessionmaker(session.get_bind(), expire_on_commit=False), works, clock=partial(_same, now))
        session.rollback()


def test_the_worked_example_to_the_last_fraction(session: Session, office: Office) -> None:
    rate(session, office, office.target.id, WORKED)
    let_expire(session, office, 3, twice=1)
    score = current_ranking(session, office.campaign).lines[office.target.id].score
    assert dict(score.satisfaction) == {
        "instant": Fraction(17, 20),
        "comprehensive": Fraction(8, 9),
        "inspection": Fraction(5, 6),
        "concentrated": Fraction(137, 150),
    }
    assert score.composite == Fraction(799, 900)
    assert score.rectification == 9
    assert ratio(score.total or Fraction(0)) == "3601/45"
    assert score.printed == "80.02"


def test_the_ranking_follows_every_change_at_once(session: Session, office: Office) -> None:
    assert current_ranking(session, office.campaign).lines[office.target.id].score.total is None
    rate(session, office, office.target.id, WORKED)
    first = current_ranking(session, office.campaign).lines[office.target.id].score
    assert (first.rank, first.printed) == (1, "91.02")
    rate(session, office, office.other_target.id, dict.fromkeys(WORKED, (9, 0, 0, 0, 0)))
    second = current_ranking(session, office.campaign)
    assert second.lines[office.other_target.id].score.rank == 1
    assert second.lines[office.target.id].score.rank == 2


def test_a_renamed_target_is_shown_by_its_new_name(session: Session, office: Office) -> None:
    current_ranking(session, office.campaign)
    session.commit()
    with writing():
        session.execute(
            update(Target)
            .where(Target.id == office.target.id)
            .values(name="新名称", row_version=Target.row_version + 1)
        )
        session.commit()
    assert current_ranking(session, office.campaign).lines[office.target.id].score.name == "新名称"


def test_as_of_looks_back_past_deductions(session: Session, office: Office) -> None:
    let_expire(session, office, 1)
    before = ranking_as_of(session, office.campaign, START + timedelta(days=1))
    assert before.lines[office.target.id].score.rectification == 20
    assert current_ranking(session, office.campaign).lines[office.target.id].score.rectification == 17


def _all_rated(session: Session, office: Office) -> None:
    for position, target in enumerate(session.execute(select(Target.id).order_by(Target.id)).scalars().all()):
        good, poor = (position * 7) % 23, position % 5
        rate(session, office, target, dict.fromkeys(WORKED, (good, 3, 2, poor, poor)))


def test_publication_needs_two_persons_and_issues_the_notices(session: Session, office: Office) -> None:
    _all_rated(session, office)
    edition = propose_edition(session, office.reviewer, office.campaign, reason="年度结果", now=START)
    assert latest_published(session, office.campaign.id) is None
    with pytest.raises(Refusal):
        publish_edition(session, office.reviewer, edition.id, accept_provisional=False, now=START)
    published = publish_edition(session, office.head, edition.id, accept_provisional=False, now=START)
    kinds = session.execute(select(Notice.kind).where(Notice.edition_id == published.id)).scalars().all()
    lines = [line for category in published.frozen["categories"] for line in category["lines"]]
    rectify = sum("rectify" in line["outcomes"] for line in lines)
    assert kinds.count("result_circular") == 1
    assert kinds.count("commendation") == 1
    assert kinds.count("rectify_order") == kinds.count("accountability_proposal") == rectify
    assert kinds.count("explanation_order") == sum("explain" in line["outcomes"] for line in lines)
    assert [difference for difference in verify(session) if difference.kind != "tally"] == []  # set by hand


def test_who_proposed_does_not_publish(session: Session, office: Office) -> None:
    _all_rated(session, office)
    edition = propose_edition(session, office.head, office.campaign, reason="年度结果", now=START)
    with pytest.raises(Refusal) as refused:
        publish_edition(session, office.head, edition.id, accept_provisional=True, now=START)
    assert (refused.value.code, refused.value.status) == ("same_person", 403)


def test_a_provisional_edition_needs_the_approvers_word(session: Session, office: Office) -> None:
    rate(session, office, office.target.id, WORKED)
    edition = propose_edition(session, office.officer, office.campaign, reason="试算", now=START)
    with pytest.raises(Refusal) as refused:
        publish_edition(session, office.head, edition.id, accept_provisional=False, now=START)
    assert refused.value.code == "edition_provisional"
    assert session.execute(select(Notice.id)).first() is None
    publish_edition(session, office.head, edition.id, accept_provisional=True, now=START)


def test_a_published_edition_stays_and_a_correction_is_a_new_one(session: Session, office: Office) -> None:
    _all_rated(session, office)
    first = propose_edition(session, office.officer, office.campaign, reason="年度结果", now=START)
    publish_edition(session, office.head, first.id, accept_provisional=False, now=START)
    with pytest.raises(Refusal) as refused:
        withdraw_edition(session, office.officer, first.id, now=START)
    assert refused.value.code == "edition_published"
    second = propose_edition(session, office.officer, office.campaign, reason="申诉成立后重排", now=START)
    with pytest.raises(Refusal):
        propose_edition(session, office.officer, office.campaign, reason="又一版", now=START)
    withdraw_edition(session, office.officer, second.id, now=START)
    assert [edition.edition for edition in editions(session, office.campaign.id)] == [1]

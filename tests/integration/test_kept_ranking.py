"""The ranking kept in memory: always what counting everything anew would give, on both databases."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, event, select
from sqlalchemy.orm import Session

from models.campaign import Campaign
from models.case import Deadline, Deduction
from models.engine import writing
from models.roster import Category, Target, Unit
from scoring.ranking import rank
from services.cases import fire_clock
from services.definitions import scheme_of
from services.scores import Ranking, current_ranking, recomputed
from services.tallies import count_in
from services.transaction import transaction
from tests.integration.due_cases import served_cases
from tests.integration.office import Office

GRADES = ("excellent", "good", "fair", "poor", "bad")
METHODS = ("instant", "comprehensive", "inspection", "concentrated")


def assert_as_counted_anew(session: Session, campaign: Campaign) -> Ranking:
    kept = current_ranking(session, campaign)
    anew = recomputed(session, campaign)
    scheme = scheme_of(session, campaign.scheme_id)
    scores = rank(scheme, [line.score for line in anew.values()])
    assert {key: line.score for key, line in kept.lines.items()} == dict(zip(anew, scores, strict=True))
    assert list(kept.lines) == list(anew)
    for category, shown in kept.by_category.items():
        own = [line for line in kept.lines.values() if line.score.category == category]
        assert list(shown) == sorted(
            own, key=lambda line: (line.score.rank is None, line.score.rank or 0, line.score.name)
        )
    session.commit()
    return kept


def rate(session: Session, campaign: Campaign, target_id: int, method: str, grade: str) -> None:
    with transaction(session):
        count_in(session, campaign_id=campaign.id, target_id=target_id, method=method, grade=grade)


@contextmanager
def rows_read(session: Session) -> Iterator[list[str]]:
    """The statements said meanwhile."""
    said: list[str] = []

    def note(_connection: Connection, _cursor: object, statement: str, *_more: object) -> None:
        said.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(session.get_bind(), "before_cursor_execute", note)


def test_after_each_grade_the_kept_ranking_is_the_counted_one(session: Session, office: Office) -> None:
    chance = random.Random(7)
    targets = list(session.execute(select(Target.id)).scalars())
    session.commit()
    first = assert_as_counted_anew(session, office.campaign)
    assert all(line.score.rank is None for line in first.lines.values())
    for size in (1, 1, 2, len(targets), 1, 3, 1, 0, 1):
        for target_id in chance.sample(targets, size):
            for method in METHODS:
                rate(session, office.campaign, target_id, method, chance.choice(GRADES))
        assert_as_counted_anew(session, office.campaign)


def test_a_look_at_an_unmoved_ranking_asks_once_and_gives_the_same(session: Session, office: Office) -> None:
    first = assert_as_counted_anew(session, office.campaign)
    session.refresh(office.campaign)
    with rows_read(session) as said:
        assert current_ranking(session, office.campaign) is first
    assert len([statement for statement in said if "SELECT" in statement]) == 1


def test_one_grade_reads_one_target_and_leaves_the_others(session: Session, office: Office) -> None:
    for target_id in (office.target.id, office.other_target.id):
        rate(session, office.campaign, target_id, "instant", "good")
    before = assert_as_counted_anew(session, office.campaign)
    rate(session, office.campaign, office.target.id, "instant", "excellent")
    after = assert_as_counted_anew(session, office.campaign)
    moved = {key for key, line in after.lines.items() if line is not before.lines[key]}
    assert moved == {office.target.id, office.other_target.id}
    assert [line.score.rank for line in after.by_category["enforcement"]][:3] == [1, 2, None]


def test_rosters_and_closed_targets_show_at_once(session: Session, office: Office) -> None:
    rate(session, office.campaign, office.target.id, "instant", "good")
    assert_as_counted_anew(session, office.campaign)
    with writing():
        target = session.get_one(Target, office.other_target.id)
        target.active = False
        session.commit()
    assert office.other_target.id not in assert_as_counted_anew(session, office.campaign).lines
    with writing():
        unit = session.execute(
            select(Unit).join(Unit.targets).where(Target.id == office.target.id)
        ).scalar_one()
        unit.category_id = session.execute(
            select(Category.id).where(Category.key == "management")
        ).scalar_one()
        session.commit()
    kept = assert_as_counted_anew(session, office.campaign)
    assert kept.lines[office.target.id].score.category == "management"
    assert kept.lines[office.target.id].score.rank == 1


def test_a_reader_of_an_earlier_moment_does_not_spoil_the_later_view(
    session: Session, office: Office
) -> None:
    rate(session, office.campaign, office.target.id, "instant", "good")
    with Session(session.get_bind(), expire_on_commit=False) as slow:
        campaign = slow.get_one(Campaign, office.campaign.id)
        slow.connection()
        rate(session, office.campaign, office.target.id, "instant", "bad")
        assert_as_counted_anew(session, office.campaign)
        current_ranking(slow, campaign)
    assert_as_counted_anew(session, office.campaign)


def test_an_entry_of_the_ledger_moves_the_ranking_by_itself(session: Session, office: Office) -> None:
    """The database notes it: no writer can forget to say that a score may have moved."""
    first = assert_as_counted_anew(session, office.campaign)
    [case_id] = served_cases(session, office, 1)
    due = session.execute(
        select(Deadline.id, Deadline.due_at).where(Deadline.case_id == case_id, Deadline.then != "")
    ).one()
    assert fire_clock(session, due.id, due.due_at, now=due.due_at)
    booked = session.execute(select(Deduction).where(Deduction.case_id == case_id)).scalars().one()
    after = assert_as_counted_anew(session, office.campaign)
    assert after is not first
    assert after.lines[booked.target_id] is not first.lines[booked.target_id]
    other = office.other_target.id
    assert after.lines[other] is first.lines[other]

"""Cases: the whole procedure through the service, on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session, sessionmaker

from models.case import Case, CaseStep, Deadline, Deduction
from models.engine import writing
from models.job import Job, Message
from models.notice import Notice, NumberSeries, ServiceRecord
from services.actor import SYSTEM, Actor
from services.case_access import case_for, offers_for, replayed
from services.cases import Problem, open_case, step_case
from services.deductions import entries_of
from services.due_work import WORKS
from services.jobs import tick
from services.refusal import Refusal
from services.scores import current_ranking
from services.transaction import transaction
from services.verification import verify
from tests.integration.office import START, Office, days

SERVED = {"service_way": "electronic", "receiver": "值班人员"}


def problem(office: Office, **over: Any) -> Problem:
    """A sheet that is good unless a test says otherwise."""
    return Problem(
        **{
            "target_id": office.target.id,
            "channel": "inspection",
            "title": "办事窗口无人值守",
            "facts": "（演示）上午九时至十时窗口无人值守。",
            "found_on": START.date(),
            **over,
        }
    )


@pytest.fixture
def case(session: Session, office: Office) -> Case:
    """A registered case."""
    return open_case(session, office.officer, office.campaign.id, problem(office), now=START)


class Walk:
    """Steps of one case, each on the day the test says."""

    def __init__(self, session: Session, case: Case) -> None:
        self.session, self.case_id, self.now = session, case.id, START

    def step(self, actor: Actor, trigger: str, **asked: Any) -> str:
        """The state after the step."""
        return step_case(self.session, actor, self.case_id, trigger, asked=asked, now=self.now).state

    def wait(self, count: int) -> None:
        """So many days pass, and the worker does what has become due."""
        self.now += days(count)
        sessions = sessionmaker(self.session.get_bind(), expire_on_commit=False)
        works = {kind: work for kind, work in WORKS.items() if kind != "draw_notice"}
        tick(sessions, works, clock=lambda: self.now)
        self.session.rollback()  # a reader on SQLite keeps the picture it began with

    def points(self) -> int:
        """What the case costs now."""
        return sum(entry.points for entry in entries_of(self.session, self.case_id))


def test_the_straight_way_costs_nothing(session: Session, office: Office, case: Case) -> None:
    walk = Walk(session, case)
    assert walk.step(office.officer, "issue") == "issued"
    assert walk.step(office.owner, "serve", **SERVED) == "issued"
    walk.now += days(5)
    assert walk.step(office.owner, "answer", measures="已恢复值守并公示。") == "answered"
    assert walk.step(office.officer, "accept", verification="on_site", conclusion="整改到位") == "rectified"
    assert walk.step(office.officer, "close") == "closed"
    walk.wait(60)
    assert walk.points() == 0
    assert session.get_one(Case, case.id).state == "closed"
    assert verify(session) == []


def test_silence_climbs_the_ladder_and_books_each_tier_once(
    session: Session, office: Office, case: Case
) -> None:
    walk = Walk(session, case)
    walk.step(office.officer, "issue")
    walk.step(office.owner, "serve", **SERVED)
    walk.wait(40)
    assert walk.points() == 3
    for actor, trigger in ((office.officer, "supervise"), (office.reviewer, "supervise_again")):
        walk.step(actor, trigger)
        walk.step(office.owner, "serve", **SERVED)
        walk.wait(40)
    assert session.get_one(Case, case.id).state == "supervised_twice"
    assert [(entry.tier, entry.points) for entry in entries_of(session, case.id)] == [
        ("overdue", 3),
        ("supervised_twice", 2),
    ]
    line = current_ranking(session, office.campaign).lines[office.target.id]
    assert line.score.rectification == 15
    assert verify(session) == []


def test_the_clock_starts_at_service_and_says_why(session: Session, office: Office, case: Case) -> None:
    walk = Walk(session, case)
    walk.step(office.officer, "issue", answer_working_days=5)
    assert session.execute(select(func.count()).select_from(Deadline)).scalar_one() == 0
    walk.now += days(1)
    walk.step(office.owner, "serve", **SERVED)
    clock = session.execute(select(Deadline)).scalar_one()
    assert clock.explanation == "4月10日送达，5个工作日：13、14、15、16、17日→ 4月17日17:30前"
    assert clock.due_at.isoformat() == "2026-04-17T09:30:00+00:00"


def test_a_late_record_of_service_counts_from_the_day_of_service(
    session: Session, office: Office, case: Case
) -> None:
    walk = Walk(session, case)
    walk.step(office.officer, "issue", answer_working_days=5)
    walk.now += days(4)
    walk.step(office.officer, "serve", served_on="2026-04-10", **{**SERVED, "service_way": "direct"})
    assert session.execute(select(Deadline.due_at)).scalar_one().isoformat() == "2026-04-17T09:30:00+00:00"
    record = session.execute(select(ServiceRecord)).scalars().first()
    assert record is not None
    assert record.served_at.date().isoformat() == "2026-04-10"


@pytest.mark.parametrize(
    ("day", "code"), [("2026-04-08", "served_before_issue"), ("2026-04-10", "served_in_future")]
)
def test_an_impossible_day_of_service_is_refused(
    session: Session, office: Office, case: Case, day: str, code: str
) -> None:
    walk = Walk(session, case)
    walk.step(office.officer, "issue")
    with pytest.raises(Refusal) as refused:
        walk.step(office.officer, "serve", served_on=day, **SERVED)
    assert refused.value.code == code


def test_an_answer_after_the_deadline_is_late_however_late_the_worker_is(
    session: Session, office: Office, case: Case
) -> None:
    walk = Walk(session, case)
    walk.step(office.officer, "issue")
    walk.step(office.owner, "serve", **SERVED)
    walk.now += days(30)  # no worker has run
    assert walk.step(office.owner, "answer", measures="迟到的反馈") == "answered"
    assert walk.points() == 3
    expired = session.execute(select(CaseStep).where(CaseStep.trigger == "expire")).scalar_one()
    assert expired.effective_at < expired.recorded_at
    assert expired.actor_name == SYSTEM.name


def test_a_waiting_extension_stops_the_clock(session: Session, office: Office, case: Case) -> None:
    walk = Walk(session, case)
    walk.step(office.officer, "issue", answer_working_days=5)
    walk.step(office.owner, "serve", **SERVED)
    walk.now += days(1)  # Friday: 4 working days remain
    walk.step(office.owner, "request_extension", extension_working_days=3, reason="工期需要")
    walk.wait(30)
    assert session.get_one(Case, case.id).state == "issued"
    assert walk.points() == 0
    walk.step(office.reviewer, "grant_extension", granted_working_days=3)
    clock = session.execute(select(Deadline).where(Deadline.name == "answer")).scalar_one()
    assert clock.status == "running"
    assert "剩余7个工作日" in clock.explanation
    walk.wait(30)
    assert walk.points() == 3


def test_an_upheld_appeal_reverses_and_restates_the_ranking(
    session: Session, office: Office, case: Case
) -> None:
    walk = Walk(session, case)
    walk.step(office.officer, "issue")
    walk.step(office.owner, "serve", **SERVED)
    walk.wait(40)
    before = current_ranking(session, office.campaign).lines[office.target.id].score.rectification
    walk.step(office.owner, "appeal", appeal_words="送达日期有误")
    walk.step(office.reviewer, "uphold_appeal", reason="查明送达日期有误，撤回扣分")
    after = current_ranking(session, office.campaign).lines[office.target.id].score.rectification
    assert (before, after) == (Fraction(17), Fraction(20))
    entries = entries_of(session, case.id)
    assert [(entry.kind, entry.points) for entry in entries] == [("booked", 3), ("reversed", -3)]
    assert entries[1].reverses_id == entries[0].id
    assert (
        session.execute(select(Notice.kind).order_by(Notice.id.desc()).limit(1)).scalar_one()
        == "appeal_decision"
    )
    assert verify(session) == []


def test_refusal_is_heard_before_it_is_confirmed_by_another_person(
    session: Session, office: Office, case: Case
) -> None:
    walk = Walk(session, case)
    walk.step(office.officer, "issue")
    walk.step(office.owner, "serve", **SERVED)
    walk.step(office.officer, "allege_refusal", refusal_facts="书面答复不再整改")
    with pytest.raises(Refusal, match="听取陈述期限未满"):
        walk.step(office.head, "confirm_refusal", reason="无正当理由")
    walk.step(office.owner, "serve", **SERVED)
    walk.wait(20)
    with pytest.raises(Refusal) as forbidden:
        walk.step(office.officer, "confirm_refusal", reason="无正当理由")
    assert forbidden.value.status == 403
    assert walk.step(office.head, "confirm_refusal", reason="无正当理由") == "refused"
    assert walk.points() == 10
    assert verify(session) == []


def test_withdrawal_takes_everything_back(session: Session, office: Office, case: Case) -> None:
    walk = Walk(session, case)
    walk.step(office.officer, "issue")
    walk.step(office.owner, "serve", **SERVED)
    walk.wait(40)
    assert walk.step(office.head, "withdraw", reason="对象有误") == "withdrawn"
    assert walk.points() == 0
    assert verify(session) == []


def test_a_stale_page_is_told_who_did_what(session: Session, office: Office, case: Case) -> None:
    seen = case.row_version
    step_case(session, office.officer, case.id, "issue", asked={}, now=START)
    with pytest.raises(Refusal) as refused:
        step_case(session, office.officer2, case.id, "issue", asked={}, now=START, seen_version=seen)
    assert refused.value.code == "case_moved"
    assert "演示officer已于4月9日09:00办理“下达整改通知”" in refused.value.sentence


def test_what_is_not_ones_own_is_not_there(session: Session, office: Office, case: Case) -> None:
    for act in (
        lambda: case_for(session, office.stranger, case.id),
        lambda: case_for(session, office.stranger, 999_999),
        lambda: step_case(session, office.stranger, case.id, "answer", asked={"measures": "x"}, now=START),
    ):
        with pytest.raises(Refusal) as refused:
            act()
        assert (refused.value.code, refused.value.status) == ("not_found", 404)


def test_rights_are_asked_in_the_service(session: Session, office: Office, case: Case) -> None:
    for actor in (office.owner, office.leader, office.auditor, office.admin, office.monitor):
        with pytest.raises(Refusal):
            step_case(session, actor, case.id, "issue", asked={}, now=START)
    with pytest.raises(Refusal) as refused:
        open_case(session, office.owner, office.campaign.id, problem(office), now=START)
    assert refused.value.status == 403


@pytest.mark.parametrize(
    ("over", "code"),
    [
        ({"title": " "}, "case_incomplete"),
        ({"facts": ""}, "case_incomplete"),
        ({"title": "字" * 201}, "case_long"),
        ({"facts": "字" * 20_001}, "case_long"),
        ({"channel": "rumour"}, "channel_unknown"),
        ({"target_id": 999_999}, "target_unknown"),
        ({"found_on": START.date() + timedelta(days=1)}, "found_in_future"),
        ({"rating_id": 999_999}, "rating_unknown"),
    ],
)
def test_a_bad_sheet_is_refused_with_a_sentence(
    session: Session, office: Office, over: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        open_case(session, office.officer, office.campaign.id, problem(office, **over), now=START)
    assert refused.value.code == code
    assert session.execute(select(func.count()).select_from(Case)).scalar_one() == 0


def test_offers_name_reasons(session: Session, office: Office, case: Case) -> None:
    offered = {offer.trigger: offer for offer in offers_for(session, office.officer, case, now=START)}
    assert offered["issue"].allowed
    assert "accept" not in offered


def test_history_replays_to_the_stored_state(session: Session, office: Office, case: Case) -> None:
    walk = Walk(session, case)
    walk.step(office.officer, "issue", answer_working_days=7)
    walk.step(office.owner, "serve", **SERVED)
    walk.wait(30)
    walk.step(office.owner, "answer", measures="补报")
    walk.step(office.officer, "reject", shortfall="制度未建立")
    stored = session.get_one(Case, case.id)
    assert replayed(session, stored).as_data() == stored.situation


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE deduction SET points = 1",
        "DELETE FROM deduction",
        "UPDATE case_step SET note = 'x'",
        "DELETE FROM case_step",
        "UPDATE history_entry SET actor_name = 'x'",
        "DELETE FROM history_entry",
        "UPDATE notice SET number = 'x'",
        "UPDATE notice SET frozen_values = '{}'",
        "DELETE FROM notice",
        "DELETE FROM service_record",
    ],
)
def test_the_books_are_only_added_to(
    session: Session, office: Office, case: Case, engine: Engine, statement: str
) -> None:
    walk = Walk(session, case)
    walk.step(office.officer, "issue")
    walk.step(office.owner, "serve", **SERVED)
    walk.wait(40)
    with pytest.raises(DatabaseError), writing(), engine.begin() as connection:
        connection.execute(text(statement))


WRITTEN = ("case_step", "deduction", "notice", "history_entry", "job", "message", "number_series", "standing")


@pytest.mark.parametrize("table", WRITTEN)
def test_a_step_happens_wholly_or_not_at_all(
    session: Session, office: Office, case: Case, engine: Engine, table: str
) -> None:
    """A write that fails anywhere leaves the whole database as it was, numbers included."""
    walk = Walk(session, case)
    walk.step(office.officer, "issue")
    walk.step(office.owner, "serve", **SERVED)
    before = _all_rows(engine)
    _break(engine, table)
    walk.now += days(40)
    with pytest.raises(DatabaseError):
        walk.step(office.officer, "supervise")  # fires the overdue clock first
    session.rollback()
    assert _all_rows(engine) == before


def _break(engine: Engine, table: str) -> None:
    """Every insert into the table fails from now on."""
    with writing(), engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            for act in ("INSERT", "UPDATE"):
                connection.execute(
                    text(
                        f"CREATE TRIGGER broken_{act} BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, 'broken'); END"
                    )
                )
        else:
            connection.execute(
                text(
                    "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS "
                    "$$ BEGIN RAISE EXCEPTION 'broken'; END $$"
                )
            )
            connection.execute(
                text(
                    f"CREATE TRIGGER broken BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION broken()"
                )
            )


def _all_rows(engine: Engine) -> dict[str, list[Any]]:
    with engine.connect() as connection:
        return {
            noun.__tablename__: [
                tuple(map(str, row))
                for row in connection.execute(select(noun.__table__).order_by(*noun.__table__.primary_key))
            ]
            for noun in (Case, CaseStep, Deadline, Deduction, Notice, NumberSeries, Job, Message)
        }


def test_two_officers_on_one_case(engine: Engine, session: Session, office: Office) -> None:
    """In 200 races exactly one wins each; the other is told; nothing is done twice."""
    with transaction(session):
        cases = [
            open_case(
                session,
                office.officer,
                office.campaign.id,
                problem(office, title=f"事项{number}"),
                now=START,
            )
            for number in range(200)
        ]
    seen = {case.id: case.row_version for case in cases}
    sessions = sessionmaker(engine, expire_on_commit=False)
    won: dict[int, int] = dict.fromkeys(seen, 0)
    told: dict[int, int] = dict.fromkeys(seen, 0)
    gate = threading.Barrier(2)

    def officer(actor: Actor) -> None:
        for case_id, version in seen.items():
            gate.wait()
            with sessions() as own:
                try:
                    step_case(own, actor, case_id, "issue", asked={}, now=START, seen_version=version)
                    won[case_id] += 1
                except Refusal as refused:
                    told[case_id] += refused.code == "case_moved"

    threads = [threading.Thread(target=officer, args=(actor,)) for actor in (office.officer, office.officer2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(won.values()) == {1}
    assert set(told.values()) == {1}
    session.rollback()
    steps = session.execute(
        select(func.count()).select_from(CaseStep).where(CaseStep.trigger == "issue")
    ).scalar_one()
    notices = session.execute(select(func.count(), func.max(Notice.position)).select_from(Notice)).one()
    assert steps == 200
    assert tuple(notices) == (200, 200)

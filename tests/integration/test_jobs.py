"""Due work: claimed by one, done once, late rather than lost; numbers without gaps."""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from models.case import CaseStep, Deadline, Deduction
from models.history import HistoryEntry
from models.job import Job
from models.notice import NumberSeries
from services.due_work import WORKS
from services.jobs import PAUSES, Work, backlog_of, claim, incidents, retry, run, schedule, tick
from services.numbers import take_number
from services.transaction import transaction
from services.verification import verify
from tests.integration.due_cases import served_cases
from tests.integration.office import START, Office, days

LATE = START + days(60)
CLOCKWORK = {kind: work for kind, work in WORKS.items() if work.prepare is None}


def want(session: Session, key: str, *, due_at: datetime = START, kind: str = "note") -> None:
    """Schedule one job by an act."""
    with transaction(session):
        schedule(session, kind, key=key, payload={"key": key}, due_at=due_at)


def noting(into: list[str]) -> dict[str, Work]:
    """A kind of work that writes down its key."""

    def apply(_session: Session, payload: dict[str, Any], _prepared: Any, _now: datetime) -> None:
        into.append(payload["key"])

    return {"note": Work(apply=apply)}


def test_the_same_key_is_done_once_and_in_order_of_due_time(engine: Engine, session: Session) -> None:
    for key, hours in [("b", 2), ("a", 1), ("b", 2), ("c", 3), ("later", 100)]:
        want(session, key, due_at=START + timedelta(hours=hours))
    done: list[str] = []
    assert tick(sessionmaker(engine), noting(done), clock=lambda: START + days(1)) == 3
    assert done == ["a", "b", "c"]
    assert tick(sessionmaker(engine), noting(done), clock=lambda: START + days(1)) == 0


def test_what_is_claimed_is_nobody_elses_until_the_lease_ends(engine: Engine, session: Session) -> None:
    want(session, "a")
    assert [job.payload for job in claim(session, now=LATE, kinds=("note",))] == [{"key": "a"}]
    with Session(engine) as other:
        assert claim(other, now=LATE + timedelta(seconds=59), kinds=("note",)) == []
        assert len(claim(other, now=LATE + timedelta(seconds=60), kinds=("note",))) == 1


def test_who_lost_the_lease_leaves_no_effect(engine: Engine, session: Session) -> None:
    want(session, "a")
    first = claim(session, now=LATE, kinds=("note",))[0]
    with Session(engine) as other:
        second = claim(other, now=LATE + timedelta(minutes=2), kinds=("note",))[0]

    def apply(acting: Session, _payload: dict[str, Any], _prepared: Any, _now: datetime) -> None:
        take_number(acting, "effects", 2026)

    work = Work(apply=apply)
    assert run(session, first, work, now=LATE) is False
    with Session(engine) as other:
        assert run(other, second, work, now=LATE) is True
        assert run(other, second, work, now=LATE) is False
        assert other.get_one(NumberSeries, ("effects", 2026)).last == 1


def test_a_failing_job_is_tried_again_later_and_at_last_shown(
    engine: Engine, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    want(session, "a")

    def fail(*_given: object) -> None:
        raise RuntimeError("the printer is out of paper")

    now, works = LATE, {"note": Work(apply=fail)}
    for pause in (*PAUSES, timedelta(0)):
        for _ in range(2):  # the second finds nothing: the job rests
            assert (
                tick(sessionmaker(engine), works, clock=partial(datetime.fromtimestamp, now.timestamp(), UTC))
                == 0
            )
        now += pause
    assert len(caplog.records) == len(PAUSES) + 1
    with Session(engine) as other:
        (job,) = incidents(other)
        assert "out of paper" in job.error
        assert backlog_of(other, now=now).given_up == 1
        assert backlog_of(other, now=now).due == 0
        retry(other, job.id, now=now)
    done: list[str] = []
    assert tick(sessionmaker(engine), noting(done), clock=lambda: now) == 1
    assert done == ["a"]


def test_a_failure_undoes_its_effect_but_not_that_of_others(
    engine: Engine, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    for key in "abc":
        want(session, key)

    def apply(acting: Session, payload: dict[str, Any], _prepared: Any, _now: datetime) -> None:
        take_number(acting, "effects", 2026)
        if payload["key"] == "b":
            raise RuntimeError("not this one")

    assert tick(sessionmaker(engine), {"note": Work(apply=apply)}, clock=lambda: LATE) == 2
    with Session(engine) as other:
        assert other.get_one(NumberSeries, ("effects", 2026)).last == 2
        left = other.execute(select(Job).where(Job.done_at.is_(None))).scalar_one()
        assert left.payload == {"key": "b"}
    assert "not this one" in caplog.text


def test_a_job_that_kills_its_workers_takes_no_other_with_it(engine: Engine, session: Session) -> None:
    want(session, "killer")
    want(session, "bystander")
    now = LATE
    for _ in PAUSES:
        assert len(claim(session, now=now, kinds=("note",), lease=days(1))) == 2
        now += days(1)  # the worker died of the first and never came to the second
    assert claim(session, now=now, kinds=("note",), limit=1)[0].payload == {"key": "killer"}
    left = claim(session, now=now + days(1), kinds=("note",))
    assert [(job.payload["key"], job.tries) for job in left] == [("bystander", 1)]
    assert [job.payload for job in incidents(session)] == [{"key": "killer"}]
    done: list[str] = []
    with Session(engine) as other:
        assert run(other, left[0], noting(done)["note"], now=now + days(1))
        assert other.execute(select(Job.tries).where(Job.done_at.is_not(None))).scalar_one() == 1
    assert done == ["bystander"]


def test_a_kind_that_this_worker_cannot_do_is_left_to_others(engine: Engine, session: Session) -> None:
    want(session, "a", kind="stranger")
    assert tick(sessionmaker(engine), noting([]), clock=lambda: LATE) == 0
    with Session(engine) as other:
        assert other.execute(select(Job.tries)).scalar_one() == 0
        assert backlog_of(other, now=LATE).due == 1
        assert backlog_of(other, now=LATE).late == LATE - START


def test_a_late_worker_fires_in_due_order_and_dates_by_the_due_date(
    engine: Engine, session: Session, office: Office
) -> None:
    ids = served_cases(session, office, 6, apart=days(2))
    tick(sessionmaker(engine), CLOCKWORK, clock=lambda: LATE)
    with Session(engine) as reading:
        dues = dict(
            reading.execute(select(Deadline.case_id, Deadline.due_at).where(Deadline.status == "fired")).all()
        )
        fired = (
            reading.execute(select(CaseStep).where(CaseStep.trigger == "expire").order_by(CaseStep.id))
            .scalars()
            .all()
        )
        assert [step.case_id for step in fired] == ids
        assert [step.effective_at for step in fired] == [dues[case_id] for case_id in ids]
        assert {step.recorded_at for step in fired} == {LATE}
        booked = reading.execute(select(Deduction.booked_at).order_by(Deduction.id)).scalars().all()
        assert booked == [dues[case_id] for case_id in ids]
        logged = reading.execute(
            select(HistoryEntry.object_id)
            .where(HistoryEntry.act == "case.stepped", HistoryEntry.actor_id.is_(None))
            .order_by(HistoryEntry.id)
        ).scalars()
        assert list(logged) == [str(case_id) for case_id in ids]
        assert verify(reading) == []


def test_a_clock_that_jumps_back_and_forth_fires_nothing_twice_and_nothing_early(
    engine: Engine, session: Session, office: Office
) -> None:
    served_cases(session, office, 2)
    for jump in (1, -1, 40, 0, 41, -5):
        now = START + days(jump)
        tick(sessionmaker(engine), CLOCKWORK, clock=lambda now=now: now)  # type: ignore[misc]
        with Session(engine) as reading:
            steps = select(func.count()).select_from(CaseStep).where(CaseStep.trigger == "expire")
            fired = reading.execute(steps).scalar_one()
            assert fired == (0 if jump in (1, -1) else 2)
    with Session(engine) as reading:
        assert verify(reading) == []


def test_numbers_have_no_gap_whoever_gives_up(engine: Engine) -> None:
    """16 threads take 20 numbers each, and a fifth of the acts fails after the number was taken."""
    taken: list[int] = []
    lock = threading.Lock()

    class GaveUp(Exception):
        pass

    def issue(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(20):
            with Session(engine) as session:
                try:
                    with transaction(session):
                        number = take_number(session, "rectification", 2026)
                        if chance.random() < 0.2:
                            raise GaveUp
                except GaveUp:
                    continue
            with lock:
                taken.append(number)

    threads = [threading.Thread(target=issue, args=(seed,)) for seed in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 200 < len(taken) < 320
    assert sorted(taken) == list(range(1, len(taken) + 1))

"""Workers: killed at random, any number at once, each effect once; stopped, they stop; failing, they go on."""

from __future__ import annotations

import multiprocessing
import random
import signal
import subprocess
import sys
import threading
import time
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from models.case import Case, CaseStep, Deduction
from models.history import HistoryEntry, HistorySeal
from models.job import Job
from models.notice import Notice, NoticeFile
from services.cases import step_case
from services.due_work import WORKS
from services.jobs import Work, schedule
from services.transaction import transaction
from services.verification import verify
from services.worker import Worker
from tests.integration.due_cases import served_cases
from tests.integration.killed_worker import work
from tests.integration.office import START, Office, days

ROOT = Path(__file__).resolve().parents[2]
LATE = START + days(60)
CASES = 220
KILLS = 6


@pytest.fixture(scope="module")
def nursery() -> BaseContext:
    """Where processes are born knowing everything: a start that takes a second would leave nothing to kill."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.integration.killed_worker"])
    return context


def fired(engine: Engine) -> int:
    """How many clocks have been fired."""
    with Session(engine) as session:
        return session.execute(
            select(func.count()).select_from(CaseStep).where(CaseStep.trigger == "expire")
        ).scalar_one()


def test_two_workers_killed_at_random_do_everything_once(
    database_url: str, engine: Engine, session: Session, office: Office, nursery: BaseContext
) -> None:
    served_cases(session, office, CASES)
    session.close()
    chance, began, kills = random.Random(7), time.time(), 0

    def start() -> BaseProcess:
        process = nursery.Process(target=work, args=(database_url, LATE, began), daemon=True)  # type: ignore[attr-defined]
        process.start()
        return process

    workers = [start() for _ in range(2)]
    try:
        while (before := fired(engine)) < CASES and time.time() - began < 240:
            time.sleep(chance.uniform(0.05, 0.4))
            if kills < KILLS and before < fired(engine) < CASES:
                victim = chance.randrange(2)
                workers[victim].kill()
                workers[victim].join()
                workers[victim] = start()
                kills += 1
    finally:
        for worker in workers:
            worker.kill()
            worker.join()
    assert kills >= 2
    with Session(engine) as reading:
        count = func.count()
        assert (
            reading.execute(select(count).select_from(Case).where(Case.state == "overdue")).scalar_one()
            == CASES
        )
        assert reading.execute(select(Deduction.points).order_by(Deduction.id)).scalars().all() == [3] * CASES
        for kind in ("overdue_notice", "deduction_notice"):
            per_case = select(Notice.case_id).where(Notice.kind == kind)
            cases = reading.execute(per_case).scalars().all()
            assert len(cases) == len(set(cases)) == CASES
        acts = (
            select(count)
            .select_from(HistoryEntry)
            .where(HistoryEntry.actor_id.is_(None), HistoryEntry.act == "case.stepped")
        )
        assert reading.execute(acts).scalar_one() == CASES
        assert verify(reading) == []


def test_a_worker_draws_after_the_clocks_and_seals_the_log(
    sqlite_url: str, engine: Engine, session: Session, office: Office
) -> None:
    served_cases(session, office, 1)
    order: list[str] = []

    def watched(kind: str, work: Work) -> Work:
        def apply(*given: object) -> None:
            order.append(kind)
            work.apply(*given)  # type: ignore[arg-type]

        return Work(apply=apply, prepare=work.prepare)

    works = {kind: watched(kind, work) for kind, work in WORKS.items()}
    worker = Worker(sessionmaker(engine), works, clock=lambda: LATE, pause=60)
    done = worker.turn()
    assert done == len(order) == worker.heartbeat.done
    assert order[:2] == ["reminder", "deadline"]
    assert set(order[2:]) == {"draw_notice"}
    assert worker.heartbeat.turned_at == LATE
    with Session(engine) as reading:
        notices = reading.execute(select(func.count()).select_from(Notice)).scalar_one()
        files = reading.execute(select(NoticeFile.notice_id)).scalars().all()
        assert len(files) == notices >= 4
        entries = reading.execute(select(func.count()).select_from(HistoryEntry)).scalar_one()
        assert reading.execute(select(func.max(HistorySeal.position))).scalar_one() == entries
        assert reading.get_one(NoticeFile, files[0]).pdf.startswith(b"%PDF-")
        assert verify(reading) == []


def test_an_act_of_this_process_wakes_its_worker(engine: Engine, session: Session) -> None:
    done = threading.Event()
    works = {"note": Work(apply=lambda *_given: done.set())}
    worker = Worker(sessionmaker(engine), works, clock=lambda: LATE, pause=60)
    thread = threading.Thread(target=worker.work)
    thread.start()
    try:
        deadline = time.monotonic() + 10
        while worker.heartbeat.turned_at is None and time.monotonic() < deadline:
            time.sleep(0.01)
        with transaction(session):
            schedule(session, "note", key="a", payload={}, due_at=START)
        assert done.wait(10), "it slept on"
    finally:
        worker.stop()
        thread.join(10)
    assert not thread.is_alive()


def test_an_error_ends_the_turn_and_not_the_worker(
    engine: Engine, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    with transaction(session):
        schedule(session, "note", key="a", payload={}, due_at=START)
    good, done, asked = sessionmaker(engine), threading.Event(), []

    def sessions() -> Session:
        asked.append(1)
        if len(asked) < 3:
            raise OSError("the database is away")
        return good()

    works = {"note": Work(apply=lambda *_given: done.set())}
    worker = Worker(sessions, works, clock=lambda: LATE, pause=0.01)  # type: ignore[arg-type]  # fails at first
    thread = threading.Thread(target=worker.work)
    thread.start()
    try:
        assert done.wait(10)
    finally:
        worker.stop()
        thread.join(10)
    assert worker.heartbeat.failed_turns == 2
    assert "the database is away" in caplog.text


def test_an_answer_before_the_worker_comes_finds_the_clock_fired(
    engine: Engine, session: Session, office: Office
) -> None:
    (case_id,) = served_cases(session, office, 1)
    case = step_case(
        session, office.owner, case_id, "answer", asked={"measures": "（演示）已整改。"}, now=LATE
    )
    assert case.state == "answered"
    Worker(
        sessionmaker(engine), {k: w for k, w in WORKS.items() if not w.prepare}, clock=lambda: LATE, pause=1
    ).turn()
    with Session(engine) as reading:
        triggers = select(CaseStep.trigger).where(CaseStep.case_id == case_id).order_by(CaseStep.position)
        assert reading.execute(triggers).scalars().all() == ["register", "issue", "serve", "expire", "answer"]
        left = select(Job.kind).where(Job.done_at.is_(None), Job.kind == "deadline")
        assert reading.execute(left).all() == []


@pytest.mark.parametrize("signal_name", ["SIGTERM", "SIGINT"])
def test_the_command_stops_cleanly_when_told(sqlite_url: str, tmp_path: Path, signal_name: str) -> None:
    environment = {
        "PATH": "/usr/bin:/bin",
        "PINGDU_DATA": str(tmp_path),
        "PINGDU_DATABASE_URL": sqlite_url,
        "PYTHONIOENCODING": "utf-8",
    }
    words = [sys.executable, "-m", "flask", "--app", "app", "worker"]
    process = subprocess.Popen(
        words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    first = process.stdout.readline().decode()
    assert "开始办理" in first
    process.send_signal(getattr(signal, signal_name))
    rest = process.communicate(timeout=20)[0].decode()
    assert process.returncode == 0
    assert "已停止" in rest
    assert "Traceback" not in rest

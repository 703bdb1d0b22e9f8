"""How much a step of a case says to the database: one commit, and at most twelve statements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import sessionmaker

from app import create_app
from bench.counting import Said, listening
from models.case import Case
from services.definitions import workflow_of
from services.due_work import WORKS
from services.jobs import claim, run
from tests.conftest import settings_for
from tests.integration.office import START, Office
from tests.web.desk_office import Desk

MOST = 12
Part = tuple[str, str, dict[str, Any]]
SERVE: Part = ("officer", "serve", {"service_way": "electronic", "receiver": "值班人员"})
ISSUED: tuple[Part, ...] = (("officer", "issue", {}), SERVE)
#: A worker's turn: whatever the clocks bring in so many days.
CLOCK: Part = ("clock", "", {})
WHY = {"reason": "经核实，理由充分"}
#: Between them these take every step of the procedure; who, which, with what answers.
JOURNEYS: dict[str, tuple[Part, ...]] = {
    "straight": (
        *ISSUED,
        ("officer", "remind", {}),
        ("officer", "request_extension", {"extension_working_days": 3, **WHY}),
        ("reviewer", "refuse_extension", WHY),
        ("officer", "answer", {"measures": "已恢复窗口值守，并公示值班安排。"}),
        ("officer2", "re_evaluate", {"regrade": "good"}),
        ("reviewer", "accept", {"verification": "on_site", "conclusion": "整改到位"}),
        ("officer", "close", {}),
    ),
    "ladder": (
        *ISSUED,
        CLOCK,
        ("officer", "supervise", {}),
        SERVE,
        ("officer", "request_extension", {"extension_working_days": 3, **WHY}),
        ("head", "grant_extension", {"granted_working_days": 3}),
        CLOCK,
        ("reviewer", "supervise_again", {}),
        SERVE,
        CLOCK,
        ("officer2", "appeal", {"appeal_words": "送达日期有误"}),
        ("head", "reject_appeal", WHY),
        ("officer", "answer", {"measures": "已整改。"}),
        ("reviewer", "reject", {"shortfall": "制度未建立"}),
        ("head", "withdraw", WHY),
    ),
    "late": (
        *ISSUED,
        ("officer", "answer", {"measures": "已整改。"}),
        ("officer2", "reject", {"shortfall": "制度未建立"}),
        ("head", "list_for_supervision", WHY),
        ("head", "exempt", WHY),
    ),
    "refusal": (
        *ISSUED,
        ("officer", "allege_refusal", {"refusal_facts": "书面答复不再整改"}),
        ("officer", "plead", {"plea": "经费尚未落实"}),
        ("reviewer", "dismiss_refusal", WHY),
        ("officer", "allege_refusal", {"refusal_facts": "再次答复不再整改"}),
        SERVE,
        CLOCK,
        ("head", "confirm_refusal", WHY),
        ("officer2", "appeal", {"appeal_words": "已在整改之中"}),
        ("reviewer", "uphold_appeal", WHY),
    ),
}


@pytest.fixture
def desk(database_url: str, office: Office, tmp_path: Path) -> Iterator[Desk]:
    """The application on the office's database, without the tokens that a page would carry."""
    app: Flask = create_app(settings_for(database_url, tmp_path) | {"WTF_CSRF_ENABLED": False})
    yield Desk(app, office)
    app.extensions["engine"].dispose()


def said_of(statement: str) -> str:
    """A statement in short: what is done to which table."""
    found = re.search(r"(?:FROM|INTO|UPDATE) (\w+)", statement)
    return f"{statement.split(maxsplit=1)[0].lower()} {found[1] if found else ''}"


class Journey:
    """One case on its way over the desk's pages, counted."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.now = desk, START
        self.counts: list[tuple[str, Said]] = []
        self.case_id = desk.case(grave=True)

    def take(self, login: str, trigger: str, asked: dict[str, Any]) -> None:
        """One step by its person, as the page posts it."""
        self.desk.turn_clock(self.now)
        client = self.desk.enter(login)
        with self.desk.session() as session:
            case = session.get_one(Case, self.case_id)
        hidden = {"seen_version": case.row_version, "procedure": case.workflow_id}
        data = {**hidden, **{f"f_{name}": value for name, value in asked.items()}}
        with listening(self.desk.app.extensions["engine"]) as said:
            answer = client.post(f"/desk/cases/{self.case_id}/{trigger}", data=data)
        assert answer.status_code == 302, f"{trigger}: {answer.text}"
        self.counts.append((trigger, said))

    def wait(self) -> None:
        """Forty days pass; the worker does what has become due, one job after the other."""
        self.now += timedelta(days=40)
        engine = self.desk.app.extensions["engine"]
        sessions = sessionmaker(engine, expire_on_commit=False)
        while True:
            with sessions() as session:
                due = claim(session, now=self.now, limit=1, kinds=("deadline", "reminder"))
            if not due:
                return
            with sessions() as session, listening(engine) as said:
                assert run(session, due[0], WORKS[due[0].kind], now=self.now)
            self.counts.append((due[0].kind, said))


@pytest.mark.parametrize("name", JOURNEYS)
def test_steps_say_little_and_commit_once(desk: Desk, name: str) -> None:
    # Definitions are read once for ever: the first case of a process pays for that.
    for _ in range(2):
        journey = Journey(desk)
        for login, trigger, asked in JOURNEYS[name]:
            if login == "clock":
                journey.wait()
            else:
                journey.take(login, trigger, asked)
    much = {
        f"{number}. {step}: {len(said.statements)} statements": said.statements
        for number, (step, said) in enumerate(journey.counts)
        if len(said.statements) > MOST or said.commits != 1
    }
    assert not much, "\n".join(f"{step}: {', '.join(map(said_of, said))}" for step, said in much.items())


def test_the_journeys_take_every_step(desk: Desk, office: Office) -> None:
    with desk.session() as session:
        workflow = workflow_of(session, office.campaign.workflow_id)
    taken = {trigger for steps in JOURNEYS.values() for _login, trigger, _asked in steps}
    timers = {trigger.key for trigger in workflow.triggers if not trigger.roles}
    assert taken >= {trigger.key for trigger in workflow.triggers} - timers

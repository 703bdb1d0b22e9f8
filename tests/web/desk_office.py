"""An office behind the application, for tests of the desk: people who can be logged in at once, a clock to turn."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from models.case import Case
from models.people import User
from services.actor import Actor
from services.cases import Problem, open_case, step_case
from tests.integration.office import START, Office
from tests.web.conftest import CarefulClient


@dataclass
class Desk:
    """The running application and the people in it."""

    app: Flask
    office: Office

    def session(self) -> Session:
        """A session of the test's own."""
        return Session(self.app.extensions["engine"], expire_on_commit=False)

    def enter(self, login: str) -> CarefulClient:
        """A client in which this person is logged in."""
        self.app.test_client_class = CarefulClient
        client: CarefulClient = self.app.test_client()  # type: ignore[assignment]  # Flask names the base class
        actor: Actor = self.office.people[login]
        with self.session() as session:
            epoch = session.get_one(User, actor.user_id).session_epoch
        with client.session_transaction() as kept:
            kept["_user_id"] = f"{actor.user_id}:{epoch}"
        return client

    def turn_clock(self, at: datetime) -> None:
        """From now on it is this time."""
        self.app.extensions["clock"] = lambda: at

    def case(self, title: str = "窗口上班时间无人在岗", *, grave: bool = False) -> int:
        """A registered case of the first target."""
        with self.session() as session:
            sheet = Problem(
                target_id=self.office.target.id,
                channel="inspection",
                title=title,
                facts="上午9时10分，三号窗口无人在岗，群众等候四十分钟。",
                found_on=START.date(),
                grave=grave,
            )
            return open_case(session, self.office.officer, self.office.campaign.id, sheet, now=START).id

    def step(self, login: str, case_id: int, trigger: str, *, now: datetime = START, **asked: Any) -> None:
        """Take a step behind the pages' back."""
        with self.session() as session:
            step_case(session, self.office.people[login], case_id, trigger, asked=asked, now=now)

    def served_case(self, title: str = "窗口上班时间无人在岗") -> int:
        """A case whose notice has been issued and served."""
        number = self.case(title)
        self.step("officer", number, "issue")
        self.step("officer", number, "serve", service_way="direct", receiver="签收人甲")
        return number

    def state(self, case_id: int) -> str:
        """Where the case stands now."""
        with self.session() as session:
            return session.get_one(Case, case_id).state

    def count(self, noun: Any) -> int:
        """How many rows of a noun there are."""
        with self.session() as session:
            return session.query(noun).count()


def hidden(page: str, name: str) -> str:
    """The value of a hidden field of a page."""
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found, f"no {name} on the page"
    return found.group(1)


def take(client: CarefulClient, case_id: int, trigger: str, **fields: Any) -> TestResponse:
    """Open the page of a step, fill it in, send it."""
    path = f"/desk/cases/{case_id}/{trigger}"
    page = client.get(path).text
    data = {"csrf_token": hidden(page, "csrf_token"), "seen_version": hidden(page, "seen_version"), **fields}
    return client.post(path, data=data, content_type="multipart/form-data")

"""One case over its web pages: opened, then four steps, each one request and one commit."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import create_app
from bench.counting import Said, listening
from bench.load import Browser
from bench.machine import cpu_seconds
from bench.office import PASSWORD, Office, office
from bench.report import Line, spread
from bench.settings import Run
from bench.submission import our_server, processes_of
from models.case import Case
from notices.fonts import build_fonts, fonts_directory

#: Who takes which step; nobody accepts what they answered themselves.
STEPS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("issue", "officer", {}),
    ("serve", "officer", {"f_service_way": "electronic", "f_receiver": "值班人员"}),
    ("answer", "officer", {"f_measures": "已恢复窗口值守，并公示值班安排。"}),
    ("accept", "reviewer", {"f_verification": "on_site", "f_conclusion": "整改到位"}),
)
MOST_STATEMENTS = 12
_CASE = re.compile(r"/desk/cases/(\d+)")


def measure(run: Run) -> list[Line]:
    """Statements of each step, then as many cases as clients manage, on each database of the run."""
    build_fonts(fonts_directory())
    lines = []
    for kind in run.kinds:
        with office(kind, run.folder, run.server) as ours:
            versions, told = _rehearsed(ours)
            lines += told
            lines += _loaded(run, ours, versions)
    return lines


def sheet(ours: Office, number: int) -> dict[str, str]:
    """立案登记 as an officer fills it in."""
    return {
        "token": uuid4().hex,
        "target": str(ours.target_ids[number % len(ours.target_ids)]),
        "channel": "inspection",
        "title": f"办事窗口无人值守（{number}）",
        "facts": "上午九时至十时窗口无人值守，三名群众等候。",
        "found_on": f"{datetime.now(ZoneInfo('Asia/Shanghai')):%Y-%m-%d}",
    }


def _rehearsed(ours: Office) -> tuple[list[int], list[Line]]:
    """One case in this process: the version each page would show, and what each step says to the database."""
    app = create_app({**ours.settings, "WTF_CSRF_ENABLED": False})
    versions: list[int] = []
    lines: list[Line] = []
    try:
        clients = {login: app.test_client() for login in ("officer", "reviewer")}
        for login, client in clients.items():
            client.post("/account/login", data={"login": login, "password": PASSWORD})
        for walk in range(2):  # the first one reads definitions, once for ever
            case_id, said = _opened(ours, app.extensions["engine"], clients["officer"], walk)
            if walk:
                lines.append(_said(ours, "open", said))
            for trigger, login, answers in STEPS:
                with Session(ours.engine) as session:
                    version = session.get_one(Case, case_id).row_version
                with listening(app.extensions["engine"]) as said:
                    answer = clients[login].post(
                        f"/desk/cases/{case_id}/{trigger}", data={"seen_version": version, **answers}
                    )
                if answer.status_code != 302:
                    raise RuntimeError(f"{trigger} was refused: {answer.status} {answer.text[-2000:]}")
                if walk:
                    versions.append(version)
                    lines.append(_said(ours, trigger, said))
    finally:
        app.extensions["engine"].dispose()
    return versions, lines


def _opened(ours: Office, engine: Engine, client: FlaskClient, number: int) -> tuple[int, Said]:
    with listening(engine) as said:
        answer = client.post("/desk/cases/new", data=sheet(ours, number))
    found = _CASE.search(answer.headers.get("Location", ""))
    if found is None:
        raise RuntimeError(f"not opened: {answer.status} {answer.text[-2000:]}")
    return int(found[1]), said


def _said(ours: Office, step: str, said: Said) -> Line:
    count = len(said.statements)
    good = count <= MOST_STATEMENTS and said.commits == 1
    seen = f"{count}; {said.commits}"
    return Line(f"case, {ours.place.kind}: {step}: SQL statements; commits that wrote", "≤ 12; 1", seen, good)


@dataclass
class _Walked:
    """What the clients did in one turn."""

    cases: int = 0
    requests: int = 0
    waits: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


class _Walker(threading.Thread):
    """One client: an officer and a reviewer at one desk, case after case until the time is over."""

    def __init__(self, ours: Office, port: int, versions: list[int], walked: _Walked, end: float) -> None:
        super().__init__(daemon=True)
        self._office, self._versions, self._walked, self._end = ours, versions, walked, end
        self._people = {login: Browser(port) for login in ("officer", "reviewer")}
        self._tokens: dict[str, str] = {}
        for login, browser in self._people.items():
            browser.log_in(login, PASSWORD)
            self._tokens[login] = browser.token("/account/password")

    def run(self) -> None:
        """Until the end; the first error ends it."""
        number = 0
        try:
            while time.perf_counter() < self._end:
                number += 1
                self._case(number)
        except (RuntimeError, OSError) as error:
            self._walked.errors.append(str(error)[-500:])

    def _case(self, number: int) -> None:
        place = self._post("officer", "/desk/cases/new", sheet(self._office, number))
        found = _CASE.search(place)
        if found is None:
            raise RuntimeError(f"not opened: {place}")
        for (trigger, login, answers), version in zip(STEPS, self._versions, strict=True):
            start = time.perf_counter()
            self._post(login, f"/desk/cases/{found[1]}/{trigger}", {"seen_version": str(version), **answers})
            self._walked.waits.append(time.perf_counter() - start)
        self._walked.cases += 1

    def _post(self, login: str, path: str, body: dict[str, str]) -> str:
        body = {"csrf_token": self._tokens[login], **body}
        status, content, place = self._people[login].ask(path, body)
        self._walked.requests += 1
        if status != 302:
            raise RuntimeError(f"{path}: {status} {content[-400:]}")
        return place


def _loaded(run: Run, ours: Office, versions: list[int]) -> list[Line]:
    rates, cpu, late, errors = [], [], [], []
    with our_server(run, ours) as server:
        processes = processes_of(server, ours.place.process)
        for _ in range(run.turns):
            walked = _Walked()
            start = time.perf_counter()
            walkers = [
                _Walker(ours, server.port, versions, walked, time.perf_counter() + run.seconds + 2)
                for _ in range(run.clients)
            ]
            used, start = sum(map(cpu_seconds, processes)), time.perf_counter()
            for walker in walkers:
                walker.start()
            for walker in walkers:
                walker.join()
            spent = sum(map(cpu_seconds, processes)) - used
            rates.append(len(walked.waits) / (time.perf_counter() - start))
            cpu.append(1000 * spent / max(1, walked.requests))
            late.append(1000 * sorted(walked.waits)[int(0.99 * len(walked.waits))] if walked.waits else 0.0)
            errors += walked.errors
    name = f"case over HTTP, {ours.place.kind}, {run.clients} clients"
    return [
        Line(f"{name}: steps/s", "", spread(rates, "/s", 0)),
        Line(f"{name}: CPU a request", "", spread(cpu, " ms", 2)),
        Line(f"{name}: p99 of a step", "", spread(late, " ms")),
        Line(f"{name}: errors", "0", f"{len(errors)}{f', first: {errors[0]}' if errors else ''}", not errors),
    ]

"""Other systems are told: signed, at least once under one key, retried, an incident at last, never in the way of a step."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from models.job import Job
from models.outgoing import OutgoingDelivery
from services import outgoing, sending
from services.due_work import WORKS
from services.incidents import incidents_for, retry_incident
from services.jobs import Work
from services.outgoing import Wanted, create_connection, deliveries, new_secret, set_active, try_out
from services.refusal import Refusal
from services.sending import sign
from services.worker import FEW, Worker
from tests.integration.due_cases import served_cases
from tests.integration.office import START, Office

TOLD = {"deliver": WORKS["deliver"]}


@dataclass
class Receiver:
    """A real server on this machine: what it got, and how it answers. late: seconds before it does."""

    address: str = ""
    status: int = 200
    answer: bytes = b"{}"
    late: float = 0.0
    got: list[tuple[dict[str, str], bytes, str]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """It listens until the test ends."""
    known = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            known.got.append((dict(self.headers.items()), body, self.path))
            time.sleep(known.late)
            self.send_response(known.status)
            self.send_header("Location", known.address)
            self.end_headers()
            self.wfile.write(known.answer)

        def log_message(self, *_words: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    known.address = f"http://127.0.0.1:{server.server_port}/hook"
    yield known
    server.shutdown()
    thread.join()
    server.server_close()


def connect(
    session: Session, office: Office, address: str, kind: str = "webhook", secret: str = ""
) -> tuple[int, str]:
    """A connection that is told of steps."""
    wanted = Wanted("（演示）督查系统", kind, address, ["case.stepped"], secret=secret)
    row, shown = create_connection(session, office.admin, wanted, allow_private=True, now=START)
    return row.id, shown


def turn(engine: Engine, session: Session, now: datetime = START) -> None:
    """A worker's turn, twice: what is told at the end of the first is sent in the second."""
    session.rollback()
    worker = Worker(sessionmaker(engine), TOLD, clock=lambda: now, pause=1)
    worker.turn()
    worker.turn()
    session.expire_all()


def test_steps_are_told_signed_and_once(
    engine: Engine, session: Session, office: Office, receiver: Receiver
) -> None:
    served_cases(session, office, 1)
    turn(engine, session)
    _, secret = connect(session, office, receiver.address)
    turn(engine, session)
    assert receiver.got == [], "what was before the connection is not told"
    (case_id,) = served_cases(session, office, 1)
    turn(engine, session)
    turn(engine, session)
    assert len(receiver.got) == 2
    headers, body, _ = receiver.got[0]
    assert headers["Pingdu-Signature"] == sign(secret, headers["Pingdu-Timestamp"], body)
    assert int(headers["Pingdu-Timestamp"]) == START.timestamp(), "the moment of the try"
    said = json.loads(body)
    assert said["act"] == "case.stepped"
    assert said["object"] == {"kind": "case", "id": str(case_id)}
    assert said["step"]["name"] == "下达整改通知"
    assert said["case"]["number"]
    assert not any(person.name in body.decode() for person in office.people.values()), (
        "no person leaves the house"
    )
    assert len({headers["Idempotency-Key"] for headers, _, _ in receiver.got}) == 2


@pytest.mark.parametrize("fault", ["answers 500", "redirects", "is silent", "is not there"])
def test_a_receiver_that_fails_is_tried_again_and_is_an_incident_at_last(
    engine: Engine,
    session: Session,
    office: Office,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    monkeypatch.setattr(sending, "PATIENCE", 0.3)
    address = receiver.address
    if fault == "is not there":
        address = "http://127.0.0.1:9/hook"
    receiver.status = {"answers 500": 500, "redirects": 302}.get(fault, 200)
    receiver.late = 1.0 if fault == "is silent" else 0.0
    connection_id, _ = connect(session, office, address)
    try_out(session, office.admin, connection_id, now=START)
    at = START
    for pause in (timedelta(0), *(timedelta(seconds=s + 1) for s in (5, 30, 120, 600, 1800, 7200))):
        at += pause
        assert incidents_for(session, office.head) == []
        turn(engine, session, at)
    (incident,) = incidents_for(session, office.head)
    line = deliveries(session, outgoing.connection_for(session, office.admin, connection_id))[0]
    assert (line.standing, line.job) == ("failed", incident.id)
    assert line.error
    served_cases(session, office, 1)  # steps go on as if nothing were
    if fault == "is not there":
        return
    keys = {headers["Idempotency-Key"] for headers, _, _ in receiver.got}
    assert len(keys) == 1, "always the same message"
    assert len(receiver.got) == 7
    receiver.status, receiver.late = 200, 0.0
    retry_incident(session, office.head, incident.id, now=at)
    turn(engine, session, at)
    assert incidents_for(session, office.head) == []
    trial = select(OutgoingDelivery).where(OutgoingDelivery.position < 0)
    assert session.execute(trial).scalar_one().answer == "200"
    assert keys == {session.execute(trial).scalar_one().key}


def test_robots_are_spoken_to_in_their_own_words(
    engine: Engine, session: Session, office: Office, receiver: Receiver
) -> None:
    wecom, _ = connect(session, office, f"{receiver.address}?key=1", kind="wecom")
    ding, _ = connect(session, office, f"{receiver.address}?access_token=1", kind="dingtalk", secret="SEC1")
    receiver.answer = b'{"errcode": 0}'
    for connection_id in (wecom, ding):
        try_out(session, office.admin, connection_id, now=START)
    turn(engine, session)
    (_, first, path), (_, _, signed) = receiver.got
    assert json.loads(first) == {
        "msgtype": "text",
        "text": {"content": "评督：这是“（演示）督查系统”的试发消息。"},
    }
    assert path == "/hook?key=1"
    assert signed.startswith("/hook?access_token=1&timestamp=")
    assert "&sign=" in signed
    receiver.answer = b'{"errcode": 310000, "errmsg": "sign not match"}'
    try_out(session, office.admin, ding, now=START)
    turn(engine, session)
    error = session.execute(
        select(Job.error).where(Job.done_at.is_(None), Job.kind == "deliver")
    ).scalar_one()
    assert "310000" in error


def test_stopped_is_silent_and_a_new_secret_signs(
    engine: Engine, session: Session, office: Office, receiver: Receiver
) -> None:
    connection_id, secret = connect(session, office, receiver.address)
    set_active(session, office.admin, connection_id, active=False, now=START)
    served_cases(session, office, 1)
    turn(engine, session)
    set_active(session, office.admin, connection_id, active=True, now=START)
    turn(engine, session)
    assert receiver.got == []
    fresh = new_secret(session, office.admin, connection_id, now=START)
    assert fresh != secret
    try_out(session, office.admin, connection_id, now=START)
    turn(engine, session)
    headers, body, _ = receiver.got[0]
    assert headers["Pingdu-Signature"] == sign(fresh, headers["Pingdu-Timestamp"], body)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("https://127.0.0.1/x", "address_private"),
        ("https://[::1]/x", "address_private"),
        ("https://10.1.2.3/x", "address_private"),
        ("https://169.254.169.254/latest", "address_private"),
        ("https://[::ffff:127.0.0.1]/x", "address_private"),
        ("http://93.184.216.34/x", "address_unreadable"),
        ("https://a@93.184.216.34/x", "address_unreadable"),
        ("ftp://93.184.216.34/x", "address_unreadable"),
        ("https://", "address_unreadable"),
        ("https://[", "address_unreadable"),
        ("https://93.184.216.34:99999/x", "address_unreadable"),
    ],
)
def test_where_no_connection_leads(session: Session, office: Office, address: str, code: str) -> None:
    wanted = Wanted("x", "webhook", address, ["case.stepped"])
    with pytest.raises(Refusal) as refused:
        create_connection(session, office.admin, wanted, allow_private=False, now=START)
    assert refused.value.code == code


def test_who_may(session: Session, office: Office) -> None:
    wanted = Wanted("x", "webhook", "http://127.0.0.1/x", ["case.stepped"])
    for actor in (office.head, office.officer, office.owner, office.auditor):
        with pytest.raises(Refusal, match="无权"):
            create_connection(session, actor, wanted, allow_private=True, now=START)


def test_messages_do_not_wait_until_everything_is_drawn(
    engine: Engine, session: Session, office: Office, receiver: Receiver
) -> None:
    drawn: list[int] = []

    def draw(_session: Session, payload: dict[str, object]) -> None:
        drawn.append(len(receiver.got))

    works = {"draw_notice": Work(prepare=draw, apply=lambda *_given: None), **TOLD}
    served_cases(session, office, 3)
    connection_id, _ = connect(session, office, receiver.address)
    try_out(session, office.admin, connection_id, now=START)
    session.rollback()
    Worker(sessionmaker(engine), works, clock=lambda: START, pause=1).turn()
    assert len(drawn) > FEW
    assert drawn[-1] == 1, "it was sent before the last was drawn"

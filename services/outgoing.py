"""对外连接: the sealed log told to other systems, from a point on, each act once for each connection.

Nothing is written for it while a step is taken: the log itself is the outbox, and a worker tells what was sealed.
Messages come at least once and always under one key; a receiver that failed for hours is an incident with retry.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.case import Case
from models.history import HistoryEntry, HistorySeal
from models.job import Job
from models.outgoing import OutgoingConnection, OutgoingDelivery
from models.people import Role
from services.actor import Actor
from services.definitions import workflow_of
from services.history import record
from services.jobs import PAUSES, schedule
from services.outgoing_addresses import check_address
from services.refusal import Refusal, not_found
from services.step_words import step_names_of
from services.transaction import transaction

#: Acts that may leave the house, with their words; none of them names a rater.
ACTS: dict[str, str] = {
    "case.opened": "立案",
    "case.stepped": "办理步骤",
    "case.reminded": "期限提醒",
    "case.relocated": "状态或流程调整",
    "notice.issued": "印发文书",
    "notice.served": "文书送达",
    "result.published": "公布结果",
    "calendar.changed": "工作日历变更",
}
KINDS: dict[str, str] = {
    "webhook": "Webhook",
    "wecom": "企业微信群机器人",
    "dingtalk": "钉钉群机器人",
    "email": "电子邮件",
}
#: How many acts are told at one look.
_AT_ONCE = 200
_JOB = "deliver"


@dataclass(frozen=True)
class Wanted:
    """A connection as the administrator typed it. options: of e-mail, `from`, `to`, `user`."""

    name: str
    kind: str
    address: str
    acts: Sequence[str]
    secret: str = ""
    options: dict[str, str] | None = None


@dataclass(frozen=True)
class Line:
    """One delivery in the log. standing: `sent`, `waiting`, `failed` (an incident). job: to be tried again by."""

    row: OutgoingDelivery
    standing: str
    tries: int
    error: str
    job: int | None


def connections(session: Session, actor: Actor) -> list[OutgoingConnection]:
    """All connections, by name."""
    actor.require(Role.ADMIN, to="管理对外连接")
    return list(session.execute(select(OutgoingConnection).order_by(OutgoingConnection.name)).scalars())


def connection_for(session: Session, actor: Actor, connection_id: int) -> OutgoingConnection:
    """One connection."""
    actor.require(Role.ADMIN, to="管理对外连接")
    row = session.get(OutgoingConnection, connection_id)
    if row is None:
        raise not_found("对外连接")
    return row


def create_connection(
    session: Session, actor: Actor, wanted: Wanted, *, allow_private: bool, now: datetime
) -> tuple[OutgoingConnection, str]:
    """A new connection, told from now on; gives the secret, which is shown this once.

    allow_private: whether the installation lets connections lead into its own network.
    """
    actor.require(Role.ADMIN, to="建立对外连接")
    _check(wanted)
    check_address(wanted.kind, wanted.address, allow_private=allow_private)
    secret = wanted.secret.strip() or (secrets.token_urlsafe(32) if wanted.kind == "webhook" else "")
    with transaction(session):
        last = session.execute(select(func.max(HistorySeal.position))).scalar_one() or 0
        row = OutgoingConnection(
            name=wanted.name.strip(),
            kind=wanted.kind,
            address=wanted.address.strip(),
            options=dict(wanted.options or {}),
            secret=secret,
            acts=[act for act in ACTS if act in wanted.acts],
            allow_private=allow_private,
            active=True,
            told_up_to=last,
            created_by_id=actor.person,
            created_at=now,
        )
        session.add(row)
        session.flush()
        payload = {"name": row.name, "kind": row.kind, "acts": row.acts}
        record(
            session,
            actor,
            "connection.created",
            object_kind="connection",
            object_id=row.id,
            payload=payload,
            now=now,
        )
    return row, secret


def _check(wanted: Wanted) -> None:
    if not wanted.name.strip() or len(wanted.name) > 100:
        raise Refusal("connection_name", "请填写名称，不超过100字。", 422)
    if wanted.kind not in KINDS:
        raise Refusal("connection_kind", "请选择连接的种类。", 422)
    if not [act for act in wanted.acts if act in ACTS]:
        raise Refusal("connection_acts", "请至少选择一种要通知的事。", 422)
    if len(wanted.secret) > 200 or len(wanted.address) > 2000:
        raise Refusal("connection_long", "地址不超过2000字，密钥不超过200字。", 422)
    options = wanted.options or {}
    if wanted.kind == "email" and not all("@" in options.get(name, "") for name in ("from", "to")):
        raise Refusal("mail_addresses", "请填写发件人和收件人的邮箱地址。", 422)


def set_active(session: Session, actor: Actor, connection_id: int, *, active: bool, now: datetime) -> None:
    """Stop telling, or tell again from now on: what happened between is not told afterwards."""
    actor.require(Role.ADMIN, to="启停对外连接")
    with transaction(session):
        row = session.get(OutgoingConnection, connection_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise not_found("对外连接")
        if active and not row.active:
            row.told_up_to = session.execute(select(func.max(HistorySeal.position))).scalar_one() or 0
        row.active = active
        record(
            session, actor, "connection.set_active", object_kind="connection", object_id=row.id,
            payload={"active": active}, now=now,
        )  # fmt: skip


def new_secret(session: Session, actor: Actor, connection_id: int, *, now: datetime) -> str:
    """Another key for a webhook, shown this once; the old one signs nothing any more."""
    actor.require(Role.ADMIN, to="更换对外连接的密钥")
    secret = secrets.token_urlsafe(32)
    with transaction(session):
        row = session.get(OutgoingConnection, connection_id, with_for_update=True, populate_existing=True)
        if row is None or row.kind != "webhook":
            raise not_found("对外连接")
        row.secret = secret
        record(
            session,
            actor,
            "connection.secret_changed",
            object_kind="connection",
            object_id=row.id,
            payload={},
            now=now,
        )
    return secret


def try_out(session: Session, actor: Actor, connection_id: int, *, now: datetime) -> OutgoingDelivery:
    """Send a trial message, marked as such."""
    actor.require(Role.ADMIN, to="试发对外消息")
    with transaction(session):
        row = session.get(OutgoingConnection, connection_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise not_found("对外连接")
        lowest = session.execute(
            select(func.min(OutgoingDelivery.position)).where(OutgoingDelivery.connection_id == row.id)
        ).scalar_one()
        position = min(0, lowest or 0) - 1
        body = {"act": "trial", "text": f"评督：这是“{row.name}”的试发消息。", "at": now.isoformat()}
        return _deliver(session, row, position, "trial", body, now)


def tell(session: Session, *, now: datetime) -> int:
    """Make deliveries of what was sealed since each connection was last told; gives how many."""
    if (
        session.execute(select(OutgoingConnection.id).where(OutgoingConnection.active).limit(1)).first()
        is None
    ):
        return 0
    made = 0
    with transaction(session):
        rows = session.execute(
            select(OutgoingConnection)
            .where(OutgoingConnection.active)
            .order_by(OutgoingConnection.id)
            .with_for_update()
        ).scalars()
        for row in rows.all():
            made += _tell(session, row, now)
    return made


def _tell(session: Session, connection: OutgoingConnection, now: datetime) -> int:
    entries = session.execute(
        select(HistorySeal.position, HistoryEntry)
        .join(HistoryEntry, HistoryEntry.id == HistorySeal.entry_id)
        .where(HistorySeal.position > connection.told_up_to)
        .order_by(HistorySeal.position)
        .limit(_AT_ONCE)
    ).all()
    told = 0
    for position, entry in entries:
        if entry.act in connection.acts:
            _deliver(session, connection, position, entry.act, _body(session, entry), now)
            told += 1
    if entries:
        connection.told_up_to = entries[-1][0]
    return told


def _deliver(
    session: Session,
    connection: OutgoingConnection,
    position: int,
    act: str,
    body: dict[str, Any],
    now: datetime,
) -> OutgoingDelivery:
    row = OutgoingDelivery(
        connection_id=connection.id,
        position=position,
        key=secrets.token_hex(16),
        act=act,
        body=body,
        created_at=now,
    )
    session.add(row)
    session.flush()
    schedule(session, _JOB, key=f"{_JOB}:{row.id}", payload={"delivery": row.id}, due_at=now)
    return row


def _body(session: Session, entry: HistoryEntry) -> dict[str, Any]:
    """What other systems are told: what, when, about what; of a case its number and state, never a person."""
    body: dict[str, Any] = {
        "act": entry.act,
        "at": entry.at.isoformat(),
        "object": {"kind": entry.object_kind, "id": entry.object_id},
    }
    text = ACTS.get(entry.act, entry.act)
    case = session.get(Case, int(entry.object_id)) if entry.object_kind == "case" else None
    if case is not None:
        workflow = workflow_of(session, case.workflow_id)
        step = step_names_of(workflow).get(str(entry.payload.get("trigger", "")), "")
        state = workflow.states_by_key[case.state].name
        body["case"] = {"number": case.number, "state": case.state, "state_name": state}
        body["step"] = {"trigger": entry.payload.get("trigger", ""), "name": step}
        text = f"{case.number} {step or text}，现为“{state}”"
    elif "number" in entry.payload:
        body["number"] = entry.payload["number"]
        text = f"{text}：{entry.payload['number']}"
    body["text"] = f"评督：{text}。"
    return body


def deliveries(session: Session, connection: OutgoingConnection, *, limit: int = 100) -> list[Line]:
    """What the connection was told, newest first, with how it went."""
    rows = (
        session.execute(
            select(OutgoingDelivery)
            .where(OutgoingDelivery.connection_id == connection.id)
            .order_by(OutgoingDelivery.id.desc())
            .limit(limit)
        )
        .scalars()
        .all()
    )
    jobs = {
        job.unique_key: job
        for job in session.execute(
            select(Job).where(Job.unique_key.in_([f"{_JOB}:{row.id}" for row in rows]))
        ).scalars()
    }
    return [_line(row, jobs.get(f"{_JOB}:{row.id}")) for row in rows]


def _line(row: OutgoingDelivery, job: Job | None) -> Line:
    if row.sent_at is not None or job is None:
        return Line(row, "sent" if row.sent_at else "waiting", job.tries if job else 0, "", None)
    failed = job.tries > len(PAUSES)
    error = (job.error.strip().splitlines() or [""])[-1].rpartition(": ")[2]
    return Line(row, "failed" if failed else "waiting", job.tries, error[:200], job.id if failed else None)

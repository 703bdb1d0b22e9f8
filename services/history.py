"""The office's log: recorded within each act, sealed into a chain, verified by anyone."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import exists, func, insert, select
from sqlalchemy.orm import Session

from definitions.canonical import canonical_json
from models.base import table_of
from models.history import HistoryEntry, HistorySeal
from models.notice import NumberSeries
from services.actor import Actor
from services.transaction import at_end, transaction

#: What the first link holds on to.
GENESIS = "0" * 64
#: How far back the sealer looks for entries whose transactions ended out of order.
_LATE_WINDOW = 10_000
#: Said with every act; on the table, because no entry is read back.
_NEW_ENTRIES = insert(table_of(HistoryEntry))


def record(
    session: Session,
    actor: Actor,
    act: str,
    *,
    object_kind: str,
    object_id: object,
    payload: dict[str, Any],
    now: datetime,
) -> None:
    """Write one act into the log, in the act's own transaction.

    payload: plain data without floats; must name nobody whom the log may not know.
    """
    salt = secrets.token_hex(16)
    entry = {
        "at": now.astimezone(UTC).isoformat(),
        "actor_id": actor.user_id,
        "actor_name": actor.name,
        "act": act,
        "object_kind": object_kind,
        "object_id": str(object_id),
        "payload": payload,
    }
    at_end(session, _write, {**entry, "at": now, "salt": salt, "commitment": _commitment(salt, entry)})


def _write(session: Session, rows: list[dict[str, Any]]) -> None:
    session.execute(_NEW_ENTRIES, rows)


def _commitment(salt: str, entry: dict[str, Any]) -> str:
    return hashlib.sha256((salt + canonical_json(entry)).encode()).hexdigest()


def _link(position: int, previous: str, commitment: str) -> str:
    return hashlib.sha256(f"{position}|{previous}|{commitment}".encode()).hexdigest()


def seal_history(session: Session, *, now: datetime, limit: int = 5_000) -> int:
    """Chain the entries that are not in the chain yet; gives how many. Safe to run anywhere, any number of times."""
    with transaction(session):
        _lock_chain(session)
        last = session.execute(
            select(HistorySeal).order_by(HistorySeal.position.desc()).limit(1)
        ).scalar_one_or_none()
        highest = session.execute(select(func.max(HistorySeal.entry_id))).scalar_one() or 0
        entries = session.execute(
            select(HistoryEntry.id, HistoryEntry.commitment)
            .where(HistoryEntry.id > highest - _LATE_WINDOW)
            .where(~exists().where(HistorySeal.entry_id == HistoryEntry.id))
            .order_by(HistoryEntry.id)
            .limit(limit)
        ).all()
        position, previous = (last.position, last.link) if last else (0, GENESIS)
        links = []
        for entry_id, commitment in entries:
            position += 1
            link = _link(position, previous, commitment)
            links.append(
                {
                    "position": position,
                    "entry_id": entry_id,
                    "previous": previous,
                    "link": link,
                    "sealed_at": now,
                }
            )
            previous = link
        if links:
            session.execute(insert(HistorySeal), links)
        return len(links)


def _lock_chain(session: Session) -> None:
    """Only one sealer at a time: its row is locked (PostgreSQL) or the database is (SQLite)."""
    key = {"series": "history_seal", "year": 0}
    if session.get(NumberSeries, key, with_for_update=True) is None:
        session.add(NumberSeries(**key, last=0))
        session.flush()


@dataclass(frozen=True)
class ChainFault:
    """The first place where the log does not hold together."""

    position: int
    what: str


def verify_chain(session: Session) -> ChainFault | None:
    """Recompute every commitment and every link; None when the whole log holds."""
    rows = session.execute(
        select(HistorySeal, HistoryEntry)
        .outerjoin(HistoryEntry, HistoryEntry.id == HistorySeal.entry_id)
        .order_by(HistorySeal.position)
        .execution_options(yield_per=1000)
    )
    with closing(rows):  # a fault may end the reading half-way
        return _first_fault(rows)


def _first_fault(rows: Iterable[Any]) -> ChainFault | None:
    previous = GENESIS
    for expected, (seal, entry) in enumerate(rows, start=1):
        if seal.position != expected:
            return ChainFault(expected, "链中缺少此号")
        if entry is None:
            return ChainFault(expected, "所封记录已不存在")
        content = {
            "at": entry.at.isoformat(),
            "actor_id": entry.actor_id,
            "actor_name": entry.actor_name,
            "act": entry.act,
            "object_kind": entry.object_kind,
            "object_id": entry.object_id,
            "payload": entry.payload,
        }
        if _commitment(entry.salt, content) != entry.commitment:
            return ChainFault(expected, "记录内容与其摘要不符")
        if seal.previous != previous or seal.link != _link(expected, previous, entry.commitment):
            return ChainFault(expected, "链环与前一环不符")
        previous = seal.link
    return None

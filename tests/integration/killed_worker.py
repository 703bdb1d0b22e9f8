"""A worker as a process that a test may kill, and that tells how far it has come."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.context import BaseContext
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from models.engine import make_engine
from services.due_work import WORKS
from services.jobs import Work
from services.worker import Worker

#: Short, so that nobody waits long for what a dead worker had claimed.
LEASE = timedelta(seconds=2)
#: What clocks bring; drawing is another matter.
CLOCKWORK = {kind: work for kind, work in WORKS.items() if work.prepare is None}


class KilledWorker:
    """One process with one worker, started at once.

    ahead: by how much its clock is ahead of the machine's. effects: after how many of them it may be killed.
    """

    def __init__(self, nursery: BaseContext, url: str, ahead: timedelta, *, effects: int) -> None:
        self._effects = effects
        #: One more when an effect begins, one more when it ends; in memory that outlives the process.
        self._edges = nursery.RawValue(ctypes.c_long, 0)
        self._process = nursery.Process(target=_work, args=(url, ahead, self._edges), daemon=True)  # type: ignore[attr-defined]  # each context has it
        self._process.start()

    def is_ripe(self) -> bool:
        """Whether it has begun that many effects."""
        return (int(self._edges.value) + 1) // 2 >= self._effects

    def kill(self) -> bool:
        """Kill -9. True if that was within an effect: begun, and not yet committed."""
        self._process.kill()
        self._process.join()
        return int(self._edges.value) % 2 == 1


def _work(url: str, ahead: timedelta, edges: Any) -> None:
    def watched(work: Work) -> Work:
        return replace(work, apply=_watched(work.apply, edges))

    works = {kind: watched(work) for kind, work in CLOCKWORK.items()}
    worker = Worker(
        sessionmaker(make_engine(url)),
        works,
        clock=lambda: datetime.now(UTC) + ahead,
        pause=0.05,
        lease=LEASE,
    )
    worker.work()


def _watched(
    apply: Callable[..., None], edges: Any
) -> Callable[[Session, dict[str, Any], Any, datetime], None]:
    def watched(session: Session, payload: dict[str, Any], prepared: Any, now: datetime) -> None:
        edges.value += 1
        apply(session, payload, prepared, now)
        edges.value += 1

    return watched

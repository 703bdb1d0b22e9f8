"""The worker: does what is due, draws what was issued, seals the log; over and over, any number of them at once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from notices.pool import close
from services.history import seal_history
from services.jobs import LEASE, Work, claim, news, run, tick
from services.outgoing import tell

log = logging.getLogger(__name__)

#: How many long jobs are claimed at once: between them clocks are looked at again.
FEW = 4


@dataclass(frozen=True)
class Heartbeat:
    """What a worker has done since it started. turned_at: the end of its last whole turn; None before the first."""

    turned_at: datetime | None = None
    done: int = 0
    failed_turns: int = 0


class Worker:
    """One worker. Its sessions are its own; an error ends a turn, never the worker.

    works: kind of job to how it is done. clock: the time. pause: seconds between two looks.
    breath: after a long job, rest for so many times as long as it took, so that others on the same processor
    are answered meanwhile. lease: how long what it has claimed is its own; after its death others wait for the end.
    """

    def __init__(
        self,
        sessions: sessionmaker[Session],
        works: Mapping[str, Work],
        *,
        clock: Callable[[], datetime],
        pause: float,
        breath: float = 0.0,
        lease: timedelta = LEASE,
    ) -> None:
        self._sessions = sessions
        self._quick = {kind: work for kind, work in works.items() if work.prepare is None}
        self._long = {kind: work for kind, work in works.items() if work.prepare is not None}
        self._clock = clock
        self._pause = pause
        self._breath = breath
        self._lease = lease
        self._stopped = threading.Event()
        self.heartbeat = Heartbeat()

    def stop(self) -> None:
        """End after the work in hand."""
        self._stopped.set()
        news.set()

    def work(self) -> None:
        """Turn after turn until stopped; at once when this process has scheduled something, else after the pause."""
        while not self._stopped.is_set():
            news.clear()
            try:
                self.turn()
            except Exception:
                self.heartbeat = replace(self.heartbeat, failed_turns=self.heartbeat.failed_turns + 1)
                log.exception("what is due was not done; it is tried again")
                self._stopped.wait(self._pause)
            else:
                news.wait(self._pause)

    def turn(self) -> int:
        """Everything that is due now, clocks before drawing; then the log is sealed. Gives how many jobs were done.

        The processes that drew a batch end with it: at rest the office pays for no memory but the server's.
        """
        done = self._clocks()
        while not self._stopped.is_set():
            tried, finished = self._few_long()
            if not tried:
                break
            done += finished + self._clocks()
        close()
        with self._sessions() as session:
            seal_history(session, now=self._clock())
            tell(session, now=self._clock())
        self.heartbeat = replace(self.heartbeat, turned_at=self._clock(), done=self.heartbeat.done + done)
        return done

    def _clocks(self) -> int:
        return tick(self._sessions, self._quick, clock=self._clock, lease=self._lease)

    def _few_long(self) -> tuple[int, int]:
        """How many long jobs were tried, and how many of them are done; a few of each kind.

        A message to another system does not wait until hundreds of notices are drawn, nor the other way round.
        """
        tried = finished = 0
        for kind, work in self._long.items():
            with self._sessions() as session:
                claims = claim(session, now=self._clock(), kinds=[kind], limit=FEW, lease=self._lease)
                for job in claims:
                    began = time.monotonic()
                    finished += run(session, job, work, now=self._clock())
                    if not work.elsewhere:
                        self._stopped.wait(self._breath * (time.monotonic() - began))
                tried += len(claims)
        return tried, finished

"""The database engine: durable, and fair to its writers.

SQLite (the embedded default) gets WAL with synchronous=FULL where its library is free of the WAL-reset
bug, else a rollback journal; every write transaction begins with BEGIN IMMEDIATE, and the writers of
one process queue in order of arrival, because SQLite's own waiting is not a queue (eight writers
starve each other for seconds). PostgreSQL is used as it is.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url

#: True while the running code means to write; decides how SQLite begins a transaction.
WRITING: ContextVar[bool] = ContextVar("writing", default=False)

#: SQLite releases in which two connections on one WAL file can corrupt it: 3.7.0 to 3.51.2, save the
#: two repaired branches.
_WAL_SAFE = ((3, 51, 3), (3, 50, 7), (3, 44, 6))


class WriterQueue:
    """First come, first served: one writer at a time."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False

    def acquire(self, timeout: float = 30.0) -> None:
        """Wait for the turn; TimeoutError after `timeout` seconds."""
        with self._mutex:
            if not self._taken:
                self._taken = True
                return
            turn = threading.Event()
            self._waiting.append(turn)
        if turn.wait(timeout):
            return
        with self._mutex:
            if turn in self._waiting:
                self._waiting.remove(turn)
                raise TimeoutError("the database is busy: no turn to write came")
        # The turn was handed over in the very moment of giving up: take it.

    def release(self) -> None:
        """Hand the turn to whoever waits longest."""
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False


@contextmanager
def writing() -> Iterator[None]:
    """Transactions begun inside are write transactions."""
    token = WRITING.set(True)
    try:
        yield
    finally:
        WRITING.reset(token)


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Whether this SQLite library may use WAL with more than one connection."""
    if version < (3, 7, 0) or version >= _WAL_SAFE[0]:
        return True
    return any(safe[:2] == version[:2] and version >= safe for safe in _WAL_SAFE[1:])


def make_engine(url: str | URL, *, pool_size: int = 10) -> Engine:
    """An engine for SQLite (`sqlite:///file`) or PostgreSQL (`postgresql+psycopg://…`).

    Memory databases are refused: nothing acknowledged may be lost.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True)
    if parsed.database in (None, "", ":memory:"):
        raise ValueError("SQLite needs a file; a database in memory forgets what it acknowledged")
    from pysqlite3 import dbapi2

    engine = create_engine(
        parsed, module=dbapi2, pool_size=pool_size, max_overflow=20, connect_args={"timeout": 10}
    )
    _prepare_sqlite(engine, wal_is_safe(dbapi2.sqlite_version_info))
    return engine


def _prepare_sqlite(engine: Engine, wal: bool) -> None:
    queue = WriterQueue()

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours to say
        for pragma in (
            f"journal_mode={'WAL' if wal else 'DELETE'}",
            "synchronous=FULL",
            "busy_timeout=10000",
            "foreign_keys=ON",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if not WRITING.get():
            # Said before every read and refused by nothing, so it needs none of SQLAlchemy's care for errors.
            raw: Any = connection.connection.dbapi_connection
            raw.execute("BEGIN")
            return
        queue.acquire()
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except BaseException:
            queue.release()
            raise
        connection.info["writer_turn"] = True

    def done(connection: Connection) -> None:
        if connection.info.pop("writer_turn", False):
            queue.release()

    # SQLAlchemy says "commit" and "rollback" before it does them; releasing then lets the next writer
    # into SQLite's own lock a moment early, where busy_timeout bridges the gap. The turn is therefore
    # given back when the driver has finished: on the pool's reset, or at the next begin.
    @event.listens_for(engine, "commit")
    def commit(connection: Connection) -> None:
        _after_driver(connection, "commit", done)

    @event.listens_for(engine, "rollback")
    def rollback(connection: Connection) -> None:
        _after_driver(connection, "rollback", done)


def _after_driver(connection: Connection, word: str, done: Any) -> None:
    """Let the driver finish its COMMIT or ROLLBACK now, then give the writer's turn back.

    The driver's own later call finds no transaction and does nothing. A COMMIT that fails (full disk)
    raises here and the ROLLBACK that follows gives the turn back.
    """
    raw = connection.connection.dbapi_connection
    if raw is not None:
        getattr(raw, word)()
    done(connection)

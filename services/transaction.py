"""One act, one transaction: wholly done or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

from models.engine import writing

_OPEN = "act_open"
_AT_END = "act_at_end"
_AFTERWARDS = "act_afterwards"

#: What is written at the end of an act, in this order, each as one statement for all rows.
Writer = Callable[[Session, list[Any]], None]


def at_end(session: Session, writer: Writer, row: Any) -> None:
    """Have a row written when the act ends, together with all others for the same writer.

    For rows that nothing in the act reads again (log, due work): one statement instead of many, and their
    locks are held for a shorter time.
    """
    if not session.info.get(_OPEN):
        raise RuntimeError("only an act writes")
    session.info.setdefault(_AT_END, {}).setdefault(writer, []).append(row)


def write_pending(session: Session) -> None:
    """Write now what waits for the end of the act."""
    for writer, rows in session.info.pop(_AT_END, {}).items():
        writer(session, rows)


def afterwards(session: Session, do: Callable[[Session], None]) -> None:
    """Have something done once the outermost act is committed; not at all if it fails."""
    session.info.setdefault(_AFTERWARDS, []).append(do)


@contextmanager
def transaction(session: Session) -> Iterator[None]:
    """Everything inside is committed together at the end; any error undoes all of it.

    An act called by another act joins its transaction. What was read before (the reader's own account,
    say) is let go of first: on SQLite a transaction that has read cannot become a writer safely.
    """
    if session.info.get(_OPEN):
        yield
        return
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("changes were made outside an act; only services write")
    if session.in_transaction():
        session.commit()
    session.info[_OPEN] = True
    try:
        with writing():
            session.connection()  # begins now, and waits for the writer's turn now
            yield
            write_pending(session)
            session.commit()
        done = session.info.get(_AFTERWARDS, [])
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop(_OPEN, None)
        session.info.pop(_AT_END, None)
        session.info.pop(_AFTERWARDS, None)
    for do in done:
        do(session)

"""One act, one transaction: wholly done or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from models.engine import writing

_OPEN = "act_open"


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
            session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop(_OPEN, None)

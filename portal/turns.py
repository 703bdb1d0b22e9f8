"""Short requests take turns in Python instead of fighting over it.

With SQLite the whole work of a request runs in this process, under Python's one lock, and SQLite lets go of the lock
at every statement: eight threads that hand it to and fro use half as much CPU again as one after the other does. So a
request waits for its turn before it is worked on. Never for long: what has waited `LONGEST_WAIT` is worked on beside
the others, so that a slow page (a document, an export) keeps nobody waiting. What the client still has to send is
read before, so that a slow line holds no turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from threading import Semaphore
from typing import Any

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

#: Seconds after which a request no longer waits for its turn.
LONGEST_WAIT = 0.1
#: Bytes of a body that is read beforehand; whoever sends more (photos) takes no turn.
LONGEST_BODY = 65_536


class Turns:
    """A WSGI application around another one that answers one short request at a time."""

    def __init__(self, inner: Application, *, wait: float = LONGEST_WAIT) -> None:
        """wait: seconds after which a request goes ahead without a turn."""
        self._inner, self._wait = inner, wait
        self._turn = Semaphore(1)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request; the answer itself is sent when the turn is over."""
        if not _is_read(environ):
            return self._inner(environ, start_response)
        own = self._turn.acquire(timeout=self._wait)
        try:
            return self._inner(environ, start_response)
        finally:
            if own:
                self._turn.release()


def _is_read(environ: dict[str, Any]) -> bool:
    """Read a short body now. False: it is long, or nobody knows how long."""
    if environ.get("HTTP_TRANSFER_ENCODING"):
        return False
    length = str(environ.get("CONTENT_LENGTH") or "0")
    # Told by its digits first: Python refuses to read a number of thousands of them.
    if not (length.isascii() and length.isdigit() and len(length) < 9) or int(length) > LONGEST_BODY:
        return False
    if int(length):
        environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(int(length)))
    return True

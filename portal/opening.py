"""The first seconds: the front page and the login page answer while the rest of the site is still being loaded.

Loading the rules, the services and Flask-Admin takes longer than everything a first page needs. So the server begins
with a small application (`app.create_front`), hands over to the whole one as soon as that is there, and forgets the
small one. A visitor sees no difference: whatever the small one cannot answer waits for the whole.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, request
from werkzeug.wrappers import Response as BaseResponse

from portal.access import visitor

#: The rest is loaded once the first page is out, or after so many seconds without a visitor.
FIRST_PAGE_SECONDS = 1.0
_READING = frozenset({"GET", "HEAD"})
_UNANSWERED = 404


def init_handing_over(front: Flask) -> None:
    """Leave to the whole site whoever is signed in: menu and pages are that person's own."""

    def to_the_whole() -> Response | None:
        if request.endpoint == "static" or visitor() is None:
            return None
        return Response(status=_UNANSWERED)

    front.before_request_funcs.setdefault(None, []).insert(0, to_the_whole)


class Opening:
    """A WSGI application: the front until the whole site is there, then the whole site."""

    def __init__(
        self,
        front: Flask,
        build: Callable[[], Flask],
        *,
        ready: Callable[[Flask], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        """build: gives the whole site. ready: told when it serves. failed: told why it never will."""
        self._front: Flask | None = front
        self._build, self._ready, self._failed = build, ready, failed
        self._whole: Flask | None = None
        self._error: BaseException | None = None
        self._first_page = threading.Event()
        self._there = threading.Event()

    @property
    def whole(self) -> Flask | None:
        """The whole site. None: it is not there yet."""
        return self._whole

    def begin(self) -> None:
        """Load the whole site in the background; in the process that answers requests, once."""
        threading.Thread(target=self._load, name="opening", daemon=True).start()

    def _load(self) -> None:
        self._first_page.wait(FIRST_PAGE_SECONDS)
        try:
            whole = self._build()
            self._ready(whole)
        except BaseException as error:  # noqa: BLE001 - whatever it is, nobody may wait for ever
            self._error = error
            self._there.set()
            self._failed(error)
            return
        front, self._whole, self._front = self._front, whole, None
        self._there.set()
        if front is not None:
            front.extensions["engine"].dispose()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer from the front if it can; else wait for the whole site."""
        front = self._front
        if front is not None and environ["REQUEST_METHOD"] in _READING:
            answer = BaseResponse.from_app(front, dict(environ), buffered=True)
            self._first_page.set()
            if answer.status_code < 400:
                return answer(environ, start_response)
        self._first_page.set()
        self._there.wait()
        whole = self._whole
        if whole is None:
            raise RuntimeError("the site could not be loaded") from self._error
        return whole(environ, start_response)

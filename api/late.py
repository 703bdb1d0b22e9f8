"""The interface is an application of its own under /api/, built when it is first asked for.

So the pages start without its libraries, its error answers are JSON without touching theirs, and a browser's session
never counts here: only a token does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any

from flask import Flask

PREFIX = "/api/"


class LateApi:
    """A WSGI application around the pages: hands /api/ to the interface and the rest on."""

    def __init__(self, pages: Flask, build: Callable[[Flask], Flask]) -> None:
        """build: gives the interface for these pages."""
        self._pages, self._build = pages, build
        self._rest: Callable[..., Iterable[bytes]] = pages.wsgi_app
        self._api: Flask | None = None
        self._lock = Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        if str(environ.get("PATH_INFO", "")).startswith(PREFIX):
            return self.api(environ, start_response)
        return self._rest(environ, start_response)

    @property
    def api(self) -> Flask:
        """The interface, built now if it was not before."""
        with self._lock:
            if self._api is None:
                self._api = self._build(self._pages)
            return self._api


def init_api(app: Flask) -> None:
    """Put the interface beside the pages."""

    def build(pages: Flask) -> Flask:
        # Imported here: loading it takes longer than a first page.
        from api.application import create_api

        return create_api(pages)

    late = LateApi(app, build)
    app.extensions["late_api"] = late
    app.wsgi_app = late  # type: ignore[method-assign]

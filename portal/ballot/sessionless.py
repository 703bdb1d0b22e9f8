"""Requests to the ballot have no session: no cookie is read, none is set, whoever asks."""

from __future__ import annotations

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface


class SessionlessBallot(SecureCookieSessionInterface):
    """As usual everywhere else. prefix: the path below which there is no session."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """An empty session that cannot be written and is never sent, below the prefix."""
        if request.path == self._prefix or request.path.startswith(f"{self._prefix}/"):
            return self.make_null_session(app)
        return super().open_session(app, request)

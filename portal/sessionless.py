"""Pages for people who must stay unknown: no session, no cookie, no word of them in a log.

A cookie would tie the steps of one visitor together, so such pages neither read nor set one, and their forms carry
no token of a session. They need none: whoever posts has no rights that a foreign page could abuse, only a one-time
code or a link. Nothing logs an address, a code or an answer; errors are logged by their kind and place alone.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import cast

from flask import Blueprint, Flask, Request, Response, current_app
from flask.blueprints import BlueprintSetupState
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from services.refusal import Refusal

Page = BaseResponse | str | tuple[str, int]


class SessionlessPaths(SecureCookieSessionInterface):
    """As usual everywhere else; below the prefixes there is no session."""

    def __init__(self) -> None:
        self.prefixes: set[str] = set()

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """An empty session that cannot be written and is never sent, below a prefix."""
        for prefix in self.prefixes:
            if request.path == prefix or request.path.startswith(f"{prefix}/"):
                return self.make_null_session(app)
        return super().open_session(app, request)


def keep_nobody_known(
    blueprint: Blueprint,
    stopped: Callable[[str], str],
    *,
    too_large: Callable[[], str],
    unreadable: Callable[[], str],
    failed: Callable[[], str],
) -> None:
    """Make all pages of the blueprint so. stopped: the page that says a sentence; the others: those sentences."""

    @blueprint.record
    def without_session(state: BlueprintSetupState) -> None:
        app = cast("Flask", state.app)
        app.extensions["csrf"].exempt(blueprint)
        if not isinstance(app.session_interface, SessionlessPaths):
            app.session_interface = SessionlessPaths()
        app.session_interface.prefixes.add(str(blueprint.url_prefix))

    @blueprint.after_request
    def leave_nothing(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    @blueprint.errorhandler(Refusal)
    def refused(refusal: Refusal) -> Page:
        return stopped(refusal.sentence), refusal.status

    @blueprint.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Page:
        status = error.code or 500
        return stopped(too_large() if status == 413 else unreadable()), status

    @blueprint.errorhandler(Exception)
    def broken(error: Exception) -> Page:
        # The message of a database error quotes what was sent; it must not reach a log.
        places = "".join(traceback.format_tb(error.__traceback__))
        current_app.logger.error("%s failed: %s\n%s", blueprint.name, type(error).__name__, places)
        return stopped(failed()), 503

"""What went wrong, for programs (RFC 9457, application/problem+json) and in the reader's language for people."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask, Response, current_app
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException

from portal.errors import SENTENCES
from services.refusal import Refusal

PROBLEM = "application/problem+json"


def problem(
    status: int,
    *,
    code: str,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """One problem. code: stable, for programs. detail: for people. errors: (field, sentence) of what was sent."""
    known = SENTENCES.get(status, SENTENCES[400 if status < 500 else 500])
    body: dict[str, Any] = {"type": "about:blank", "title": str(known.what), "status": status, "code": code}
    body["detail"] = detail or str(known.why)
    if errors:
        body["errors"] = errors
    answer = Response(json.dumps(body, ensure_ascii=False), status=status, mimetype=PROBLEM)
    answer.headers.update(headers or {})
    return answer


def init_problems(app: Flask) -> None:
    """Every error of the interface is a problem."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, http_problem)
    app.register_error_handler(OperationalError, _unavailable)
    app.register_error_handler(TimeoutError, _unavailable)
    app.register_error_handler(DBAPIError, _unstorable)
    app.register_error_handler(Exception, _unexpected)


def _refused(error: Refusal) -> Response:
    errors = [
        {"field": label, "detail": sentence} for label, sentence in getattr(error, "faults_by_field", ())
    ]
    headers = {"WWW-Authenticate": 'Bearer realm="pingdu"'} if error.status == 401 else {}
    if error.status == 429:
        headers["Retry-After"] = "60"
    return problem(error.status, code=error.code, detail=error.sentence, errors=errors, headers=headers)


def http_problem(error: HTTPException) -> Response:
    """An error of HTTP itself, or of the form of what was sent."""
    status = error.code or 500
    data: Any = getattr(error, "data", None) or {}
    errors = [
        {
            "field": name,
            "detail": "；".join(map(str, sentences)) if isinstance(sentences, list) else str(sentences),
        }
        for place in (data.get("messages") or {}).values()
        if isinstance(place, dict)
        for name, sentences in place.items()
    ]
    kept = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    return problem(status, code=f"http_{status}", detail="", errors=errors, headers=kept)


def _unavailable(error: Exception) -> Response:
    current_app.logger.error("unavailable: %s", error)
    return problem(503, code="unavailable", detail="", headers={"Retry-After": "5"})


def _unstorable(error: DBAPIError) -> Response:
    if type(error).__name__ == "DataError" or isinstance(error.orig, OverflowError):
        return problem(422, code="unstorable", detail="")
    return _unexpected(error)


def _unexpected(error: Exception) -> Response:
    current_app.logger.error("unexpected error of the interface", exc_info=error)
    return problem(500, code="unexpected", detail="")

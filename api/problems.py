"""What went wrong, for programs (RFC 9457, application/problem+json) and in the reader's language for people."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, current_app, request
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException

from portal.errors import SENTENCES
from services.plain_answers import place
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
    """One problem. code: stable, for programs. detail: for people. errors: field, pointer and detail of each fault."""
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
        {"field": fault.field, "pointer": fault.pointer, "detail": fault.sentence}
        for fault in getattr(error, "faults", ())
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
        {"field": str(steps[0] if steps else where), "pointer": place(*steps), "detail": _in_words(sentence)}
        for where, found in (data.get("messages") or {}).items()
        for steps, sentence in _flat(found)
    ]
    kept = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    return problem(status, code=f"http_{status}", detail="", errors=errors, headers=kept)


def _flat(found: Any, steps: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """(steps to the place, sentence) of all that a library found wrong with what was sent."""
    if isinstance(found, dict):
        for step, inner in found.items():
            yield from _flat(inner, steps if step in _NO_PLACE else (*steps, step))
    else:
        for sentence in found if isinstance(found, list) else [found]:
            yield steps, str(sentence)


#: Words of the library for no member of what was sent: the whole of it, and the two sides of a mapping.
_NO_PLACE = frozenset({"_schema", "key", "value"})
#: How the library's sentences begin → what we say. The rest is wrong in its shape.
_SENTENCES = (
    ("Missing data", _l("缺少这一项")),
    ("Unknown field", _l("没有这一项，请去掉")),
    ("Field may not be null", _l("不能是空值")),
    ("Must be one of", _l("不是可选的值，请对照接口说明")),
    ("Must be greater", _l("超出范围，请对照接口说明")),
    ("Must be less", _l("超出范围，请对照接口说明")),
    ("Length must", _l("长短不对，请对照接口说明")),
    ("Longer than", _l("太长，请对照接口说明")),
)


def _in_words(sentence: str) -> str:
    return str(next((said for start, said in _SENTENCES if sentence.startswith(start)), _WRONG_SHAPE))


_WRONG_SHAPE = _l("写法不对，请对照接口说明")


def _of_people() -> bool:
    """Whether answers may have been sent that name nobody: what a database quotes of them must reach no log."""
    return request.path.startswith("/api/v1/collections/")


def _unavailable(error: Exception) -> Response:
    current_app.logger.error("unavailable: %s", type(error).__name__ if _of_people() else error)
    return problem(503, code="unavailable", detail="", headers={"Retry-After": "5"})


def _unstorable(error: DBAPIError) -> Response:
    if type(error).__name__ == "DataError" or isinstance(error.orig, OverflowError):
        return problem(422, code="unstorable", detail="")
    return _unexpected(error)


def _unexpected(error: Exception) -> Response:
    if _of_people():
        places = "".join(traceback.format_tb(error.__traceback__))
        current_app.logger.error("interface failed: %s\n%s", type(error).__name__, places)
    else:
        current_app.logger.error("unexpected error of the interface", exc_info=error)
    return problem(500, code="unexpected", detail="")

"""The interface as an application: its addresses, its errors, its description."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Flask, request
from flask_babel import Babel
from flask_smorest import Api
from werkzeug.exceptions import HTTPException

from api import answers, cases, collections, forms
from api.entrance import OPEN, init_entrance
from api.problems import http_problem, init_problems
from portal.addresses import StoredNumber
from portal.clock import now
from portal.database import database
from portal.language import LANGUAGES
from portal.security import init_security

#: Each resource is one module with a `blueprint`; its views carry their scope.
RESOURCES = (forms, answers, collections, cases)


class PlainApi(Api):
    """Flask-Smorest without its own error answers: ours are problems, also for what it refuses."""

    def handle_http_exception(self, error: HTTPException) -> Any:
        return http_problem(error)


def create_api(pages: Flask) -> Flask:
    """The interface on the database of the pages."""
    app = Flask("api", root_path=pages.root_path, static_folder=None)
    app.config.update(pages.config)
    app.config.update(
        API_TITLE="评督 Pingdu",
        API_VERSION="v1",
        OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {"description": DESCRIPTION},
            "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
            "security": [{"token": []}],
            "servers": [{"url": "/"}],
        },
    )
    app.url_map.converters["int"] = StoredNumber
    app.url_map.strict_slashes = False
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # of the default provider
    database.share(app, pages)
    app.extensions["clock"] = lambda: _now_of(pages)
    init_security(app)
    Babel(app, locale_selector=_language)
    api = PlainApi(app)
    init_problems(app)
    for resource in RESOURCES:
        api.register_blueprint(resource.blueprint)
    for endpoint, view in app.view_functions.items():
        if endpoint.startswith("api-docs."):
            view.__dict__["scope"] = OPEN
    init_entrance(app)
    return app


def _now_of(pages: Flask) -> datetime:
    """What the clock of the pages says: a test or a simulation may have put its own there."""
    with pages.app_context():
        return now()


def _language() -> str | None:
    """The language the asking system wants to be answered in."""
    best = request.accept_languages.best_match(["zh-CN", "zh", "en"])
    wanted = {"zh-CN": "zh_CN", "zh": "zh_CN", "en": "en"}.get(best or "")
    return wanted if wanted in LANGUAGES else None


DESCRIPTION = (
    "Forms, their versions, collections, filled forms, cases and their steps, for other systems. Every request "
    "carries a token (`Authorization: Bearer …`) that an administrator made under 接口令牌; it has part of the rights "
    "of one account. Errors are application/problem+json in the language of Accept-Language."
)

"""Which language this page is in: the visitor's choice, else the installation's."""

from __future__ import annotations

from flask import Flask, g, has_request_context, session
from flask_babel import Babel

from portal.access import visitor

#: Locale -> what it calls itself.
LANGUAGES = {"zh_CN": "简体中文", "en": "English"}


def chosen_language() -> str | None:
    """The locale chosen for this request; None: the default."""
    if not has_request_context():
        return None
    chosen = session.get("language")
    if chosen in LANGUAGES:
        return str(chosen)
    if g.get("bare"):
        return None  # the page says that the database does not answer; nobody is looked up
    asking = visitor()
    return asking.language if asking and asking.language in LANGUAGES else None


def init_language(app: Flask) -> None:
    """Translate pages."""
    Babel(app, locale_selector=chosen_language)

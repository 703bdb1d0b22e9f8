"""The builder's addresses, and what all of its pages share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from forms.answers import open_form
from forms.unfinished import Unfinished
from portal.access import current_actor
from portal.clock import now
from portal.database import database
from services import form_versions
from services.choices import StoredChoices
from services.definition_versions import Draft
from services.form_fields import Hand

blueprint = Blueprint("builder", __name__, url_prefix="/forms")

Page = Response | str | tuple[str, int]


def draft_page(key: str) -> Draft:
    """The draft a page is about."""
    return form_versions.draft_of(database.session, current_actor(), key)


def hand(key: str) -> Hand:
    """Whoever posted, with what the page had shown."""
    return Hand(database.session, current_actor(), key, request.form.get("seen", ""), now())


def preview_of(state: Unfinished) -> dict[str, Any]:
    """The live form as the partial wants it."""
    choices = StoredChoices(database.session)
    return {"state": state, "preview": open_form(state.shown, choices=choices, now=now())}

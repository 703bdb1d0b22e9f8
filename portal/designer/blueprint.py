"""The designer's addresses, and what all of its pages share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, session
from werkzeug.wrappers import Response

from notices.unfinished import Unfinished
from packs.provision import Issuer
from portal.access import current_actor
from portal.clock import now
from portal.database import database
from services import kind_preview, kind_versions
from services.definition_versions import Draft
from services.kind_drafts import KindHand

blueprint = Blueprint("designer", __name__, url_prefix="/notice-kinds")

Page = Response | str | tuple[str, int]


def draft_page(key: str) -> Draft:
    """The draft a page is about."""
    return kind_versions.draft_of(database.session, current_actor(), key)


def hand(key: str) -> KindHand:
    """Whoever posted, with what the page had shown."""
    seen, joined = request.form.get("seen", ""), bool(request.form.get("auto"))
    return KindHand(database.session, current_actor(), key, seen, now(), joined)


def chosen_notice(key: str) -> int | None:
    """Whose values the preview takes: a notice chosen before in this visit, None for samples."""
    asked = request.args.get("real")
    if asked is not None:
        session[f"real:{key}"] = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0
    found = session.get(f"real:{key}", 0)
    return int(found) or None


def preview_of(key: str, state: Unfinished, issuers: tuple[Issuer, ...]) -> dict[str, Any]:
    """The page images as the partial wants them."""
    actor, real = current_actor(), chosen_notice(key)
    offered = [(row.id, row.number) for row in kind_preview.real_notices(database.session, actor, key)]
    if real not in {found for found, _number in offered}:
        real = None
    shown = kind_preview.preview(database.session, actor, state, issuers, real=real, now=now())
    return {"state": state, "preview": shown, "real": real, "offered": offered, "key": key}

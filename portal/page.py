"""What every page knows: the campaign it speaks of, the visitor, the menu."""

from __future__ import annotations

from typing import Any

from flask import Flask, g, has_request_context, session

from models.campaign import Campaign
from portal.access import visitor
from portal.database import database
from portal.language import LANGUAGES, chosen_language
from portal.menu import menu_groups
from services.campaign_choice import campaign_to_show

#: In the session: the id of the campaign that its visitor chose to look at.
CHOSEN = "campaign"


def current_campaign() -> Campaign | None:
    """The campaign the pages speak of: the one chosen, else the newest that ranks. None: none was set up yet."""
    if "campaign" not in g:
        chosen = session.get(CHOSEN) if has_request_context() else None
        g.campaign = campaign_to_show(database.session, chosen if isinstance(chosen, int) else None)
    campaign: Campaign | None = g.campaign
    return campaign


def init_page(app: Flask) -> None:
    """Hand these to every template, as functions: a page that needs no database asks none."""

    @app.context_processor
    def page_values() -> dict[str, Any]:
        return {
            "visitor": visitor,
            "campaign": current_campaign,
            "menu_groups": menu_groups,
            "languages": LANGUAGES,
            "language": chosen_language() or app.config["BABEL_DEFAULT_LOCALE"],
        }

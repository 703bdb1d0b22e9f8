"""What every page knows: the campaign it speaks of, the visitor, the menu."""

from __future__ import annotations

from typing import Any

from flask import Flask, g
from sqlalchemy import select

from models.campaign import Campaign
from portal.access import visitor
from portal.database import database
from portal.language import LANGUAGES, chosen_language
from portal.menu import menu_groups

_NEWEST = select(Campaign).order_by(Campaign.year.desc(), Campaign.id.desc()).limit(1)


def current_campaign() -> Campaign | None:
    """The campaign the pages speak of: the newest year's. None: none was set up yet."""
    if "campaign" not in g:
        g.campaign = database.session.execute(_NEWEST).scalar_one_or_none()
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

"""What the pages of filled forms have in common: their address, the filter, the tabs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from models.campaign import Campaign
from portal.access import current_actor
from portal.database import database
from portal.page import current_campaign
from services.answer_filters import SOURCES, AnswerFilter
from services.every_choice import EveryChoice
from services.form_versions import form_versions
from services.guarded_answers import sittings
from services.roster_choices import targets_by_unit

blueprint = Blueprint("answers", __name__, url_prefix="/answers")

Page = Response | str | tuple[str, int]
SOURCE_WORDS = {"web": _l("网上"), "paper": _l("纸质录入"), "excel": _l("Excel导入"), "api": _l("接口")}


def filter_of_address() -> AnswerFilter:
    """The filter of the address; values are cut to a length that can be kept."""
    names: Mapping[str, object] = AnswerFilter.__annotations__
    return AnswerFilter(
        **{name: request.args.get(name, "")[:120].replace("\0", "").strip() for name in names}
    )


def here(endpoint: str, key: str, **more: str) -> str:
    """The address of a page with the same filter, and whatever else the address says."""
    kept: dict[str, Any] = {
        name: values for name, values in request.args.lists() if name != "after" and any(values)
    }
    return url_for(endpoint, key=key, **{**kept, **more})


def grade_words() -> dict[str, str]:
    """Key → name of the campaign's grades."""
    campaign: Campaign | None = current_campaign()
    grades = campaign.settings.get("grades", ()) if campaign else ()
    return {grade["key"]: grade["name"] for grade in grades}


def shared(key: str, which: AnswerFilter) -> dict[str, Any]:
    """What the pages of one form have in common."""
    session = database.session
    versions = form_versions(session, key)
    held = sittings(session, current_actor(), key)
    tabs = [
        (_("答卷"), "answers.table"),
        (_("汇总"), "answers.summary"),
        (_("交叉表"), "answers.cross"),
    ]
    shown = [
        {"label": label, "href": here(endpoint, key), "current": request.endpoint == endpoint}
        for label, endpoint in tabs
    ]
    if versions[0].body.get("anonymous"):
        shown = []
    if held or not shown:
        href = url_for("answers.secret", key=key)
        shown.append(
            {
                "label": _("无记名"),
                "href": href,
                "current": request.endpoint == "answers.secret",
                "count": len(held),
            }
        )
    binding = versions[0].body.get("binding")
    return {
        "key": key,
        "name": versions[0].name,
        "which": which,
        "versions": versions,
        "tabs": shown,
        "bound": bool(binding),
        "targets": targets_by_unit(session, by_key=True) if binding else {},
        "units": _entries("unit") if binding else [],
        "categories": _categories() if binding else [],
        "grade_words": grade_words(),
        "sources": [(name, SOURCE_WORDS[name]) for name in SOURCES],
        "same": here,
    }


def _entries(of: str) -> list[tuple[str, str]]:
    return [(entry.key, entry.label) for entry in EveryChoice(database.session).entries(of)]


def _categories() -> list[tuple[str, str]]:
    return _entries("category")

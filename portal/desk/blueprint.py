"""The desk's addresses, who reads them, and what all of its lists share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, abort, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from models.campaign import Campaign
from models.people import Role
from portal.page import current_campaign
from services.actor import OFFICE

blueprint = Blueprint("desk", __name__, url_prefix="/desk")

Page = BaseResponse | str | tuple[str, int]
#: Those who may look at all cases and notices; acting is asked for once more by each service.
READERS = (*OFFICE, Role.ADMIN, Role.LEADER, Role.AUDITOR)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Filter = TypeVar("Filter")


def campaign_or_404() -> Campaign:
    """The campaign the pages speak of; 404 while none was set up."""
    campaign = current_campaign()
    if campaign is None:
        abort(404)
    return campaign


def filter_from_query(kind: type[Filter]) -> Filter:
    """A filter out of the address; unknown names are left out, values are cut to a length that can be kept."""
    names: dict[str, object] = kind.__annotations__
    return kind(**{name: request.args.get(name, "")[:120].replace("\0", "") for name in names})


def page_number() -> int:
    """Which page the address asks for; 1 for what is no page."""
    text = request.args.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def same_list(endpoint: str) -> Callable[[int], str]:
    """The address of another page of the same filtered list."""
    kept: dict[str, Any] = {name: value for name, value in request.args.items() if name != "page" and value}
    return lambda number: url_for(endpoint, **kept, page=number)

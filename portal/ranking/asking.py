"""What the pages of the ranking are asked for in their addresses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from flask import current_app, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

from models.campaign import Campaign
from portal.access import may_open, visitor
from portal.clock import OFFICE_ZONE
from portal.page import current_campaign
from services.campaign_choice import refuse_unless_it_ranks
from services.refusal import Refusal

#: Lines of a ranking on one page.
PAGE = 100


def campaign_or_refuse() -> Campaign:
    """The campaign the pages speak of; Refusal when none was set up yet."""
    campaign = current_campaign()
    if campaign is None:
        raise Refusal("no_campaign", _("还没有测评活动。请管理员先载入方案包并建立活动。"), 404)
    return campaign


def ranking_campaign() -> Campaign:
    """The same, for pages of scores and places: refused in a campaign that has none."""
    campaign = campaign_or_refuse()
    refuse_unless_it_ranks(campaign)
    return campaign


def asked_moment(asked: Mapping[str, str]) -> datetime | None:
    """The end of the day under `as_of`; None when none was asked for. Refusal for what is no date."""
    given = asked.get("as_of", "").strip()
    if not given:
        return None
    try:
        day = date.fromisoformat(given)
    except ValueError as error:
        raise Refusal(
            "bad_date", _("“截至日期”应写成 2026-04-09 这样的日期，请改正后重新查询。"), 422
        ) from error
    return datetime.combine(day, time.max, OFFICE_ZONE)


def asked_text(given: str, *, longest: int) -> str:
    """What was typed, cut to a length, without signs that no page may hold; lines stay lines."""
    return "".join(sign for sign in given[:longest] if sign.isprintable() or sign in "\r\n\u3000")


def asked_page(asked: Mapping[str, str]) -> int:
    """The page under `page`, from 1; 1 for anything else."""
    given = asked.get("page", "")
    return max(1, int(given)) if given.isascii() and given.isdigit() and len(given) < 7 else 1


def page_link(page: int) -> str:
    """This very address with another page."""
    values: dict[str, Any] = {**(request.view_args or {}), **request.args.to_dict(), "page": page}
    return url_for(request.endpoint or "", **values)


def case_link(case_id: int | None) -> str | None:
    """Where this visitor may open the case; None: nowhere."""
    asking = visitor()
    if case_id is None or asking is None:
        return None
    adapter = current_app.url_map.bind("")
    for path in (f"/desk/cases/{case_id}", f"/t/cases/{case_id}"):
        try:
            endpoint, _values = adapter.match(path, method="GET")
        except HTTPException:
            continue
        if may_open(current_app, endpoint, asking.actor.roles, signed_in=True):
            return path
    return None

"""The addresses of intake, and what its pages share."""

from __future__ import annotations

import re
from datetime import date

from flask import Blueprint, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from models.campaign import Campaign
from portal.clock import OFFICE_ZONE, now
from portal.page import current_campaign
from services.refusal import Refusal

blueprint = Blueprint("intake", __name__, url_prefix="/intake")

Page = Response | str | tuple[str, int]
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def campaign_now() -> Campaign:
    """The campaign that forms are taken in for."""
    campaign = current_campaign()
    if campaign is None:
        raise Refusal("no_campaign", _("还没有建立测评活动，请先由管理员建立。"), 404)
    return campaign


def day_typed(text: str) -> date:
    """The day in a field; today for an empty one. Refusal for what is no day."""
    if not text.strip():
        return now().astimezone(OFFICE_ZONE).date()
    try:
        return date.fromisoformat(text.strip() if _DAY.fullmatch(text.strip()) else "")
    except ValueError:
        raise Refusal("day_unreadable", _("收到日期请写作 2026-04-09。"), 422) from None


def count_typed(text: str, *, most: int) -> int:
    """A whole number in a field; 0 for an empty one. Refusal for anything else."""
    if not text.strip():
        return 0
    if not re.fullmatch(r"\d{1,4}", text.strip(), re.ASCII) or int(text) > most:
        raise Refusal("count_unreadable", _("这里请填 0 到 %(most)s 的整数。", most=most), 422)
    return int(text)


def method_typed() -> str:
    """The method that a form names; cut to what can be one."""
    return request.values.get("method", "")[:60]

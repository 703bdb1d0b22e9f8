"""The rater's addresses, and the campaign they speak of."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from models.campaign import Campaign
from portal.page import current_campaign
from services.refusal import Refusal

blueprint = Blueprint("monitor", __name__, url_prefix="/m")

Page = Response | str | tuple[str, int]


def campaign_now() -> Campaign:
    """The campaign reports go to."""
    campaign = current_campaign()
    if campaign is None:
        raise Refusal("no_campaign", "还没有建立测评活动，暂不能填报，请与效能办管理员联系。", 404)
    return campaign

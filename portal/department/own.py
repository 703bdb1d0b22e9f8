"""Who asks on the pages of the rated, and about which campaign."""

from __future__ import annotations

from flask_babel import gettext as _

from models.campaign import Campaign
from portal.access import current_actor
from portal.page import current_campaign
from services.actor import Actor
from services.refusal import Refusal
from services.target_access import as_target


def me() -> Actor:
    """The asking person, speaking for its target alone; refused for anybody else."""
    return as_target(current_actor())


def campaign_of_page() -> Campaign:
    """The campaign that the pages are about; refused while there is none."""
    campaign = current_campaign()
    if campaign is None:
        raise Refusal("no_campaign", _("还没有测评活动。效能办建立活动后，这里会出现您的事项和得分。"), 404)
    return campaign

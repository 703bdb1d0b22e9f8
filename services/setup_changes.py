"""Campaigns as an administrator saw them, changed unless they moved meanwhile."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from models.campaign import Campaign, CampaignStatus
from services.actor import Actor
from services.packs import set_campaign_status
from services.refusal import Refusal, not_found
from services.roster_changes import refuse_stale
from services.transaction import transaction


def change_campaign_status(
    session: Session,
    actor: Actor,
    campaign_id: int,
    *,
    status: CampaignStatus,
    row_version: int | None,
    now: datetime,
) -> None:
    """Open or close a campaign as the administrator saw it. See `packs.set_campaign_status`."""
    with transaction(session):
        row = session.get(Campaign, campaign_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise not_found("测评活动")
        refuse_stale(row, row_version, f"活动“{row.name}”")
        if row.status is CampaignStatus.PREPARED and status is CampaignStatus.CLOSED:
            raise Refusal("campaign_not_open", f"活动“{row.name}”尚未启动，不能截止。")
        if row.status is not CampaignStatus.PREPARED and status is CampaignStatus.PREPARED:
            raise Refusal("campaign_began", f"活动“{row.name}”已经启动过，不能退回筹备；可以改为“已截止”。")
        if row.status is not status:
            set_campaign_status(session, actor, campaign_id, status, now=now)

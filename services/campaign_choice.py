"""Which campaign the pages speak of: the office's present one, or another that a person chose to look at."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from models.campaign import Campaign, newest_first
from services.refusal import Refusal

_PRESENT = select(Campaign).order_by(*newest_first()).limit(1)
_CHOSEN = select(Campaign).where(Campaign.id == bindparam("chosen"))


def present_campaign(session: Session) -> Campaign | None:
    """The newest campaign that ranks. None: none was set up yet."""
    return session.execute(_PRESENT).scalar_one_or_none()


def campaign_to_show(session: Session, chosen: int | None) -> Campaign | None:
    """The campaign chosen, else the present one: the newest that ranks. None: none was set up yet."""
    if chosen is not None:
        found = session.execute(_CHOSEN, {"chosen": chosen}).scalar_one_or_none()
        if found is not None:
            return found
    return present_campaign(session)


def refuse_unless_it_ranks(campaign: Campaign) -> None:
    """A campaign that has only procedures has no scores, no places and no results to publish."""
    if not campaign.ranks:
        raise Refusal(
            "no_ranking",
            f"“{campaign.name}”只办理事项，不测评、不排名，没有名次和结果。要看排名，请在右上角“切换活动”中换到测评活动。",
            404,
        )


def campaigns_to_choose(session: Session) -> list[Campaign]:
    """All campaigns, the present one first."""
    return list(session.execute(select(Campaign).order_by(*newest_first())).scalars())

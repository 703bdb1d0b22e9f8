"""Which campaign the pages speak of: the office's present one, or another that a person chose to look at."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from models.campaign import Campaign, newest_first

_PRESENT = select(Campaign).order_by(*newest_first()).limit(1)
_CHOSEN = select(Campaign).where(Campaign.id == bindparam("chosen"))


def campaign_to_show(session: Session, chosen: int | None) -> Campaign | None:
    """The campaign chosen, else the present one: the newest that ranks. None: none was set up yet."""
    if chosen is not None:
        found = session.execute(_CHOSEN, {"chosen": chosen}).scalar_one_or_none()
        if found is not None:
            return found
    return session.execute(_PRESENT).scalar_one_or_none()


def campaigns_to_choose(session: Session) -> list[Campaign]:
    """All campaigns, the present one first."""
    return list(session.execute(select(Campaign).order_by(*newest_first())).scalars())

"""What the rated see of their own figures: by default the ratings up to the end of last month, deductions as of now.

Figures that moved with each rating would tell who came that day. How it is done is a setting of the pack, `rated_see`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from models.campaign import Campaign
from services.scores import Ranking, current_ranking, ranking_of_ratings_until

LOCAL = ZoneInfo("Asia/Shanghai")
SETTING, LIVE = "rated_see", "live"


@dataclass(frozen=True)
class RatedView:
    """A ranking for the rated. until: the last day whose ratings it counts; None: up to now."""

    ranking: Ranking
    until: date | None


def rated_view(session: Session, campaign: Campaign, *, now: datetime) -> RatedView:
    """The ranking from which the rated are shown their own figures.

    A campaign whose pack says nothing, or nothing known, is shown by month: the way that protects raters.
    """
    if campaign.settings.get(SETTING) == LIVE:
        return RatedView(current_ranking(session, campaign), None)
    end = end_of_last_month(now)
    return RatedView(ranking_of_ratings_until(session, campaign, end), end.astimezone(LOCAL).date())


def end_of_last_month(now: datetime) -> datetime:
    """The last instant of the office's month before this one.

    >>> from datetime import UTC
    >>> end_of_last_month(datetime(2026, 10, 31, 16, 30, tzinfo=UTC)).astimezone(LOCAL).isoformat()
    '2026-10-31T23:59:59.999999+08:00'
    """
    first = now.astimezone(LOCAL).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first - timedelta(microseconds=1)

"""What the public front page says, asked of the database alone: it is the first page after a start.

No rule is loaded for it (see `portal/opening.py`): names of states are read from the stored procedure as they stand.

Source: 方案第八条第（三）项：将测评全过程予以公开.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from models.campaign import Campaign, Definition
from models.case import Case
from models.case_move import ForcedMove
from models.notice import RankingEdition


@dataclass(frozen=True)
class CaseCounts:
    """How many cases there were and how they ended; those withdrawn among them. moved: by the head's word."""

    total: int
    running: int
    ended: tuple[tuple[str, int], ...]
    moved: int


@dataclass(frozen=True)
class PublishedResults:
    """How many editions are published. newest_at: of the newest one; None: there is none yet."""

    count: int
    newest_at: datetime | None


def published_results(session: Session, campaign_id: int) -> PublishedResults:
    """What is published of a campaign, counted."""
    count, newest_at = session.execute(
        select(func.count(RankingEdition.id), func.max(RankingEdition.published_at)).where(
            RankingEdition.campaign_id == campaign_id, RankingEdition.published_at.is_not(None)
        )
    ).one()
    return PublishedResults(count, newest_at)


def state_counts(session: Session, campaign: Campaign) -> dict[str, int]:
    """How many cases stand in each state."""
    rows = session.execute(
        select(Case.state, func.count()).where(Case.campaign_id == campaign.id).group_by(Case.state)
    )
    return {row[0]: row[1] for row in rows}


def public_case_counts(session: Session, campaign: Campaign) -> CaseCounts:
    """Counts alone: no case, no target."""
    used = select(Case.workflow_id).where(Case.campaign_id == campaign.id)
    own = Definition.id == campaign.workflow_id
    # The campaign's own version first, then those that cases still stand under, by their own words.
    bodies = session.execute(
        select(Definition.body)
        .where(own | Definition.id.in_(used))
        .order_by(case((own, 0), else_=1), Definition.id)
    ).scalars()
    final: dict[str, str] = {}
    for body in bodies:
        final |= {
            state["key"]: state["name"]
            for state in body["states"]
            if state.get("final") and state["key"] not in final
        }
    counts = state_counts(session, campaign)
    ended = tuple((name, counts.get(key, 0)) for key, name in final.items())
    total = sum(counts.values())
    moved = session.execute(
        select(func.count()).where(ForcedMove.campaign_id == campaign.id, ForcedMove.status == "approved")
    ).scalar_one()
    return CaseCounts(total, total - sum(count for _, count in ended), ended, int(moved))

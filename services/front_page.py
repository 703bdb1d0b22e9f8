"""What the public front page says, asked of the database alone: it is the first page after a start.

No rule is loaded for it (see `portal/opening.py`): names of states are read from the stored procedure as they stand.

Source: 方案第八条第（三）项：将测评全过程予以公开.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.campaign import Campaign, Definition
from models.case import Case
from models.notice import RankingEdition


@dataclass(frozen=True)
class CaseCounts:
    """How many cases there were and how they ended; those withdrawn among them."""

    total: int
    running: int
    ended: tuple[tuple[str, int], ...]


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
    procedure = session.execute(
        select(Definition.body).where(Definition.id == campaign.workflow_id)
    ).scalar_one()
    counts = state_counts(session, campaign)
    ended = tuple(
        (state["name"], counts.get(state["key"], 0)) for state in procedure["states"] if state.get("final")
    )
    total = sum(counts.values())
    return CaseCounts(total, total - sum(count for _, count in ended), ended)

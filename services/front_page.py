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


def running_count(session: Session, campaign: Campaign) -> int:
    """How many cases have not ended, each by its own procedure: a key may end one procedure and not another."""
    query = select(func.count()).where(Case.campaign_id == campaign.id, Case.ended_at.is_(None))
    return int(session.execute(query).scalar_one())


def public_case_counts(session: Session, campaign: Campaign) -> CaseCounts:
    """Counts alone: no case, no target. What ended is what its own version of the procedure calls an end."""
    ended = _ended_counts(session, campaign)
    moved = session.execute(
        select(func.count()).where(ForcedMove.campaign_id == campaign.id, ForcedMove.status == "approved")
    ).scalar_one()
    running = running_count(session, campaign)
    return CaseCounts(running + sum(count for _, count in ended), running, ended, int(moved))


def _ended_counts(session: Session, campaign: Campaign) -> tuple[tuple[str, int], ...]:
    """Name of each final state and how many cases ended in it, versions of one procedure taken together."""
    query = (
        select(Case.workflow_id, Case.state, func.count())
        .where(Case.campaign_id == campaign.id, Case.ended_at.is_not(None))
        .group_by(Case.workflow_id, Case.state)
    )
    counts = {(row[0], row[1]): row[2] for row in session.execute(query)}
    used = select(Case.workflow_id).where(Case.campaign_id == campaign.id)
    own = Definition.id == campaign.workflow_id
    # The campaign's own version first: it gives the name where versions call one state differently.
    definitions = session.execute(
        select(Definition.id, Definition.key, Definition.body)
        .where(own | Definition.id.in_(used))
        .order_by(case((own, 0), else_=1), Definition.id)
    )
    found: dict[tuple[str, str], tuple[str, int]] = {}
    for definition_id, key, body in definitions:
        for state in body["states"]:
            if state.get("final"):
                name, count = found.get((key, state["key"]), (state["name"], 0))
                found[key, state["key"]] = (name, count + counts.get((definition_id, state["key"]), 0))
    return tuple(found.values())

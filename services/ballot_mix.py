"""The end of a secret round: codes destroyed, ballots in random order, small groups hidden, nothing left behind."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from models.rating import BallotCode, Rating
from services.mixing import shuffled, small_groups
from services.tallies import count_in


def mix(session: Session, round_id: int, *, least: int) -> None:
    """Destroy the round's codes, write its ballots anew in random order and count them.

    least: ballots of a smaller group are kept without their group.
    """
    small = small_groups(_returned(session, round_id), least=least)
    session.execute(delete(BallotCode).where(BallotCode.round_id == round_id))
    rows = _taken_out(session, round_id, small)
    if rows:
        session.execute(insert(Rating), rows)
    _count_ballots(session, rows)


def _returned(session: Session, round_id: int) -> dict[str, int]:
    counted = session.execute(
        select(BallotCode.delegate_group, func.count())
        .where(BallotCode.round_id == round_id, BallotCode.spent)
        .group_by(BallotCode.delegate_group)
    )
    return {group: count for group, count in counted}  # noqa: C416 - rows are no pairs to mypy


def _taken_out(session: Session, round_id: int, small: set[str]) -> list[dict[str, Any]]:
    """All ballots of the round, shuffled row by row, without their numbers; the old rows are gone."""
    table = Rating.__table__
    rows = [
        {key: value for key, value in row.items() if key != "id"}
        | {"counted": True, "delegate_group": "" if row["delegate_group"] in small else row["delegate_group"]}
        for row in session.execute(select(table).where(table.c.round_id == round_id)).mappings()
    ]
    session.execute(delete(Rating).where(Rating.round_id == round_id))
    return shuffled(rows)


def _count_ballots(session: Session, rows: list[dict[str, Any]]) -> None:
    counts = Counter(
        (int(row["campaign_id"]), int(row["target_id"]), str(row["method"]), str(row["grade"]))
        for row in rows
    )
    for (campaign_id, target_id, method, grade), count in sorted(counts.items()):
        count_in(session, campaign_id=campaign_id, target_id=target_id, method=method, grade=grade, by=count)

"""The end of a secret round: codes destroyed, ballots in random order, small groups hidden, nothing left behind."""

from __future__ import annotations

import secrets
from collections import Counter
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from models.rating import BallotCode, Rating
from services.tallies import count_in

#: A group with fewer ballots than this would point at its members; its ballots are kept without group.
SMALLEST_GROUP = 5


def mix(session: Session, round_id: int) -> None:
    """Destroy the round's codes, write its ballots anew in random order and count them."""
    small = _small_groups(session, round_id)
    session.execute(delete(BallotCode).where(BallotCode.round_id == round_id))
    rows = _taken_out(session, round_id, small)
    if rows:
        session.execute(insert(Rating), rows)
    _count_ballots(session, rows)


def _small_groups(session: Session, round_id: int) -> set[str]:
    """Groups whose ballots could be guessed; a single small one hides behind the next smallest."""
    counted = session.execute(
        select(BallotCode.delegate_group, func.count())
        .where(BallotCode.round_id == round_id, BallotCode.spent)
        .group_by(BallotCode.delegate_group)
    )
    counts: dict[str, int] = {group: count for group, count in counted}  # noqa: C416 - rows are no pairs to mypy
    small = {group for group, count in counts.items() if count < SMALLEST_GROUP}
    rest = sorted(set(counts) - small, key=lambda group: (counts[group], group))
    while small and rest and sum(counts[group] for group in small) < SMALLEST_GROUP:
        small.add(rest.pop(0))
    return small


def _taken_out(session: Session, round_id: int, small: set[str]) -> list[dict[str, Any]]:
    """All ballots of the round, shuffled row by row, without their numbers; the old rows are gone."""
    table = Rating.__table__
    rows = [
        {key: value for key, value in row.items() if key != "id"}
        | {"counted": True, "delegate_group": "" if row["delegate_group"] in small else row["delegate_group"]}
        for row in session.execute(select(table).where(table.c.round_id == round_id)).mappings()
    ]
    secrets.SystemRandom().shuffle(rows)
    session.execute(delete(Rating).where(Rating.round_id == round_id))
    return rows


def _count_ballots(session: Session, rows: list[dict[str, Any]]) -> None:
    counts = Counter(
        (int(row["campaign_id"]), int(row["target_id"]), str(row["method"]), str(row["grade"]))
        for row in rows
    )
    for (campaign_id, target_id, method, grade), count in sorted(counts.items()):
        count_in(session, campaign_id=campaign_id, target_id=target_id, method=method, grade=grade, by=count)


def overwrite_what_is_deleted(session: Session) -> None:
    """SQLite would leave deleted rows readable in the file."""
    if session.get_bind().dialect.name == "sqlite":
        session.connection().exec_driver_sql("PRAGMA secure_delete=ON")


def forget_deleted(session: Session) -> None:
    """Drop the old rows from the write-ahead file (SQLite) or the table's dead space (PostgreSQL).

    The round is closed either way; what another reader holds back is dropped at the next checkpoint or vacuum.
    """
    engine = session.get_bind().engine
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ballot_code, rating")
        return
    with engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        if driver is not None:
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()

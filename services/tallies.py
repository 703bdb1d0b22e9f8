"""The counts that scores are made of, moved in the transaction of each rating."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.base import table_of
from models.rating import Rating, Standing, Tally


def _adding(make: Any, table: Table, column: str) -> Any:
    """A row of the table, or its number raised where it is there."""
    row = make(table)
    keys = [key.name for key in table.primary_key]
    return row.on_conflict_do_update(
        index_elements=keys, set_={column: table.c[column] + row.excluded[column]}
    )


#: Said with every rating, so put together once.
_ADDING = {
    name: (_adding(make, table_of(Tally), "count"), _adding(make, table_of(Standing), "version"))
    for name, make in (("postgresql", postgresql.insert), ("sqlite", sqlite.insert))
}


def count_in(
    session: Session, *, campaign_id: int, target_id: int, method: str, grade: str, by: int = 1
) -> None:
    """One more counted rating (or, with `by=-1`, one less), and the target's standing moves."""
    adding, _ = _ADDING[session.get_bind().dialect.name]
    session.execute(
        adding,
        {
            "campaign_id": campaign_id,
            "target_id": target_id,
            "method": method,
            "grade": grade,
            "count": by,
        },
    )
    touch(session, campaign_id=campaign_id, target_id=target_id)


def touch(session: Session, *, campaign_id: int, target_id: int) -> None:
    """Say that the target's score may have moved; kept rankings see it at their next look."""
    _, adding = _ADDING[session.get_bind().dialect.name]
    session.execute(adding, {"campaign_id": campaign_id, "target_id": target_id, "version": 1})


def recount(session: Session, campaign_id: int) -> dict[tuple[int, str, str], int]:
    """The tallies as the ratings themselves say, for `verify`: (target id, method, grade) to count."""
    rows = session.execute(
        select(Rating.target_id, Rating.method, Rating.grade, func.count())
        .where(Rating.campaign_id == campaign_id, Rating.counted)
        .group_by(Rating.target_id, Rating.method, Rating.grade)
    )
    return {(target_id, method, grade): count for target_id, method, grade, count in rows}


def tallies(session: Session, campaign_id: int) -> dict[tuple[int, str, str], int]:
    """The tallies as they are kept; zero counts are left out."""
    rows = session.execute(
        select(Tally.target_id, Tally.method, Tally.grade, Tally.count).where(
            Tally.campaign_id == campaign_id, Tally.count != 0
        )
    )
    return {(target_id, method, grade): count for target_id, method, grade, count in rows}

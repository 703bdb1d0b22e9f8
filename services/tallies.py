"""The counts that scores are made of, moved in the transaction of each rating."""

from __future__ import annotations

from sqlalchemy import Table, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.rating import Rating, Standing, Tally

_TALLY: Table = Tally.__table__  # type: ignore[assignment]  # declarative tables are typed as FromClause
_STANDING: Table = Standing.__table__  # type: ignore[assignment]


def _upsert(session: Session, table: Table, keys: dict[str, object], column: str, by: int) -> None:
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(
        make(table)
        .values({**keys, column: by})
        .on_conflict_do_update(index_elements=list(keys), set_={column: table.c[column] + by})
    )


def count_in(
    session: Session, *, campaign_id: int, target_id: int, method: str, grade: str, by: int = 1
) -> None:
    """One more counted rating (or, with `by=-1`, one less), and the target's standing moves."""
    keys: dict[str, object] = {
        "campaign_id": campaign_id,
        "target_id": target_id,
        "method": method,
        "grade": grade,
    }
    _upsert(session, _TALLY, keys, "count", by)
    touch(session, campaign_id=campaign_id, target_id=target_id)


def touch(session: Session, *, campaign_id: int, target_id: int) -> None:
    """Say that the target's score may have moved; kept rankings see it at their next look."""
    _upsert(session, _STANDING, {"campaign_id": campaign_id, "target_id": target_id}, "version", 1)


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

"""Numbers without gaps: taken in the transaction that uses them, given back if it fails."""

from __future__ import annotations

from sqlalchemy import Insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.notice import NumberSeries


def take_number(session: Session, series: str, year: int) -> int:
    """The next number of a series in a year: 1, 2, 3 …

    The counter's row stays locked until the transaction ends, so two issuers never get the same number
    and a failed one leaves no gap.
    """
    dialect = session.get_bind().dialect.name
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = make(NumberSeries).values(series=series, year=year, last=1)
    upsert: Insert = statement.on_conflict_do_update(
        index_elements=["series", "year"], set_={"last": NumberSeries.last + 1}
    ).returning(NumberSeries.last)
    return int(session.execute(upsert).scalar_one())

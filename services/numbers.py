"""Numbers without gaps: taken in the transaction that uses them, given back if it fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.notice import NumberSeries


def take_number(session: Session, series: str, year: int) -> int:
    """The next number of a series in a year: 1, 2, 3 …

    series: for what is printed, its 机关代字. Organs with different ones are numbered apart, campaigns of one
    organ together.
    """
    return take_numbers(session, [series], year)[0]


def take_numbers(session: Session, wanted: Sequence[str], year: int) -> list[int]:
    """The next numbers of these series in a year, in their order; a series named twice gives two numbers.

    The counters' rows stay locked until the transaction ends, so two issuers never get the same number
    and a failed one leaves no gap. They are locked in one order, so that nobody waits for who waits for him.
    """
    counts = Counter(wanted)
    dialect = session.get_bind().dialect.name
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = make(NumberSeries).values(
        [{"series": series, "year": year, "last": counts[series]} for series in sorted(counts)]
    )
    upsert: Insert = statement.on_conflict_do_update(
        index_elements=["series", "year"], set_={"last": NumberSeries.last + statement.excluded.last}
    ).returning(NumberSeries.series, NumberSeries.last)
    last: dict[str, int] = dict(session.execute(upsert).all())
    following = {
        series: iter(range(last[series] - count + 1, last[series] + 1)) for series, count in counts.items()
    }
    return [next(following[series]) for series in wanted]

"""What keeps a rater unknown at the count: order lost, small groups hidden, nothing left behind."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from forms.suppression import SMALLEST
from models.campaign import Campaign

Row = TypeVar("Row")


def smallest_group(campaign: Campaign) -> int:
    """How many anonymous answers a group needs to be shown by itself: the campaign's `smallest_group`."""
    return max(int(campaign.settings.get("smallest_group", SMALLEST)), 2)


def small_groups(counts: Mapping[str, int], *, least: int = SMALLEST) -> set[str]:
    """Groups whose answers could be guessed; a single small one hides behind the next smallest.

    >>> sorted(small_groups({"商户": 9, "代表": 7, "委员": 2}))
    ['代表', '委员']
    """
    small = {group for group, count in counts.items() if count < least}
    rest = sorted(set(counts) - small, key=lambda group: (counts[group], group))
    while small and rest and sum(counts[group] for group in small) < least:
        small.add(rest.pop(0))
    return small


def shuffled(rows: Sequence[Row]) -> list[Row]:
    """The rows in an order that nobody can foresee or trace."""
    mixed = list(rows)
    secrets.SystemRandom().shuffle(mixed)
    return mixed


def overwrite_what_is_deleted(session: Session) -> None:
    """SQLite would leave deleted rows readable in the file."""
    if session.get_bind().dialect.name == "sqlite":
        session.connection().exec_driver_sql("PRAGMA secure_delete=ON")


def forget_deleted(session: Session, *tables: str) -> None:
    """Drop the old rows from the write-ahead file (SQLite) or the tables' dead space (PostgreSQL).

    What was closed is closed either way; what another reader holds back is dropped at the next checkpoint or vacuum.
    """
    engine: Any = session.get_bind().engine
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"VACUUM {', '.join(tables)}")
        return
    with engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        if driver is not None:
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()

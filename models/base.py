"""The parent of all rows, and the two column types every noun uses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, MetaData, Table, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

#: Constraint names must be known to migrations on both databases from the first day.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every stored noun of the office."""

    metadata = MetaData(naming_convention=NAMING)


def table_of(noun: type[Base]) -> Table:
    """The table behind a noun, for statements said so often that building objects would be waste."""
    table = noun.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{noun.__name__} stands on no single table")
    return table


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Refuses naive values, stores UTC, gives aware UTC back on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


#: Plain JSON; assign a new value to change it, a change inside is not noticed.
Json = JSON().with_variant(JSONB(astext_type=Text()), "postgresql")

JsonObject = dict[str, Any]

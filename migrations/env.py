"""How Alembic meets the database: one migration set for SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, Engine

from models.engine import writing
from models.registry import Base


def render_item(kind: str, item: Any, _autogenerate: Any) -> str | Literal[False]:
    """Write our own column types as what the database sees, so that migrations never import the models."""
    if kind == "type" and type(item).__name__ == "UtcDateTime":
        return "sa.DateTime(timezone=True)"
    return False


def migrate(connection: Connection) -> None:
    """Run the migrations, each in its own transaction."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        transaction_per_migration=True,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


def run() -> None:
    """Migrate the database that the command line named."""
    engine: Engine = context.config.attributes["engine"]
    with writing(), engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        raw: Any = connection.connection.dbapi_connection
        if sqlite:
            # A batch rebuild drops the old table, which would cascade into its children. The PRAGMA does
            # nothing inside a transaction, so it goes to the driver before one begins.
            raw.execute("PRAGMA foreign_keys=OFF")
        migrate(connection)
        if sqlite:
            broken = raw.execute("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise RuntimeError(f"rows without their parent after migrating: {broken[:5]}")
    engine.dispose()


run()

"""What one request says to the database: statements and commits, told by the engine itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, event

_WRITES = ("INSERT", "UPDATE", "DELETE")


@dataclass
class Said:
    """statements: without BEGIN and COMMIT.  commits: of transactions that wrote; what only read needs no disk."""

    statements: list[str] = field(default_factory=list)
    commits: int = 0


@contextmanager
def listening(engine: Engine) -> Iterator[Said]:
    """Count on every connection of the engine until the end of the block."""
    said = Said()

    def execute(connection: Connection, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith("BEGIN"):
            return
        said.statements.append(statement)
        if statement.lstrip().startswith(_WRITES):
            connection.info["bench_wrote"] = True

    def commit(connection: Connection) -> None:
        said.commits += bool(connection.info.pop("bench_wrote", False))

    event.listen(engine, "before_cursor_execute", execute)
    event.listen(engine, "commit", commit)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", execute)
        event.remove(engine, "commit", commit)

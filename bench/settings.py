"""How large and how long a run is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: A PostgreSQL on this machine on which databases may be made.
SERVER = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"


@dataclass(frozen=True)
class Run:
    """One run. folder: throw-away.  kinds: databases.  turns: of each side, in alternation.

    targets, ratings: the large volume; the small one has a tenth of the ratings.
    """

    folder: Path
    kinds: tuple[str, ...] = ("sqlite",)
    server: str = SERVER
    seconds: float = 4.0
    warm: float = 1.0
    turns: int = 3
    clients: int = 8
    targets: int = 11_220
    ratings: int = 1_000_000

    def workers(self, kind: str) -> tuple[int, int]:
        """Processes and threads of a server on this database: SQLite is served by one process."""
        return (1, 8) if kind == "sqlite" else (2, 4)

    @property
    def log(self) -> Path:
        """Where servers write."""
        return self.folder / "servers.log"

"""The database as one file, taken while it is in use: SQLite by its online backup, PostgreSQL by pg_dump."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import Engine

from services.refusal import Refusal

#: What the copy is called inside an archive.
NAMES = {"sqlite": "database.sqlite", "postgresql": "database.pgdump"}
#: Pages copied at a time, so that writers are not held up.
_PAGES = 2_000


def copy_out(engine: Engine, file: Path) -> None:
    """A consistent copy of the database as it is at one moment, checked."""
    if engine.dialect.name == "postgresql":
        _postgresql(engine, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={file}")
        return
    from pysqlite3 import dbapi2

    source, copy = dbapi2.connect(_path(engine)), dbapi2.connect(str(file))
    try:
        source.backup(copy, pages=_PAGES)
        # One file without companions, whatever the original uses.
        copy.execute("PRAGMA journal_mode=DELETE")
        _refuse_broken(copy.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        copy.close()
        source.close()


def copy_in(engine: Engine, file: Path) -> None:
    """Fill the empty database of the engine from a copy."""
    if engine.dialect.name == "postgresql":
        _postgresql(
            engine, "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction",
            str(file),
        )  # fmt: skip
        return
    from pysqlite3 import dbapi2

    copy = dbapi2.connect(str(file))
    try:
        _refuse_broken(copy.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        copy.close()
    place = Path(_path(engine))
    for companion in ("", "-wal", "-shm"):
        place.with_name(place.name + companion).unlink(missing_ok=True)
    file.replace(place)


def _path(engine: Engine) -> str:
    return str(engine.url.database)


def _refuse_broken(answer: str) -> None:
    if answer != "ok":
        raise Refusal("database_broken", f"数据库文件已损坏（{answer}），没有继续；请用更早的备份。")


def _postgresql(engine: Engine, program: str, *words: str) -> None:
    """Run a program of PostgreSQL on the engine's database; the password goes by the environment, seen by nobody."""
    url = engine.url
    place = {"--host": url.host, "--port": url.port, "--username": url.username, "--dbname": url.database}
    given = [f"{name}={value}" for name, value in place.items() if value]
    environment = {**os.environ, "PGPASSWORD": url.password} if url.password else dict(os.environ)
    done = subprocess.run(  # noqa: S603 - a program of PostgreSQL with words of our own
        [_program(program), *given, *words], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Refusal("database_copy_failed", f"{program} 没有成功：{done.stderr.strip()[-500:]}")


def _program(name: str) -> str:
    """The newest one of this machine: an older pg_dump refuses a newer server."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=_major, reverse=True)
    found = str(installed[0]) if installed else shutil.which(name)
    if found is None:
        raise Refusal("program_missing", f"本机没有 {name}，请安装 postgresql-client 后再试。")
    return found


def _major(path: Path) -> int:
    version = path.parents[1].name
    return int(version) if version.isascii() and version.isdigit() else 0

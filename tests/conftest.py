"""What every level may use: both databases, the application, a client that reads each page it fetches."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import create_app
from cli.db import upgrade
from models.engine import make_engine
from settings import ROOT

# How long an example takes says how busy the machine is, not whether it is right: two tests run at once here.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")

#: A Thursday with working days around it.
TODAY = datetime(2026, 4, 9, 1, 0, tzinfo=UTC)
#: Compiled templates; each is kept with the hash of its source, so an older one is never taken.
COMPILED = ROOT / "var" / "test-templates"
LOCAL_POSTGRESQL = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """A server on which databases may be made: the one named, the one on this machine, or an own one."""
    for candidate in filter(None, (os.environ.get("PINGDU_TEST_POSTGRESQL"), LOCAL_POSTGRESQL)):
        if _answers(candidate):
            yield make_url(candidate)
            return
    with _OwnCluster(tmp_path_factory.mktemp("postgresql")) as url:
        yield url


def _answers(url: str) -> bool:
    engine = create_engine(url, connect_args={"connect_timeout": 2})
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except OperationalError:
        return False
    finally:
        engine.dispose()
    return True


class _OwnCluster:
    """A PostgreSQL of this test run alone; the server refuses to run as root, so root hands it over."""

    def __init__(self, folder: Path) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        assert found, "PostgreSQL is missing; ./test installs it"
        self._programs = found[-1].parent
        self._data = folder / "data"
        self._data.mkdir()
        if os.getuid() == 0:
            for place in (folder.parent.parent, folder.parent, folder):
                place.chmod(0o755)
            subprocess.run(["chown", "postgres", str(self._data)], check=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]

    def _run(self, program: str, *words: str) -> None:
        before = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        command = [*before, str(self._programs / program), "-D", str(self._data), *words]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")

    def __enter__(self) -> URL:
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-p {self._port} -c fsync=off -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._data}"
        self._run("pg_ctl", "-w", "-l", str(self._data / "log"), "-o", options, "start")
        return make_url(f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/postgres")

    def __exit__(self, *_error: object) -> None:
        self._run("pg_ctl", "-m", "immediate", "stop")


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: URL) -> Iterator[str]:
    """A database with our structure, to be copied: migrating anew for each test would take seconds."""
    name = f"pingdu_template_{uuid4().hex[:12]}"
    with database_of(postgresql_server, name) as url:
        engine = make_engine(url)
        upgrade(engine)
        engine.dispose()
        yield name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with our structure, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = make_engine(f"sqlite:///{path}")
    upgrade(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


class database_of:  # noqa: N801 - reads as a word in `with`
    """A database on the server for the length of a `with`."""

    def __init__(self, server: URL, name: str, template: str = "template1") -> None:
        self._server, self._name, self._template = server, name, template

    def _say(self, statement: str) -> None:
        engine = create_engine(self._server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def __enter__(self) -> URL:
        self._say(f'CREATE DATABASE "{self._name}" TEMPLATE "{self._template}"')
        return self._server.set(database=self._name)

    def __exit__(self, *_error: object) -> None:
        self._say(f'DROP DATABASE "{self._name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of its own for this test, with our structure and no rows; once on each kind."""
    if request.param == "sqlite":
        yield sqlite_copy(request.getfixturevalue("sqlite_template"), tmp_path)
        return
    server: URL = request.getfixturevalue("postgresql_server")
    template: str = request.getfixturevalue("postgresql_template")
    with database_of(server, f"pingdu_{uuid4().hex[:12]}", template) as url:
        yield url.render_as_string(hide_password=False)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The embedded database alone, for tests in which the kind makes no difference."""
    return sqlite_copy(sqlite_template, tmp_path)


def sqlite_copy(template: Path, folder: Path) -> str:
    """The address of a copy of a database file in the folder."""
    path = folder / "pingdu.db"
    path.write_bytes(template.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on `database_url`."""
    made = make_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session on `database_url`."""
    with Session(engine) as opened:
        yield opened


def settings_for(url: str, data: Path) -> dict[str, object]:
    """Configuration of a test: cheap passwords, no thread that fires what is due, templates compiled once for all."""
    data.mkdir(parents=True, exist_ok=True)
    COMPILED.mkdir(parents=True, exist_ok=True)
    if not (data / "templates").exists():
        (data / "templates").symlink_to(COMPILED, target_is_directory=True)
    return {
        "TESTING": True,
        "PINGDU_DATA": str(data),
        "PINGDU_DATABASE_URL": url,
        "PINGDU_WORKER": False,
        "PINGDU_ARGON2_MEMORY_KIB": 64,
        "PINGDU_ARGON2_ROUNDS": 1,
    }


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on a database of its own; its clock stands at TODAY until a test sets another."""
    made = create_app(settings_for(sqlite_url, tmp_path))
    made.extensions["clock"] = lambda: TODAY
    yield made
    made.extensions["engine"].dispose()

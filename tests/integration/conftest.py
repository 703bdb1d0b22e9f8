"""Fixtures of the integration level: an office on each database, built once and copied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from models.engine import make_engine
from tests.conftest import database_of, sqlite_copy
from tests.integration.office import Office, build_office, find_office


def _build(url: str | URL) -> None:
    engine = make_engine(url)
    with Session(engine, expire_on_commit=False) as session:
        build_office(session)
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_office(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with an office in it, to be copied."""
    folder = tmp_path_factory.mktemp("office")
    url = sqlite_copy(sqlite_template, folder)
    _build(url)
    return folder / "pingdu.db"


@pytest.fixture(scope="session")
def postgresql_office(postgresql_server: URL, postgresql_template: str) -> Iterator[str]:
    """A database with an office in it, to be copied."""
    name = f"pingdu_office_{uuid4().hex[:12]}"
    with database_of(postgresql_server, name, postgresql_template) as url:
        _build(url.render_as_string(hide_password=False))
        yield name


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of its own with an office in it; once on each kind."""
    if request.param == "sqlite":
        yield sqlite_copy(request.getfixturevalue("sqlite_office"), tmp_path)
        return
    server: URL = request.getfixturevalue("postgresql_server")
    template: str = request.getfixturevalue("postgresql_office")
    with database_of(server, f"pingdu_{uuid4().hex[:12]}", template) as url:
        yield url.render_as_string(hide_password=False)


@pytest.fixture
def office(session: Session) -> Office:
    """An open campaign with people, on the database of this run."""
    return find_office(session)

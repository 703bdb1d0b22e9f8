"""An office behind the tables of administrators, built once and copied; each role is logged in at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from models.engine import make_engine
from models.people import Role, User
from tests.conftest import sqlite_copy
from tests.integration.office import Office, build_office, find_office
from tests.web.conftest import CarefulClient

Enter = Callable[[Role], CarefulClient]

_built: dict[Path, Path] = {}


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> str:
    """A database of its own with an office in it."""
    if sqlite_template not in _built:
        folder = tmp_path_factory.mktemp("admin_office")
        engine = make_engine(sqlite_copy(sqlite_template, folder))
        with Session(engine, expire_on_commit=False) as session:
            build_office(session)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()
        _built[sqlite_template] = folder / "pingdu.db"
    return sqlite_copy(_built[sqlite_template], tmp_path)


@pytest.fixture
def stored(app: Flask) -> Iterator[Session]:
    """What is in the database, seen from outside the application."""
    with Session(app.extensions["engine"]) as session:
        yield session


@pytest.fixture
def office(stored: Session) -> Office:
    """A campaign with people in the application's database."""
    return find_office(stored)


@pytest.fixture
def enter(app: Flask, office: Office, stored: Session) -> Enter:
    """A client in which the office's person of that role is logged in."""

    class Client(CarefulClient):
        def open(self, *args: Any, **kwargs: Any) -> TestResponse:
            answer = super().open(*args, **kwargs)
            stored.rollback()  # what the test asks next is read anew
            return answer

    app.test_client_class = Client

    def made(role: Role) -> CarefulClient:
        actor = office.people["owner" if role is Role.TARGET else role.value]
        client: CarefulClient = app.test_client()  # type: ignore[assignment]  # Flask names the base class
        epoch = stored.get_one(User, actor.user_id).session_epoch
        stored.rollback()
        with client.session_transaction() as kept:
            kept["_user_id"] = f"{actor.user_id}:{epoch}"
        return client

    return made


@pytest.fixture
def admin(enter: Enter) -> CarefulClient:
    """An administrator at the tables."""
    return enter(Role.ADMIN)

"""Every address with every role, good ids and bad, and posts of rubbish: refused in words, never an error page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.routing import AnyConverter, BaseConverter, IntegerConverter, Rule

from app import create_app
from models.engine import make_engine
from models.people import User
from portal.access import PUBLIC, SIGNED_IN, owners_of
from services.cases import Problem, open_case, step_case
from services.results import propose_edition
from tests.conftest import settings_for, sqlite_copy
from tests.integration.office import START, Office, build_office

LOGINS = (
    "officer",
    "reviewer",
    "head",
    "admin",
    "monitor",
    "inspector",
    "owner",
    "stranger",
    "leader",
    "auditor",
)
#: Values for the parts of an address: one that exists, and ones that nobody has.
GOOD = {"int": "1", "default": "issue"}
BAD: tuple[dict[str, str], ...] = (
    {"int": "999999999", "default": "无此步骤"},
    {"int": "0", "default": "..%2f..%2fetc"},
    {"int": "99999999999999999999", "default": "<script>"},
)
RUBBISH: tuple[dict[str, Any], ...] = (
    {},
    {"seen_version": "x", "token": "", "a": "1"},
    {
        "name": "字" * 5000,
        "title": "<script>alert(1)</script>",
        "id": "1,2",
        "page": "-1",
        "target": "999999",
    },
)
#: Addresses of Flask-Admin's own files and of the session itself.
LEFT_OUT = ("static", "admin.static", "account.logout")


@pytest.fixture(scope="module")
def furnished(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with an office in which something has happened."""
    folder = tmp_path_factory.mktemp("furnished")
    engine = make_engine(sqlite_copy(sqlite_template, folder))
    with Session(engine, expire_on_commit=False) as session:
        office = build_office(session)
        sheet = Problem(office.target.id, "complaint", "事项", "（演示）事实", START.date())
        case = open_case(session, office.officer, office.campaign.id, sheet, now=START)
        step_case(session, office.officer, case.id, "issue", asked={}, now=START)
        propose_edition(session, office.officer, office.campaign, reason="试算", now=START)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return folder / "pingdu.db"


@pytest.fixture
def app(furnished: Path, tmp_path: Path) -> Iterator[Flask]:
    """The application on a copy of it."""
    shutil.copy(furnished, tmp_path / "pingdu.db")
    made = create_app(settings_for(f"sqlite:///{tmp_path / 'pingdu.db'}", tmp_path))
    made.extensions["clock"] = lambda: START
    yield made
    made.extensions["engine"].dispose()


def enter(app: Flask, office: Office, login: str) -> FlaskClient:
    """A client in which this person is logged in."""
    client = app.test_client()
    actor = office.people[login]
    with Session(app.extensions["engine"]) as session:
        epoch = session.get_one(User, actor.user_id).session_epoch
    with client.session_transaction() as kept:
        kept["_user_id"] = f"{actor.user_id}:{epoch}"
    return client


@pytest.fixture
def office(app: Flask) -> Office:
    """Who is there."""
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        return build_office(session)


def addresses(app: Flask, method: str, values: dict[str, str]) -> Iterator[tuple[Rule, str]]:
    """Every address that takes the method, its parts filled in."""
    for rule in app.url_map.iter_rules():
        if method not in (rule.methods or ()) or rule.endpoint.endswith(LEFT_OUT):
            continue
        parts = {name: _part(converter, values) for name, converter in rule._converters.items()}
        with app.test_request_context():
            built = rule.build(parts, append_unknown=False)
        if built is not None:
            yield rule, built[1]


def _part(converter: BaseConverter, values: dict[str, str]) -> str:
    """A value that this part of an address takes."""
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    return values["int"] if isinstance(converter, IntegerConverter) else values["default"]


@pytest.mark.parametrize("login", LOGINS)
def test_each_page_opens_for_its_owners_and_for_nobody_else(app: Flask, office: Office, login: str) -> None:
    client = enter(app, office, login)
    roles = office.people[login].roles
    wrong = []
    for rule, address in addresses(app, "GET", GOOD):
        owners = owners_of(app, rule.endpoint)
        may = bool(owners & {PUBLIC, SIGNED_IN}) or not owners.isdisjoint(roles)
        status = client.get(address).status_code
        if (not may and status != 403) or (
            may and status not in {200, 302, 303, 308, 400, 403, 404, 409, 422}
        ):
            wrong.append(f"{login} {address}: {status}")
    assert not wrong, "\n".join(wrong)


def test_strangers_are_sent_to_the_login(app: Flask) -> None:
    client = app.test_client()
    wrong = []
    for rule, address in addresses(app, "GET", GOOD):
        answer = client.get(address)
        public = PUBLIC in owners_of(app, rule.endpoint)
        to_login = answer.status_code == 302 and "/account/login" in answer.headers["Location"]
        if not public and not to_login:
            wrong.append(f"{address}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("values", BAD)
@pytest.mark.parametrize("login", ["head", "admin", "owner"])
def test_ids_that_nobody_has_are_answered_in_words(
    app: Flask, office: Office, login: str, values: dict[str, str]
) -> None:
    client = enter(app, office, login)
    for method in ("GET", "POST"):
        for rule, address in addresses(app, method, {**GOOD, **values}):
            if not rule.arguments and values != BAD[0]:
                continue  # names no id: asked once is enough
            answer = client.open(
                address, method=method, query_string={"page": "99999999999999999999", "q": "%00'\""}
            )
            assert answer.status_code < 500, f"{method} {address}"


@pytest.mark.parametrize("rubbish", RUBBISH)
@pytest.mark.parametrize("login", ["officer", "head", "admin", "owner", "monitor"])
def test_posts_of_rubbish_are_refused_in_words(
    app: Flask, office: Office, login: str, rubbish: dict[str, Any]
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client = enter(app, office, login)
    for _rule, address in addresses(app, "POST", GOOD):
        answer = client.post(address, data=rubbish)
        assert answer.status_code < 500, f"POST {address}"


def test_headers_are_plain_enough_for_every_server(app: Flask, office: Office) -> None:
    """A name in Chinese written plainly into a header makes a real server answer 500."""
    client = enter(app, office, "officer")
    answer = client.get("/desk/notices/1.pdf")
    assert answer.status_code == 200
    for name, value in answer.headers:
        assert value.isascii(), name
    for path in ("/desk/cases.xlsx", "/desk/notices.xlsx", "/ranking/export.xlsx"):
        assert client.get(path).headers["Content-Disposition"].isascii(), path

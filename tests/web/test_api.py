"""The interface: tokens with scopes, problems instead of pages, answers handed in once, its own description held."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.entrance import OPEN, scope_of
from models.access_token import AccessToken
from models.campaign import Definition, DictionaryEntry
from models.engine import writing
from models.history import HistoryEntry
from models.job import Message
from models.rating import Rating
from services.access_tokens import SCOPES, make_token
from tests.conftest import sqlite_copy
from tests.integration.office import START, find_office
from tests.integration.sent_forms import QUESTIONNAIRE, publish_form, send_out
from tests.web.desk_office import Desk
from tests.web.test_desk_cases import office_file

__all__ = ["office_file"]

#: It would ask again without the token, through the one that is given here; the tests above hold the entrance.
NOT_OURS = [ignored_auth]
ANSWERS_URL = "/api/v1/forms/instant/answers"


@pytest.fixture
def sqlite_url(office_file: Path, tmp_path: Path) -> str:
    return sqlite_copy(office_file, tmp_path)


@pytest.fixture
def desk(app: Flask) -> Desk:
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        made = Desk(app, find_office(session))
    made.turn_clock(START)
    return made


def bearer(desk: Desk, who: str, *scopes: str, days: int = 30) -> dict[str, str]:
    """The header of a new token of this account."""
    with desk.session() as session:
        _, secret = make_token(
            session,
            desk.office.admin,
            user_id=desk.office.people[who].person,
            name="演示系统",
            scopes=scopes or tuple(SCOPES),
            days=days,
            now=START,
        )
    return {"Authorization": f"Bearer {secret}"}


def filled(desk: Desk, **more: Any) -> dict[str, Any]:
    """Good answers to the instant form."""
    return {
        "target": desk.office.target.key,
        "grade": "good",
        "occurred_at": "2026-04-09T08:30",
        "matter_kind": "monitor_to_target",
        "matter": "办理许可变更",
        "aspects": {"lawful": "good"},
        "call_back": False,
        **more,
    }


def hand_in(
    client: FlaskClient, headers: dict[str, str], answers: dict[str, Any], key: str = "key-00000001"
) -> Any:
    return client.post(ANSWERS_URL, json={"answers": answers}, headers={**headers, "Idempotency-Key": key})


def matter_kind(client: FlaskClient, headers: dict[str, str], desk: Desk) -> str:
    """Some kind of matter there is."""
    with desk.session() as session:
        return session.execute(
            select(DictionaryEntry.key).where(DictionaryEntry.dictionary_key == "matter_kinds").limit(1)
        ).scalar_one()


def test_without_a_good_token_there_is_nothing(desk: Desk) -> None:
    client = desk.app.test_client()
    for headers in ({}, {"Authorization": "Basic x"}, {"Authorization": "Bearer pdt_wrong"}):
        answer = client.get("/api/v1/forms", headers=headers)
        assert answer.status_code == 401
        assert answer.mimetype == "application/problem+json"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert client.get("/api/openapi.json").status_code == 200
    assert client.get("/api/nothing").status_code == 404
    # Being logged in to the pages is no token.
    assert desk.enter("officer").get("/api/v1/forms").status_code == 401


def test_a_token_ends(desk: Desk) -> None:
    client = desk.app.test_client()
    headers = bearer(desk, "officer", days=1)
    assert client.get("/api/v1/forms", headers=headers).status_code == 200
    desk.turn_clock(START + timedelta(days=2))
    assert client.get("/api/v1/forms", headers=headers).status_code == 401
    desk.turn_clock(START)
    page = desk.enter("admin")
    with desk.session() as session:
        number = session.execute(select(AccessToken.id)).scalar_one()
    assert page.submit(f"/tokens/{number}/revoke", page="/tokens").status_code == 302
    assert client.get("/api/v1/forms", headers=headers).status_code == 401
    with desk.session() as session:
        acts = session.execute(
            select(HistoryEntry.act).where(HistoryEntry.object_kind == "access_token")
        ).scalars()
        assert list(acts) == ["token.made", "token.revoked"]


def test_the_administrator_sees_a_token_once_and_its_owner_is_told(desk: Desk) -> None:
    page = desk.enter("admin")
    made = page.submit(
        "/tokens", name="政务平台", user=str(desk.office.officer.person), scopes="forms.read", days="30"
    )
    assert "pdt_" in made.text
    secret = made.text.split("pdt_")[1].split("<")[0]
    assert secret not in page.get("/tokens").text
    with desk.session() as session:
        row = session.execute(select(AccessToken)).scalar_one()
        assert secret not in row.token_hash
        assert "政务平台" in session.execute(select(Message.text)).scalars().one()
    refused = page.submit("/tokens", name="", user="1", scopes="forms.read", days="9999")
    assert refused.status_code == 422
    assert desk.enter("officer").get("/tokens").status_code == 403


def test_scopes_and_the_rights_of_the_account_both_hold(desk: Desk) -> None:
    client = desk.app.test_client()
    assert (
        client.get(ANSWERS_URL, headers=bearer(desk, "officer", "forms.read")).get_json()["code"]
        == "scope_missing"
    )
    monitor = bearer(desk, "monitor")
    assert client.get(ANSWERS_URL, headers=monitor).status_code == 403
    keys = {item["key"] for item in client.get("/api/v1/forms", headers=monitor).get_json()["items"]}
    assert keys == {"instant", "comprehensive"}
    assert client.get("/api/v1/forms/inspection", headers=monitor).status_code == 404
    assert client.get("/api/v1/forms", headers=bearer(desk, "owner")).status_code == 403
    officer = bearer(desk, "officer")
    assert hand_in(client, officer, filled(desk)).status_code == 403


def test_forms_versions_and_the_schema_that_good_answers_meet(desk: Desk) -> None:
    client, headers = desk.app.test_client(), bearer(desk, "auditor", "forms.read")
    form = client.get("/api/v1/forms/instant", headers=headers).get_json()
    assert [version["version"] for version in form["versions"]] == [1]
    body = client.get("/api/v1/forms/instant/versions/1", headers=headers).get_json()
    assert body["key"] == "instant"
    schema = client.get("/api/v1/forms/instant/versions/1/schema", headers=headers).get_json()
    assert list(Draft202012Validator(schema).iter_errors(filled(desk))) == []
    assert client.get("/api/v1/forms/instant/versions/9", headers=headers).status_code == 404


def test_handed_in_twice_it_is_one_rating(desk: Desk) -> None:
    client, headers = desk.app.test_client(), bearer(desk, "monitor")
    answers = filled(desk, matter_kind=matter_kind(client, headers, desk))
    first = hand_in(client, headers, answers)
    assert first.status_code == 201, first.text
    again = hand_in(client, headers, answers)
    assert (again.status_code, again.get_json()) == (201, first.get_json())
    other = hand_in(client, headers, {**answers, "grade": "excellent"})
    assert (other.status_code, other.get_json()["code"]) == (422, "token_reused")
    with desk.session() as session:
        rating = session.execute(select(Rating)).scalar_one()
        assert rating.answers["aspects"] == {"lawful": "good"}
        entry = session.execute(
            select(HistoryEntry).where(HistoryEntry.act == "rating.submitted")
        ).scalar_one()
        assert "接口" in entry.actor_name
    read = client.get(f"{ANSWERS_URL}/rating/{rating.id}", headers=bearer(desk, "officer")).get_json()
    assert read["answers"] == rating.answers
    assert "monitor" not in read


@pytest.mark.parametrize(
    "answers",
    [
        {"target": 5},
        {"grade": "no such grade"},
        {"matter": ["x"]},
        {"aspects": "good"},
        {"aspects": {"lawful": {"x": 1}}},
        {"evidence": [{"name": "x.jpg", "bytes": 3}]},
        {"nothing": "x"},
        {"call_back": "yes"},
        {"occurred_at": "2999-01-01T00:00"},
    ],
)
def test_what_cannot_be_taken_is_said_field_by_field(desk: Desk, answers: dict[str, Any]) -> None:
    client, headers = desk.app.test_client(), bearer(desk, "monitor")
    answer = hand_in(client, headers, filled(desk, **answers))
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["errors"]
    assert desk.count(Rating) == 0


def test_pages_hold_everything_once(desk: Desk) -> None:
    with desk.session() as session:
        form = session.execute(select(Definition).where(Definition.key == "instant")).scalar_one()
        with writing():
            for number in range(25):
                session.add(
                    Rating(
                        campaign_id=desk.office.campaign.id,
                        target_id=desk.office.target.id,
                        method="instant",
                        grade="good",
                        form_id=form.id,
                        answers={"matter": str(number)},
                        monitor_id=1,
                        happened_on=date(2026, 4, 8),
                        submitted_at=START,
                    )
                )
            session.commit()
    client, headers = desk.app.test_client(), bearer(desk, "officer", "answers.read")
    seen: list[int] = []
    after = ""
    while True:
        page = client.get(
            f"{ANSWERS_URL}?limit=10" + (f"&after={after}" if after else ""), headers=headers
        ).get_json()
        seen += [item["id"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 25
    assert client.get(f"{ANSWERS_URL}?limit=0", headers=headers).status_code == 422
    assert client.get(f"{ANSWERS_URL}?surprise=1", headers=headers).status_code == 422


def test_sentences_come_in_the_language_asked_for(desk: Desk) -> None:
    client = desk.app.test_client()
    chinese = client.get("/api/v1/nothing", headers={"Accept-Language": "zh-CN"}).get_json()
    english = client.get("/api/v1/nothing", headers={"Accept-Language": "en"}).get_json()
    assert (chinese["title"], english["title"]) == ("找不到此页", "No such page")


def test_a_loop_gone_wild_is_slowed(desk: Desk) -> None:
    api = desk.app.extensions["late_api"].api
    api.config["API_PER_MINUTE"] = 3
    client, headers = desk.app.test_client(), bearer(desk, "officer")
    codes = [client.get("/api/v1/forms", headers=headers).status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]


def test_every_address_has_a_scope(desk: Desk) -> None:
    api = desk.app.extensions["late_api"].api
    found = set()
    for rule in api.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            with api.test_request_context(method=method):
                found.add((rule.endpoint, method, scope_of(api, rule.endpoint)))
    assert {scope for _, _, scope in found} == {OPEN, *SCOPES}


def test_the_interface_is_as_it_says(desk: Desk) -> None:
    """Schemathesis makes up requests from our own description and holds every answer to it.

    What answers a form takes is said by its own JSON Schema, so of what is handed in a refusal is always allowed.
    """
    headers = bearer(desk, "officer")
    with desk.session() as session:
        publish_form(session, QUESTIONNAIRE)
        slug = send_out(session, desk.office).slug
    number = desk.served_case()
    desk.app.extensions["late_api"].api.config["API_PER_MINUTE"] = 100_000
    schema: Any = schemathesis.openapi.from_wsgi("/api/openapi.json", desk.app)
    walked = 0
    for found in schema.get_all_operations():
        for case in made_up(found.ok().as_strategy(), 12):
            if "slug" in (case.path_parameters or {}) and walked % 3:
                # Most of what is made up finds no collection; this is one.
                case.path_parameters["slug"] = slug
            if "case_id" in (case.path_parameters or {}) and walked % 3:
                case.path_parameters["case_id"] = number
            answer = case.call(headers=headers)
            excluded = [*NOT_OURS, positive_data_acceptance] if case.method == "POST" else NOT_OURS
            case.validate_response(answer, headers=headers, excluded_checks=excluded)
            walked += 1
    assert walked > 80


def made_up(cases: Any, most: int) -> list[Any]:
    """So many cases, the same in each run."""
    gathered: list[Any] = []

    @settings(
        max_examples=most,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases)
    def gather(case: Any) -> None:
        gathered.append(case)

    gather()
    return gathered

"""Cases through the interface: what the account's page shows, steps each once, nobody who reported named."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.access_token import SentStep
from models.case import CaseStep
from models.history import HistoryEntry
from models.notice import Attachment, Notice
from tests.conftest import sqlite_copy
from tests.integration.office import START, find_office
from tests.integration.test_reporter_cases import answered_case
from tests.web.desk_office import Desk
from tests.web.test_api import bearer
from tests.web.test_desk_cases import office_file

__all__ = ["office_file"]

URL = "/api/v1/cases"
ANSWER: dict[str, Any] = {"measures": "已恢复窗口值守，并公示值班安排。"}


@pytest.fixture
def sqlite_url(office_file: Path, tmp_path: Path) -> str:
    return sqlite_copy(office_file, tmp_path)


@pytest.fixture
def desk(app: Flask) -> Desk:
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        made = Desk(app, find_office(session))
    made.turn_clock(START)
    return made


@pytest.fixture
def client(desk: Desk) -> FlaskClient:
    return desk.app.test_client()


def read(client: FlaskClient, headers: dict[str, str], path: str = "") -> Any:
    answer = client.get(URL + path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def send(
    client: FlaskClient,
    headers: dict[str, str],
    case: int,
    trigger: str,
    asked: dict[str, Any],
    *,
    key: str = "step-0001",
    version: int | None = None,
) -> Any:
    if version is None:
        version = read(client, headers, f"/{case}/steps")["version"]
    body = {"version": version, "asked": asked}
    return client.post(
        f"{URL}/{case}/steps/{trigger}", json=body, headers={**headers, "Idempotency-Key": key}
    )


def triggers(desk: Desk, case: int) -> list[str]:
    with desk.session() as session:
        rows = select(CaseStep.trigger).where(CaseStep.case_id == case).order_by(CaseStep.position)
        return list(session.execute(rows).scalars())


def test_a_case_is_read_with_all_that_its_page_shows(desk: Desk, client: FlaskClient) -> None:
    case = desk.served_case()
    found = read(client, bearer(desk, "officer", "cases.read"), f"/{case}")
    assert found["state"] == desk.state(case)
    assert found["target"] == desk.office.target.key
    assert [line["position"] for line in found["history"]] == [1, 2, 3]
    clock = found["clocks"][0]
    assert clock["status"] == "running"
    assert "工作日" in clock["explanation"]
    with desk.session() as session:
        notice = session.execute(select(Notice).where(Notice.case_id == case)).scalars().first()
        assert notice is not None
    assert found["notices"][0]["address"] == f"http://127.0.0.1:8000/notices/verify/{notice.verify_code}"
    assert client.get(f"/notices/verify/{notice.verify_code}").status_code == 200


def test_pages_hold_every_case_once_and_filters_narrow(desk: Desk, client: FlaskClient) -> None:
    cases = [desk.case(f"事项{number}") for number in range(5)]
    desk.step("officer", cases[0], "issue")
    headers = bearer(desk, "auditor", "cases.read")
    seen: list[int] = []
    after = ""
    while True:
        page = read(client, headers, f"?limit=2{after}")
        seen += [item["id"] for item in page["items"]]
        desk.case("又来一起")  # pages hold through what comes in
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == sorted(cases, reverse=True)
    state = read(client, headers, f"/{cases[0]}")["state"]
    assert [item["id"] for item in read(client, headers, f"?state={state}")["items"]] == [cases[0]]
    assert [item["id"] for item in read(client, headers, "?word=事项3")["items"]] == [cases[3]]
    for wrong in ("limit=0", "limit=201", "surprise=1", "after=x", "due=never", "word=%00"):
        assert client.get(f"{URL}?{wrong}", headers=headers).status_code == 422, wrong
    assert client.get(f"{URL}?campaign=99", headers=headers).status_code == 404


def test_a_target_reads_only_its_own_and_what_it_was_told(desk: Desk, client: FlaskClient) -> None:
    untold, told = desk.case("还没有告知"), desk.served_case("窗口无人")
    own = bearer(desk, "owner")
    assert [item["id"] for item in read(client, own)["items"]] == [told]
    assert client.get(f"{URL}/{untold}", headers=own).status_code == 404
    assert client.get(f"{URL}/{told}", headers=bearer(desk, "stranger")).status_code == 404
    found = read(client, own, f"/{told}")
    assert found["opened_at"] is None
    assert found["facts"] is None
    assert found["history"][0]["at"] is None
    assert "演示officer" not in client.get(f"{URL}/{told}", headers=own).text
    for who in ("monitor", "inspector"):
        for path in ("", f"/{told}", f"/{told}/steps"):
            assert client.get(URL + path, headers=bearer(desk, who)).status_code == 403, who


def test_who_reported_stands_in_no_answer(desk: Desk, client: FlaskClient) -> None:
    with desk.session() as session:
        case = answered_case(session, desk.office, desk.office.monitor).id
    desk.step("monitor", case, "re_evaluate", regrade="good", opinion="窗口已有人值守")
    for who in ("officer", "auditor", "owner", "leader"):
        headers = bearer(desk, who, "cases.read")
        for path in ("", f"/{case}", f"/{case}/steps"):
            text = client.get(URL + path, headers=headers).text
            assert "演示monitor" not in text, who
            assert "rating_id" not in text, who
    office = read(client, bearer(desk, "officer"), f"/{case}")["history"]
    assert "反映人" in [line["who"] for line in office]
    own = read(client, bearer(desk, "owner"), f"/{case}")
    assert own["found_on"] is None


def test_steps_say_what_they_ask_and_why_not(desk: Desk, client: FlaskClient) -> None:
    case = desk.served_case()
    items = read(client, bearer(desk, "officer"), f"/{case}/steps")["items"]
    answer = next(item for item in items if item["trigger"] == "answer")
    assert answer["allowed"]
    assert {ask["field"]: ask["required"] for ask in answer["asks"]}["measures"]
    desk.step("officer", case, "answer", **ANSWER)
    desk.step("officer", case, "re_evaluate", regrade="good")
    offered = read(client, bearer(desk, "officer"), f"/{case}/steps")["items"]
    closed = next(item for item in offered if not item["allowed"])
    assert closed["reason"]
    assert read(client, bearer(desk, "leader"), f"/{case}/steps")["items"] == []


def test_sent_twice_it_is_one_step_and_another_under_its_key_is_refused(
    desk: Desk, client: FlaskClient
) -> None:
    case, other = desk.served_case(), desk.served_case("另一起")
    headers = bearer(desk, "owner")
    version = read(client, headers, f"/{case}/steps")["version"]
    first = send(client, headers, case, "answer", ANSWER)
    assert first.status_code == 201, first.text
    again = send(client, headers, case, "answer", ANSWER, version=version)
    assert (again.status_code, again.get_json()) == (201, first.get_json())
    for number, asked, seen in (
        (case, {"measures": "别的话"}, version),
        (case, ANSWER, version + 1),
        (other, ANSWER, version),
    ):
        refused = send(client, headers, number, "answer", asked, version=seen)
        assert (refused.status_code, refused.get_json()["code"]) == (422, "key_reused")
    # Under another key it is another step, and the case has moved since.
    late = send(client, headers, case, "answer", ANSWER, key="step-0002", version=version)
    assert (late.status_code, late.get_json()["code"]) == (409, "case_moved")
    assert triggers(desk, case).count("answer") == 1
    assert triggers(desk, other).count("answer") == 0
    assert desk.count(SentStep) == 1
    with desk.session() as session:
        entry = session.execute(select(HistoryEntry).where(HistoryEntry.act == "case.stepped")).scalars()
        assert "接口：演示系统" in list(entry)[-1].actor_name
    # Another token has keys of its own.
    taken = send(client, bearer(desk, "owner"), other, "answer", ANSWER)
    assert taken.status_code == 201


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({}, "/asked/measures"),
        ({"measures": 5}, "/asked/measures"),
        ({"measures": "x" * 20_001}, "/asked/measures"),
        ({"measures": "\ud800"}, "/asked/measures"),
        ({"measures": [[["x"]]]}, "/asked/measures"),
        ({**ANSWER, "nothing": 1}, "/asked/nothing"),
        ({**ANSWER, "evidence": "x"}, "/asked/evidence"),
        ({**ANSWER, "evidence": ["x.pdf"]}, "/asked/evidence/0"),
        ({**ANSWER, "evidence": [{"id": "file-00000001"}]}, "/asked/evidence/0"),
        ({**ANSWER, "evidence": [{"id": {"a": []}}]}, "/asked/evidence"),
    ],
)
def test_what_cannot_be_taken_is_said_with_its_place(
    desk: Desk, client: FlaskClient, asked: dict[str, Any], pointer: str
) -> None:
    case = desk.served_case()
    answer = send(client, bearer(desk, "owner"), case, "answer", asked)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert pointer in [error["pointer"] for error in answer.get_json()["errors"]]
    assert desk.count(SentStep) == 0


def test_no_step_beyond_the_account_its_scopes_or_its_turn(desk: Desk, client: FlaskClient) -> None:
    case = desk.served_case()
    reads = bearer(desk, "officer", "cases.read")
    answer = send(client, reads, case, "answer", ANSWER)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "scope_missing")
    for who, trigger, code in (
        ("owner", "withdraw", 404),
        ("leader", "answer", 404),
        ("officer", "no_such_step", 404),
        ("stranger", "answer", 404),
        ("monitor", "answer", 403),
    ):
        headers = bearer(desk, who)
        assert send(client, headers, case, trigger, {}, version=1).status_code in (code, 409), who
    assert triggers(desk, case) == ["register", "issue", "serve"]
    # The very person who answered does not accept: four eyes, also from outside.
    desk.step("officer", case, "answer", **ANSWER)
    desk.step("officer2", case, "re_evaluate", regrade="good")
    accepted = send(
        client, bearer(desk, "officer"), case, "accept", {"verification": "on_site", "conclusion": "整改到位"}
    )
    assert accepted.status_code in (404, 409)
    no_key = client.post(f"{URL}/{case}/steps/answer", json={"version": 1}, headers=bearer(desk, "owner"))
    assert no_key.status_code == 422


def test_a_target_signs_and_can_choose_no_other_way_of_service(desk: Desk, client: FlaskClient) -> None:
    case = desk.case()
    desk.step("officer", case, "issue")
    headers = bearer(desk, "owner")
    step = next(
        item for item in read(client, headers, f"/{case}/steps")["items"] if item["trigger"] == "serve"
    )
    assert {ask["field"] for ask in step["asks"]} == {"receiver"}
    refused = send(client, headers, case, "serve", {"receiver": "签收人", "served_on": "2020-01-01"})
    assert refused.status_code == 422
    assert send(client, headers, case, "serve", {"receiver": "签收人"}).status_code == 201
    with desk.session() as session:
        row = session.execute(select(CaseStep).where(CaseStep.trigger == "serve")).scalar_one()
        assert row.asked["service_way"] == "electronic"


def test_files_go_ahead_of_the_step(desk: Desk, client: FlaskClient) -> None:
    case = desk.served_case()
    headers = bearer(desk, "owner")
    path = f"{URL}/{case}/steps/answer/files"

    def sent(field: str, content: bytes = b"%PDF-1.4 x") -> Any:
        data = {"file": (io.BytesIO(content), "整改报告.pdf")}
        return client.post(f"{path}/{field}", data=data, headers=headers)

    assert sent("measures").status_code == 404
    assert sent("evidence", b"no picture").status_code == 422
    held = sent("evidence")
    assert held.status_code == 201, held.text
    asked = {**ANSWER, "evidence": [{"id": held.get_json()["id"]}]}
    strange = send(client, bearer(desk, "officer"), case, "answer", asked)
    assert strange.status_code == 422  # another's file
    assert send(client, headers, case, "answer", asked).status_code == 201
    with desk.session() as session:
        rows = session.execute(select(Attachment).where(Attachment.owner_kind == "step")).scalars().all()
        assert [row.file_name for row in rows] == ["整改报告.pdf"]
    assert "整改报告.pdf" in read(client, headers, f"/{case}")["history"][-1]["files"]

"""Collections through the interface: the rules of the page, each once, files sent ahead, nobody named."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.collection import Answer, Collection, CollectionCode
from models.history import HistoryEntry
from models.notice import Attachment
from models.rating import Rating
from services.attachments import FileStore
from services.choices import StoredChoices
from services.collection_codes import blank_cards, issue_cards
from services.collections import adopt_newer_form
from services.retention import UPLOAD, expire_uploads
from tests.conftest import sqlite_copy
from tests.integration.office import START, find_office
from tests.integration.sent_forms import QUESTIONNAIRE, publish_form, send_out
from tests.integration.test_ratings import picture
from tests.web.desk_office import Desk
from tests.web.test_api import bearer, filled, matter_kind
from tests.web.test_api import hand_in as hand_in_rating
from tests.web.test_desk_cases import office_file

__all__ = ["office_file"]

UUID = "7c0b0f2e-1d8a-4c5e-9a51-000000000001"
WITH_FILES: dict[str, Any] = {
    **QUESTIONNAIRE,
    "key": "repairs",
    "name": "报修单",
    "fields": [
        {"key": "what", "type": "short_text", "label": "哪里坏了", "required": True},
        {"key": "shots", "type": "photo", "label": "照片", "at_most": 2},
        {"key": "papers", "type": "file", "label": "附件", "extensions": ["pdf"]},
        {"key": "name", "type": "signature", "label": "签名"},
    ],
}


@pytest.fixture
def sqlite_url(office_file: Path, tmp_path: Path) -> str:
    return sqlite_copy(office_file, tmp_path)


@pytest.fixture
def desk(app: Flask) -> Desk:
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        made = Desk(app, find_office(session))
        publish_form(session, QUESTIONNAIRE)
        publish_form(session, WITH_FILES)
    made.turn_clock(START)
    return made


def held(desk: Desk, **rules: Any) -> str:
    """The slug of a new collection."""
    with desk.session() as session:
        return send_out(session, desk.office, **rules).slug


def send(
    client: FlaskClient,
    headers: dict[str, str],
    slug: str,
    answers: dict[str, Any] | None = None,
    *,
    key: str = "key-00000001",
    **more: str,
) -> Any:
    body = {"answers": {"feel": "good"} if answers is None else answers, **more}
    return client.post(
        f"/api/v1/collections/{slug}/answers", json=body, headers={**headers, "Idempotency-Key": key}
    )


def shot(
    client: FlaskClient, headers: dict[str, str], address: str, content: bytes, name: str = "a.jpg"
) -> Any:
    return client.post(address, data={"file": (io.BytesIO(content), name)}, headers=headers)


def answers_in(desk: Desk) -> list[Answer]:
    with desk.session() as session:
        return list(session.execute(select(Answer).order_by(Answer.id)).scalars())


def test_an_answer_of_an_open_collection_is_taken_once(desk: Desk) -> None:
    client, headers, slug = (
        desk.app.test_client(),
        bearer(desk, "officer"),
        held(desk, fixed={"window": "三"}),
    )
    told = client.get(f"/api/v1/collections/{slug}", headers=headers).get_json()
    assert (told["state"], told["fixed"], told["form"], told["version"]) == (
        "open",
        ["window"],
        "citizens",
        1,
    )
    schema = client.get(f"/api/v1/collections/{slug}/schema", headers=headers).get_json()
    given = {"feel": "good", "window": "九", "visits": 2}
    assert list(Draft202012Validator(schema).iter_errors(given)) == []
    first = send(client, headers, slug, given)
    assert first.status_code == 201, first.text
    assert send(client, headers, slug, given).get_json() == first.get_json()
    other = send(client, headers, slug, {"feel": "bad", "why": "慢"})
    assert (other.status_code, other.get_json()["code"]) == (422, "token_reused")
    (row,) = answers_in(desk)
    assert (row.source, row.respondent_id, row.answers["window"]) == ("api", None, "三")
    assert first.get_json() == {"kind": "answer", "id": row.id, "version": 1, "receipt": row.receipt}
    with desk.session() as session:
        entry = session.execute(
            select(HistoryEntry).where(HistoryEntry.act == "answer.received")
        ).scalar_one()
    assert entry.actor_name == "填写人（未登录，接口：演示系统）"
    read = client.get(f"/api/v1/forms/citizens/answers/answer/{row.id}", headers=headers)
    assert read.get_json()["source"] == "api"


def test_an_answer_that_comes_again_is_the_same_also_after_a_newer_version_and_the_close(desk: Desk) -> None:
    client, headers, slug = desk.app.test_client(), bearer(desk, "officer"), held(desk, quota=1)
    first = send(client, headers, slug)
    with desk.session() as session:
        form_id = publish_form(session, QUESTIONNAIRE, version=2)
        number = session.execute(select(Collection.id)).scalar_one()
        adopt_newer_form(session, desk.office.officer, number, form_id=form_id, now=START)
    full = send(client, headers, slug, key="key-00000002")
    assert (full.status_code, full.get_json()["code"]) == (409, "full")
    desk.turn_clock(START + timedelta(days=20))
    assert send(client, headers, slug).get_json() == first.get_json()
    late = send(client, headers, slug, key="key-00000003")
    assert late.get_json()["code"] == "closed"
    assert client.get(f"/api/v1/collections/{slug}", headers=headers).get_json()["state"] == "closed"


def test_a_card_is_good_for_one_answer(desk: Desk) -> None:
    client, headers, slug = desk.app.test_client(), bearer(desk, "officer"), held(desk, access="code")
    with desk.session() as session:
        number = session.execute(select(Collection.id)).scalar_one()
        (card,) = issue_cards(
            session, desk.office.officer, number, blank_cards([("甲", 1)]), token="", now=START
        )
    assert send(client, headers, slug).get_json()["code"] == "code_missing"
    assert send(client, headers, slug, code="2222-2222").get_json()["code"] == "code_unknown"
    taken = send(client, headers, slug, code=card.code)
    assert taken.status_code == 201
    assert send(client, headers, slug, code=card.code).get_json() == taken.get_json()
    again = send(client, headers, slug, code=card.code, key="key-00000002")
    assert (again.status_code, again.get_json()["code"]) == (409, "code_spent")


def test_accounts_answer_by_their_roles_and_once(desk: Desk) -> None:
    client = desk.app.test_client()
    slug = held(desk, access="account", roles=("monitor",), one_each=True)
    monitor, owner = bearer(desk, "monitor"), bearer(desk, "owner")
    assert [
        item["slug"] for item in client.get("/api/v1/collections", headers=monitor).get_json()["items"]
    ] == [slug]
    assert client.get("/api/v1/collections", headers=owner).get_json()["items"] == []
    assert send(client, owner, slug).status_code == 403
    assert client.get(f"/api/v1/collections/{slug}", headers=owner).status_code == 403
    taken = send(client, monitor, slug)
    assert taken.status_code == 201
    assert send(client, monitor, slug).get_json() == taken.get_json()
    assert send(client, monitor, slug, key="key-00000002").get_json()["code"] == "already"
    assert answers_in(desk)[0].respondent_id == desk.office.monitor.person
    weak = bearer(desk, "monitor", "forms.read")
    assert send(client, weak, slug).get_json()["code"] == "scope_missing"


def test_of_an_anonymous_answer_nothing_names_anybody(desk: Desk) -> None:
    client, headers = desk.app.test_client(), bearer(desk, "officer")
    slug = held(desk, access="open", anonymous=True)
    with desk.session() as session:
        before = set(session.execute(select(HistoryEntry.id)).scalars())
    named = send(client, headers, slug)
    assert (named.status_code, named.get_json()["code"]) == (422, "key_not_random")
    taken = send(client, headers, slug, key=UUID)
    assert taken.get_json() == {"kind": "answer", "id": None, "version": 1, "receipt": None}
    assert send(client, headers, slug, key=UUID).get_json() == taken.get_json()
    (row,) = answers_in(desk)
    assert (row.respondent_id, row.code_id, row.position, row.receipt, row.entered_by_id) == (None,) * 5
    assert row.submitted_at.hour == 4  # noon of the office, whenever it came
    with desk.session() as session:
        assert set(session.execute(select(HistoryEntry.id)).scalars()) == before
    listed = client.get("/api/v1/forms/citizens/answers", headers=headers).get_json()
    assert listed["items"] == []


def test_files_are_sent_ahead_for_their_question(desk: Desk) -> None:
    client, headers = desk.app.test_client(), bearer(desk, "officer")
    slug = held(desk, form="repairs")
    address = f"/api/v1/collections/{slug}/files"
    photo = shot(client, headers, f"{address}/shots", picture().stream.read())
    assert photo.status_code == 201, photo.text
    paper = shot(client, headers, f"{address}/papers", b"%PDF-1.7 x", "说明.pdf").get_json()
    wrong = shot(client, headers, f"{address}/shots", b"%PDF-1.7 x", "说明.pdf")
    assert (wrong.status_code, wrong.get_json()["code"]) == (422, "file_refused")
    assert shot(client, headers, f"{address}/what", b"%PDF-1.7 x").status_code == 404
    bare = client.post(f"{address}/shots", headers=headers)
    assert bare.status_code == 422
    assert bare.get_json()["errors"] == [{"field": "file", "pointer": "/file", "detail": "缺少这一项"}]
    given: dict[str, Any] = {
        "what": "路灯",
        "shots": [{"id": photo.get_json()["id"]}],
        "papers": [{"id": paper["id"]}],
        "name": {"typed": "张三"},
    }
    # A file of another question, or of another account, is not there.
    crossed = send(client, headers, slug, {**given, "shots": [{"id": paper["id"]}]})
    assert crossed.get_json()["code"] == "file_gone"
    assert send(client, bearer(desk, "admin"), slug, given).get_json()["code"] == "file_gone"
    unsent = send(client, headers, slug, {**given, "shots": [{"name": "a.jpg", "bytes": 3}]})
    assert unsent.get_json()["errors"][0]["pointer"] == "/answers/shots"
    first = send(client, headers, slug, given)
    assert first.status_code == 201, first.text
    assert send(client, headers, slug, given).get_json() == first.get_json()
    (row,) = answers_in(desk)
    assert row.answers["papers"] == [{"name": "说明.pdf", "bytes": 10}]
    with desk.session() as session:
        kept = session.execute(select(Attachment).where(Attachment.owner_kind == "answer")).scalars().all()
        assert {(one.owner_id, one.field) for one in kept} == {(row.id, "shots"), (row.id, "papers")}
        assert next(one for one in kept if one.field == "shots").media_type == "image/jpeg"
        files = FileStore(Path(desk.app.config["PINGDU_DATA"]) / "files")
        expire_uploads(session, store=files, now=START + timedelta(days=3))
        session.commit()
        assert session.execute(select(Attachment.id).where(Attachment.owner_kind == UPLOAD)).first() is None
        assert all(files.path(one.sha256).exists() for one in kept)


def test_a_rating_takes_files_sent_ahead_too(desk: Desk) -> None:
    client, headers = desk.app.test_client(), bearer(desk, "monitor")
    sent = shot(client, headers, "/api/v1/forms/instant/files/evidence", picture().stream.read())
    assert sent.status_code == 201, sent.text
    with desk.session() as session:
        problem = StoredChoices(session).entries("dictionary:problems")[0].key
    bad = {
        "grade": "poor",
        "problem": problem,
        "situation": "慢",
        "evidence": [{"id": sent.get_json()["id"]}],
    }
    kind = matter_kind(client, headers, desk)
    taken = hand_in_rating(client, headers, filled(desk, matter_kind=kind, **bad))
    assert taken.status_code == 201, taken.text
    with desk.session() as session:
        rating = session.execute(select(Rating)).scalar_one()
        kept = session.execute(select(Attachment).where(Attachment.owner_kind == "rating")).scalar_one()
        assert (kept.owner_id, kept.field) == (rating.id, "evidence")


@pytest.mark.parametrize(
    ("answers", "place", "said"),
    [
        ({}, "/answers/feel", "总体感受"),
        ({"feel": "bad"}, "/answers/why", "哪里不满意"),
        ({"feel": 5}, "/answers/feel", "这里应是文字"),
        ({"feel": "good", "x": 1}, "/answers/x", "没有这一题"),
        ({"feel": "good", "visits": {"a": 1}}, "/answers/visits", "写法不对"),
        ({"feel": "good", "A/b": 1}, "/answers/A~1b", "写法不对"),
    ],
)
def test_each_fault_is_said_in_words_at_its_place(
    desk: Desk, answers: dict[str, Any], place: str, said: str
) -> None:
    client, headers, slug = desk.app.test_client(), bearer(desk, "officer"), held(desk)
    answer = send(client, headers, slug, answers)
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    (fault,) = answer.get_json()["errors"]
    assert fault["pointer"] == place
    assert said in fault["detail"]
    assert answers_in(desk) == []


def test_codes_that_were_not_used_stay_good(desk: Desk) -> None:
    client, headers, slug = desk.app.test_client(), bearer(desk, "officer"), held(desk, access="code")
    with desk.session() as session:
        number = session.execute(select(Collection.id)).scalar_one()
        (card,) = issue_cards(
            session, desk.office.officer, number, blank_cards([("甲", 1)]), token="", now=START
        )
    assert send(client, headers, slug, {"feel": "bad"}, code=card.code).status_code == 422
    with desk.session() as session:
        assert session.execute(select(CollectionCode.spent)).scalar_one() is False

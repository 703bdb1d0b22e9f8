"""Paper and workbooks through the pages of the office: typed, held, checked, withdrawn, tried, imported, undone."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pypdf
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from models.batch import Batch, BatchLine
from models.collection import Answer
from models.rating import Rating
from models.roster import Monitor
from portal.intake.views import _next_serial
from services.collection_codes import blank_cards, issue_cards
from tests.integration.office import START, build_office
from tests.integration.sent_forms import QUESTIONNAIRE, publish_form, send_out
from tests.integration.test_batches import month_answers, workbook
from tests.integration.test_ratings import instant
from tests.web.conftest import CarefulClient
from tests.web.desk_office import Desk, hidden


@pytest.fixture
def desk(app: Flask) -> Desk:
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        return Desk(app, build_office(session))


def monitor_key(desk: Desk) -> str:
    with desk.session() as session:
        return session.get_one(Monitor, desk.office.monitor.monitor_id).key


def begin(client: CarefulClient, **change: str) -> TestResponse:
    token = hidden(client.get("/intake").text, "csrf_token")
    values = {"method": "instant", "title": "四月第一批", "received_on": "2026-04-09", "check_percent": "100"}
    return client.post("/intake/paper", data={"csrf_token": token, **values, **change})


def put(client: CarefulClient, desk: Desk, serial: str, **change: Any) -> TestResponse:
    token = hidden(client.get("/intake/1").text, "csrf_token")
    form = {**instant(desk.office.target), "serial": serial, "monitor": monitor_key(desk), **change}
    return client.post("/intake/1", data={"csrf_token": token, **form}, content_type="multipart/form-data")


def test_a_stack_of_paper_is_typed_held_and_counted(desk: Desk) -> None:
    client = desk.enter("officer")
    assert begin(client).location == "/intake/1"
    held = {"hold": ["monitor", "f_target", "_external"], "count_up": "1"}
    answer = put(client, desk, "A-009", **held)
    assert answer.status_code == 302
    page = client.get(answer.location).text
    assert 'value="A-010"' in page
    assert f'value="{monitor_key(desk)}" selected' in page
    assert f'value="{desk.office.target.key}" selected' in page
    assert "A-009" in page
    assert "_external" not in answer.location
    again = put(client, desk, "A-009")
    assert again.status_code == 409
    assert "已经录入过" in again.text
    assert "办理食品经营许可变更" in again.text
    wrong = put(client, desk, "A-010", f_matter="")
    assert wrong.status_code == 422
    assert "请填写“事项”" in wrong.text
    token = hidden(client.get("/intake/1").text, "csrf_token")
    looked = client.post("/intake/1/look", data={"csrf_token": token, "f_grade": "excellent"})
    told = looked.get_json()
    assert told["f_matter"] == "请填写“事项”"
    assert "f_grade" not in told
    assert desk.count(Rating) == 1


def test_a_number_counts_up_as_wide_as_it_was() -> None:
    assert [_next_serial(serial) for serial in ("009", "A-99", "甲", "", "9" * 16)] == [
        "010",
        "A-100",
        "",
        "",
        "",
    ]


def test_a_second_person_types_again_and_the_first_is_out_of_sight(desk: Desk) -> None:
    client = desk.enter("officer")
    begin(client)
    put(client, desk, "1")
    assert "没有要由您复核的" in client.get("/intake/1/check").text
    other = desk.enter("officer2")
    page = other.get("/intake/1/check").text
    assert 'value="办理食品经营许可变更"' not in page
    form = {**instant(desk.office.target, matter="办理营业执照"), "monitor": monitor_key(desk)}
    answer = other.post("/intake/1/check/1", data={"csrf_token": hidden(page, "csrf_token"), **form})
    assert answer.status_code == 302
    page = other.get("/intake/1").text
    assert "第一遍“办理食品经营许可变更”，第二遍“办理营业执照”" in page
    assert "核定完才算差错率" in page
    assert "/intake/1/settle/1" not in client.get("/intake/1").text
    token = hidden(other.get("/intake/1/settle/1").text, "csrf_token")
    unsaid = other.post("/intake/1/settle/1", data={"csrf_token": token, "d_matter": "second"})
    assert unsaid.status_code == 422
    assert 'value="second" checked' in unsaid.text
    sent = {"csrf_token": token, "d_matter": "second", "reason": "第一遍看错一行"}
    assert other.post("/intake/1/settle/1", data=sent).location == "/intake/1"
    page = other.get("/intake/1").text
    assert "差错率16.67%" in page
    assert "理由：第一遍看错一行" in page
    assert other.post("/intake/1/settle/1", data=sent, follow_redirects=True).status_code == 200
    assert client.get("/intake/1/settle/1").status_code == 409


def test_one_form_and_a_whole_batch_are_taken_back_by_two(desk: Desk) -> None:
    client = desk.enter("officer")
    begin(client)
    put(client, desk, "1")
    put(client, desk, "2")
    token = hidden(client.get("/intake/1").text, "csrf_token")
    bare = client.post("/intake/1/lines/1/withdraw", data={"csrf_token": token, "reason": " "})
    assert bare.status_code == 422
    assert "理由" in bare.text
    sent = {"csrf_token": token, "reason": "录错对象"}
    assert client.post("/intake/1/lines/1/withdraw", data=sent).status_code == 302
    assert client.post("/intake/1/undo", data=sent).status_code == 302
    assert client.post("/intake/1/undo/approve", data=sent).status_code == 403
    head = desk.enter("head")
    token = hidden(head.get("/intake/1").text, "csrf_token")
    assert head.post("/intake/1/undo/approve", data={"csrf_token": token}).status_code == 302
    with desk.session() as session:
        assert not any(session.execute(select(Rating.counted)).scalars())
        assert all(session.execute(select(BatchLine.withdrawn_at)).scalars())
    assert "已撤销" in head.get("/intake").text


def test_the_pages_are_for_the_office(desk: Desk) -> None:
    begin(desk.enter("officer"))
    for login in ("monitor", "owner", "leader", "auditor"):
        assert desk.enter(login).get("/intake").status_code == 403
    assert desk.enter("reviewer").get("/intake/1").status_code == 200
    assert desk.enter("reviewer").get("/intake/template/instant.xlsx").status_code == 403
    assert desk.enter("officer").get("/intake/template/concentrated.xlsx").status_code == 422
    assert desk.enter("officer").get("/intake/blank/instant.pdf").mimetype == "application/pdf"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"title": " "}, "写个名称"),
        ({"received_on": "2026-13-01"}, "收到日期请写作"),
        ({"received_on": "2027-01-01"}, "不能晚于今天"),
        ({"check_percent": "101"}, "0 到 100"),
        ({"method": "nothing"}, "测评方式"),
    ],
)
def test_a_batch_that_cannot_begin_says_why(desk: Desk, change: dict[str, str], said: str) -> None:
    answer = begin(desk.enter("officer"), **change)
    assert answer.status_code in (404, 422)
    assert said in answer.text
    assert desk.count(Batch) == 0


def send(client: CarefulClient, data: bytes, name: str = "三月.xlsx") -> TestResponse:
    token = hidden(client.get("/intake/workbook").text, "csrf_token")
    sent = {"csrf_token": token, "method": "comprehensive", "workbook": (io.BytesIO(data), name)}
    return client.post("/intake/workbook", data=sent, content_type="multipart/form-data")


def test_a_workbook_is_tried_mended_and_imported(desk: Desk) -> None:
    client = desk.enter("officer")
    template = client.get("/intake/template/comprehensive.xlsx")
    assert [sheet.title for sheet in openpyxl.load_workbook(io.BytesIO(template.data))][:2] == [
        "答卷",
        "填写说明",
    ]
    with desk.session() as session:
        office = desk.office
        data = workbook(
            session,
            office,
            "comprehensive",
            ("1", month_answers(office)),
            ("2", month_answers(office, target=office.other_target.key, month="2025-03")),
        )
    trial = send(client, data)
    assert trial.status_code == 302
    page = client.get(trial.location).text
    assert "只导入没有问题的1份" in page
    assert "A3" in page
    marked = client.get(trial.location.replace("?", "/marked.xlsx?"))
    book = openpyxl.load_workbook(io.BytesIO(marked.data))
    assert "只收" in book["答卷"]["A3"].comment.text
    fingerprint, token = hidden(page, "fingerprint"), hidden(page, "csrf_token")
    refused = client.post(trial.location, data={"csrf_token": token, "fingerprint": fingerprint})
    assert refused.status_code == 422
    sent = {"csrf_token": token, "fingerprint": fingerprint, "good_only": "1"}
    assert client.post(trial.location, data=sent).location == "/intake/1"
    assert client.get(trial.location).status_code == 404
    page = client.get("/intake/1").text
    assert "三月.xlsx" in page
    assert "交这一份" not in page
    assert desk.count(Rating) == 1


def test_a_collection_leads_to_its_blank_form_and_its_intake(desk: Desk) -> None:
    with desk.session() as session:
        publish_form(session, QUESTIONNAIRE)
        number = send_out(session, desk.office).id
    client = desk.enter("officer")
    page = client.get(f"/collections/{number}").text
    assert f"/intake/blank/collection-{number}.pdf" in page
    assert f"/intake?method=collection-{number}" in page
    assert client.get(f"/intake/blank/collection-{number}.pdf").mimetype == "application/pdf"
    assert f'value="collection-{number}" selected' in client.get(f"/intake?method=collection-{number}").text
    assert begin(client, method=f"collection-{number}").location == "/intake/1"
    token = hidden(client.get("/intake/1").text, "csrf_token")
    sent = {"csrf_token": token, "serial": "W-1", "f_feel": "good"}
    assert client.post("/intake/1", data=sent, content_type="multipart/form-data").status_code == 302
    assert "第1份答卷" in client.get("/intake/1").text
    printed = client.get("/answers/citizens/answer/1.pdf")
    assert printed.mimetype == "application/pdf"
    assert "/answers/citizens/answer/1.pdf" in client.get("/answers/citizens/answer/1").text


def test_what_is_no_workbook_is_refused_in_words(desk: Desk) -> None:
    client = desk.enter("officer")
    for data in (b"", b"PK\x03\x04rubbish", b"<html>"):
        answer = send(client, data)
        assert answer.status_code == 422
        assert "alert--danger" in answer.text
    assert client.get("/intake/workbook/" + "0" * 32 + "?method=instant").status_code == 404
    assert client.get("/intake/workbook/..%2f?method=instant").status_code == 404


def test_a_code_and_a_fixed_answer_on_the_page_of_a_collection(desk: Desk) -> None:
    with desk.session() as session:
        publish_form(session, QUESTIONNAIRE)
        held = send_out(session, desk.office, access="code", fixed={"window": "三号窗口"})
        wanted = blank_cards([("甲", 1)])
        (card,) = issue_cards(session, desk.office.officer, held.id, wanted, token="", now=START)
    client = desk.enter("officer")
    assert begin(client, method=f"collection-{held.id}").status_code == 302
    page = client.get("/intake/1?serial=2").text
    assert '<p class="pd-fixed">三号窗口</p>' in page
    blank = client.get(f"/intake/blank/collection-{held.id}.pdf")
    assert "卡片代码" in pypdf.PdfReader(io.BytesIO(blank.data)).pages[0].extract_text()
    token = hidden(page, "csrf_token")
    form = {"csrf_token": token, "serial": "1", "f_feel": "good", "f_window": "九号"}
    bare = client.post("/intake/1", data=form)
    assert bare.status_code == 422
    assert "请录入表上或所附卡片上的代码" in bare.text
    assert client.post("/intake/1", data={**form, "code": card.code}).status_code == 302
    looked = client.post("/intake/1/look", data={**form, "code": card.code}).get_json()
    assert "已经录入过" in looked["serial"]
    assert "已经用过" in looked["code"]
    with desk.session() as session:
        assert session.execute(select(Answer)).scalar_one().answers["window"] == "三号窗口"

"""Pages for everyone and the leader's board."""

from __future__ import annotations

import hashlib
import io
import json
import re

import pytest

from models.notice import Attachment, Notice
from services.notices import pdf_of
from tests.integration.office import START
from tests.web.desk_office import Desk
from tests.web.scored_office import desk as desk  # noqa: PLC0414 - a fixture is found by its name
from tests.web.scored_office import rate_worked_example

PDF = b"%PDF-1.7\n%plan\n"


@pytest.mark.parametrize(
    "path", ["/public", "/public/rules", "/public/roster", "/public/results", "/notices/verify"]
)
def test_everyone_reads_the_public_pages(desk: Desk, path: str) -> None:
    client = desk.enter("officer")
    assert client.get(path).status_code == 200
    assert desk.app.test_client().get(path).status_code == 200


def test_the_rules_are_those_in_force_with_their_clauses(desk: Desk) -> None:
    page = desk.app.test_client().get("/public/rules").text
    for words in (
        "优 90 分",
        "集中测评满意率×50%",
        "拒不整改且无正当理由，每起扣 10 分",
        "方案第六条第五款",
        "15个工作日",
    ):
        assert words in page


def test_the_roster_names_no_person(desk: Desk) -> None:
    page = desk.app.test_client().get("/public/roster").text
    assert desk.office.target.name in page
    assert "负责人" not in page


def test_a_notice_is_confirmed_by_code_and_by_number(desk: Desk) -> None:
    desk.served_case()
    with desk.session() as session:
        notice = session.query(Notice).order_by(Notice.id).limit(1).one()
        pdf = pdf_of(session, notice, now=START)
    client = desk.enter("officer")
    page = client.get(f"/notices/verify/{notice.verify_code}")
    assert page.status_code == 200
    assert notice.number in page.text
    assert notice.sha256 in page.text
    assert hashlib.sha256(pdf).hexdigest() in page.text
    assert "窗口上班时间无人在岗" not in page.text
    spelt = notice.number.replace("〔", "[").replace("〕", "]")
    assert client.get("/notices/verify", query_string={"number": spelt}).status_code == 200
    address = f"/notices/verify/{notice.verify_code}"
    same = client.submit(address, pdf=(io.BytesIO(pdf), "a.pdf"))
    assert "逐字节相同" in same.text
    other = client.submit(address, pdf=(io.BytesIO(pdf + b" "), "a.pdf"))
    assert "不是印发时的那一份" in other.text
    assert client.submit(address).status_code == 422


@pytest.mark.parametrize(
    "path", ["/notices/verify/nothing", "/notices/verify?number=<script>alert(1)</script>%00"]
)
def test_an_unknown_notice_is_one_plain_page(desk: Desk, path: str) -> None:
    answer = desk.enter("officer").get(path)
    assert answer.status_code == 404
    assert "没有查到这份文书" in answer.text
    assert "<script>alert" not in answer.text


def test_the_plan_is_uploaded_by_the_admin_and_read_by_everyone(desk: Desk) -> None:
    assert desk.enter("officer").get("/public/plan/upload").status_code == 403
    admin = desk.enter("admin")
    upload = "/public/plan/upload"
    assert admin.submit(upload).status_code == 422
    assert admin.submit(upload, document=(io.BytesIO(b"MZ"), "plan.exe")).status_code == 422
    assert admin.submit(upload, document=(io.BytesIO(PDF), "方案.pdf")).status_code == 302
    assert admin.submit(upload, document=(io.BytesIO(PDF), "方案.pdf")).status_code == 409
    with desk.session() as session:
        row = session.query(Attachment).one()
    public = desk.app.test_client()
    assert "方案.pdf" in public.get("/public/rules").text
    with public.get(f"/public/plan/{row.id}") as answer:
        assert answer.data == PDF
        assert answer.mimetype == "application/pdf"
    assert public.get("/public/plan/999").status_code == 404


def test_the_board_says_the_same_in_charts_and_tables(desk: Desk) -> None:
    rate_worked_example(desk, desk.office.target.id)
    answer = desk.enter("leader").get("/leader")
    found = re.search(r'id="data-satisfaction">(.*?)</script>', answer.text, re.DOTALL)
    assert found
    assert json.loads(found.group(1))["series"][0]["values"] == ["0.8500", "0.8889", "0.8333", "0.9133"]
    assert answer.text.count("0.9133") == 2
    assert "2026-04" in answer.text
    assert "Refresh" not in answer.headers
    assert desk.enter("leader").get("/leader?wall=1").headers["Refresh"] == "300"


@pytest.mark.parametrize("login", ["owner", "monitor", "inspector"])
def test_the_board_is_for_the_inside(desk: Desk, login: str) -> None:
    assert desk.enter(login).get("/leader").status_code == 403

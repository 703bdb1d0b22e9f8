"""Service of notices that start no clock: recorded at the desk, signed for by the target."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.notice import Notice, ServiceRecord
from tests.integration.office import START, build_office
from tests.web.desk_office import Desk, hidden

WORDS = {"way": "direct", "receiver": "签收人甲"}


@pytest.fixture
def desk(app: Flask) -> Desk:
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        made = Desk(app, build_office(session))
    made.turn_clock(START)
    return made


def notice(desk: Desk, kind: str) -> int:
    with desk.session() as session:
        return session.execute(select(Notice.id).where(Notice.kind == kind)).scalars().all()[-1]


@pytest.fixture
def case(desk: Desk) -> int:
    """A closed case; its closure notice waits."""
    number = desk.served_case()
    desk.step("owner", number, "answer", measures="已整改")
    desk.step("officer", number, "accept", verification="on_site", conclusion="到位")
    desk.step("officer", number, "close")
    return number


def service_of(desk: Desk, number: int) -> ServiceRecord | None:
    with desk.session() as session:
        return session.get(ServiceRecord, number)


def test_the_desk_records_it_once(desk: Desk, case: int) -> None:
    client, number = desk.enter("officer"), notice(desk, "closure_notice")
    path = f"/desk/notices/{number}/serve"
    assert path in client.get("/desk/notices").text
    assert path in client.get(f"/desk/cases/{case}").text
    page = client.get(path).text
    data = {"csrf_token": hidden(page, "csrf_token"), **WORDS}
    for wrong in ({"way": ""}, {"way": "by_magic"}, {"receiver": ""}, {"served_on": "2026-13-40"}):
        refused = client.post(path, data={**data, "remark": "<i>留</i>", **wrong})
        assert refused.status_code == 422
        assert "&lt;i&gt;留" in refused.text
    for day in ("2020-01-01", "2030-01-01"):
        assert client.post(path, data={**data, "served_on": day}).status_code == 422
    assert client.post(path, data=data).location == f"/desk/cases/{case}"
    kept = service_of(desk, number)
    assert kept is not None
    assert (kept.way, kept.receiver, kept.served_at) == ("direct", "签收人甲", START)
    assert "已经送达，没有重复记录" in client.post(path, data=data).text
    assert path not in client.get("/desk/notices").text


def test_the_target_signs_once(desk: Desk, case: int) -> None:
    client, number = desk.enter("owner"), notice(desk, "closure_notice")
    path = f"/t/notices/{number}/sign"
    assert path in client.get("/t").text
    assert path in client.get(f"/t/cases/{case}").text
    page = client.get(path).text
    data = {"csrf_token": hidden(page, "csrf_token"), "receiver": "值班人员"}
    assert client.post(path, data=data).status_code == 422
    assert client.post(path, data={**data, "receiver": " ", "confirmed": "yes"}).status_code == 422
    assert service_of(desk, number) is None
    for _press in range(2):
        sent = client.post(path, data={**data, "confirmed": "yes"})
        assert (sent.status_code, sent.location) == (302, f"/t/cases/{case}")
    kept = service_of(desk, number)
    assert kept is not None
    assert (kept.way, kept.receiver) == ("electronic", "值班人员")
    assert path not in client.get("/t").text


def test_others_do_not(desk: Desk, case: int) -> None:
    number = notice(desk, "closure_notice")
    assert desk.enter("stranger").get(f"/t/notices/{number}/sign").status_code == 404
    for who, path in (("owner", "desk"), ("leader", "desk"), ("admin", "desk")):
        assert desk.enter(who).get(f"/{path}/notices/{number}/serve").status_code == 403
    assert desk.enter("officer").get(f"/t/notices/{number}/sign").status_code == 403
    assert "记录送达" not in desk.enter("leader").get("/desk/notices").text
    assert desk.enter("officer").get("/desk/notices/99999/serve").status_code == 404


def test_what_starts_a_clock_leads_to_its_step(desk: Desk) -> None:
    case = desk.case()
    desk.step("officer", case, "issue")
    number = notice(desk, "rectification_notice")
    for who, path, there in (
        ("officer", f"/desk/notices/{number}/serve", f"/desk/cases/{case}/serve"),
        ("head", f"/desk/notices/{number}/serve", f"/desk/cases/{case}"),
        ("owner", f"/t/notices/{number}/sign", f"/t/cases/{case}/serve"),
    ):
        assert desk.enter(who).get(path).location == there


def test_what_needs_no_service_waits_nowhere(desk: Desk) -> None:
    case = desk.served_case()
    receipt = notice(desk, "service_receipt")
    for who, path in (("officer", f"/desk/cases/{case}"), ("officer", "/desk/notices"), ("owner", "/t")):
        page = desk.enter(who).get(path).text
        assert 'badge--warn">待送达' not in page
        assert "待签收" not in page
        assert f"/notices/{receipt}/serve" not in page
    officer = desk.enter("officer")
    assert "这份文书不需要送达" in officer.get(f"/desk/notices/{receipt}/serve").text
    assert "没有符合条件的文书" in officer.get("/desk/notices?status=waiting").text
    assert f"/desk/notices/{receipt}.pdf" in officer.get("/desk/notices?status=issued").text
    book = load_workbook(io.BytesIO(officer.get("/desk/notices.xlsx").data))
    states = [str(row[7].value) for row in book.worksheets[0].iter_rows(min_row=2)]
    assert sorted(states) == ["已印发", "已送达"]


def test_the_table_of_administrators_says_the_same(desk: Desk) -> None:
    desk.step("officer", desk.case(), "issue")
    assert "待送达" in desk.enter("admin").get("/admin/notices/").text
    desk.served_case("另一事项")
    page = desk.enter("admin").get("/admin/notices/").text
    assert [page.count(words) for words in ("待送达", "已送达", "已印发")] == [1, 1, 1]

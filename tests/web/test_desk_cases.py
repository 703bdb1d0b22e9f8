"""The desk's pages of cases, as the people of the office use them."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from models.case import Case, CaseStep, Deadline
from models.engine import make_engine
from models.notice import Attachment, Notice, NumberSeries
from tests.conftest import sqlite_copy
from tests.integration.office import START, Office, build_office, find_office
from tests.web.desk_office import Desk, hidden, take

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc000000301"
    "0100c9fe92ef0000000049454e44ae426082"
)


@pytest.fixture(scope="module")
def office_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk")
    engine = make_engine(sqlite_copy(sqlite_template, folder))
    with Session(engine, expire_on_commit=False) as session:
        build_office(session)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return folder / "pingdu.db"


@pytest.fixture
def sqlite_url(office_file: Path, tmp_path: Path) -> str:
    return sqlite_copy(office_file, tmp_path)


@pytest.fixture
def desk(app: Flask) -> Desk:
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        office: Office = find_office(session)
    made = Desk(app, office)
    made.turn_clock(START)
    return made


def new_case(desk: Desk, **overrides: object) -> dict[str, object]:
    return {
        "target": str(desk.office.target.id),
        "channel": "complaint",
        "found_on": "2026-04-08",
        "title": "窗口无人在岗",
        "facts": "群众等候四十分钟。",
        "problem": "slow_delay",
        **overrides,
    }


def test_officer_opens_a_case_with_evidence(desk: Desk) -> None:
    client = desk.enter("officer")
    page = client.get("/desk/cases/new").text
    data = new_case(desk, csrf_token=hidden(page, "csrf_token"), token=hidden(page, "token"))
    data["evidence"] = (io.BytesIO(PNG), "现场.png")
    response = client.post("/desk/cases/new", data=data, content_type="multipart/form-data")
    assert response.status_code == 302, response.text
    shown = client.get(response.location).text
    assert "窗口无人在岗" in shown
    assert "效整案〔2026〕1号" in shown
    with desk.session() as session:
        file = session.execute(select(Attachment)).scalar_one()
    with client.get(f"/files/{file.id}") as picture:
        assert picture.mimetype == "image/jpeg"
        assert picture.headers["X-Content-Type-Options"] == "nosniff"
    with desk.enter("head").get(f"/files/{file.id}?save") as saved:
        assert saved.headers["Content-Disposition"].startswith("attachment")
    # What came with the report could tell who reported: it is not for the rated.
    for login in ("owner", "stranger", "monitor"):
        assert desk.enter(login).get(f"/files/{file.id}").status_code == 404


def test_sent_twice_is_one_case_and_changed_content_is_refused(desk: Desk) -> None:
    client = desk.enter("officer")
    page = client.get("/desk/cases/new").text
    data = new_case(desk, csrf_token=hidden(page, "csrf_token"), token=hidden(page, "token"))
    first = client.post("/desk/cases/new", data=data)
    again = client.post("/desk/cases/new", data=data)
    assert first.location == again.location
    assert desk.count(Case) == 1
    other = client.post("/desk/cases/new", data=data | {"title": "另一件事"})
    assert other.status_code == 409
    assert "另一件事" in other.text
    assert desk.count(Case) == 1


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("target", "", "请选择测评对象"),
        ("target", "999999", "Not a valid choice"),
        ("channel", "gossip", ""),
        ("found_on", "昨天", ""),
        ("found_on", "2027-01-01", "发现日期不能晚于今天"),
        ("title", "", "请填写此项"),
        ("title", "长" * 201, "最多200字"),
        ("facts", "长" * 20_001, "最多20000字"),
        ("problem", "nothing", ""),
    ],
)
def test_bad_sheet_is_shown_again_with_what_was_typed(
    desk: Desk, field: str, value: str, sentence: str
) -> None:
    client = desk.enter("officer")
    page = client.get("/desk/cases/new").text
    data = new_case(
        desk, csrf_token=hidden(page, "csrf_token"), token=hidden(page, "token"), **{field: value}
    )
    response = client.post("/desk/cases/new", data=data)
    assert response.status_code == 422
    if "Not" not in sentence:
        assert sentence in response.text
    if field != "title":
        assert "窗口无人在岗" in response.text
    assert desk.count(Case) == 0


def test_zero_bytes_are_left_out(desk: Desk) -> None:
    client = desk.enter("officer")
    page = client.get("/desk/cases/new").text
    data = new_case(
        desk, csrf_token=hidden(page, "csrf_token"), token=hidden(page, "token"), facts="零\0字节"
    )
    assert client.post("/desk/cases/new", data=data).status_code == 302
    with desk.session() as session:
        number = session.execute(select(Case.id).where(Case.facts == "零字节")).scalar_one()
    assert take(client, number, "issue", f_requirement="改\0正").status_code == 302


def test_hostile_title_stays_text(desk: Desk) -> None:
    number = desk.case("<script>alert(1)</script>{{7*7}}'\"")
    for path in (f"/desk/cases/{number}", "/desk/cases", f"/desk/cases/{number}/issue", "/desk"):
        page = desk.enter("officer").get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_straight_way_over_the_pages(desk: Desk) -> None:
    number = desk.case()
    officer, reviewer = desk.enter("officer"), desk.enter("reviewer")
    assert take(officer, number, "issue", f_answer_working_days="10").status_code == 302
    assert take(officer, number, "serve", f_service_way="direct", f_receiver="甲").status_code == 302
    page = officer.get(f"/desk/cases/{number}").text
    assert "还有10个工作日" in page
    assert "送达" in page
    desk.step("owner", number, "answer", measures="已整改并通报")
    assert "已整改并通报" in officer.get(f"/desk/cases/{number}").text
    done = take(reviewer, number, "accept", f_verification="on_site", f_conclusion="到位")
    assert done.status_code == 302
    assert take(officer, number, "close").status_code == 302
    assert desk.state(number) == "closed"
    assert "已经办结" in officer.get(f"/desk/cases/{number}").text


def test_missing_answers_are_named_and_nothing_is_lost(desk: Desk) -> None:
    number = desk.case()
    desk.step("officer", number, "issue")
    response = take(desk.enter("officer"), number, "serve", f_service_note="由门卫代收")
    assert response.status_code == 422
    assert "请填写“送达方式”" in response.text
    assert "请填写“签收人”" in response.text
    assert "由门卫代收" in response.text
    assert desk.count(CaseStep) == 2


@pytest.mark.parametrize("days", ["十五", "0", "61", "1.5", "9" * 40, "-3"])
def test_number_that_is_none_is_refused(desk: Desk, days: str) -> None:
    number = desk.case()
    response = take(desk.enter("officer"), number, "issue", f_answer_working_days=days)
    assert response.status_code == 422
    assert days in response.text
    assert desk.state(number) == "registered"


def test_stale_page_is_refused_with_who_did_what_and_keeps_the_words(desk: Desk) -> None:
    number = desk.case()
    officer = desk.enter("officer")
    path = f"/desk/cases/{number}/issue"
    page = officer.get(path).text
    desk.step("officer2", number, "issue")
    data = {
        "csrf_token": hidden(page, "csrf_token"),
        "seen_version": hidden(page, "seen_version"),
        "f_requirement": "限期整改并书面说明",
    }
    response = officer.post(path, data=data)
    assert response.status_code == 409
    assert "演示officer2" in response.text
    assert "下达整改通知" in response.text
    assert "限期整改并书面说明" in response.text
    assert desk.count(Notice) == 1


def test_page_without_version_is_refused(desk: Desk) -> None:
    number = desk.case()
    officer = desk.enter("officer")
    token = officer.token(f"/desk/cases/{number}/issue")
    response = officer.post(f"/desk/cases/{number}/issue", data={"csrf_token": token})
    assert response.status_code == 409
    assert desk.state(number) == "registered"


@pytest.mark.parametrize(("name", "status"), [("seen_version", 409), ("procedure", 302)])
def test_digit_that_is_no_figure_counts_as_nothing_said(desk: Desk, name: str, status: int) -> None:
    number = desk.case()
    response = take(desk.enter("officer"), number, "issue", **{name: "²"})
    assert response.status_code == status, response.text


def test_page_that_asked_what_another_procedure_asks_is_refused(desk: Desk) -> None:
    number = desk.case()
    response = take(desk.enter("officer"), number, "issue", procedure="999999", f_requirement="限期整改")
    assert response.status_code == 409
    assert "限期整改" in response.text
    assert desk.state(number) == "registered"


@pytest.mark.parametrize("path", ["/desk/cases?page=²", "/desk/cases/new?rating=²", "/calendar?year=²²²²"])
def test_addresses_with_a_digit_that_is_no_figure_open(desk: Desk, path: str) -> None:
    assert desk.enter("officer").get(path).status_code == 200


@pytest.mark.parametrize("path", ["/desk/messages", "/desk/notices"])
def test_forms_with_a_digit_that_is_no_figure_are_no_fault_of_ours(desk: Desk, path: str) -> None:
    officer = desk.enter("officer")
    act = {"/desk/messages": "/desk/messages/read", "/desk/notices": "/desk/notices/print-runs"}[path]
    data = {"csrf_token": officer.token(path), "message": "²", "up_to": "²", "notice": "²", "case": "²"}
    assert officer.post(act, data=data).status_code < 500


def test_four_eyes_are_shown_and_kept(desk: Desk) -> None:
    number = desk.served_case()
    desk.step("officer", number, "answer", measures="书面反馈，代为录入")
    page = desk.enter("officer").get(f"/desk/cases/{number}").text
    assert "您办理过“反馈整改情况”" in page
    refused = take(desk.enter("officer"), number, "accept", f_verification="on_site", f_conclusion="到位")
    assert refused.status_code == 403
    assert "须由另一人办理" in refused.text
    accepted = take(desk.enter("officer2"), number, "accept", f_verification="on_site", f_conclusion="到位")
    assert accepted.status_code == 302


def test_preview_shows_the_notice_and_leaves_nothing(desk: Desk) -> None:
    number = desk.case()
    officer = desk.enter("officer")
    page = officer.get(f"/desk/cases/{number}/issue").text
    assert "整改通知书" in page
    response = officer.post(
        f"/desk/cases/{number}/issue/preview/rectification_notice",
        data={"csrf_token": hidden(page, "csrf_token"), "f_answer_working_days": "12"},
    )
    assert response.status_code == 200, response.text
    assert response.mimetype == "application/pdf"
    assert response.data.startswith(b"%PDF-")
    assert desk.state(number) == "registered"
    assert desk.count(Notice) == desk.count(Deadline) == 0
    assert desk.count(CaseStep) == 1
    with desk.session() as session:
        assert session.get(NumberSeries, {"series": "效整改", "year": 2026}) is None
    wrong = officer.post(
        f"/desk/cases/{number}/issue/preview/closure_notice", data={"csrf_token": hidden(page, "csrf_token")}
    )
    assert wrong.status_code == 409
    unknown = officer.post(
        f"/desk/cases/{number}/issue/preview/poem", data={"csrf_token": hidden(page, "csrf_token")}
    )
    assert unknown.status_code in {404, 409, 422}


def test_preview_stands_in_for_what_is_not_typed_yet(desk: Desk) -> None:
    number = desk.served_case()
    officer = desk.enter("officer")
    token = officer.token(f"/desk/cases/{number}/allege_refusal")
    path = f"/desk/cases/{number}/allege_refusal/preview/refusal_hearing_notice"
    assert officer.post(path, data={"csrf_token": token}).data.startswith(b"%PDF-")
    assert desk.state(number) == "issued"


def test_lists_filter_sort_and_export(desk: Desk) -> None:
    late = desk.served_case("第一件")
    desk.case("=1+1", grave=True)
    client = desk.enter("officer")
    page = client.get("/desk/cases").text
    assert page.index("第一件") < page.index("=1+1")
    assert "第一件" not in client.get("/desk/cases?state=registered").text
    assert "第一件" in client.get("/desk/cases?word=第一").text
    assert "没有符合条件的事项" in client.get("/desk/cases?word=%25").text
    assert "第一件" in client.get("/desk/cases?channel=inspection&page=99999").text
    for odd in ("page=x", "page=0", "state=nothing", "due=never", "unit=%00", "tier=" + "x" * 4000):
        assert client.get(f"/desk/cases?{odd}").status_code == 200
    book = client.get("/desk/cases.xlsx?state=running")
    sheet = load_workbook(io.BytesIO(book.data)).active
    assert sheet is not None
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert len(rows) == 3
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value == "=1+1"]
    assert [cell.data_type for cell in cells] == ["s"]
    desk.turn_clock(START + timedelta(days=60))
    assert "第一件" in client.get("/desk/cases?due=overdue").text
    assert late


def test_first_page_counts_what_waits_for_whom(desk: Desk) -> None:
    desk.case("等下达的事项")
    desk.served_case("等整改的事项")
    officer = desk.enter("officer").get("/desk").text
    waiting = desk.enter("officer").get("/desk/waiting").text
    assert "等下达的事项" in officer
    assert "等下达的事项" in waiting
    assert "等整改的事项" not in waiting
    assert "没有等您办理的事项" in desk.enter("head").get("/desk/waiting").text


def test_due_today_is_found_on_its_day(desk: Desk) -> None:
    number = desk.served_case("今天到期的事项")
    with desk.session() as session:
        due = session.execute(select(Deadline.due_at).where(Deadline.case_id == number)).scalar_one()
    desk.turn_clock(due - timedelta(hours=3))
    assert "今天到期的事项" in desk.enter("officer").get("/desk/cases?due=today").text
    desk.turn_clock(due - timedelta(days=2))
    assert "今天到期的事项" not in desk.enter("officer").get("/desk/cases?due=today").text


@pytest.mark.parametrize(
    ("login", "expected"),
    [("owner", 403), ("monitor", 403), ("inspector", 403), ("leader", 200), ("auditor", 200), ("admin", 200)],
)
def test_other_people_read_or_do_not(desk: Desk, login: str, expected: int) -> None:
    number = desk.case()
    client = desk.enter(login)
    for path in ("/desk/cases", f"/desk/cases/{number}", "/desk/cases.xlsx", f"/desk/cases/{number}/print"):
        assert client.get(path).status_code == expected, path
    assert client.get("/desk/cases/new").status_code == 403
    assert client.get(f"/desk/cases/{number}/issue").status_code == 403
    assert client.get("/desk").status_code == 403


def test_foreign_numbers_are_not_found(desk: Desk) -> None:
    client = desk.enter("officer")
    number = desk.case()
    for path in (
        "/desk/cases/999999",
        f"/desk/cases/{number}/levitate",
        f"/desk/cases/{number}/expire",
        "/desk/cases/99999999999999999999",
        "/files/1",
        "/files/99999999999999999999",
        "/desk/cases/new?rating=77",
    ):
        assert client.get(path).status_code in {404, 422}, path


def test_list_asks_the_database_no_more_for_more_cases(desk: Desk) -> None:
    client = desk.enter("officer")

    def statements() -> int:
        seen: list[str] = []
        engine = desk.app.extensions["engine"]
        listen: Callable[..., None] = lambda *args: seen.append(args[2])  # noqa: E731 - listened to and removed
        event.listen(engine, "before_cursor_execute", listen)
        assert client.get("/desk/cases").status_code == 200
        event.remove(engine, "before_cursor_execute", listen)
        return len(seen)

    desk.case()
    statements()
    few = statements()
    for index in range(5):
        desk.case(f"第{index}件")
    assert statements() <= few

"""The desk's pages of 会签, 外出代理 and 批量办理."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.engine import make_engine
from models.panel import Absence, Panel
from tests.conftest import sqlite_copy
from tests.integration.office import START, Office, build_office, days, find_office
from tests.integration.test_panels import with_panel
from tests.web.conftest import CarefulClient
from tests.web.desk_office import Desk, hidden, take


@pytest.fixture(scope="module")
def office_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("panels")
    engine = make_engine(sqlite_copy(sqlite_template, folder))
    with Session(engine, expire_on_commit=False) as session:
        office = build_office(session)
        with_panel(session, office, "exempt", at_least=2)
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


def proposed(desk: Desk, *logins: str) -> str:
    """The address of a panel about a fresh case."""
    case_id = desk.case()
    desk.step("officer", case_id, "issue")
    signers = [str(desk.office.people[login].user_id) for login in logins]
    response = take(desk.enter("head"), case_id, "exempt", f_reason="理由经核实成立。", signer=signers)
    assert response.status_code == 302, response.text
    return response.location


def sign(client: CarefulClient, path: str, act: str, **fields: str) -> tuple[int, str]:
    page = client.get(path).text
    data = {
        "csrf_token": hidden(page, "csrf_token"),
        "seen_version": hidden(page, "seen_version"),
        "act": act,
        **fields,
    }
    response = client.post(path, data=data, follow_redirects=True)
    return response.status_code, response.text


def test_a_step_is_proposed_signed_and_taken(desk: Desk) -> None:
    path = proposed(desk, "officer2", "reviewer")
    assert "演示officer2" in desk.enter("head").get(path).text
    waiting = desk.enter("reviewer").get("/desk").text
    assert "待我会签" in waiting
    assert "认定理由成立" in desk.enter("reviewer").get("/desk/panels").text
    assert "已记录" in sign(desk.enter("officer2"), path, "agree")[1]
    status, page = sign(desk.enter("reviewer"), path, "agree", words="同意。")
    assert (status, "这一步已经办理" in page) == (200, True)
    assert desk.state(1) == "exempted"
    assert "同意，已办理" in desk.enter("leader").get("/desk/cases/1").text


def test_too_few_signers_lose_nothing_that_was_typed(desk: Desk) -> None:
    case_id = desk.case()
    desk.step("officer", case_id, "issue")
    signer = str(desk.office.reviewer.user_id)
    response = take(desk.enter("head"), case_id, "exempt", f_reason="很长的理由。", signer=signer)
    assert response.status_code == 422
    assert "至少要选2人会签" in response.text
    assert "很长的理由。" in response.text
    assert re.search(rf'value="{signer}" checked', response.text)


@pytest.mark.parametrize(
    ("login", "act", "fields", "status", "sentence"),
    [
        ("officer2", "refuse", {"words": ""}, 422, "请写明意见或理由"),
        ("officer2", "nonsense", {}, 422, "请选择要办的事"),
        ("officer2", "transfer", {"to": "no number"}, 409, "请选择人员"),
        ("officer", "agree", {}, 409, "您不在会签人员之中"),
        ("officer2", "agree", {"seen_version": "99"}, 409, "刚刚在这次会签上办理过"),
        ("officer2", "agree", {"seat": "1"}, 403, "没有代理该同事"),
    ],
)
def test_what_cannot_be_done_is_said(
    desk: Desk, login: str, act: str, fields: dict[str, str], status: int, sentence: str
) -> None:
    path = proposed(desk, "officer2", "reviewer")
    client = desk.enter(login)
    page = desk.enter("officer2").get(path).text
    data = {
        "csrf_token": client.token("/desk/absences"),
        "seen_version": hidden(page, "seen_version"),
        "act": act,
        **fields,
    }
    response = client.post(path, data=data)
    assert response.status_code == status
    assert sentence in response.text


def test_the_rated_see_no_panel(desk: Desk) -> None:
    path = proposed(desk, "officer2", "reviewer")
    assert desk.enter("owner").get(path).status_code == 403
    assert desk.enter("head").get("/desk/panels/999999").status_code == 404


def test_an_absent_reviewer_is_stood_in_for(desk: Desk) -> None:
    client = desk.enter("reviewer")
    page = client.get("/desk/absences").text
    data = {
        "csrf_token": hidden(page, "csrf_token"),
        "person": str(desk.office.reviewer.user_id),
        "substitute": str(desk.office.officer.user_id),
        "first_day": START.date().isoformat(),
        "last_day": (START + days(2)).date().isoformat(),
        "reason": "外出学习",
    }
    assert "已登记" in client.post("/desk/absences", data=data, follow_redirects=True).text
    path = proposed(desk, "officer2", "reviewer")
    page = desk.enter("officer").get(path).text
    assert "代演示reviewer签署" in page
    assert "已记录" in sign(desk.enter("officer"), path, "agree", seat=str(desk.office.reviewer.user_id))[1]
    assert "演示officer（代演示reviewer）" in desk.enter("head").get(path).text
    with desk.session() as session:
        absence = session.execute(select(Absence)).scalar_one()
    ended = client.post(
        f"/desk/absences/{absence.id}/end", data={"csrf_token": data["csrf_token"]}, follow_redirects=True
    )
    assert "提前结束" in ended.text


def test_an_officer_cannot_send_another_away(desk: Desk) -> None:
    client = desk.enter("officer")
    page = client.get("/desk/absences").text
    data = {
        "csrf_token": hidden(page, "csrf_token"),
        "person": str(desk.office.head.user_id),
        "substitute": str(desk.office.officer.user_id),
        "first_day": "2026-04-09",
        "last_day": "2026-04-10",
        "reason": "代为登记",
    }
    assert client.post("/desk/absences", data=data).status_code == 422
    assert desk.count(Absence) == 0


def test_one_step_on_many_cases_with_a_result_for_each(desk: Desk) -> None:
    """Three can be issued, one was issued meanwhile: three done, one told why, nothing done twice."""
    cases = [desk.case(f"窗口无人在岗之{number}") for number in range(4)]
    client = desk.enter("officer")
    assert 'form="bulk"' in client.get("/desk/cases").text
    ticked = [("case", str(number)) for number in cases]
    page = client.get("/desk/bulk", query_string=[*ticked, ("step", "issue")]).text
    assert "逐起办理：下达整改通知" in page
    desk.step("officer2", cases[3], "issue")
    data = {"csrf_token": hidden(page, "csrf_token"), "step": "issue", "f_requirement": "立即整改。"}
    data |= {"case": [str(number) for number in cases]}  # type: ignore[dict-item]  # a list is sent as many
    data |= {f"seen_{number}": hidden(page, f"seen_{number}") for number in cases}
    done = client.post("/desk/bulk", data=data).text
    assert "办成3起，没有办成1起" in done
    assert "演示officer2已于" in done
    assert [desk.state(number) for number in cases] == ["issued"] * 4
    again = client.post("/desk/bulk", data=data)
    assert again.status_code == 422
    assert "请先选择要办的步骤" in again.text


def test_steps_of_a_panel_are_not_taken_in_bulk(desk: Desk) -> None:
    number = desk.case()
    desk.step("officer", number, "issue")
    page = desk.enter("head").get("/desk/bulk", query_string=[("case", str(number))]).text
    assert "认定理由成立" not in page
    assert "撤销立案" in page


def test_an_empty_choice_says_what_to_do(desk: Desk) -> None:
    assert "没有选中事项" in desk.enter("officer").get("/desk/bulk").text
    assert desk.enter("officer").get("/desk/bulk?case=abc&case=999999999999").status_code == 200
    assert desk.enter("officer").get("/desk/bulk?case=987654").status_code == 404
    assert desk.enter("owner").get("/desk/bulk?case=1").status_code == 403
    assert desk.count(Panel) == 0

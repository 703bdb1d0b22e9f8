"""An officer switches to the complaints and works through one on the pages; nothing in them is written for it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.case import Case
from models.engine import make_engine
from models.notice import Notice
from services.campaign_choice import campaigns_to_choose
from services.refusal import Refusal
from services.results import propose_edition
from tests.conftest import sqlite_copy
from tests.integration.office import START, build_office, days, find_office
from tests.integration.test_other_procedures import SERVED, set_up
from tests.web.conftest import CarefulClient
from tests.web.desk_office import Desk, hidden, take


@pytest.fixture(scope="module")
def office_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with the complaints beside the evaluation, and who works in it."""
    folder = tmp_path_factory.mktemp("complaints")
    engine = make_engine(sqlite_copy(sqlite_template, folder))
    with Session(engine, expire_on_commit=False) as session:
        build_office(session)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return folder / "pingdu.db"


@pytest.fixture
def sqlite_url(office_file: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(office_file, tmp_path / 'pingdu.db')}"


@pytest.fixture
def desk(app: Flask) -> Desk:
    """The office; its complaints are set up after it was found, for it knows one campaign."""
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        made = Desk(app, find_office(session))
        set_up(session, "efficiency-complaint")
        set_up(session, "appeal-review")
    made.turn_clock(START)
    return made


def switched(desk: Desk, login: str, name: str) -> CarefulClient:
    """A client that has chosen a campaign by its name."""
    client = desk.enter(login)
    page = client.get("/account/campaign").text
    value = page.partition(f"使用“{name}”")[0].rpartition('value="')[2].partition('"')[0]
    data = {"csrf_token": hidden(page, "csrf_token"), "campaign": value}
    answer = client.post("/account/campaign", data=data)
    assert answer.status_code == 302
    assert f"已切换到“{name}”" in client.get(answer.location, follow_redirects=True).text
    return client


def opened(desk: Desk, client: CarefulClient) -> int:
    """A case opened on the page."""
    page = client.get("/desk/cases/new").text
    data = {
        "target": str(desk.office.target.id),
        "channel": "complaint",
        "found_on": "2026-04-08",
        "title": "窗口无人办理",
        "facts": "三次前往均无人办理。",
        "problem": "slow_delay",
        "csrf_token": hidden(page, "csrf_token"),
        "token": hidden(page, "token"),
    }
    answer = client.post("/desk/cases/new", data=data, content_type="multipart/form-data")
    assert answer.status_code == 302, answer.text
    with desk.session() as session:
        return session.execute(select(Case.id).order_by(Case.id.desc()).limit(1)).scalar_one()


def test_a_complaint_is_handled_on_the_pages(desk: Desk) -> None:
    officer = switched(desk, "officer", "2026年效能投诉办理")
    number = opened(desk, officer)
    shown = officer.get(f"/desk/cases/{number}").text
    assert "效投案〔2026〕1号" in shown
    assert "受理交办" in shown
    accepted = take(officer, number, "accept", f_complainant="王先生（演示）", f_came_by="phone")
    assert accepted.status_code == 302, accepted.text
    served = {f"f_{name}": value for name, value in SERVED.items()}
    assert take(officer, number, "serve", **served).status_code == 302
    desk.turn_clock(START + days(5))
    words = {"f_findings": "（演示）属实", "f_outcome": "（演示）已改正并致歉"}
    assert take(officer, number, "reply", **words).status_code == 302
    reviewer = switched(desk, "reviewer", "2026年效能投诉办理")
    called = take(reviewer, number, "call_back", f_satisfaction="satisfied", f_opinion="（演示）满意")
    assert called.status_code == 302, called.text
    assert desk.state(number) == "closed"
    case = officer.get(f"/desk/cases/{number}").text
    assert "4月9日送达，1个月：至5月9日" in case
    assert "投诉办理答复书" in case


@pytest.mark.parametrize("login", ["officer", "head", "owner", "leader", "admin"])
def test_every_page_of_such_a_campaign_opens(desk: Desk, login: str) -> None:
    name = "2026年效能投诉办理"
    opened(desk, switched(desk, "officer", name))
    client = switched(desk, login, name)
    plain = [
        rule.rule
        for rule in desk.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments and rule.endpoint != "account.logout"
    ]
    assert len(plain) > 60
    for path in plain:
        status = client.get(path).status_code
        assert status in {200, 302, 303, 308, 400, 403, 404, 409, 422}, f"{path}: {status}"


def test_what_ranks_nobody_shows_no_places_and_publishes_none(desk: Desk) -> None:
    name = "2026年效能投诉办理"
    for login, path in (
        ("leader", "/ranking"),
        ("leader", "/ranking/outcomes"),
        ("head", "/ranking/editions"),
    ):
        answer = switched(desk, login, name).get(path)
        assert answer.status_code == 404, path
        assert "不测评、不排名" in answer.text
    board = switched(desk, "leader", name).get("/leader").text
    assert "还没有名次" not in board
    assert "满意率" not in board
    assert "已登记待受理" in board
    rules = switched(desk, "leader", name).get("/public/rules").text
    assert "效能投诉办理：状态、期限和扣分" in rules
    assert "测评方式" not in rules
    with desk.session() as session:
        (complaints,) = (row for row in campaigns_to_choose(session) if row.name == name)
        with pytest.raises(Refusal, match="不排名"):
            propose_edition(session, desk.office.officer, complaints, reason="试算", now=START)


def test_a_case_is_not_opened_in_a_campaign_switched_to_meanwhile(desk: Desk) -> None:
    client = desk.enter("officer")
    page = client.get("/desk/cases/new").text
    data = {
        "target": str(desk.office.target.id),
        "channel": "complaint",
        "found_on": "2026-04-08",
        "title": "窗口无人办理",
        "facts": "三次前往均无人办理。",
        "problem": "slow_delay",
        **{name: hidden(page, name) for name in ("csrf_token", "token", "campaign")},
    }
    with client.session_transaction() as kept:
        kept["campaign"] = desk.office.campaign.id + 1
    answer = client.post("/desk/cases/new", data=data, content_type="multipart/form-data")
    assert answer.status_code == 409
    assert "您已切换到" in answer.text
    assert desk.count(Case) == 0


def test_the_choice_is_checked_and_ends_with_the_session(desk: Desk) -> None:
    client = desk.enter("officer")
    assert "2026年度测评活动" in client.get("/desk").text
    for wrong in ("", "0", "999999", "x", "٣", "1" * 30):
        data = {"csrf_token": client.token("/account/campaign"), "campaign": wrong}
        assert client.post("/account/campaign", data=data).status_code == 422
    assert desk.app.test_client().get("/account/campaign").status_code == 302


@pytest.mark.parametrize("login", ["owner", "stranger"])
def test_the_rated_are_not_told_who_complained(desk: Desk, login: str) -> None:
    name = "2026年效能投诉办理"
    officer = switched(desk, "officer", name)
    number = opened(desk, officer)
    assert (
        take(officer, number, "accept", f_complainant="王先生（演示）", f_came_by="phone").status_code == 302
    )
    assert "王先生" in officer.get(f"/desk/cases/{number}").text
    rated = switched(desk, login, name)
    case = rated.get(f"/t/cases/{number}")
    assert case.status_code == (200 if login == "owner" else 404)
    assert "王先生" not in case.text
    assert "王先生" not in rated.get("/t/notices", follow_redirects=True).text
    with desk.session() as session:
        notices = session.execute(select(Notice).where(Notice.case_id == number)).scalars().all()
    assert len(notices) == 2
    assert not any("王先生" in json.dumps(row.frozen, ensure_ascii=False) for row in notices)
    # The letter to the complainant is not the rated unit's to sign for.
    assert sum(row.needs_service for row in notices) == 1

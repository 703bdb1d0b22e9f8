"""Pages of what moves cases past their steps: a changed procedure, and the head."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from models.case import Case
from services.worker import Worker
from tests.integration.changed_procedure import publish_changed, renamed, state
from tests.integration.killed_worker import CLOCKWORK
from tests.integration.office import START
from tests.web.desk_office import Desk, hidden
from tests.web.test_desk_cases import desk, office_file, sqlite_url

__all__ = ["desk", "office_file", "sqlite_url"]


def work(desk: Desk) -> None:
    """A worker's turn."""
    engine = desk.app.extensions["engine"]
    Worker(sessionmaker(engine), CLOCKWORK, clock=lambda: START, pause=1).turn()


def changed(data: dict[str, Any]) -> None:
    """Twenty days, and another key for where the case stands."""
    state(data, "issued")["clocks"][0]["working_days"] = 20
    renamed(data, "issued", "ordered")


def test_running_cases_are_tried_moved_and_taken_back(desk: Desk) -> None:
    case_id = desk.served_case()
    head = desk.enter("head")
    assert "没有需要转移的事项" in head.get("/procedure-changes").text
    with desk.session() as session:
        publish_changed(session, changed)
    assert "试算并转入新版本" in head.get("/procedure-changes").text
    page = head.get("/procedure-changes/new").text
    assert "须指定对应状态" in page
    typed = {"csrf_token": hidden(page, "csrf_token"), "to-issued": "ordered", "policy": "recompute"}
    page = head.post("/procedure-changes/new", data={**typed, "act": "try"}).text
    assert "按对应状态转入" in page
    refused = head.post(
        "/procedure-changes/new", data={**typed, "act": "execute", "seen": hidden(page, "seen"), "reason": ""}
    )
    assert refused.status_code == 422
    assert 'value="ordered" selected' in refused.text
    sent = head.post(
        "/procedure-changes/new",
        data={**typed, "act": "execute", "seen": hidden(page, "seen"), "reason": "（演示）放宽期限"},
    )
    assert sent.status_code == 302
    path = sent.headers["Location"]
    assert "执行中" in head.get(path).text
    work(desk)
    assert desk.state(case_id) == "ordered"
    shown = head.get(path).text
    assert "已完成" in shown
    assert "变动的期限" in shown
    case = desk.enter("officer").get(f"/desk/cases/{case_id}").text
    assert "流程变更，转入新版本" in case
    assert "期限调整：" in case
    own = desk.enter("owner").get(f"/t/cases/{case_id}").text
    assert "（演示）放宽期限" in own
    for place in ("/desk", "/desk/cases", "/leader"):
        assert desk.enter("head").get(place).status_code == 200
    back = head.submit(f"{path}/back", page=path, reason="（演示）依据有误")
    assert back.status_code == 302
    work(desk)
    assert desk.state(case_id) == "issued"
    assert "流程变更撤回" in head.get(f"/desk/cases/{case_id}").text
    assert desk.enter("officer").get("/procedure-changes").status_code == 200
    assert desk.enter("officer").get("/procedure-changes/new").status_code == 403
    assert desk.enter("owner").get("/procedure-changes").status_code == 403


def test_a_stuck_case_is_moved_by_two_persons_and_counted_in_public(desk: Desk) -> None:
    case_id = desk.served_case()
    head, reviewer = desk.enter("head"), desk.enter("reviewer")
    assert f"/desk/cases/{case_id}/moves/new" in head.get(f"/desk/cases/{case_id}").text
    assert f"/desk/cases/{case_id}/moves/new" not in reviewer.get(f"/desk/cases/{case_id}").text
    path = f"/desk/cases/{case_id}/moves/new"
    empty = head.submit(path, state="overdue", book="no", reason="")
    assert empty.status_code == 422
    sent = head.submit(path, state="overdue", book="yes", reason="（演示）流程卡住")
    assert sent.status_code == 302
    move = sent.headers["Location"]
    assert "批准调整" not in head.get(move).text
    assert "等待批准的状态调整" in reviewer.get("/desk").text
    assert reviewer.submit(f"{move}/approve", page=move).status_code == 302
    assert desk.state(case_id) == "overdue"
    assert "负责人调整状态" in reviewer.get(f"/desk/cases/{case_id}").text
    assert "（演示）流程卡住" in desk.enter("owner").get(f"/t/cases/{case_id}").text
    with Session(desk.app.extensions["engine"]) as session:
        assert session.get_one(Case, case_id).situation["tiers"] == ["overdue"]
    assert desk.enter("officer").get(path).status_code == 403

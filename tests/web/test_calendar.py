"""The calendar's pages: who may propose and approve, what is shown before, what is typed stays."""

from __future__ import annotations

from sqlalchemy import select

from models.calendar_change import CalendarChange
from models.campaign import CalendarYear
from tests.web.desk_office import Desk, hidden
from tests.web.test_desk_cases import desk, office_file, sqlite_url

__all__ = ["desk", "office_file", "sqlite_url"]

TYPED = {
    "calendar": "calendar",
    "days": "2026-04-20至2026-04-21 停办 （演示）防汛\n2026-04-25 调休上班",
    "year": "",
    "standing": "published",
    "source": "",
    "reason": "（演示）防汛停办",
}


def test_a_change_is_proposed_looked_at_and_approved_by_another(desk: Desk) -> None:
    case_id = desk.served_case()
    admin, head = desk.enter("admin"), desk.enter("head")
    assert "提出修改" in admin.get("/calendar").text
    sent = admin.submit("/calendar/changes/new", **TYPED)
    assert sent.status_code == 302
    path = sent.headers["Location"]
    own = admin.get(path).text
    assert "批准后有1个期限变动" in own
    assert "批准，并重算期限" not in own
    token = hidden(own, "csrf_token")
    assert admin.post(f"{path}/approve", data={"csrf_token": token, "seen": "x"}).status_code == 403
    page = head.get(path).text
    stale = head.post(f"{path}/approve", data={"csrf_token": hidden(page, "csrf_token"), "seen": "x"})
    assert stale.status_code == 409
    assert "受影响的期限有了变化" in stale.text
    seen = {"csrf_token": hidden(page, "csrf_token"), "seen": hidden(page, "seen")}
    assert head.post(f"{path}/approve", data=seen).status_code == 302
    done = head.get(path).text
    assert "已变动的期限：1个" in done
    assert "期限调整：" in desk.enter("officer").get(f"/desk/cases/{case_id}").text
    target = desk.enter("owner").get(f"/t/cases/{case_id}").text
    assert "工作日历变更：（演示）防汛停办" in target
    assert "2026年4月20日" in head.get("/calendar?year=2026").text
    with desk.session() as session:
        assert (
            session.execute(select(CalendarYear.edition).where(CalendarYear.year == 2026)).scalar_one() == 2
        )


def test_what_cannot_be_read_is_named_and_kept(desk: Desk) -> None:
    admin = desk.enter("admin")
    for days, said in (
        ("2026-02-30 放假", "没有这一天"),
        ("下周一 放假", "第1行"),
        ("2026-05-06 休假", "安排请写"),
        ("2026-05-08至2026-05-06 放假", "颠倒"),
    ):
        answer = admin.submit("/calendar/changes/new", **{**TYPED, "days": days})
        assert answer.status_code == 422
        assert said in answer.text
        assert days in answer.text
    assert admin.submit("/calendar/changes/new", **{**TYPED, "year": "明年"}).status_code == 422
    assert desk.count(CalendarChange) == 0


def test_who_may_not(desk: Desk) -> None:
    for login in ("owner", "monitor", "inspector"):
        assert desk.enter(login).get("/calendar").status_code == 403
    officer = desk.enter("officer")
    assert "/calendar/changes/new" not in officer.get("/calendar").text
    assert officer.get("/calendar/changes/new").status_code == 403
    admin = desk.enter("admin")
    path = admin.submit("/calendar/changes/new", **TYPED).headers["Location"]
    token = hidden(desk.enter("head").get(path).text, "csrf_token")
    assert officer.post(f"{path}/approve", data={"csrf_token": token}).status_code in (400, 403)
    withdrawn = admin.submit(f"{path}/refuse", page=path)
    assert withdrawn.status_code == 302
    assert "已撤回" in admin.get("/calendar").text

"""Pages of outgoing connections and of one's calendar feed."""

from __future__ import annotations

import re

from icalendar import Calendar

from models.outgoing import CalendarFeed, OutgoingConnection
from tests.web.desk_office import Desk
from tests.web.test_desk_cases import desk, office_file, sqlite_url

__all__ = ["desk", "office_file", "sqlite_url"]

TYPED = {
    "name": "（演示）督查系统",
    "kind": "webhook",
    "address": "http://127.0.0.1:9/x",
    "acts": "case.stepped",
}


def test_a_connection_is_set_up_and_its_secret_shown_once(desk: Desk) -> None:
    admin = desk.enter("admin")
    assert "还没有对外连接" in admin.get("/connections").text
    private = admin.submit("/connections/new", **TYPED)
    assert private.status_code == 422
    assert "（演示）督查系统" in private.text
    desk.app.config["PINGDU_OUTGOING_PRIVATE"] = True
    made = admin.submit("/connections/new", **TYPED)
    assert made.status_code == 200
    found = re.search(r'id="key" readonly value="([^"]+)"', made.text)
    assert found
    path = "/connections/1"
    assert found.group(1) not in admin.get(path).text
    assert admin.submit(f"{path}/trial", page=path).status_code == 302
    assert "待发送" in admin.get(path).text
    assert admin.submit(f"{path}/active", page=path, on="no").status_code == 302
    assert "已停用" in admin.get(path).text
    fresh = admin.submit(f"{path}/secret", page=path)
    assert 'id="key" readonly' in fresh.text
    assert desk.count(OutgoingConnection) == 1
    for login in ("head", "officer", "owner"):
        assert desk.enter(login).get("/connections").status_code == 403


def test_own_deadlines_go_to_a_calendar_until_the_address_ends(desk: Desk) -> None:
    case_id = desk.served_case("（演示）窗口；等候,四十分钟")
    owner = desk.enter("owner")
    page = owner.submit("/feeds/open", page="/feeds")
    found = re.search(r'readonly value="([^"]+)"', page.text)
    assert found
    path = "/feeds/" + found.group(1).rpartition("/")[2]
    nobody = desk.app.test_client()
    answer = nobody.get(path)
    assert answer.status_code == 200
    assert answer.mimetype == "text/calendar"
    assert b"\\," in answer.data
    assert b"\\," in answer.data
    assert max(map(len, answer.data.split(b"\r\n"))) <= 75
    (event,) = Calendar.from_ical(answer.data).walk("VEVENT")
    assert event["SUMMARY"] == "整改反馈期限：（演示）窗口；等候,四十分钟".replace("；", "；")
    assert event["DTEND"].dt.isoformat() == "2026-04-30T17:30:00+08:00"
    assert event["DTEND"].params["TZID"] == "Asia/Shanghai"
    assert f"/t/cases/{case_id}" in event["URL"]
    stranger = desk.enter("stranger")
    other = stranger.submit("/feeds/open", page="/feeds").text
    other_path = "/feeds/" + re.findall(r'readonly value="([^"]+)"', other)[0].rpartition("/")[2]
    assert list(Calendar.from_ical(nobody.get(other_path).data).walk("VEVENT")) == []
    assert nobody.get("/feeds/guess.ics").status_code == 404
    again = owner.submit("/feeds/open", page="/feeds")
    assert again.status_code == 200
    assert nobody.get(path).status_code == 404, "a new address ends the old"
    assert owner.submit("/feeds/close", page="/feeds").status_code == 302
    assert desk.count(CalendarFeed) == 1

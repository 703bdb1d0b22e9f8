"""The desk's register of notices, ratings, messages and incidents."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.case import Case
from models.engine import writing
from models.job import Job, Message
from models.notice import Notice
from models.rating import Rating, RatingVoid
from services.jobs import PAUSES
from services.messages import mark_read, messages_of, unread_count
from tests.conftest import sqlite_copy
from tests.integration.office import START, find_office
from tests.web.desk_office import Desk, hidden
from tests.web.test_desk_cases import office_file

__all__ = ["office_file"]


@pytest.fixture
def sqlite_url(office_file: Path, tmp_path: Path) -> str:
    return sqlite_copy(office_file, tmp_path)


@pytest.fixture
def desk(app: Flask) -> Desk:
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        made = Desk(app, find_office(session))
    made.turn_clock(START)
    return made


def rating(desk: Desk, grade: str = "bad") -> int:
    """An inspection's rating with words that a case can take over."""
    with desk.session() as session, writing():
        form = session.execute(select(Rating.form_id)).scalars().first()
        if form is None:
            from services.definitions import form_of_campaign

            form = form_of_campaign(session, desk.office.campaign, "inspection")[0]
        row = Rating(
            campaign_id=desk.office.campaign.id,
            target_id=desk.office.target.id,
            method="inspection",
            grade=grade,
            form_id=form,
            answers={
                "target": desk.office.target.key,
                "way": "unannounced",
                "findings": "三号窗口<b>无人</b>在岗",
                "problem": "slow_delay",
                "grade": grade,
            },
            rater_id=desk.office.inspector.user_id,
            happened_on=START.date(),
            submitted_at=START,
        )
        session.add(row)
        session.commit()
        return row.id


def only_notice(desk: Desk) -> Notice:
    with desk.session() as session:
        return session.execute(select(Notice).order_by(Notice.id)).scalars().first()  # type: ignore[return-value]  # there is one


def test_register_shows_filters_and_exports(desk: Desk) -> None:
    desk.served_case("=cmd|' /C calc'!A0")
    client = desk.enter("officer")
    page = client.get("/desk/notices").text
    assert "效整改〔2026〕1号" in page
    assert "整改通知书" in page
    assert "没有符合条件的文书" in client.get("/desk/notices?status=voided").text
    assert "效整改〔2026〕1号" in client.get("/desk/notices?year=2026&series=rectification").text
    for odd in ("year=二〇", "year=99999999999", "page=-1", "status=x", "kind=%00", "target=" + "y" * 3000):
        assert client.get(f"/desk/notices?{odd}").status_code == 200
    sheet = load_workbook(io.BytesIO(client.get("/desk/notices.xlsx").data)).active
    assert sheet is not None
    assert "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}


def test_pdf_is_kept_shown_and_guarded(desk: Desk) -> None:
    desk.served_case()
    row = only_notice(desk)
    shown = desk.enter("reviewer").get(f"/desk/notices/{row.id}.pdf")
    assert shown.mimetype == "application/pdf"
    assert shown.headers["Content-Disposition"].startswith("inline")
    saved = desk.enter("auditor").get(f"/desk/notices/{row.id}.pdf?save")
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert saved.data == shown.data
    assert desk.enter("owner").get(f"/desk/notices/{row.id}.pdf").status_code == 403
    assert desk.enter("officer").get("/desk/notices/4711.pdf").status_code == 404


def test_two_persons_void_with_a_reason_and_the_pages_say_so(desk: Desk) -> None:
    desk.served_case()
    row = only_notice(desk)
    officer, head = desk.enter("officer"), desk.enter("head")
    path = f"/desk/notices/{row.id}"
    assert desk.enter("auditor").get(f"{path}/void").status_code == 403
    empty = officer.submit(f"{path}/void", reason="  ")
    assert empty.status_code == 422
    assert "请写明作废的理由" in empty.text
    assert officer.submit(f"{path}/void", reason="主送写错<i>").status_code == 302
    assert "您是提出人，须由另一人批准" in officer.get(path).text
    assert "作废文书待批" in head.get("/desk").text
    assert "主送写错&lt;i&gt;" in head.get("/desk/notices").text
    page = head.get(path).text
    [approve] = re.findall(r'formaction="([^"]+/approve)"', page)
    refuse = approve.replace("/approve", "/refuse")
    token = {"csrf_token": hidden(page, "csrf_token")}
    assert head.post(refuse, data=token).status_code == 422
    assert officer.post(approve, data={"csrf_token": officer.token(path)}).status_code == 403
    assert head.post(approve, data=token).status_code == 302
    assert "主送写错&lt;i&gt;" in head.get("/desk/notices?status=voided").text
    page = officer.get(path).text
    assert "这份文书已作废" in page
    assert "notice-stamp" in page
    assert officer.get(f"{path}/pages/1.png").data.startswith(b"\x89PNG")
    assert officer.get(f"{path}/pages/99.png").status_code == 404
    assert officer.get(f"{path}.pdf").data != officer.get(f"{path}.pdf?original=1").data
    again = officer.submit(f"{path}/void", page=f"{path}/void", reason="再来")
    assert again.status_code in (404, 409)


def test_a_voided_notice_is_issued_anew_from_its_page(desk: Desk) -> None:
    desk.served_case()
    row = only_notice(desk)
    head = desk.enter("head")
    path = f"/desk/notices/{row.id}/reissue"
    assert "查明的事实" in head.get(path).text
    empty = head.submit(path, reason=" ", **{"v-facts": "改正后的事实"})
    assert empty.status_code == 422
    assert "改正后的事实" in empty.text
    done = head.submit(path, reason="更正事实", **{"v-facts": "改正后的事实"})
    assert done.status_code == 302
    page = head.get(done.headers["Location"]).text
    assert f"代替{row.number}" in page
    assert "重发自旧文书" in page
    assert "已被代替" in head.get("/desk/notices").text
    with desk.session() as session:
        code = session.get_one(Notice, row.id).verify_code
    shown = head.get(f"/notices/verify/{code}").text
    assert "已由新文书代替" in shown


def test_the_register_is_printed_and_exported_without_formulas(desk: Desk) -> None:
    desk.served_case("=cmd|'/c calc'!A1")
    officer = desk.enter("officer")
    printed = officer.get("/desk/notices/print?series=rectification").text
    assert "发文登记簿" in printed
    assert "register-print.css" in printed
    text = officer.get("/desk/notices.csv").data.decode("utf-8-sig")
    assert "效整改〔2026〕1号" in text
    assert "\n=" not in text
    assert ",=" not in text
    assert '"=' not in text
    assert "编号核对" in officer.get("/desk/notices?since=%00&until=x&case=%25&after=2026-x-1&before=;").text
    assert "全部连续" in officer.get("/desk/notices").text


def test_a_step_is_put_before_a_second_person(desk: Desk) -> None:
    from tests.integration.test_notice_life import wants_check

    with desk.session() as session:
        wants_check(session, find_office(session))
    case = desk.case()
    officer, reviewer = desk.enter("officer"), desk.enter("reviewer")
    step = f"/desk/cases/{case}/issue"
    page = officer.get(step).text
    assert "送核：整改通知书" in page
    told = {"seen_version": hidden(page, "seen_version"), "f_requirement": "立即恢复"}
    assert officer.submit(step, page=step, **told).status_code == 409
    assert officer.submit(f"{step}/check/rectification_notice", page=step, **told).status_code == 302
    assert "等另一人核稿" in officer.get(step).text
    assert "立即恢复" in officer.get(step).text
    assert "待我核稿" in reviewer.get("/desk").text
    [draft] = set(re.findall(r"/desk/drafts/\d+", reviewer.get("/desk/drafts").text))
    assert "送核的人不能核自己的稿" in officer.get(draft).text
    assert reviewer.get(f"{draft}/pages/1.png").data.startswith(b"\x89PNG")
    assert reviewer.submit(f"{draft}/return", page=draft, remark=" ").status_code == 422
    assert officer.submit(f"{draft}/approve", page=draft).status_code in (403, 404)
    assert reviewer.submit(f"{draft}/approve", page=draft).status_code == 302
    assert "可以办理" in officer.get(step).text
    page = officer.get(step).text
    told["seen_version"] = hidden(page, "seen_version")
    assert officer.submit(step, page=step, **told).status_code == 302
    assert desk.state(case) == "issued"


def test_rating_is_read_in_words_and_becomes_a_case(desk: Desk) -> None:
    number = rating(desk)
    officer = desk.enter("officer")
    assert f"/desk/ratings/{number}" in officer.get("/desk/ratings?method=inspection&state=counted").text
    page = officer.get(f"/desk/ratings/{number}").text
    assert "三号窗口&lt;b&gt;无人&lt;/b&gt;在岗" in page
    assert "演示inspector" in page
    sheet = officer.get(f"/desk/cases/new?rating={number}").text
    assert "三号窗口&lt;b&gt;无人&lt;/b&gt;在岗" in sheet
    assert "演示inspector" not in sheet
    fields = {name: hidden(sheet, name) for name in ("csrf_token", "token", "rating", "title", "found_on")}
    data = fields | {"target": str(desk.office.target.id), "channel": "inspection", "facts": "无人在岗"}
    assert officer.post("/desk/cases/new", data=data).status_code == 302
    with desk.session() as session:
        case = session.execute(select(Case)).scalar_one()
    assert case.rating_id == number
    assert case.number in officer.get(f"/desk/ratings/{number}").text
    for login in ("owner", "leader", "auditor", "monitor", "admin"):
        assert desk.enter(login).get(f"/desk/ratings/{number}").status_code == 403


def test_voiding_a_rating_takes_two_persons(desk: Desk) -> None:
    number = rating(desk)
    reviewer, head = desk.enter("reviewer"), desk.enter("head")
    path = f"/desk/ratings/{number}"
    assert reviewer.submit(f"{path}/void", page=path, reason=" ").status_code == 422
    assert reviewer.submit(f"{path}/void", page=path, reason="查实为虚假测评").status_code == 302
    with desk.session() as session:
        void = session.execute(select(RatingVoid)).scalar_one()
    page = reviewer.get(path).text
    assert "您是提出人，须由另一人批准" in page
    own = reviewer.post(f"{path}/void/{void.id}/approve", data={"csrf_token": hidden(page, "csrf_token")})
    assert own.status_code == 403
    assert desk.enter("officer").get("/desk/ratings?state=void_proposed").text.count(path) == 1
    assert "作废测评待批" in head.get("/desk").text


def test_second_person_voids_a_counted_rating(desk: Desk) -> None:
    from services.ratings import propose_void
    from services.tallies import count_in
    from services.transaction import transaction

    number = rating(desk)
    with desk.session() as session:
        with transaction(session):
            count_in(
                session,
                campaign_id=desk.office.campaign.id,
                target_id=desk.office.target.id,
                method="inspection",
                grade="bad",
            )
        void = propose_void(session, desk.office.officer, number, reason="查实", now=START)
    head = desk.enter("head")
    path = f"/desk/ratings/{number}"
    done = head.submit(f"{path}/void/{void.id}/approve", page=path)
    assert done.status_code == 302
    assert "已作废" in head.get(path).text
    assert "不能由它立案" in desk.enter("officer").get(f"/desk/cases/new?rating={number}").text


def test_messages_are_read_by_their_owner_alone(desk: Desk) -> None:
    number = desk.served_case()
    desk.step("owner", number, "answer", measures="已整改")
    officer = desk.enter("officer")
    assert "请复核" in officer.get("/desk/messages?show=unread").text
    with desk.session() as session:
        mine, total = messages_of(session, desk.office.officer)
        assert total == len(mine) == 1
        assert mark_read(session, desk.office.head, now=START, message_id=mine[0].id) == 0
        assert unread_count(session, desk.office.officer) == 1
    officer.get(f"/desk/cases/{number}")
    with desk.session() as session:
        assert unread_count(session, desk.office.officer) == 0
        assert unread_count(session, desk.office.officer2) == 1
    second = desk.enter("officer2")
    page = second.get("/desk/messages").text
    answer = second.post(
        "/desk/messages/read", data={"csrf_token": hidden(page, "csrf_token"), "up_to": hidden(page, "up_to")}
    )
    assert answer.status_code == 302
    with desk.session() as session:
        assert session.query(Message).filter(Message.read_at.is_(None)).count() == 0 or (
            unread_count(session, desk.office.officer2) == 0
        )
    for odd in ("x", "", "99999999999999"):
        answer = second.post(
            "/desk/messages/read", data={"csrf_token": hidden(page, "csrf_token"), "message": odd}
        )
        assert answer.status_code == 302


def test_incident_is_shown_and_tried_again_by_the_head(desk: Desk) -> None:
    desk.served_case()
    with desk.session() as session, writing():
        job = session.execute(select(Job.id).where(Job.kind == "draw_notice")).scalars().first()
        assert job is not None
        session.execute(
            update(Job).where(Job.id == job).values(tries=len(PAUSES) + 1, error="Traceback\nOSError: <disk>")
        )
        session.commit()
    page = desk.enter("officer").get("/desk/incidents").text
    assert "OSError: &lt;disk&gt;" in page
    assert "重新执行</button>" not in page
    head = desk.enter("head")
    token = head.token("/desk/incidents")
    assert desk.enter("officer").post(f"/desk/incidents/{job}/retry").status_code in {400, 403}
    assert head.post(f"/desk/incidents/{job}/retry", data={"csrf_token": token}).status_code == 302
    assert "没有任务故障" in head.get("/desk/incidents").text
    assert head.post(f"/desk/incidents/{job}/retry", data={"csrf_token": token}).status_code == 409
    assert head.post("/desk/incidents/999999/retry", data={"csrf_token": token}).status_code == 404


def test_office_without_a_campaign_is_told_what_to_do(desk: Desk) -> None:
    desk.turn_clock(START + timedelta(days=1))
    assert desk.enter("head").get("/desk").status_code == 200

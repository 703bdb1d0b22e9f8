"""The ballot as a delegate meets it: no account, no cookie, no trace."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.people import Role
from models.rating import Rating
from models.roster import Target
from services.ballots import issue_codes, open_round
from tests.conftest import TODAY
from tests.integration.office import Office, build_office
from tests.web.conftest import CarefulClient
from tests.web.desk_office import Desk, hidden

CODE = re.compile(r"[2-9A-HJKMNP-TV-Z]{4}(-[2-9A-HJKMNP-TV-Z]{4}){6}")


@pytest.fixture
def office(app: Flask) -> Office:
    """An open campaign in the application's database."""
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        return build_office(session)


@pytest.fixture
def code(app: Flask, office: Office) -> str:
    """A code of an open round over all targets."""
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        ids = list(session.execute(select(Target.id).order_by(Target.id)).scalars())
        held = open_round(
            session,
            office.officer,
            office.campaign,
            method_key="concentrated",
            title="年中集中测评",
            target_ids=ids,
            held_on=TODAY.date(),
            opens_at=TODAY,
            closes_at=TODAY + timedelta(hours=8),
            now=TODAY,
        )
        [(_, made)] = issue_codes(session, office.officer, held.id, {"service_users": 1}, now=TODAY)
        return made


def test_a_delegate_votes_and_leaves_nothing(
    app: Flask, client: CarefulClient, office: Office, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [client.get("/ballot"), client.post("/ballot/open", data={"code": code})]
    page = answers[-1].text
    assert office.target.name in page
    assert page.count("<fieldset") > 60
    vote = {"code": code, f"f_grades-{office.target.key}": "good", "f_opinion": "多开窗口"}
    answers.append(client.post("/ballot/cast", data=vote))
    assert (answers[-1].status_code, answers[-1].location) == (303, "/ballot/thanks")
    answers.append(client.get("/ballot/thanks"))
    assert "谢谢" in answers[-1].text
    for answer in answers:
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert code not in answer.request.url
    assert code not in answers[-1].text
    said = caplog.text
    assert not any(word in said for word in (code, "127.0.0.1", "多开窗口"))
    with Session(app.extensions["engine"]) as session:
        [rating] = session.execute(select(Rating)).scalars()
        assert (rating.grade, rating.rater_id, rating.counted) == ("good", None, False)


def test_the_second_vote_with_a_card_is_refused(client: CarefulClient, office: Office, code: str) -> None:
    vote = {"code": code, f"f_grades-{office.target.key}": "good"}
    client.post("/ballot/cast", data=vote)
    again = client.post("/ballot/cast", data=vote)
    assert again.status_code == 409
    assert "选票已计入，不能再投" in again.text
    opened = client.post("/ballot/open", data={"code": code})
    assert opened.status_code == 409
    assert "已经用过" in opened.text


def test_a_colleague_who_is_logged_in_votes_without_account(
    office: Office, code: str, signed_in: Callable[..., CarefulClient]
) -> None:
    client = signed_in(Role.OFFICER, login="also-delegate")
    page = client.post("/ballot/open", data={"code": code})
    assert "also-delegate" not in page.text
    assert "Set-Cookie" not in page.headers
    vote = {"code": code, f"f_grades-{office.target.key}": "good"}
    assert "Set-Cookie" not in client.post("/ballot/cast", data=vote).headers
    assert client.get("/account/password").status_code == 200, "the login itself is untouched"


@pytest.mark.parametrize("typed", ["", "no such code", "<b>x</b>", "\x00", "２" * 28, "9" * 20_000])
def test_a_wrong_code_is_said_and_kept(client: CarefulClient, office: Office, typed: str) -> None:
    page = client.post("/ballot/open", data={"code": typed})
    assert page.status_code == 404
    assert "代码不对" in page.text
    assert "<b>x</b>" not in page.text


def test_an_empty_ballot_stays_open_with_its_words(client: CarefulClient, office: Office, code: str) -> None:
    page = client.post("/ballot/cast", data={"code": code, "f_opinion": "写了一半"})
    assert page.status_code == 422
    assert "写了一半" in page.text
    assert code in page.text
    many = client.post("/ballot/cast", data={"code": code, "f_opinion": "长" * 3_000_000})
    assert many.status_code == 413
    assert "太大" in many.text


def test_ticks_are_kept_when_the_opinion_is_too_long(
    client: CarefulClient, office: Office, code: str
) -> None:
    vote = {"code": code, f"f_grades-{office.target.key}": "poor", "f_opinion": "长" * 501}
    page = client.post("/ballot/cast", data=vote)
    assert page.status_code == 422
    assert re.search(rf'name="f_grades-{office.target.key}" value="poor" checked', page.text)


def test_outside_its_hours_the_round_says_when(
    app: Flask, client: CarefulClient, office: Office, code: str
) -> None:
    app.extensions["clock"] = lambda: TODAY + timedelta(hours=9)
    page = client.post("/ballot/open", data={"code": code})
    assert page.status_code == 409
    assert "4月9日09:00至4月9日17:00" in page.text


def test_a_failure_logs_neither_code_nor_answer(
    app: Flask,
    client: CarefulClient,
    office: Office,
    code: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with app.extensions["engine"].begin() as connection:
        connection.exec_driver_sql("ALTER TABLE rating RENAME TO hidden_rating")
    vote = {"code": code, f"f_grades-{office.target.key}": "good", "f_opinion": "多开窗口"}
    page = client.post("/ballot/cast", data=vote)
    assert page.status_code == 503
    assert "代码仍然有效" in page.text
    assert "ballot failed: OperationalError" in caplog.text
    assert not any(word in caplog.text for word in (code, "多开窗口", "127.0.0.1", office.target.key))


def test_addresses_of_the_ballot_take_no_code(app: Flask) -> None:
    rules = [rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("ballot.")]
    assert sorted(rules) == ["/ballot", "/ballot/cast", "/ballot/open", "/ballot/thanks"]


def values_of(page: str) -> dict[str, Any]:
    return dict(re.findall(r'name="(token|csrf_token)" value="([^"]+)"', page))


def test_the_office_prints_cards_once_and_closes_the_round(
    app: Flask, office: Office, signed_in: Callable[..., CarefulClient], client: CarefulClient
) -> None:
    officer = signed_in(Role.OFFICER, login="o1")
    assert "还没有组织集中测评" in officer.get("/rounds").text
    made = officer.submit(
        "/rounds/new",
        title="年中<集中>测评",
        method="concentrated",
        which="enforcement",
        held_on="2026-04-09",
        opens_at="2026-04-09T09:00",
        closes_at="2026-04-09T17:00",
    )
    assert made.status_code == 302, made.text
    page = officer.get(made.location)
    assert "年中&lt;集中&gt;测评" in page.text
    tokens = values_of(page.text)
    dealt = officer.post(f"{made.location}/cards", data=tokens | {"count-service_users": "12"})
    codes = {
        found.replace("</span><span>", "-")
        for found in re.findall(r"<span>([^-]{4}(?:</span><span>.{4}){6})", dealt.text)
    }
    assert len(codes) == 12
    assert all(CODE.fullmatch(code) for code in codes)
    assert dealt.text.count("<svg") == 12
    assert dealt.headers["Cache-Control"] == "no-store"
    twice = officer.post(f"{made.location}/cards", data=tokens | {"count-service_users": "12"})
    assert twice.status_code == 409
    assert "不能再次显示" in twice.text
    for code in codes:
        assert client.post("/ballot/open", data={"code": code}).status_code == 200
    some = codes.pop()
    client.post("/ballot/cast", data={"code": some, f"f_grades-{office.target.key}": "good"})
    refused = officer.post(f"{made.location}/close", data=tokens)
    assert refused.status_code == 422
    assert "勾选确认" in refused.text
    closed = officer.post(f"{made.location}/close", data=tokens | {"sure": "yes"})
    assert closed.status_code == 302
    done = officer.get(closed.location).text
    assert "印发12张，收回1票" in done
    assert "印发代码卡</h2>" not in done
    assert "已经结束" in officer.post(f"{made.location}/close", data=tokens | {"sure": "yes"}).text
    assert client.post("/ballot/open", data={"code": codes.pop()}).status_code == 404


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": ""}, "请填写名称"),
        ({"title": "长" * 201}, "不超过200个字"),
        ({"held_on": "明天"}, "测评日期"),
        ({"opens_at": "x"}, "投票开始"),
        ({"which": "nobody"}, "测评对象"),
        ({"closes_at": "2026-04-09T08:00"}, "晚于开始时间"),
        ({"closes_at": "2026-05-09T08:00"}, "最长14天"),
    ],
)
def test_a_round_that_cannot_be_is_said(
    office: Office, signed_in: Callable[..., CarefulClient], changes: dict[str, str], words: str
) -> None:
    values = {
        "title": "年中",
        "method": "concentrated",
        "which": "all",
        "held_on": "2026-04-09",
        "opens_at": "2026-04-09T09:00",
        "closes_at": "2026-04-09T17:00",
    }
    page = signed_in(Role.ADMIN, login="a1").submit("/rounds/new", **(values | changes))
    assert page.status_code == 422
    assert words in page.text


def test_counts_that_are_no_numbers_are_said(
    office: Office, code: str, signed_in: Callable[..., CarefulClient]
) -> None:
    officer = signed_in(Role.OFFICER, login="o1")
    tokens = values_of(officer.get("/rounds/1").text)
    for typed in ("十二", "-3", "1e9", "99999", "12<b>"):
        page = officer.post("/rounds/1/cards", data=tokens | {"count-service_users": typed})
        assert page.status_code == 422, typed
        assert "12<b>" not in page.text
    assert officer.post("/rounds/1/cards", data=tokens).status_code == 422
    assert officer.get("/rounds/99").status_code == 404


@pytest.mark.parametrize("role", [Role.MONITOR, Role.INSPECTOR, Role.LEADER, Role.AUDITOR, Role.REVIEWER])
def test_rounds_are_for_officers_and_administrators(
    office: Office, signed_in: Callable[..., CarefulClient], role: Role
) -> None:
    client = signed_in(role, login="other")
    assert client.get("/rounds").status_code == 403
    assert client.get("/rounds/new").status_code == 403


def test_a_clerk_types_papers_and_sees_the_last(app: Flask, office: Office, code: str) -> None:
    desk = Desk(app, office)
    desk.turn_clock(TODAY)
    client = desk.enter("officer")
    assert "/rounds/1/type" in client.get("/rounds/1").text
    page = client.get("/rounds/1/type").text
    assert page.count('class="tally-row"') > 60
    token = hidden(page, "csrf_token")
    ticks = dict.fromkeys(re.findall(r'name="(f_grades-[a-z0-9_]+)"', page), "good")
    looked = client.post("/rounds/1/type/look", data={"csrf_token": token, "code": "2222"})
    assert "代码不对" in looked.get_json()["code"]
    first = next(iter(ticks))
    blank = client.post("/rounds/1/type", data={"csrf_token": token, "code": code, first: "good"})
    assert blank.status_code == 422
    assert 'name="sure" value="yes"' in blank.text
    assert f'name="{first}" value="good" checked' in blank.text
    taken = client.post("/rounds/1/type", data={"csrf_token": token, "code": code, **ticks})
    assert (taken.status_code, taken.location) == (303, "/rounds/1/type")
    page = client.get("/rounds/1/type").text
    assert f"…{code[-4:]}" in page
    assert code not in page
    double = client.post("/rounds/1/type", data={"csrf_token": token, "code": code, **ticks})
    assert double.status_code == 409
    assert "已经用过" in double.text
    assert desk.enter("reviewer").get("/rounds/1/type").status_code == 403

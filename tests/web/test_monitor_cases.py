"""再评价 on the reporter's pages."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.case import Case, CaseStep
from tests.integration.office import build_office
from tests.integration.test_reporter_cases import answered_case
from tests.web.desk_office import Desk, hidden

WORD = {"a_regrade": "good", "a_opinion": "窗口已有人值守"}


@pytest.fixture
def desk(app: Flask) -> Desk:
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        return Desk(app, build_office(session))


@pytest.fixture
def case(desk: Desk) -> int:
    with desk.session() as session:
        return answered_case(session, desk.office, desk.office.monitor).id


def steps(desk: Desk) -> list[str]:
    with desk.session() as session:
        return list(session.execute(select(CaseStep.trigger).order_by(CaseStep.id)).scalars())


def test_from_the_message_to_the_word_once(desk: Desk, case: int) -> None:
    client = desk.enter("monitor")
    path = f"/m/cases/{case}/re_evaluate"
    assert "有1件您反映的事情请您再评价" in client.get("/m").text
    listed = client.get("/m/cases").text
    assert listed.count(path) == 2  # the button and the message
    page = client.get(path).text
    assert "窗口无人值守" in page
    assert "已安排轮流值守" in page
    for name in ("演示officer", "扣分", "已反馈待复核", "送达"):
        assert name not in page
    data = {"csrf_token": hidden(page, "csrf_token"), "seen": hidden(page, "seen"), **WORD}
    sent = client.post(path, data=data)
    assert (sent.status_code, sent.location) == (302, "/m/cases")
    assert client.post(path, data=data).status_code == 302
    again = client.get("/m/cases").text
    assert "无需重复提交" in again
    assert path not in again
    assert steps(desk).count("re_evaluate") == 1


def test_what_is_missing_is_asked_for_and_words_are_kept(desk: Desk, case: int) -> None:
    client = desk.enter("monitor")
    path = f"/m/cases/{case}/re_evaluate"
    page = client.get(path).text
    data = {"csrf_token": hidden(page, "csrf_token"), "seen": hidden(page, "seen")}
    for wrong in ({"a_regrade": ""}, {"a_regrade": "super"}):
        refused = client.post(path, data={**data, **wrong, "a_opinion": "<b>写过的话</b>"})
        assert refused.status_code == 422
        assert "&lt;b&gt;写过的话" in refused.text
    assert "re_evaluate" not in steps(desk)
    assert client.post(path, data={**WORD, "seen": data["seen"]}).status_code == 400  # no token


def test_a_page_that_grew_old_says_so_and_names_nobody(desk: Desk, case: int) -> None:
    client = desk.enter("monitor")
    path = f"/m/cases/{case}/re_evaluate"
    page = client.get(path).text
    desk.step("officer", case, "re_evaluate", regrade="fair")
    data = {"csrf_token": hidden(page, "csrf_token"), "seen": hidden(page, "seen"), **WORD}
    assert client.post(path, data=data).status_code == 302
    told = client.get("/m/cases").text
    assert "现在没有请您再评价" in told
    assert "演示officer" not in told
    assert client.get(path).status_code == 302


@pytest.mark.parametrize("who", ["monitor2", "inspector"])
def test_other_reporters_meet_the_page_of_what_is_not_there(desk: Desk, case: int, who: str) -> None:
    client = desk.enter(who)
    assert "窗口无人值守" not in client.get("/m/cases").text
    data = {"csrf_token": client.token("/account/password"), "seen": "9", **WORD}
    theirs, missing = f"/m/cases/{case}/re_evaluate", "/m/cases/99999/re_evaluate"
    for send in (client.get, lambda path: client.post(path, data=data)):
        answers = [(send(path), path) for path in (theirs, missing)]
        assert [answer.status_code for answer, _ in answers] == [404, 404]
        first, second = (_same(answer.text, path) for answer, path in answers)
        assert first == second
    assert "re_evaluate" not in steps(desk)


def _same(text: str, path: str) -> str:
    return re.sub(r'value="[^"]*"', "", text.replace(path, ""))


def test_no_other_step_has_a_page_and_other_roles_none(desk: Desk, case: int) -> None:
    client = desk.enter("monitor")
    for trigger in ("accept", "answer", "无此步骤"):
        assert client.get(f"/m/cases/{case}/{trigger}").status_code == 404
    for who in ("owner", "officer", "leader"):
        assert desk.enter(who).get(f"/m/cases/{case}/re_evaluate").status_code == 403


def test_messages_are_read_and_the_desk_stays_closed(desk: Desk, case: int) -> None:
    client = desk.enter("monitor")
    assert client.get(f"/desk/cases/{case}").status_code == 403
    assert client.post("/m/messages/read", data={"up_to": "x"}).status_code == 400
    page = client.get("/m/cases").text
    sent = client.post("/m/messages/read", data={"csrf_token": hidden(page, "csrf_token"), "up_to": "999999"})
    assert sent.status_code == 302
    assert "未读" not in client.get("/m/cases").text


def test_a_further_visit_is_reminded_of_what_still_runs_there(desk: Desk, case: int) -> None:
    with desk.session() as session:
        running = session.get_one(Case, case)
        title, target = running.title, running.target.key
        other = desk.office.other_target.key
    page = desk.enter("monitor").get("/m/instant").text
    assert "还没有办结的事项（1件）" in page
    assert title in page
    assert f"target={target}#form" in page
    assert title in desk.enter("monitor").get(f"/m/instant?target={target}").text
    assert title not in desk.enter("monitor").get(f"/m/instant?target={other}").text
    assert title not in desk.enter("inspector").get("/m/inspect").text
    assert desk.enter("monitor").get("/m/instant?target=%00%C2%B2").status_code == 200

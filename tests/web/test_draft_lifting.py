"""A draft whose form was published anew, as whoever goes on with it sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.campaign import Campaign, Definition
from models.collection import Answer, AnswerDraft
from models.engine import writing
from models.people import Role
from models.roster import Monitor
from services.collections import adopt_newer_form
from tests.conftest import TODAY
from tests.integration.office import Office, build_office
from tests.integration.sent_forms import QUESTIONNAIRE, publish_form, send_out
from tests.web.conftest import CarefulClient
from tests.web.test_collections import hidden, whole

NEWER: dict[str, Any] = {
    **QUESTIONNAIRE,
    "fields": [
        *(one for one in QUESTIONNAIRE["fields"] if one["key"] != "window"),
        {"key": "advice", "type": "short_text", "label": "还有什么建议", "required": True},
    ],
}


@pytest.fixture
def office(app: Flask) -> Office:
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        office = build_office(session)
        publish_form(session, QUESTIONNAIRE)
        return office


@pytest.fixture
def db(app: Flask, office: Office) -> Iterator[Session]:
    with Session(app.extensions["engine"]) as session:
        yield session


@pytest.fixture
def send(app: Flask, office: Office) -> Callable[..., Callable[[], None]]:
    """Send the questionnaire out; gives its address and the office's press of 换用新版."""

    def made(**rules: Any) -> Any:
        with Session(app.extensions["engine"], expire_on_commit=False) as session:
            held = send_out(session, office, **rules)

        def adopt() -> None:
            with Session(app.extensions["engine"], expire_on_commit=False) as session:
                newer = publish_form(session, NEWER, version=2)
                adopt_newer_form(session, office.officer, held.id, form_id=newer, now=TODAY)

        return (f"/fill/{held.slug}" if held.access == "account" else f"/f/{held.slug}"), adopt

    return made


def test_an_account_sees_what_changes_lifts_and_puts_back(
    send: Callable[..., Any], signed_in: Callable[..., CarefulClient], db: Session
) -> None:
    address, adopt = send(access="account", roles=(Role.LEADER,))
    client = signed_in(Role.LEADER, login="l1")
    page = client.get(address).text
    client.post(f"{address}/draft", data=whole(page, why="等太久", window="三号窗口"))
    adopt()
    preview = client.get(address).text
    for words in ("第1版", "第2版", "等太久", "三号窗口", "表单里已没有这一题", "还有什么建议", "仍用旧版填"):
        assert words in preview
    old = client.post(f"{address}/lift", data=whole(preview) | {"do": "stay"}).text
    assert 'value="三号窗口"' in old
    new = client.post(f"{address}/lift", data=whole(preview) | {"do": "lift"}).text
    assert 'name="f_window"' not in new
    for words in ('name="f_advice"', "等太久", "三号窗口", "换回原来的版本"):
        assert words in new
    assert "等太久" in client.get(address).text
    back = client.post(f"{address}/lift", data=whole(new, why="等了两小时", advice="多开窗") | {"do": "back"})
    for words in ("已换回原来的版本", "等了两小时", "三号窗口"):
        assert words in back.text
    new = client.post(f"{address}/lift", data=whole(back.text) | {"do": "lift"}).text
    assert 'value="多开窗"' in new, "what was answered in the new version waited there"
    sent = client.post(address, data=whole(new, feel="bad", why="等了两小时", advice="多开窗"))
    assert sent.status_code == 303, sent.text
    [answer] = db.execute(select(Answer)).scalars()
    assert answer.answers == {"feel": "bad", "why": "等了两小时", "advice": "多开窗"}
    assert db.execute(select(AnswerDraft)).first() is None


def test_whoever_stays_in_the_old_version_hands_it_in_there(
    send: Callable[..., Any], signed_in: Callable[..., CarefulClient], db: Session
) -> None:
    address, adopt = send(access="account", roles=(Role.LEADER,))
    client = signed_in(Role.LEADER, login="l1")
    client.post(f"{address}/draft", data=whole(client.get(address).text, window="三号"))
    adopt()
    old = client.post(f"{address}/lift", data=whole(client.get(address).text) | {"do": "stay"}).text
    assert client.post(address, data=whole(old, feel="good", window="三号")).status_code == 303
    [answer] = db.execute(select(Answer)).scalars()
    assert (answer.answers["window"], db.get_one(Definition, answer.form_id).version) == ("三号", 1)


def test_with_a_resume_code_it_is_the_same(
    client: CarefulClient, send: Callable[..., Any], db: Session
) -> None:
    address, adopt = send()
    saved = client.post(f"{address}/draft", data=whole(client.get(address).text, window="五号")).text
    code = hidden(saved, "resume")
    adopt()
    preview = client.post(f"{address}/resume", data={"resume": code}).text
    assert "第2版" in preview
    new = client.post(f"{address}/lift", data=whole(preview) | {"do": "lift"}).text
    assert "换回原来的版本" in new
    back = client.post(f"{address}/lift", data=whole(new, advice="多开窗") | {"do": "back"}).text
    assert "已换回" in back
    [draft] = db.execute(select(AnswerDraft)).scalars()
    assert ["f_window", "五号"] in draft.typed
    db.rollback()
    assert client.post(f"{address}/lift", data={"do": "lift", "resume": "AAAA"}).status_code == 404
    assert client.post(f"{address}/lift", data={"do": "lift"}).status_code == 404


def test_two_pages_do_not_put_back_over_each_other(
    send: Callable[..., Any], signed_in: Callable[..., CarefulClient]
) -> None:
    address, adopt = send(access="account", roles=(Role.LEADER,))
    client = signed_in(Role.LEADER, login="l1")
    client.post(f"{address}/draft", data=whole(client.get(address).text, window="三号"))
    adopt()
    new = client.post(f"{address}/lift", data=whole(client.get(address).text) | {"do": "lift"}).text
    client.post(f"{address}/draft", data=whole(new, advice="另一台"))
    stale = client.post(f"{address}/lift", data=whole(new, advice="这一台") | {"do": "back"})
    assert (stale.status_code, "另一台设备" in stale.text, "这一台" in stale.text) == (409, True, True)


def test_a_rating_is_lifted_to_the_form_of_the_campaign(
    app: Flask, office: Office, db: Session, signed_in: Callable[..., CarefulClient]
) -> None:
    first = db.execute(select(Monitor.id).order_by(Monitor.id).limit(1)).scalar_one()
    body = dict(db.get_one(Definition, office.campaign.settings["forms"]["instant"]).body)
    db.rollback()
    monitor = signed_in(Role.MONITOR, login="m1", monitor_id=first)
    typed = {"about": "", "f_situation": "写到一半", "f_matter": "办理许可"}
    page = monitor.get("/m/instant").text
    monitor.post("/m/fill/instant/draft", data=whole(page) | typed)
    fields = [one for one in body["fields"] if one["key"] != "situation"]
    kept = [key for key in body["binding"]["case_fields"] if key != "situation"]
    binding = {**body["binding"], "case_fields": kept}
    with Session(app.extensions["engine"]) as session:
        newer = publish_form(session, {**body, "binding": binding, "fields": fields}, version=2)
        with writing():
            campaign = session.get_one(Campaign, office.campaign.id)
            forms = {**campaign.settings["forms"], "instant": newer}
            campaign.settings = {**campaign.settings, "forms": forms}
            session.commit()
    preview = monitor.get("/m/instant").text
    for words in ("写到一半", "表单里已没有这一题", "办理许可"):
        assert words in preview
    assert "仍用旧版填" not in preview, "the campaign takes ratings in its own version only"
    monitor.post("/m/fill/instant/lift", data=whole(preview) | {"about": "", "do": "lift"})
    page = monitor.get("/m/instant").text
    assert 'name="f_situation"' not in page
    assert "换回原来的版本" in page
    data = whole(page, matter="办理登记") | {"about": "", "do": "back"}
    monitor.post("/m/fill/instant/lift", data=data)
    preview = monitor.get("/m/instant").text
    for words in ("已换回", "写到一半", "办理登记"):
        assert words in preview

"""Forms that are sent out, as the office and as people on their phones meet them."""

from __future__ import annotations

import gzip
import io
import logging
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.collection import Answer, AnswerDraft, Collection, TrialAnswer
from models.history import HistoryEntry
from models.notice import Attachment
from models.people import Role
from services.cases import Problem, open_case
from services.form_drafts import discard_draft, edit_draft, open_draft
from services.form_publishing import publish_draft
from tests.conftest import TODAY
from tests.integration.office import START, Office, build_office
from tests.integration.sent_forms import QUESTIONNAIRE, publish_form, send_out
from tests.web.conftest import CarefulClient

CODE = re.compile(r"<span>([2-9A-HJKMNP-TV-Z]{4})</span>")
WITH_PHOTO: dict[str, Any] = {
    **QUESTIONNAIRE,
    "key": "photos",
    "name": "拍照反映",
    "fields": [
        *QUESTIONNAIRE["fields"],
        {"key": "shots", "type": "photo", "label": "照片", "at_most": 3},
        {"key": "name", "type": "signature", "label": "签名"},
    ],
}


@pytest.fixture
def office(app: Flask) -> Office:
    """An open campaign with two published questionnaires."""
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        office = build_office(session)
        publish_form(session, QUESTIONNAIRE)
        publish_form(session, WITH_PHOTO)
        return office


@pytest.fixture
def db(app: Flask, office: Office) -> Iterator[Session]:
    with Session(app.extensions["engine"]) as session:
        yield session


@pytest.fixture
def send(app: Flask, office: Office) -> Callable[..., str]:
    """Send the questionnaire out; gives the address of its page."""

    def made(**rules: Any) -> str:
        with Session(app.extensions["engine"], expire_on_commit=False) as session:
            held = send_out(session, office, **rules)
            return f"/fill/{held.slug}" if held.access == "account" else f"/f/{held.slug}"

    return made


@pytest.fixture
def officer(office: Office, signed_in: Callable[..., CarefulClient]) -> CarefulClient:
    return signed_in(Role.OFFICER, login="o1")


def hidden(page: str, name: str) -> str:
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', page)
    assert found, name
    return unescape(found.group(1))


def whole(page: str, **typed: Any) -> dict[str, Any]:
    """The hidden values of a page with what a person types."""
    kept = {
        name: unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
        if name in {"token", "form", "seen", "resume", "code", "csrf_token"}
    }
    return kept | {f"f_{key}": value for key, value in typed.items()}


def picture(color: str = "red") -> tuple[io.BytesIO, str]:
    made = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "SecretPhone"
    Image.new("RGB", (60, 40), color).save(made, "JPEG", exif=exif)
    made.seek(0)
    return made, f"{color}.jpg"


def test_a_citizen_answers_by_link_and_gets_a_receipt(
    client: CarefulClient, send: Callable[..., str], office: Office, db: Session
) -> None:
    address = send(words_before="请如实填写。", words_after="谢谢参与。")
    page = client.get(address, query_string={"target": office.target.key, "window": "3号窗口", "visits": "9"})
    assert "请如实填写。" in page.text
    assert f'value="{office.target.key}" selected' in page.text
    assert 'value="3号窗口"' in page.text
    assert 'value="9"' not in page.text, "a field whose definition does not say link"
    assert "Set-Cookie" not in page.headers
    sent = client.post(address, data=whole(page.text, feel="good", target=office.target.key))
    assert sent.status_code == 303
    receipt = client.get(sent.location)
    assert "谢谢参与。" in receipt.text
    assert "第1份" in receipt.text
    assert "满意" in receipt.text
    assert "2026年4月9日" in receipt.text
    [answer] = db.execute(select(Answer)).scalars()
    assert answer.answers == {"feel": "good", "target": office.target.key}


def test_a_refused_form_is_shown_as_it_was_sent(
    client: CarefulClient, send: Callable[..., str], db: Session
) -> None:
    address = send()
    page = client.get(address).text
    refused = client.post(address, data=whole(page, feel="bad", window="甲" * 30, visits="很多"))
    assert refused.status_code == 422
    for text in ("甲" * 30, 'value="很多"', "哪里不满意"):
        assert text in refused.text
    assert hidden(refused.text, "token") == hidden(page, "token")
    assert db.execute(select(func.count()).select_from(Answer)).scalar_one() == 0


def test_a_double_send_is_one_answer(client: CarefulClient, send: Callable[..., str], db: Session) -> None:
    address = send()
    data = whole(client.get(address).text, feel="good")
    first, second = client.post(address, data=data), client.post(address, data=data)
    assert first.location == second.location
    assert db.execute(select(func.count()).select_from(Answer)).scalar_one() == 1


def test_the_page_says_why_it_cannot_be_filled_in(
    app: Flask, client: CarefulClient, send: Callable[..., str], db: Session
) -> None:
    early = client.get(send(opens_at=TODAY + timedelta(hours=3)))
    assert (early.status_code, "还没有开始" in early.text) == (409, True)
    full = send(quota=1)
    page = client.get(full).text
    client.post(full, data=whole(page, feel="good"))
    assert "已经收满" in client.get(full).text
    other = {**whole(page, feel="bad", why="另一份"), "token": "t" * 32}
    late = client.post(full, data=other)
    assert "已经收满" in late.text
    assert "另一份" in late.text, "nothing typed is lost"
    over = send(closes_at=TODAY + timedelta(minutes=1))
    app.extensions["clock"] = lambda: TODAY + timedelta(hours=1)
    assert "截止" in client.get(over).text
    assert client.get("/f/nothing-here").status_code == 404


def test_the_page_is_light(client: CarefulClient, send: Callable[..., str]) -> None:
    zipped = {"Accept-Encoding": "gzip"}
    page = client.get(send(), headers=zipped)
    plain = page.headers.get("Content-Encoding") != "gzip"
    html = page.text if plain else gzip.decompress(page.data).decode()
    total = len(page.data)
    for path in re.findall(r'(?:src|href)="(/static/[^"]+)"', html):
        total += len(client.get(path, headers=zipped, buffered=True).data)
    assert total <= 60_000, total


def test_anonymous_answers_leave_no_trace(
    client: CarefulClient, send: Callable[..., str], db: Session, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    address = send(anonymous=True)
    before = db.execute(select(func.count()).select_from(HistoryEntry)).scalar_one()
    db.rollback()
    answers = [client.get(address)]
    assert "data-draft=" not in answers[0].text
    assert "formaction" not in answers[0].text
    answers.append(client.post(address, data=whole(answers[0].text, feel="bad", why="只有我知道的事")))
    assert answers[-1].location.endswith("/thanks")
    answers.append(client.get(answers[-1].location))
    answers.append(client.post(f"{address}/draft", data=whole(answers[0].text, feel="bad")))
    assert answers[-1].status_code == 422
    for answer in answers:
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not any(word in caplog.text for word in ("127.0.0.1", "只有我知道的事", address))
    assert db.execute(select(func.count()).select_from(HistoryEntry)).scalar_one() == before
    assert db.execute(select(func.count()).select_from(AnswerDraft)).scalar_one() == 0


def test_whoever_is_logged_in_is_not_known_below_f(
    office: Office, signed_in: Callable[..., CarefulClient], send: Callable[..., str]
) -> None:
    known = signed_in(Role.LEADER, login="l1")
    page = known.get(send(anonymous=True))
    assert "l1" not in page.text
    assert "Set-Cookie" not in page.headers


def test_a_card_opens_the_form_once(
    client: CarefulClient, officer: CarefulClient, send: Callable[..., str], db: Session
) -> None:
    address = send(access="code")
    number = db.execute(select(Collection.id)).scalar_one()
    db.rollback()
    show = officer.get(f"/collections/{number}").text
    dealt = officer.post(
        f"/collections/{number}/cards",
        data={
            "csrf_token": hidden(show, "csrf_token"),
            "token": hidden(show, "token"),
            "which": "names",
            "names": "甲商行\n乙商行",
        },
    )
    assert dealt.status_code == 200
    assert "甲商行" in dealt.text
    parts = CODE.findall(dealt.text)
    codes = ["-".join(parts[start : start + 7]) for start in (0, 7)]
    again = officer.post(
        f"/collections/{number}/cards",
        data={
            "csrf_token": hidden(show, "csrf_token"),
            "token": hidden(show, "token"),
            "which": "names",
            "names": "甲商行",
        },
    )
    assert "不能再次显示" in again.text
    assert "不对" in client.post(f"{address}/open", data={"code": "2222-3333"}).text
    page = client.post(f"{address}/open", data={"code": codes[0].lower().replace("-", " ")}).text
    sent = client.post(address, data=whole(page, feel="good"))
    assert sent.status_code == 303
    spent = client.post(f"{address}/open", data={"code": codes[0]})
    assert (spent.status_code, "已经用过" in spent.text) == (409, True)
    assert "已用1张" in officer.get(f"/collections/{number}").text


def test_a_draft_is_saved_without_script_and_resumed_by_its_code(
    client: CarefulClient, send: Callable[..., str], db: Session
) -> None:
    address = send(form="photos")
    page = client.get(address).text
    typed = whole(page, feel="", visits="好几", why="写到一半", name="张")
    saved = client.post(
        f"{address}/draft", data={**typed, "f_shots": picture()}, content_type="multipart/form-data"
    )
    assert saved.status_code == 200
    assert "草稿已保存" in saved.text
    assert "写到一半" in saved.text
    assert 'name="f_shots-kept"' in saved.text
    code = hidden(saved.text, "resume")
    assert len(code) == 16
    draft = db.execute(select(AnswerDraft)).scalar_one()
    assert code not in draft.place
    db.rollback()
    other = client.post(f"{address}/resume", data={"resume": f"{code[:4]}-{code[4:]}".lower()})
    for text in ("写到一半", 'value="好几"', 'name="f_shots-kept"', "已恢复"):
        assert text in other.text
    assert "请填写" not in other.text, "an unfinished draft is no fault"
    kept = re.findall(r'name="f_shots-kept" value="([^"]+)"', other.text)
    done = client.post(address, data={**whole(other.text, feel="good", visits="3"), "f_shots-kept": kept})
    assert done.status_code == 303, done.text
    [answer] = db.execute(select(Answer)).scalars()
    assert answer.answers["shots"][0]["name"] == "red.jpg"
    assert db.execute(select(func.count()).select_from(AnswerDraft)).scalar_one() == 0
    assert db.execute(select(Attachment.owner_kind)).scalars().all() == ["answer"]
    assert client.post(f"{address}/resume", data={"resume": code}).status_code == 404


def test_photos_of_a_refused_form_are_not_asked_for_again(
    client: CarefulClient, send: Callable[..., str]
) -> None:
    address = send(form="photos")
    page = client.get(address).text
    refused = client.post(
        address,
        data={**whole(page, feel="bad"), "f_shots": [picture(), picture("blue")]},
        content_type="multipart/form-data",
    )
    assert refused.status_code == 422
    kept = re.findall(r'name="f_shots-kept" value="([^"]+)"', refused.text)
    assert len(kept) == 2
    done = client.post(address, data={**whole(refused.text, feel="bad", why="好了"), "f_shots-kept": kept})
    assert done.status_code == 303, done.text


def test_a_script_saves_and_two_devices_are_told(client: CarefulClient, send: Callable[..., str]) -> None:
    address = send()
    page = client.get(address).text
    asked = {"Accept": "application/json"}
    first = client.post(f"{address}/draft", data=whole(page, why="第一台"), headers=asked).json
    assert first is not None
    assert (first["seen"], len(first["resume"])) == (1, 16)
    on = whole(page, why="第一台接着写") | {"resume": first["resume"], "seen": "1"}
    assert client.post(f"{address}/draft", data=on, headers=asked).json["seen"] == 2  # type: ignore[index]
    stale = whole(page, why="第二台") | {"resume": first["resume"], "seen": "1"}
    told = client.post(f"{address}/draft", data=stale, headers=asked)
    assert (told.status_code, told.json["code"]) == (409, "draft_moved")  # type: ignore[index]
    page_again = client.post(f"{address}/draft", data=stale)
    assert page_again.status_code == 409
    assert "第二台" in page_again.text
    overwritten = client.post(
        f"{address}/draft", data=stale | {"seen": hidden(page_again.text, "seen")}, headers=asked
    )
    assert overwritten.status_code == 200


def test_drafts_of_accounts_and_cards_are_their_own(
    office: Office, send: Callable[..., str], signed_in: Callable[..., CarefulClient]
) -> None:
    address = send(access="account", roles=("leader",), one_each=True)
    one, two = signed_in(Role.LEADER, login="l1"), signed_in(Role.LEADER, login="l2")
    page = one.get(address).text
    assert one.post(f"{address}/draft", data=whole(page, why="我的草稿")).status_code == 200
    assert "我的草稿" in one.get(address).text
    assert "我的草稿" not in two.get(address).text
    assert "有草稿" in one.get("/fill").text
    one.post(f"{address}/restart", data={"csrf_token": one.token("/fill/" + address.split("/")[-1])})
    again = one.get(address).text
    assert "我的草稿" not in again
    assert one.post(address, data=whole(again, feel="good")).status_code == 303
    done = one.get(address)
    assert done.status_code == 302, "whoever has answered is shown the receipt"
    assert "已填" in one.get("/fill").text
    stranger = signed_in(Role.AUDITOR, login="a1")
    assert stranger.get(address).status_code == 403
    assert stranger.get(done.location).status_code in {200, 404}


def test_the_last_answer_is_prefilled_where_the_form_says_so(
    office: Office, send: Callable[..., str], signed_in: Callable[..., CarefulClient]
) -> None:
    address = send(access="account", roles=("leader",))
    leader = signed_in(Role.LEADER, login="l1")
    page = leader.get(address).text
    assert leader.post(address, data=whole(page, feel="good", visits="17", window="二号")).status_code == 303
    again = leader.get(address).text
    assert 'value="17"' in again
    assert "二号" not in again


def test_a_link_names_a_case_for_whoever_may_see_it(
    app: Flask, office: Office, send: Callable[..., str], signed_in: Callable[..., CarefulClient]
) -> None:
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        about = {"key": "about", "type": "short_text", "label": "编号", "prefill": "case"}
        title = {"key": "title", "type": "short_text", "label": "名称", "prefill": "case_title"}
        publish_form(session, {**QUESTIONNAIRE, "key": "visit", "fields": [about, title]})
        sheet = Problem(
            target_id=office.target.id,
            channel="inspection",
            title="（演示）窗口无人",
            facts="（演示）三号窗口无人。",
            found_on=START.date(),
        )
        case = open_case(session, office.officer, office.campaign.id, sheet, now=START)
        number, page = case.number, str(case.id)
    address = send(form="visit", access="account", roles=("leader", "monitor"))
    leader, monitor = signed_in(Role.LEADER, login="l1"), signed_in(Role.MONITOR, login="m1")
    anyone = app.test_client()
    for asked in (number, page):
        shown = unescape(leader.get(address, query_string={"case": asked}).text)
        assert f'value="{number}"' in shown
        assert 'value="（演示）窗口无人"' in shown
    public = send(form="visit")
    for reader, at, asked in (
        (monitor, address, number),
        (anyone, public, number),
        (leader, address, "9" * 30),
        (leader, address, "不存在"),
    ):
        got = reader.get(at, query_string={"case": asked})
        assert (got.status_code, number in unescape(got.text)) == (200, False)
    told = signed_in(Role.OFFICER, login="o1").get(f"/desk/cases/{page}").text
    (where,) = set(re.findall(r'<a href="https?://[^/"]+(/f/[^"]+)"', told))
    assert where == f"{address.replace('/fill/', '/f/')}?case={page}"
    assert f'value="{number}"' in unescape(leader.get(where, follow_redirects=True).text)
    assert told.count("<svg") == 1
    opened = leader.get(address, query_string={"case": number}).text
    for said, warned in ((number, False), ("效整案〔2026〕99号", True)):
        leader.post(f"{address}/draft", data=whole(opened, about=said, title="（演示）窗口无人"))
        opened = leader.get(where, follow_redirects=True).text
        assert ("不是这次请您填的事项" in opened) is warned
    assert "领导小组" in told.partition("请其填写")[2]
    assert "请其填写" not in signed_in(Role.AUDITOR, login="a1").get(f"/desk/cases/{page}").text


def test_the_office_sends_a_form_out_from_the_page(
    officer: CarefulClient, db: Session, office: Office
) -> None:
    assert "办事群众问卷" in officer.get("/collections/new").text
    page = officer.get("/collections/new/citizens").text
    data = {
        "csrf_token": hidden_input(page, "csrf_token"),
        "title": "上半年问卷",
        "access": "open",
        "opens_at": "2026-04-09T09:00",
        "closes_at": "2026-06-30T18:00",
        "quota": "300",
        "grace_minutes": "15",
        "f_target": office.target.key,
    }
    wrong = officer.post("/collections/new/citizens", data={**data, "one_each": "y"})
    assert wrong.status_code == 422
    assert "不能一人一份" in wrong.text
    assert 'value="300"' in wrong.text
    unreadable = officer.post("/collections/new/citizens", data={**data, "quota": "很多"})
    assert unreadable.status_code == 422
    made = officer.post("/collections/new/citizens", data=data)
    assert made.status_code == 302, made.text
    held = db.execute(select(Collection)).scalar_one()
    assert (held.quota, held.grace_minutes, held.prefill) == (300, 15, {"target": office.target.key})
    show = officer.get(made.location).text
    for text in (held.slug, "收集中", office.target.name, "300"):
        assert text in show
    assert "请用手机扫一扫" in officer.get(f"{made.location}/poster").text
    assert officer.get(f"{made.location}/qr.svg").data.startswith(b"<?xml")
    rules = officer.get(f"{made.location}/rules").text
    changed = data | {
        "csrf_token": hidden_input(rules, "csrf_token"),
        "seen": hidden(rules, "seen"),
        "quota": "400",
    }
    assert officer.post(f"{made.location}/rules", data=changed).status_code == 302
    assert "别人刚刚改过" in officer.post(f"{made.location}/rules", data=changed).text
    assert (
        "请勾选确认" in officer.post(f"{made.location}/close", data={"csrf_token": data["csrf_token"]}).text
    )
    officer.post(f"{made.location}/close", data={"csrf_token": data["csrf_token"], "sure": "yes"})
    assert "重新开放" in officer.get(made.location).text
    officer.post(f"{made.location}/reopen", data={"csrf_token": data["csrf_token"]})
    assert "收集中" in officer.get(made.location).text


def hidden_input(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]+)"', page)
    assert found, name
    return found.group(1)


def test_only_the_office_opens_the_pages(
    office: Office, signed_in: Callable[..., CarefulClient], send: Callable[..., str]
) -> None:
    send()
    for role in (Role.MONITOR, Role.TARGET, Role.LEADER, Role.AUDITOR):
        person = signed_in(role, login=f"p-{role}")
        assert person.get("/collections").status_code == 403
        assert person.get("/collections/1").status_code == 403
    assert signed_in(Role.ADMIN, login="adm").get("/collections").status_code == 200


def test_an_answer_is_found_by_its_receipt_and_withdrawn_with_a_reason(
    client: CarefulClient, officer: CarefulClient, send: Callable[..., str]
) -> None:
    address = send(quota=1)
    sent = client.post(address, data=whole(client.get(address).text, feel="bad", why="填错了表"))
    receipt = sent.location.rpartition("/")[2]
    for number in ("1", f"{receipt[:4]}-{receipt[4:]}".lower()):
        page = officer.get("/collections/1/answer", query_string={"number": number})
        assert "填错了表" in page.text
    assert officer.get("/collections/1/answer", query_string={"number": "99"}).status_code == 404
    data = {"csrf_token": hidden(page.text, "csrf_token"), "number": receipt}
    assert "请写明" in officer.post("/collections/1/answer", data=data).text
    assert officer.post("/collections/1/answer", data={**data, "reason": "本人要求撤回"}).status_code == 302
    assert "本人要求撤回" in client.get(sent.location).text
    assert client.get(address).status_code == 200, "its place is free again"


def test_hostile_text_is_inert(
    client: CarefulClient, officer: CarefulClient, send: Callable[..., str]
) -> None:
    evil = "<script>alert(1)</script>{{7*7}}"
    address = send(title=evil, words_before=evil)
    page = client.get(address)
    assert "<script>alert" not in page.text
    sent = client.post(address, data=whole(page.text, feel="bad", why=evil))
    assert "<script>alert" not in client.get(sent.location).text
    for path in ("/collections", "/collections/1", "/collections/1/poster", "/collections/1/rules"):
        assert "<script>alert" not in officer.get(path).text


def test_what_is_tried_with_a_draft_never_counts_and_goes_with_it(
    app: Flask, office: Office, signed_in: Callable[..., CarefulClient], client: CarefulClient, db: Session
) -> None:
    def tried() -> int:
        db.rollback()
        return db.execute(select(func.count()).select_from(TrialAnswer)).scalar_one()

    draft = open_draft(db, office.admin, "citizens", now=TODAY)
    address = f"/forms/try/{draft.token}"
    for words in ("第一次试", "第二次试"):
        data = {"csrf_token": client.token(address), "f_feel": "good", "f_window": words}
        assert client.post(address, data=data).status_code == 200
    assert tried() == 2
    assert "第二次试" not in client.get(address).text, "for the designer alone"
    designer = signed_in(Role.ADMIN, login="adm")
    assert "第二次试" in designer.get(address).text
    assert db.execute(select(func.count()).select_from(Answer)).scalar_one() == 0
    db.rollback()
    discard_draft(db, office.admin, "citizens", seen=draft.seen, now=TODAY)
    assert tried() == 0
    draft = open_draft(db, office.admin, "citizens", now=TODAY)
    address = address.rpartition("/")[0] + f"/{draft.token}"
    client.post(address, data={"csrf_token": client.token(address), "f_feel": "good"})
    assert tried() == 1
    designer.post(f"{address}/clear", data={"csrf_token": designer.token(address)})
    assert tried() == 0
    client.post(address, data={"csrf_token": client.token(address), "f_feel": "good"})
    draft = edit_draft(
        db,
        office.admin,
        "citizens",
        lambda old: {**old, "intro": "新的说明"},
        seen=draft.seen,
        words="说明",
        now=TODAY,
    )
    publish_draft(db, office.admin, "citizens", seen=draft.seen, now=TODAY)
    assert tried() == 0

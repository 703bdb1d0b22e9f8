"""The rater's phone pages, as a monitor and an inspector use them."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from models.campaign import CampaignStatus
from models.people import Role
from models.rating import Rating
from models.roster import Monitor, Target
from services.packs import set_campaign_status
from services.tallies import tallies
from tests.integration.office import Office, build_office
from tests.web.conftest import CarefulClient

GZIP = {"Accept-Encoding": "gzip"}


@pytest.fixture
def office(app: Flask) -> Office:
    """An open campaign in the application's database."""
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        return build_office(session)


@pytest.fixture
def db(app: Flask, office: Office) -> Iterator[Session]:
    with Session(app.extensions["engine"]) as session:
        yield session


@pytest.fixture
def monitor(db: Session, signed_in: Callable[..., CarefulClient]) -> CarefulClient:
    first = db.execute(select(Monitor.id).order_by(Monitor.id).limit(1)).scalar_one()
    db.rollback()
    return signed_in(Role.MONITOR, login="m1", monitor_id=first)


@pytest.fixture
def inspector(office: Office, signed_in: Callable[..., CarefulClient]) -> CarefulClient:
    return signed_in(Role.INSPECTOR, login="i1")


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found, name
    return found.group(1)


def fill(client: CarefulClient, path: str, **answers: Any) -> TestResponse:
    """Fetch the form, fill it in, send it as a browser would."""
    page = client.get(path)
    assert page.status_code == 200, page.text
    data = {name: hidden(page.text, name) for name in ("csrf_token", "token")}
    data |= {f"f_{key}": value for key, value in answers.items()}
    return client.post(path.partition("?")[0], data=data, content_type="multipart/form-data")


def instant(office: Office, **changes: Any) -> dict[str, Any]:
    return {
        "target": office.target.key,
        "grade": "good",
        "occurred_at": "2026-04-09T08:30",
        "matter_kind": "errand",
        "matter": "办理食品经营许可变更",
    } | changes


def picture() -> tuple[io.BytesIO, str]:
    kept = io.BytesIO()
    Image.new("RGB", (60, 40), "navy").save(kept, "JPEG")
    kept.seek(0)
    return kept, "现场.jpg"


def test_a_monitor_reports_and_gets_a_receipt(monitor: CarefulClient, office: Office) -> None:
    home = monitor.get("/m")
    assert "填报即时测评" in home.text
    assert "填报综合测评" in home.text
    assert "明察暗访" not in home.text
    assert "还没有填报" in home.text
    sent = fill(monitor, "/m/instant", **instant(office))
    assert sent.status_code == 302
    receipt = monitor.get(sent.location)
    for words in (
        "已收到，编号第1号",
        "2026年4月9日 09:00",
        "办理食品经营许可变更",
        office.target.name,
        "更正",
    ):
        assert words in receipt.text
    home = monitor.get("/m")
    assert "第1号" in home.text
    assert "4月即时测评" in home.text


def test_a_link_names_the_target(monitor: CarefulClient, office: Office) -> None:
    page = monitor.get(f"/m/instant?target={office.other_target.key}").text
    assert f'<option value="{office.other_target.key}" selected>' in page
    assert 'value="2026-04-09T09:00"' in page, "the time of now"
    assert monitor.get("/m/instant?target=%3Cscript%3E&target=x").status_code == 200


def test_the_same_page_sent_twice_is_one_report(monitor: CarefulClient, office: Office, db: Session) -> None:
    page = monitor.get("/m/instant").text
    data = {name: hidden(page, name) for name in ("csrf_token", "token")}
    data |= {f"f_{key}": value for key, value in instant(office).items()}
    first, second = monitor.post("/m/instant", data=data), monitor.post("/m/instant", data=data)
    assert first.location == second.location
    other = monitor.post("/m/instant", data=data | {"f_matter": "另一件"})
    assert other.status_code == 409 or other.status_code == 422
    assert "已经提交过" in other.text
    assert "另一件" in other.text
    assert sum(tallies(db, office.campaign.id).values()) == 1


def test_what_was_typed_stays_when_a_form_is_refused(monitor: CarefulClient, office: Office) -> None:
    typed = "<script>alert(1)</script>"
    sent = fill(monitor, "/m/instant", **instant(office, grade="bad", matter=typed, evidence=picture()))
    assert sent.status_code == 422
    assert typed not in sent.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in sent.text
    assert "情况描述" in sent.text
    assert 'name="f_evidence-kept"' in sent.text, "the photo need not be chosen anew"


@pytest.mark.parametrize(
    "answers",
    [
        {"target": "nobody"},
        {"grade": "9" * 5000},
        {"occurred_at": "\x00"},
        {"matter": "\x00\ud83d"},
        {"evidence": (io.BytesIO(b"GIF89a"), "x.gif")},
        {"evidence": "no file"},
        {"aspects-lawful": "superb"},
    ],
)
def test_bad_input_is_a_sentence(monitor: CarefulClient, office: Office, answers: dict[str, Any]) -> None:
    values = {
        key: value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
        for key, value in answers.items()
    }
    sent = fill(monitor, "/m/instant", **instant(office, **values))
    assert sent.status_code in {302, 422}


def test_a_page_without_token_is_still_one_report(monitor: CarefulClient, office: Office) -> None:
    data = {"csrf_token": monitor.token("/m/instant"), "token": "x" * 500}
    data |= {f"f_{key}": value for key, value in instant(office).items()}
    assert monitor.post("/m/instant", data=data).status_code == 302


def test_a_month_is_summed_up_beside_its_instant_reports(monitor: CarefulClient, office: Office) -> None:
    fill(monitor, "/m/instant", **instant(office))
    page = monitor.get("/m/comprehensive?month=2026-04").text
    assert "2026年5月5日前报送" in page
    assert "未报，填这个" in page
    assert office.target.name in page
    month = {"month": "2026-04", "target": office.target.key, "grade": "good", "signature": "演示"}
    sent = fill(monitor, "/m/comprehensive", **month)
    assert sent.status_code == 302, sent.text
    assert "已报：良" in monitor.get("/m/comprehensive?month=2026-04").text
    again = fill(monitor, "/m/comprehensive", **month, suggestion="保留我")
    assert again.status_code == 409
    assert "每月每个对象报一次" in again.text
    assert "保留我" in again.text


def test_the_month_to_sum_up_is_the_last_one_until_it_is_due(
    app: Flask, monitor: CarefulClient, office: Office
) -> None:
    from tests.conftest import TODAY

    assert 'value="2026-04"' in monitor.get("/m/comprehensive").text
    app.extensions["clock"] = lambda: TODAY.replace(day=3)
    assert 'value="2026-03"' in monitor.get("/m/comprehensive").text
    assert monitor.get("/m/comprehensive?month=2026-99").status_code == 200


def inspection(office: Office, **changes: Any) -> dict[str, Any]:
    return {
        "target": office.target.key,
        "way": "telephone",
        "visited_at": "2026-04-09T08:00",
        "inspectors-0-name": "演示甲",
        "inspectors-1-name": "演示乙",
        "findings": "电话两次无人接听",
        "grade": "fair",
        "open_case": "no",
    } | changes


def test_an_inspection_takes_two_people_and_photos(inspector: CarefulClient, office: Office) -> None:
    page = inspector.get("/m/inspect").text
    assert 'capture="environment"' in page
    alone = fill(inspector, "/m/inspect", **inspection(office, **{"inspectors-1-name": ""}))
    assert alone.status_code == 422
    assert "检查人员" in alone.text
    sent = fill(inspector, "/m/inspect", **inspection(office, photos=picture()))
    assert sent.status_code == 302, sent.text
    receipt = inspector.get(sent.location).text
    photo = re.search(r'src="(/files/\d+)"', receipt)
    assert photo
    assert inspector.get(photo.group(1), buffered=True).mimetype == "image/jpeg"


def test_a_report_is_corrected_by_a_new_revision(monitor: CarefulClient, office: Office, db: Session) -> None:
    fill(monitor, "/m/instant", **instant(office, grade="fair", evidence=picture()))
    page = monitor.get("/m/reports/1/correct").text
    assert "办理食品经营许可变更" in page
    kept = hidden(page, "f_evidence-kept")
    sent = fill(monitor, "/m/reports/1/correct", **instant(office, grade="good", **{"evidence-kept": kept}))
    assert sent.location.endswith("/m/reports/2/receipt")
    old = monitor.get("/m/reports/1").text
    assert "这份填报已更正" in old
    assert "/m/reports/2" in old
    assert list(tallies(db, office.campaign.id)) == [(office.target.id, "instant", "good")]
    late = fill(monitor, "/m/reports/1/correct", **instant(office, grade="bad"))
    assert late.status_code in {409, 422}
    assert db.execute(select(Rating.counted).order_by(Rating.id)).scalars().all() == [False, True]


def test_reports_of_others_are_not_there(
    monitor: CarefulClient, inspector: CarefulClient, office: Office, signed_in: Callable[..., CarefulClient]
) -> None:
    fill(monitor, "/m/instant", **instant(office))
    for path in ("/m/reports/1", "/m/reports/1/receipt", "/m/reports/1/correct", "/m/reports/999999999999"):
        assert inspector.get(path).status_code == 404, path
    assert inspector.get("/m/instant").status_code == 403
    assert monitor.get("/m/inspect").status_code == 403
    assert monitor.get("/m/fill/concentrated").status_code == 403
    assert monitor.get("/m/fill/unheard-of").status_code == 404
    for role in (Role.OFFICER, Role.TARGET, Role.LEADER, Role.AUDITOR):
        if role is not Role.TARGET:
            assert signed_in(role, login=f"other-{role}").get("/m").status_code == 403


def test_a_closed_campaign_shows_reports_and_takes_none(
    app: Flask, monitor: CarefulClient, office: Office, db: Session
) -> None:
    page = monitor.get("/m/instant").text
    set_campaign_status(db, office.admin, office.campaign.id, CampaignStatus.CLOSED, now=_now(app))
    data = {name: hidden(page, name) for name in ("csrf_token", "token")}
    data |= {f"f_{key}": value for key, value in instant(office, matter="写好的内容").items()}
    late = monitor.post("/m/instant", data=data)
    assert late.status_code == 409
    assert "写好的内容" in late.text
    home = monitor.get("/m").text
    assert "不接收测评" in home
    assert "填报即时测评" not in home


def _now(app: Flask) -> Any:
    return app.extensions["clock"]()


def test_without_a_campaign_the_page_says_so(signed_in: Callable[..., CarefulClient]) -> None:
    page = signed_in(Role.INSPECTOR).get("/m")
    assert page.status_code == 404
    assert "还没有建立测评活动" in page.text


def test_an_account_of_no_monitor_is_told(office: Office, signed_in: Callable[..., CarefulClient]) -> None:
    page = signed_in(Role.MONITOR, login="lost").get("/m/instant")
    assert page.status_code == 403
    assert "没有登记到监测点" in page.text


def test_the_instant_form_is_light_and_needs_no_script(
    monitor: CarefulClient, office: Office, db: Session
) -> None:
    count = db.execute(select(Target.id)).scalars().all()
    assert len(count) > 60
    page = monitor.get("/m/instant")
    links = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text))
    assert len(links) >= 4
    weight = len(page.data)
    for link in links:
        answer = monitor.get(link.replace("&amp;", "&"), headers=GZIP, buffered=True)
        assert answer.headers["Content-Encoding"] == "gzip"
        assert len(gzip.decompress(answer.data)) > len(answer.data)
        weight += len(answer.data)
    assert weight <= 60_000, f"{weight} bytes over the wire"


def test_a_rating_is_gone_on_with_on_another_device(
    monitor: CarefulClient, office: Office, db: Session, app: Flask
) -> None:
    page = monitor.get("/m/instant").text
    typed = {
        "csrf_token": hidden(page, "csrf_token"),
        "token": hidden(page, "token"),
        "about": "",
        "seen": "0",
        "f_situation": "写到一半",
        "f_occurred_at": "四月九日",
    }
    photo = io.BytesIO()
    Image.new("RGB", (30, 30), "red").save(photo, "JPEG")
    photo.seek(0)
    saved = monitor.post(
        "/m/fill/instant/draft",
        data={**typed, "f_evidence": (photo, "a.jpg")},
        content_type="multipart/form-data",
    )
    assert saved.status_code == 302
    assert "没填完的" in monitor.get("/m").text
    again = monitor.get("/m/instant").text
    for text in ("写到一半", "四月九日", 'name="f_evidence-kept"', "已恢复", typed["token"]):
        assert text in again
    other = monitor.get("/m/instant", query_string={"target": office.target.key}).text
    assert "写到一半" not in other, "the draft of another link is another one"
    told = monitor.post(
        "/m/fill/instant/draft",
        data={**typed, "f_situation": "旧页面"},
        headers={"Accept": "application/json"},
    )
    assert told.status_code == 409
    assert "旧页面" in monitor.post("/m/fill/instant/draft", data={**typed, "f_situation": "旧页面"}).text
    kept = re.findall(r'name="f_evidence-kept" value="([^"]+)"', again)
    sent = monitor.post(
        "/m/instant",
        data={
            **typed,
            "f_target": office.target.key,
            "f_grade": "good",
            "f_occurred_at": "2026-04-09T08:00",
            "f_matter_kind": "errand",
            "f_matter": "办理许可",
            "f_evidence-kept": kept,
        },
    )
    assert sent.status_code == 302, sent.text
    assert "写到一半" not in monitor.get("/m/instant").text
    assert "没填完的" not in monitor.get("/m").text


def test_a_draft_is_thrown_away_on_purpose(monitor: CarefulClient) -> None:
    page = monitor.get("/m/instant").text
    data = {"csrf_token": hidden(page, "csrf_token"), "token": hidden(page, "token"), "about": ""}
    monitor.post("/m/fill/instant/draft", data={**data, "f_situation": "写错了重来"})
    assert "写错了重来" in monitor.get("/m/instant").text
    monitor.post("/m/fill/instant/restart", data=data)
    assert "写错了重来" not in monitor.get("/m/instant").text

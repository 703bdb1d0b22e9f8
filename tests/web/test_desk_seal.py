"""The office's seal: a picture that the head alone uploads, printed on what is issued from then on."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.campaign import Definition, DefinitionKind
from models.engine import writing
from models.history import HistoryEntry
from models.notice import Notice
from notices.checks.verdict import Verdict
from notices.measure import measure
from services.refusal import Refusal
from services.seals import upload_seal
from tests.conftest import sqlite_copy
from tests.integration.office import START, find_office
from tests.notices.kinds import picture
from tests.web.desk_office import Desk
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


def latest(desk: Desk) -> Notice:
    wanted = select(Notice).where(Notice.kind == "rectification_notice").order_by(Notice.id.desc()).limit(1)
    with desk.session() as session:
        return session.execute(wanted).scalar_one()


def pdf_of(desk: Desk) -> bytes:
    return desk.enter("officer").get(f"/desk/notices/{latest(desk).id}.pdf").data


def test_the_head_uploads_and_retires_and_what_was_issued_stays(desk: Desk) -> None:
    head = desk.enter("head")
    desk.served_case("第一件")
    assert "留有盖章位置" in measure(pdf_of(desk)).check("B8").found
    sent = head.post(
        "/desk/notices/seal",
        data={"csrf_token": head.token("/desk/notices/seal"), "image": (io.BytesIO(picture()), "章.png")},
    )
    assert sent.status_code == 302
    page = head.get("/desk/notices/seal").text
    assert "/desk/notices/seal.png" in page
    assert "不是电子印章" in page
    assert head.get("/desk/notices/seal.png").headers["Cache-Control"] == "no-store"
    desk.served_case("第二件")
    sealed = measure(pdf_of(desk))
    assert sealed.passed, str(sealed)
    assert "印章压署名和日期" in sealed.check("B8").found
    assert (
        head.post(
            "/desk/notices/seal/retire", data={"csrf_token": head.token("/desk/notices/seal")}
        ).status_code
        == 302
    )
    desk.served_case("第三件")
    assert measure(pdf_of(desk)).check("B8").verdict is Verdict.OK
    assert "留有盖章位置" in measure(pdf_of(desk)).check("B8").found
    with desk.session() as session:
        acts = set(session.execute(select(HistoryEntry.act)).scalars())
    assert {"seal.uploaded", "seal.retired"} <= acts
    again = head.post("/desk/notices/seal/retire", data={"csrf_token": head.token("/desk/notices/seal")})
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "请选择"),
        (b"<svg onload=x>", "PNG"),
        (picture(100, 100), "300像素"),
        (picture(800, 400), "正方形"),
    ],
)
def test_what_is_no_seal_is_refused_in_words(desk: Desk, content: bytes, words: str) -> None:
    head = desk.enter("head")
    answer = head.post(
        "/desk/notices/seal",
        data={"csrf_token": head.token("/desk/notices/seal"), "image": (io.BytesIO(content), "a.png")},
    )
    assert answer.status_code == 422
    assert words in answer.text


def test_a_file_without_measure_is_refused(desk: Desk) -> None:
    with desk.session() as session, pytest.raises(Refusal, match="2MB"):
        upload_seal(session, desk.office.people["head"], desk.office.campaign, b"x" * 2_000_001, now=START)


def test_an_opaque_picture_would_hide_the_signature(desk: Desk) -> None:
    from PIL import Image

    kept = io.BytesIO()
    Image.new("RGB", (400, 400), "white").save(kept, "PNG")
    head = desk.enter("head")
    answer = head.post(
        "/desk/notices/seal",
        data={
            "csrf_token": head.token("/desk/notices/seal"),
            "image": (io.BytesIO(kept.getvalue()), "a.png"),
        },
    )
    assert "不透明" in answer.text


@pytest.mark.parametrize("login", ["officer", "reviewer", "admin", "owner", "auditor"])
def test_nobody_else_comes_near_it(desk: Desk, login: str) -> None:
    client = desk.enter(login)
    assert client.get("/desk/notices/seal").status_code == 403
    assert client.get("/desk/notices/seal.png").status_code == 403


def test_each_organ_of_a_joint_issue_has_its_own_seal_or_room(desk: Desk) -> None:
    head = desk.enter("head")
    with desk.session() as session, writing():
        wanted = select(Definition).where(
            Definition.kind == DefinitionKind.NOTICE_KIND, Definition.key == "rectification_notice"
        )
        kind = session.execute(wanted).scalar_one()
        others = [{"mark": name, "name": name} for name in ("某某区监察局", "某某区财政局")]
        kind.body = {**kind.body, "joint": others}
        session.commit()

    def send(organ: str) -> int:
        token = head.token("/desk/notices/seal")
        data = {"csrf_token": token, "organ": organ, "image": (io.BytesIO(picture()), "章.png")}
        return head.post("/desk/notices/seal", data=data).status_code

    assert send("某某区教育局") == 422
    assert send("某某区财政局") == 302
    assert send("") == 302
    page = head.get("/desk/notices/seal").text
    assert "某某区监察局" in page
    assert page.count("/desk/notices/seal.png") == 2
    desk.served_case("联合的一件")
    report = measure(pdf_of(desk))
    assert report.passed, str(report)
    assert "2个印章1排" in report.check("B9").found
    assert [seal is None for seal in latest(desk).joint_seals] == [True, False]
    data = {"csrf_token": head.token("/desk/notices/seal"), "organ": "某某区财政局"}
    assert head.post("/desk/notices/seal/retire", data=data).status_code == 302
    assert head.get("/desk/notices/seal").text.count("/desk/notices/seal.png") == 1
    desk.served_case("联合的又一件")
    assert "1个印章1排" in measure(pdf_of(desk)).check("B9").found

"""Printing from the pages: blank forms, one rating, ballots; each only for whoever may see it."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from pathlib import Path

import pypdf
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.rating import BallotCode, BallotRound, Rating
from models.roster import Target
from services.attachments import FileStore
from services.ballots import open_round
from services.one_time_codes import code_hash
from services.ratings import submit_rating
from tests.conftest import TODAY
from tests.integration.office import START, build_office
from tests.integration.test_ratings import instant
from tests.web.desk_office import Desk, hidden

CODE = re.compile(r"[2-9A-HJKMNP-TV-Z]{4}(?:-[2-9A-HJKMNP-TV-Z]{4}){6}")


@pytest.fixture
def desk(app: Flask) -> Desk:
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        return Desk(app, build_office(session))


def text_of(pdf: bytes) -> str:
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def test_an_administrator_prints_each_version_and_a_good_draft(desk: Desk) -> None:
    client = desk.enter("admin")
    page = client.get("/forms/instant").text
    assert "/forms/instant/v1/blank.pdf" in page
    answer = client.get("/forms/instant/v1/blank.pdf")
    assert answer.mimetype == "application/pdf"
    assert "仅当 评价 是 一般 或 较差 或 差 时填写本节" in text_of(answer.data)
    token = hidden(client.get("/forms").text, "csrf_token")
    client.post("/forms/instant/draft", data={"csrf_token": token})
    assert "/forms/instant/draft/blank.pdf" in client.get("/forms/instant/draft").text
    assert "草稿，未发布" in text_of(client.get("/forms/instant/draft/blank.pdf").data)
    assert client.get("/forms/instant/v9/blank.pdf").status_code == 404
    assert desk.enter("officer").get("/forms/instant/v1/blank.pdf").status_code == 403


def rated(desk: Desk, folder: Path) -> int:
    with desk.session() as session:
        return submit_rating(
            session,
            desk.office.monitor,
            desk.office.campaign,
            "instant",
            formdata=instant(desk.office.target),
            files=None,
            token="paper-0001",
            store=FileStore(folder),
            now=START,
        ).rating_id


def test_a_rating_is_printed_for_the_office_and_its_rater_and_nobody_else(desk: Desk, tmp_path: Path) -> None:
    number = rated(desk, tmp_path)
    office = desk.enter("officer")
    assert f"/desk/ratings/{number}/print.pdf" in office.get(f"/desk/ratings/{number}").text
    text = text_of(office.get(f"/desk/ratings/{number}/print.pdf").data)
    assert "不得转给测评对象" in text
    assert "演示monitor" not in text  # nothing around the form names the rater
    whole = text_of(office.get(f"/desk/ratings/{number}/print.pdf?empty=1").data)
    assert "（未填写）" in whole
    assert "（未填写）" not in text
    own = desk.enter("monitor")
    answer = own.get(f"/m/reports/{number}/print.pdf")
    assert answer.mimetype == "application/pdf", answer.text
    assert desk.enter("monitor2").get(f"/m/reports/{number}/print.pdf").status_code == 404
    for login in ("owner", "stranger", "leader"):
        assert desk.enter(login).get(f"/desk/ratings/{number}/print.pdf").status_code == 403


@pytest.fixture
def held(desk: Desk) -> int:
    """An open round over all targets."""
    with desk.session() as session:
        ids = list(session.execute(select(Target.id).order_by(Target.id)).scalars())
        return open_round(
            session,
            desk.office.officer,
            desk.office.campaign,
            method_key="concentrated",
            title="年中集中测评",
            target_ids=ids,
            held_on=TODAY.date(),
            opens_at=TODAY,
            closes_at=TODAY + timedelta(hours=8),
            now=TODAY,
        ).id


def test_ballots_are_printed_with_codes_that_vote(desk: Desk, held: int) -> None:
    client = desk.enter("officer")
    page = client.get(f"/rounds/{held}").text
    sample = client.get(f"/rounds/{held}/sample.pdf").data
    assert "票样" in text_of(sample)
    assert not CODE.search(text_of(sample))
    sent = {
        "csrf_token": hidden(page, "csrf_token"),
        "token": hidden(page, "token"),
        "count-service_users": "3",
    }
    answer = client.post(f"/rounds/{held}/ballots", data=sent)
    assert answer.mimetype == "application/pdf"
    codes = set(CODE.findall(text_of(answer.data)))
    assert len(codes) == 3
    with desk.session() as session:
        assert session.get_one(BallotRound, held).issued == 3
        kept = set(session.execute(select(BallotCode.code_hash)).scalars())
    assert kept == {code_hash(code) for code in codes}
    again = client.post(f"/rounds/{held}/ballots", data=sent)
    assert again.status_code == 409
    assert "已经印发并显示过一次" in again.text
    with desk.session() as session:
        assert session.query(Rating).count() == 0


def test_no_code_is_made_when_nothing_can_be_printed(
    desk: Desk, held: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    client = desk.enter("officer")
    page = client.get(f"/rounds/{held}").text
    monkeypatch.setenv("PINGDU_FONTS", str(tmp_path / "none"))
    sent = {"csrf_token": hidden(page, "csrf_token"), "count-service_users": "3"}
    answer = client.post(f"/rounds/{held}/ballots", data=sent)
    assert answer.status_code == 503
    assert "文书字库" in answer.text
    with desk.session() as session:
        assert session.get_one(BallotRound, held).issued == 0

"""The pages of filled forms: read by the office, closed to everyone else, files without a formula in them."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.campaign import Definition
from models.engine import writing
from models.history import HistoryEntry
from models.rating import Rating
from tests.conftest import sqlite_copy
from tests.integration.office import START, find_office
from tests.web.desk_office import Desk
from tests.web.test_desk_cases import office_file

__all__ = ["office_file"]

HOSTILE = '=HYPERLINK("http://x","<script>alert(1)</script>")'


@pytest.fixture
def sqlite_url(office_file: Path, tmp_path: Path) -> str:
    return sqlite_copy(office_file, tmp_path)


@pytest.fixture
def desk(app: Flask) -> Desk:
    """An office with three ratings, one of them hostile."""
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        made = Desk(app, find_office(session))
        form = session.execute(select(Definition).where(Definition.key == "instant")).scalar_one()
        target = made.office.target
        with writing():
            for number in range(3):
                answers = {
                    "target": target.key,
                    "grade": "good",
                    "matter": HOSTILE,
                    "situation": f"等候{number}",
                }
                session.add(
                    Rating(
                        campaign_id=made.office.campaign.id,
                        target_id=target.id,
                        method="instant",
                        grade="good",
                        form_id=form.id,
                        answers=answers,
                        monitor_id=1,
                        happened_on=date(2026, 4, 8),
                        submitted_at=START,
                    )
                )
            session.commit()
    made.turn_clock(START)
    return made


@pytest.mark.parametrize("who", ["officer", "reviewer", "head", "admin", "auditor"])
def test_the_office_reads_every_page(desk: Desk, who: str) -> None:
    client = desk.enter(who)
    assert "即时监测表" in client.get("/answers").text
    table = client.get("/answers/instant?word=等候1").text
    assert "等候1" in table
    assert "等候2" not in table
    assert "<script>alert(1)" not in table
    assert "按填报时的第1版打开" in client.get("/answers/instant/rating/1").text
    assert "等候" in client.get("/answers/instant/summary").text
    assert "行政执法类" in client.get("/answers/instant/cross?month=2026-04").text
    assert client.get("/answers/concentrated/secret").status_code == 200


def test_nothing_names_who_filled_it_in(desk: Desk) -> None:
    client = desk.enter("auditor")
    monitor = "监测点"
    for path in ("/answers/instant", "/answers/instant/rating/1", "/answers/instant.csv"):
        text = client.get(path).text
        assert f"{monitor}01" not in text


@pytest.mark.parametrize("who", ["owner", "monitor", "inspector", "leader"])
def test_others_are_turned_away(desk: Desk, who: str) -> None:
    client = desk.enter(who)
    sheets = ("/instant", "/instant/rating/1", "/instant/summary", "/instant/cross")
    for path in ("", *sheets, "/instant.csv", "/instant/cross.csv", "/instant/cross.xlsx"):
        assert client.get(f"/answers{path}").status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        "after=x",
        "after=1-rating-99999999999999999999",
        "month=9",
        "version=x&source=x",
        "word=%00",
        "state=1",
        "by=nothing&question=nothing",
    ],
)
def test_odd_addresses_are_pages(desk: Desk, query: str) -> None:
    client = desk.enter("officer")
    for page in (
        "instant",
        "instant/summary",
        "instant/cross",
        "instant/cross.xlsx",
        "instant.csv",
        "concentrated/secret",
    ):
        assert client.get(f"/answers/{page}?{query}").status_code == 200
    assert client.get("/answers/nothing").status_code == 404
    assert client.get("/answers/instant/rating/99999").status_code == 404


def test_files_hold_all_and_run_nothing(desk: Desk) -> None:
    client = desk.enter("officer")
    answer = client.get("/answers/instant.csv?grade=good")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 4
    assert len({len(row) for row in rows}) == 1
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    sheet = load_workbook(io.BytesIO(client.get("/answers/instant.xlsx").data)).active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert sheet.max_row == 4
    assert not any(cell.data_type == "f" for cell in cells)
    with desk.session() as session:
        logged = (
            session.execute(select(HistoryEntry).where(HistoryEntry.act == "table.exported")).scalars().all()
        )
        assert [entry.payload["rows"] for entry in logged] == [3, 3]


def test_several_questions_are_seen_and_taken_away_together(desk: Desk) -> None:
    client = desk.enter("officer")
    asked = "question=grade&question=call_back&by=target&month=2026-04"
    page = client.get(f"/answers/instant/cross?{asked}").text
    assert page.count('<section class="card cross"') == 2
    assert "还没有人答这一题" in page
    assert "/answers/instant/cross.xlsx?question=grade&amp;question=call_back&amp;by=target" in page
    answer = client.get(f"/answers/instant/cross.csv?{asked}")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0] == ["题目", "单位", "测评对象", "答案", "份数"]
    assert [(row[0], *row[3:]) for row in rows[1:3]] == [("评价", "优", "0"), ("评价", "良", "3")]
    book = load_workbook(io.BytesIO(client.get(f"/answers/instant/cross.xlsx?{asked}").data))
    assert book.sheetnames == ["1 评价", "2 是否要求回访"]
    assert [cell.value for cell in book["1 评价"][3]][:1] == ["合计"]
    assert "网上" in client.get("/answers/instant/cross?by=source").text

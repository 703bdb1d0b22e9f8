"""Printing a selection, the editable twin, the archive package of a closed case: as the office takes them away."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from docx import Document
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from cli.archive import check
from models.engine import writing
from models.job import Job
from models.notice import Notice, NoticeFile
from models.print_run import PrintRun
from services.case_archive import faults_of
from services.due_work import WORKS
from services.jobs import tick
from services.print_runs import JOB
from tests.conftest import sqlite_copy
from tests.integration.office import START, find_office
from tests.web.desk_office import Desk
from tests.web.test_desk_cases import office_file

__all__ = ["office_file"]
FONTS_LOCK = "fonts"


@pytest.fixture
def sqlite_url(office_file: Path, tmp_path: Path) -> str:
    return sqlite_copy(office_file, tmp_path)


@pytest.fixture
def desk(app: Flask) -> Desk:
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        made = Desk(app, find_office(session))
    made.turn_clock(START)
    return made


def work(desk: Desk, kinds: tuple[str, ...] = (JOB,)) -> int:
    sessions = sessionmaker(desk.app.extensions["engine"])
    return tick(sessions, {kind: WORKS[kind] for kind in kinds}, clock=lambda: START + timedelta(minutes=1))


def notices(desk: Desk) -> list[Notice]:
    with desk.session() as session:
        return list(session.execute(select(Notice).order_by(Notice.id)).scalars())


def closed_case(desk: Desk) -> int:
    case = desk.served_case("<b>窗口</b>无人在岗")
    desk.step("owner", case, "answer", measures="建立制度", responsible="演示责任人")
    desk.step("reviewer", case, "accept", verification="on_site", conclusion="整改到位")
    desk.step("officer", case, "close")
    return case


def test_a_selection_is_drawn_in_parts_and_comes_as_one_file(desk: Desk) -> None:
    for number in range(3):
        desk.served_case(f"第{number}件")
    officer = desk.enter("officer")
    page = officer.get("/desk/notices").text
    assert 'form="print"' in page
    started = officer.post(
        "/desk/notices/print-runs", data={"csrf_token": officer.token("/desk/notices"), "all": "1"}
    )
    assert started.status_code == 302
    address = started.headers["Location"]
    waiting = officer.get(address)
    assert waiting.headers["Refresh"]
    assert "正在生成" in waiting.text
    assert officer.get(f"{address}.pdf").status_code == 409
    assert work(desk) >= 1
    done = officer.get(address)
    assert "Refresh" not in done.headers
    assert "已生成" in done.text
    with PdfReader(io.BytesIO(officer.get(f"{address}.pdf").data)) as bound:
        text = "".join(page.extract_text() for page in bound.pages)
    assert all(row.number in text for row in notices(desk))
    sheets = officer.get(f"{address}/addresses.pdf")
    assert sheets.mimetype == "application/pdf"
    for login, status in (("officer2", 404), ("head", 200), ("auditor", 403), ("owner", 403)):
        assert desk.enter(login).get(address).status_code == status, login


def test_a_killed_worker_leaves_its_part_to_the_next(desk: Desk) -> None:
    desk.served_case()
    officer = desk.enter("officer")
    first = str(notices(desk)[0].id)
    officer.post(
        "/desk/notices/print-runs", data={"csrf_token": officer.token("/desk/notices"), "notice": first}
    )
    from services.jobs import claim

    with desk.session() as session:  # claimed by a worker that dies before it did anything
        (lost,) = claim(session, now=START, kinds=[JOB], lease=timedelta(seconds=30))
    assert work(desk) == 1
    with desk.session() as session:
        assert session.get_one(Job, lost.id).done_at is not None
        assert session.get(NoticeFile, int(first)) is not None


def test_a_cancelled_run_draws_nothing_more(desk: Desk) -> None:
    desk.served_case()
    officer = desk.enter("officer")
    token = officer.token("/desk/notices")
    chosen = str(notices(desk)[0].id)
    address = officer.post("/desk/notices/print-runs", data={"csrf_token": token, "notice": chosen}).headers[
        "Location"
    ]
    assert officer.post(f"{address}/cancel", data={"csrf_token": token}).status_code == 302
    work(desk)
    assert "已取消" in officer.get(address).text
    with desk.session() as session:
        assert session.get(NoticeFile, int(chosen)) is None


def test_nothing_chosen_is_said_and_voided_ones_are_left_out(desk: Desk) -> None:
    desk.served_case()
    officer = desk.enter("officer")
    token = officer.token("/desk/notices")
    empty = officer.post("/desk/notices/print-runs", data={"csrf_token": token, "notice": "x"})
    assert empty.status_code == 422
    assert "请先勾选" in empty.text
    with desk.session() as session, writing():
        for row in session.execute(select(Notice)).scalars():
            row.status = "voided"
        session.commit()
    assert officer.post("/desk/notices/print-runs", data={"csrf_token": token, "all": "1"}).status_code == 422
    assert desk.count(PrintRun) == 0


def test_the_notices_of_chosen_cases_are_printed(desk: Desk) -> None:
    case = desk.served_case()
    officer = desk.enter("officer")
    token = officer.token("/desk/notices")
    assert (
        officer.post("/desk/notices/print-runs", data={"csrf_token": token, "case": str(case)}).status_code
        == 302
    )
    with desk.session() as session:
        run = session.execute(select(PrintRun)).scalar_one()
    assert sorted(run.notices) == sorted(row.id for row in notices(desk))


def test_the_editable_twin_is_for_those_who_may_read_the_notice(desk: Desk) -> None:
    desk.served_case("窗口无人在岗")
    row = notices(desk)[0]
    got = desk.enter("officer").get(f"/desk/notices/{row.id}.docx")
    assert got.status_code == 200
    words = "".join(line.text for line in Document(io.BytesIO(got.data)).paragraphs)
    assert row.number in words
    assert desk.enter("owner").get(f"/desk/notices/{row.id}.docx").status_code == 403
    assert f"/desk/notices/{row.id}.docx" in desk.enter("officer").get("/desk/notices").text


def test_a_closed_case_is_packed_whole_and_the_same_each_time(desk: Desk, tmp_path: Path) -> None:
    open_case = desk.served_case()
    case = closed_case(desk)
    officer = desk.enter("officer")
    assert officer.get(f"/desk/cases/{open_case}/archive.zip").status_code == 409
    assert f"/desk/cases/{case}/archive.zip" in officer.get(f"/desk/cases/{case}").text
    first = officer.get(f"/desk/cases/{case}/archive.zip")
    assert first.mimetype == "application/zip"
    desk.turn_clock(START + timedelta(days=3))
    assert officer.get(f"/desk/cases/{case}/archive.zip").data == first.data
    with zipfile.ZipFile(io.BytesIO(first.data)) as package:
        names = package.namelist()
        index = json.loads(package.read("index.json"))
        page = package.read("index.html").decode("utf-8")
    assert {"index.html", "index.json", "SHA256SUMS"} <= set(names)
    assert sum(name.endswith(".pdf") for name in names) == len(index["notices"]) >= 2
    assert index["steps"][-1]["name"]
    assert [entry["act"] for entry in index["log"]].count("notice.issued") == len(index["notices"])
    assert "&lt;b&gt;窗口&lt;/b&gt;" in page
    assert "<b>" not in page
    assert faults_of(first.data) == []
    for login in ("owner", "monitor", "leader"):
        assert desk.enter(login).get(f"/desk/cases/{case}/archive.zip").status_code == 403, login


def test_a_changed_package_is_found_out(desk: Desk, tmp_path: Path) -> None:
    case = closed_case(desk)
    content = desk.enter("officer").get(f"/desk/cases/{case}/archive.zip").data
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    good.write_bytes(content)
    with zipfile.ZipFile(io.BytesIO(content)) as package, zipfile.ZipFile(bad, "w") as other:
        for name in package.namelist():
            if name.endswith(".pdf"):
                continue
            text = package.read(name)
            other.writestr(
                name, text.replace("整改到位".encode(), "没有到位".encode()) if name == "index.json" else text
            )
        other.writestr("extra.txt", "x")
    told = CliRunner().invoke(check, [str(bad)])
    assert told.exit_code == 1
    for words in ("缺少文件notices/", "多出文件extra.txt", "文件被改动：index.json"):
        assert words in told.output
    assert CliRunner().invoke(check, [str(good)]).exit_code == 0
    assert faults_of(b"no zip")


def test_a_notice_that_another_took_the_place_of_is_said_to_be_so(desk: Desk) -> None:
    case = closed_case(desk)
    with desk.session() as session, writing():
        old, new, *_more = session.execute(select(Notice).where(Notice.case_id == case)).scalars()
        old.replaced_by_id = new.id
        session.commit()
        number = old.number
    kept = desk.enter("officer").get(f"/desk/cases/{case}/archive.zip")
    with zipfile.ZipFile(io.BytesIO(kept.data)) as package:
        index = json.loads(package.read("index.json"))
        page = package.read("index.html").decode("utf-8")
    assert {row["number"]: row["status"] for row in index["notices"]}[number] == "superseded"
    assert "已被代替" in page
    assert faults_of(kept.data) == []

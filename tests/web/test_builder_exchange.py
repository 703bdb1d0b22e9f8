"""Forms leave the builder as XLSForm and JSON Schema, and come in as workbooks."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from pyxform.xls2xform import convert
from sqlalchemy.orm import Session

from packs.workbook import Sheets, write
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


def test_published_versions_go_out(desk: Desk) -> None:
    client = desk.enter("admin")
    page = client.get("/forms/instant").text
    assert "/forms/instant/v1.xlsx" in page
    content = client.get("/forms/instant/v1.xlsx").data
    assert "即时监测表" in convert(content, file_type=".xlsx").xform
    schema = client.get("/forms/instant/v1.schema.json").get_json(force=True)
    Draft202012Validator.check_schema(schema)
    assert "grade" in schema["required"]
    assert client.get("/forms/instant/v9.xlsx").status_code == 404
    assert desk.enter("officer").get("/forms/instant/v1.xlsx").status_code == 403


def _upload(desk: Desk, content: bytes) -> tuple[int, str]:
    client = desk.enter("admin")
    page = client.get("/forms/instant/draft/import").text
    data = {
        "csrf_token": hidden(page, "csrf_token"),
        "seen": hidden(page, "seen"),
        "file": (io.BytesIO(content), "form.xlsx"),
    }
    answer = client.post("/forms/instant/draft/import", data=data, content_type="multipart/form-data")
    return answer.status_code, answer.text


def test_a_workbook_comes_in_with_what_it_lost(desk: Desk) -> None:
    client = desk.enter("admin")
    client.submit("/forms/instant/draft", page="/forms/instant")
    own = client.get("/forms/instant/draft.xlsx").data
    assert "即时监测表" in convert(own, file_type=".xlsx").xform
    survey = (
        ("type", "name", "label", "relevant"),
        ("text", "a", "甲", ""),
        ("geopoint", "g", "位置", ""),
        ("integer", "n", "乙", "${a} = '有'"),
    )
    code, page = _upload(desk, write(Sheets({"survey": survey})))
    assert code == 200
    assert "第3行" in page
    assert "geopoint" in page
    assert "visible_when" in page
    for content in (b"PK\x03\x04 nothing", write(Sheets({"表": (("a",),)}))):
        code, page = _upload(desk, content)
        assert code == 422

"""The pages on which findings of a visit are merged into a case or split into several."""

from __future__ import annotations

from pathlib import Path

import html5lib
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.case import Case, CaseItem
from tests.conftest import sqlite_copy
from tests.integration.office import START, find_office
from tests.integration.visits import visit
from tests.web.desk_office import Desk
from tests.web.test_desk_cases import office_file

__all__ = ["office_file"]


@pytest.fixture
def sqlite_url(office_file: Path, tmp_path: Path) -> str:
    return sqlite_copy(office_file, tmp_path)


@pytest.fixture
def desk(app: Flask) -> Desk:
    """An office with one visit that found three things."""
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        made = Desk(app, find_office(session))
        visit(session, made.office)
    made.turn_clock(START)
    return made


def _sent(page: str) -> dict[str, list[str]]:
    """What the form of a new case would send back as it stands."""
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    form = next(form for form in tree.iter("form") if form.get("class") == "form")
    sent: dict[str, list[str]] = {"channel": ["inspection"]}
    for field in form.iter():
        if field.tag == "input" and field.get("type") not in ("checkbox", "file"):
            sent.setdefault(field.get("name", ""), []).append(field.get("value", ""))
        elif field.tag == "textarea":
            sent[field.get("name", "")] = [(field.text or "").strip()]
        elif field.tag == "select" and field.get("name") == "target":
            sent["target"] = [
                o.get("value", "") for o in field.iter("option") if o.get("selected") is not None
            ]
    return sent


def test_findings_are_split_into_cases_one_after_the_other(desk: Desk) -> None:
    client = desk.enter("officer")
    page = client.get("/desk/ratings/1").text
    assert "选中的合并立为一起" in page
    assert page.count('name="item"') == 4
    asked = "/desk/cases/new?rating=1&item=problems:1&item=problems:2&how=split"
    page = client.get(asked).text
    assert "接着立其余1起" in page
    answer = client.post("/desk/cases/new", data=_sent(page))
    assert answer.status_code == 302, answer.text
    assert "item=problems:2&how=split" in answer.location.replace("%3A", ":")
    page = client.get(answer.location).text
    assert "这个测评对象有未办结的整改事项" in page
    answer = client.post("/desk/cases/new", data=_sent(page))
    assert answer.location.endswith("/desk/cases/2")
    with desk.session() as session:
        assert [(row.case_id, row.item) for row in session.execute(select(CaseItem)).scalars()] == [
            (1, "problems:1"),
            (2, "problems:2"),
        ]
    page = client.get("/desk/ratings/1").text
    assert page.count("disabled") >= 2
    answer = client.post("/desk/cases/new", data={**_sent(client.get(asked).text), "later": []})
    assert answer.status_code == 409
    assert "没有重复立案" in answer.text


def test_findings_are_merged_into_one_case(desk: Desk) -> None:
    client = desk.enter("head")
    page = client.get("/desk/cases/new?rating=1&item=problems:1&item=problems:3&how=merge").text
    assert client.post("/desk/cases/new", data=_sent(page)).location.endswith("/desk/cases/1")
    with desk.session() as session:
        case = session.get_one(Case, 1)
        assert case.title.endswith("等2项问题")
        assert "1．问题：收费标准" in case.facts
        assert "2．问题：没有一次性告知" in case.facts


@pytest.mark.parametrize(
    "query", ["item=x&how=split", "item=&item=problems:77&how=merge", "how=split", "item=%00"]
)
def test_odd_choices_open_the_page(desk: Desk, query: str) -> None:
    assert desk.enter("officer").get(f"/desk/cases/new?rating=1&{query}").status_code == 200


def test_who_opens_no_case_is_offered_none(desk: Desk) -> None:
    page = desk.enter("reviewer").get("/desk/ratings/1").text
    assert "收费标准没有公示" in page
    assert 'name="item"' not in page

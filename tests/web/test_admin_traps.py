"""Each known trap of Flask-Admin, shown to be closed in the one parent of all tables (docs/admin.md)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from admin.base import UNSAFE, SafeModelView
from models.engine import writing
from models.history import HistoryEntry
from models.people import Role
from models.roster import Monitor, Target, Unit
from tests.integration.office import Office
from tests.web.admin_office import Enter, admin, enter, office, sqlite_url, stored
from tests.web.conftest import CarefulClient
from tests.web.test_admin import edit, field_values

__all__ = ["admin", "enter", "office", "sqlite_url", "stored"]


def statements(app: Flask, ask: Any) -> list[str]:
    """The SQL that a request runs."""
    said: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        said.append(statement)

    event.listen(app.extensions["engine"], "before_cursor_execute", hear)
    ask()
    event.remove(app.extensions["engine"], "before_cursor_execute", hear)
    return said


def test_1_pages_need_no_script_and_removal_asks_first(admin: CarefulClient, stored: Session) -> None:
    unit = stored.execute(select(Unit).limit(1)).scalars().one()
    for path in ("/admin/units/", "/admin/units/new/", f"/admin/units/remove/?id={unit.id}"):
        answer = admin.get(path)
        assert "<script" not in answer.text
        assert "bootstrap" not in answer.text
        assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
    assert not re.search(r'<form[^>]*action="[^"]*delete', admin.get("/admin/units/").text)
    assert admin.get("/admin/static/vendor/jquery.min.js").status_code == 404


def test_2_every_post_needs_its_token(admin: CarefulClient, stored: Session) -> None:
    unit = stored.execute(select(Unit).limit(1)).scalars().one()
    for path in (
        f"/admin/units/edit/?id={unit.id}",
        "/admin/units/new/",
        "/admin/units/delete/",
        "/admin/roster/",
    ):
        assert admin.post(path, data={"id": unit.id, "name": "改", "row_version": 1}).status_code == 400


def test_3_a_row_outside_the_list_does_not_exist(admin: CarefulClient, office: Office) -> None:
    hidden = office.officer.user_id
    for page in ("details", "edit", "remove"):
        assert admin.get(f"/admin/inspectors/{page}/?id={hidden}").status_code in (403, 404)
    assert admin.get(f"/admin/accounts/details/?id={hidden}").status_code == 200
    token = admin.token(f"/admin/accounts/edit/?id={hidden}")
    answer = admin.post(
        f"/admin/inspectors/edit/?id={hidden}", data={"csrf_token": token, "row_version": "1"}
    )
    assert answer.status_code == 404


def test_4_lists_are_not_edited_in_place(admin: CarefulClient) -> None:
    token = admin.token("/admin/units/new/")
    data = {"csrf_token": token, "list_form_pk": "1", "name": "改"}
    assert admin.post("/admin/units/ajax/update/", data=data).status_code == 404
    assert (
        admin.post("/admin/units/action/", data={**data, "action": "delete", "rowid": "1"}).status_code == 404
    )


def test_5_there_are_no_lookups_to_empty(admin: CarefulClient) -> None:
    assert admin.get("/admin/targets/ajax/lookup/?name=unit&query=&limit=999999").status_code == 404


@pytest.mark.parametrize("attribute", UNSAFE)
def test_what_cannot_be_used_safely_is_refused_at_start(attribute: str) -> None:
    careless = type("Careless", (SafeModelView,), {attribute: ("name",)})
    with pytest.raises(TypeError, match=attribute):
        careless(Unit, name="x", key="x", category="x")


def test_6_the_second_of_two_editors_is_told(admin: CarefulClient, stored: Session) -> None:
    unit = stored.execute(select(Unit).limit(1)).scalars().one()
    path = f"/admin/units/edit/?id={unit.id}"
    slow = field_values(admin.get(path).text)
    assert edit(admin, "units", unit.id, position="41").status_code == 302
    answer = admin.post(path, data={**slow, "position": "42"})
    assert answer.status_code == 422
    assert "已被他人修改" in answer.text
    again = admin.post(path, data={**field_values(answer.text), "position": "43"})
    assert "已被他人修改" in again.text, "sending the same page again must not win either"
    stored.refresh(unit)
    assert unit.position == 41
    missing = {name: value for name, value in slow.items() if name != "row_version"}
    assert admin.post(path, data=missing).status_code == 400


def test_7_an_export_is_a_whole_workbook_without_formulas(admin: CarefulClient, stored: Session) -> None:
    with writing():
        stored.add(Monitor(key="m_evil", name='=HYPERLINK("http://x")', contact="+1", phone="@SUM(1)"))
        stored.commit()
    answer = admin.get("/admin/monitors/export/xlsx/")
    assert (answer.mimetype or "").endswith("spreadsheetml.sheet")
    cells = [cell for row in load_workbook(BytesIO(answer.data)).worksheets[0].iter_rows() for cell in row]
    evil = next(cell for cell in cells if str(cell.value).startswith("=HYPERLINK"))
    assert evil.data_type == "s"
    assert admin.get("/admin/monitors/export/csv/").status_code == 404
    logged = stored.execute(select(HistoryEntry).where(HistoryEntry.act == "table.exported")).scalars().all()
    assert [entry.object_id for entry in logged] == ["admin_monitors"]


@pytest.mark.parametrize(
    "table", ["targets", "units", "accounts", "delegates", "dictionaries", "steps", "notices"]
)
def test_8_a_page_of_rows_is_a_fixed_number_of_queries(app: Flask, admin: CarefulClient, table: str) -> None:
    said = statements(app, lambda: admin.get(f"/admin/{table}/"))
    assert len([each for each in said if each.startswith("SELECT")]) <= 16, "\n".join(said)


def test_9_columns_of_time_are_shown_and_filter(enter: Enter) -> None:
    client = enter(Role.AUDITOR)
    assert "2026年4月9日" in client.get("/admin/history/").text
    assert "2026年4月9日" in client.get("/admin/history/?flt0_0=2026-04-09&flt1_1=2026-04-09").text
    assert "没有符合条件的记录" in client.get("/admin/history/?flt0_0=2026-04-10").text
    assert "没有符合条件的记录" in client.get("/admin/history/?flt1_1=2026-04-08").text


@pytest.mark.parametrize(
    "words",
    [
        "id=abc", "id=1,2", "id=", "id=-1", "id=99999999999999999999", "id=１", "id=1&id=2",
    ],
)  # fmt: skip
def test_10_any_number_of_a_row_gets_a_page(admin: CarefulClient, words: str) -> None:
    for page in ("details", "edit", "remove"):
        assert admin.get(f"/admin/units/{page}/?{words}").status_code in (200, 302, 404), (page, words)


@pytest.mark.parametrize(
    "words",
    [
        "page=-5", "page=99999999999999999999", "sort=99", "sort=-7", "sort=x", "page_size=100000",
        "flt0_0=%25_%27%22<script>", "flt1_1=999", "flt1_1=abc", "flt2_2=7", "flt9_9=1", "fltx", "flt0_",
        "_scheme=javascript", "_external=1", "_anchor=x", "endpoint=home", "search=x",
    ],
)  # fmt: skip
def test_any_words_in_the_address_get_a_page(admin: CarefulClient, words: str) -> None:
    page = admin.get(f"/admin/units/?{words}")
    assert page.status_code == 200
    assert "javascript:" not in page.text
    assert "<script>" not in page.text
    assert admin.get(f"/admin/units/export/xlsx/?{words}").status_code == 200


def test_12_a_refused_write_leaves_no_trace(admin: CarefulClient, stored: Session) -> None:
    before = stored.execute(select(HistoryEntry.id).order_by(HistoryEntry.id.desc()).limit(1)).scalar_one()
    unit = stored.execute(select(Unit).limit(1)).scalars().one()
    assert edit(admin, "units", unit.id, category_id="").status_code == 422
    assert edit(admin, "units", unit.id, name="\x00").status_code == 422
    after = stored.execute(select(HistoryEntry.id).order_by(HistoryEntry.id.desc()).limit(1)).scalar_one()
    assert after == before


def test_large_tables_are_neither_counted_nor_searched(app: Flask, admin: CarefulClient) -> None:
    for table in ("ratings", "ballots", "history"):
        said = "\n".join(statements(app, lambda table=table: admin.get(f"/admin/{table}/?search=x")))
        assert "count(" not in said.lower(), said
        assert "LIKE" not in said, said


def test_the_log_hides_ratings_from_administrators(
    app: Flask, admin: CarefulClient, enter: Enter, stored: Session
) -> None:
    with writing():
        stored.add(
            HistoryEntry(
                at=datetime(2026, 4, 9, tzinfo=UTC), actor_name="某监测点", act="rating.submitted",
                object_kind="rating", object_id="1", payload={}, salt="s", commitment="c",
            )
        )  # fmt: skip
        stored.commit()
    number = stored.execute(select(HistoryEntry.id).where(HistoryEntry.salt == "s")).scalar_one()
    assert "某监测点" not in admin.get("/admin/history/").text
    assert admin.get(f"/admin/history/details/?id={number}").status_code == 404
    auditor = enter(Role.AUDITOR)
    assert "某监测点" in auditor.get("/admin/history/").text
    assert "rating.submitted" in auditor.get(f"/admin/history/details/?id={number}").text


def test_hostile_words_are_only_words(admin: CarefulClient, stored: Session) -> None:
    words = '"><script>alert(1)</script>{{7*7}}'
    with writing():
        stored.add(
            Target(key="t_evil", name=words, unit_id=stored.execute(select(Unit.id).limit(1)).scalar_one())
        )
        stored.commit()
    number = stored.execute(select(Target.id).where(Target.key == "t_evil")).scalar_one()
    for page in ("?flt0_0=script", f"details/?id={number}", f"edit/?id={number}", f"remove/?id={number}"):
        text = admin.get(f"/admin/targets/{page}").text
        assert "<script>" not in text
        assert "{{7*7}}" in text

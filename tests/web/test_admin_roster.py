"""The roster handed in as a workbook: looked at first, confirmed, or sent back with every fault marked."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from models.history import HistoryEntry
from models.people import Role
from models.roster import Unit
from packs.workbook import Cell, read, write
from tests.web.admin_office import Enter, admin, enter, office, sqlite_url, stored
from tests.web.conftest import CarefulClient

__all__ = ["admin", "enter", "office", "sqlite_url", "stored"]


def workbook(client: CarefulClient, row: int, column: int, value: Cell) -> bytes:
    """The roster as it stands, with one cell of the sheet of units changed."""
    sheets = read(client.get("/admin/roster/current.xlsx").data)
    rows = [list(cells) for cells in sheets.rows["单位"]]
    rows[row - 1][column - 1] = value
    return write(type(sheets)({**sheets.rows, "单位": tuple(tuple(cells) for cells in rows)}))


def upload(client: CarefulClient, data: bytes, name: str = "名册.xlsx") -> TestResponse:
    """Hand a file in."""
    form = {"csrf_token": client.token("/admin/roster/"), "workbook": (BytesIO(data), name)}
    answer = client.post("/admin/roster/", data=form, content_type="multipart/form-data")
    answer.request.environ["wsgi.input"].close()  # of a large post the client keeps a file open
    return answer


def confirm(client: CarefulClient, path: str) -> TestResponse:
    """Press the button on the page that shows what would happen."""
    page = client.get(path).text
    found = re.search(r'name="fingerprint" value="([0-9a-f]+)"', page)
    assert found, page
    return client.post(path, data={"csrf_token": client.token(path), "fingerprint": found[1]})


def name_of(stored: Session, key: str) -> str:
    """What a unit is called now."""
    return stored.execute(select(Unit.name).where(Unit.key == key)).scalar_one()


def test_a_workbook_is_shown_first_and_applied_once(admin: CarefulClient, stored: Session) -> None:
    path = upload(admin, workbook(admin, 2, 2, "公安局")).headers["Location"]
    page = admin.get(path).text
    assert "<del>公安</del>" in page
    assert "<ins>公安局</ins>" in page
    assert name_of(stored, "police") == "公安"
    answer = confirm(admin, path)
    assert answer.status_code == 302
    assert "新增0行，修改1行" in admin.get(answer.headers["Location"]).text
    assert name_of(stored, "police") == "公安局"
    assert stored.execute(select(HistoryEntry).where(HistoryEntry.act == "roster.imported")).scalar_one()
    assert admin.get(path).status_code == 404


def test_faults_are_told_by_cell_and_marked_in_the_file(admin: CarefulClient, stored: Session) -> None:
    path = upload(admin, workbook(admin, 7, 3, "没有的类别")).headers["Location"]
    page = admin.get(path).text
    assert "C7" in page
    assert "没有的类别" in page
    assert "确认导入" not in page
    marked = admin.get(f"{path}marked.xlsx")
    assert read(marked.data).rows["问题清单"][1][:2] == ("单位", "C7")
    forced = admin.post(path, data={"csrf_token": admin.token(path), "fingerprint": "0" * 64})
    assert forced.status_code == 409
    assert "没有导入" in forced.text


def test_a_roster_that_moved_is_not_overwritten(admin: CarefulClient, stored: Session) -> None:
    first = upload(admin, workbook(admin, 2, 2, "公安局")).headers["Location"]
    page = admin.get(first).text
    seen = re.search(r'name="fingerprint" value="([0-9a-f]+)"', page)
    assert seen
    second = upload(admin, workbook(admin, 3, 2, "消防局")).headers["Location"]
    assert confirm(admin, second).status_code == 302
    answer = admin.post(first, data={"csrf_token": admin.token(first), "fingerprint": seen[1]})
    assert answer.status_code == 409
    assert "名册已被修改" in answer.text
    assert name_of(stored, "police") == "公安"


def test_a_workbook_can_be_given_up(admin: CarefulClient, stored: Session) -> None:
    path = upload(admin, workbook(admin, 2, 2, "公安局")).headers["Location"]
    answer = admin.post(f"{path}discard", data={"csrf_token": admin.token(path)})
    assert answer.status_code == 302
    assert admin.get(path).status_code == 404
    assert name_of(stored, "police") == "公安"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "a.xlsx"),
        (b"PK\x03\x04" + b"\0" * 500, "a.xlsx"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 500, "a.xls"),
        ("编码,名称".encode("gbk"), "a.csv"),
        (b"<html>" * 1000, "../../etc/passwd"),
        (b"PK" + b"x" * (11 * 1024 * 1024), "large.xlsx"),
    ],
)
def test_any_file_gets_a_sentence(admin: CarefulClient, data: bytes, name: str) -> None:
    answer = upload(admin, data, name)
    assert answer.status_code in (413, 422)
    assert "没有导入" in answer.text or answer.status_code == 413


def test_no_file_at_all_gets_a_sentence(admin: CarefulClient) -> None:
    answer = admin.post("/admin/roster/", data={"csrf_token": admin.token("/admin/roster/")})
    assert answer.status_code == 422
    assert "请先选择" in answer.text


def test_the_workbook_of_another_person_is_not_there(admin: CarefulClient, enter: Enter) -> None:
    path = upload(admin, workbook(admin, 2, 2, "公安局")).headers["Location"]
    for role in (Role.OFFICER, Role.HEAD, Role.AUDITOR):
        assert enter(role).get(path).status_code == 403
    for token in ("0" * 32, "..%2f..%2fpingdu", "zz"):
        assert admin.get(f"/admin/roster/{token}/").status_code == 404
        assert admin.get(f"/admin/roster/{token}/marked.xlsx").status_code == 404

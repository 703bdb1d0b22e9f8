"""The tables of administrators: who opens what, what is kept, what is refused, what leaves the house."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from models.campaign import CalendarDay, CalendarYear, Campaign, CampaignStatus, DictionaryEntry
from models.engine import writing
from models.history import HistoryEntry
from models.people import Role, User
from models.roster import Category, Delegate, Monitor, Target, Unit
from tests.integration.office import Office
from tests.web.admin_office import Enter, admin, enter, office, sqlite_url, stored
from tests.web.conftest import CarefulClient

__all__ = ["admin", "enter", "office", "sqlite_url", "stored"]

KEPT = (
    "categories", "units", "targets", "monitors", "delegates", "dictionaries", "accounts", "inspectors",
    "campaigns",
)  # fmt: skip
EVIDENCE = ("ratings", "ballots", "cases", "steps", "deductions", "notices", "definitions")
NEW = tuple(key for key in KEPT)
ROW: dict[str, Any] = {
    "categories": Category,
    "units": Unit,
    "targets": Target,
    "monitors": Monitor,
    "delegates": Delegate,
    "dictionaries": DictionaryEntry,
    "calendar-days": CalendarDay,
    "calendar-years": CalendarYear,
    "campaigns": Campaign,
    "accounts": User,
}


def field_values(page: str) -> dict[str, Any]:
    """What a form would send as it stands: inputs and selected options."""
    form = page[page.index('<form class="form card"') :]
    form = form[: form.index("</form>")]
    values: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and (("radio" not in tag and "checkbox" not in tag) or " checked" in tag):
            if "checkbox" in tag:
                values.setdefault(name[1], []).append(value[1] if value else "on")
            else:
                values[name[1]] = value[1] if value else ""
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option selected value="([^"]*)"', options)
        values[name] = chosen[1] if chosen else ""
    return values


def edit(client: CarefulClient, table: str, number: int, **typed: Any) -> TestResponse:
    """Open the form of a row, type, send."""
    path = f"/admin/{table}/edit/?id={number}"
    return client.post(path, data={**field_values(client.get(path).text), **typed})


def create(client: CarefulClient, table: str, **typed: Any) -> TestResponse:
    """Open the form for a new row, type, send."""
    path = f"/admin/{table}/new/"
    return client.post(path, data={**field_values(client.get(path).text), **typed})


def row_of(stored: Session, key: str) -> Any:
    """The first row of a table."""
    return stored.execute(select(ROW[key]).order_by(ROW[key].id).limit(1)).scalars().one()


def sheet(response: TestResponse) -> list[tuple[Any, ...]]:
    """The rows of an exported workbook."""
    (found,) = load_workbook(BytesIO(response.data)).worksheets
    return list(found.iter_rows(values_only=True))


# ---------------------------------------------------------------------------------------- who


def test_all_tables_open_for_administrators(admin: CarefulClient) -> None:
    assert "全部数据表" in admin.get("/admin/").text
    for key in (*KEPT, *EVIDENCE, "history"):
        page = admin.get(f"/admin/{key}/")
        assert page.status_code == 200, key
        assert "<script" not in page.text
    for key in NEW:
        assert admin.get(f"/admin/{key}/new/").status_code == 200, key


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_other_roles_read_evidence_at_most(office: Office, enter: Enter, role: Role) -> None:
    client = enter(role)
    reads = role in (Role.AUDITOR, Role.HEAD)
    for key in EVIDENCE:
        assert client.get(f"/admin/{key}/").status_code == (200 if reads else 403), key
    assert client.get("/admin/history/").status_code == (200 if role is Role.AUDITOR else 403)
    for key in KEPT:
        for page in ("", "new/", "edit/?id=1", "details/?id=1", "export/xlsx/", "remove/?id=1"):
            assert client.get(f"/admin/{key}/{page}").status_code == 403, key
    token = client.token("/account/password")
    for page in ("new/", "edit/?id=1", "delete/"):
        data = {"csrf_token": token, "id": "1", "row_version": "1"}
        assert client.post(f"/admin/units/{page}", data=data).status_code == 403


def test_strangers_are_sent_to_the_login(office: Office, client: CarefulClient) -> None:
    assert "/account/login" in client.get("/admin/units/").headers["Location"]


def test_evidence_cannot_be_written(admin: CarefulClient, stored: Session) -> None:
    token = admin.token("/account/password")
    before = stored.execute(select(func.count()).select_from(HistoryEntry)).scalar_one()
    for key in (*EVIDENCE, "history"):
        for page in ("new/", "edit/?id=1", "delete/", "action/", "ajax/update/"):
            answer = admin.post(
                f"/admin/{key}/{page}", data={"csrf_token": token, "id": "1", "row_version": "1"}
            )
            assert answer.status_code in (302, 403, 404), (key, page)
        assert admin.get(f"/admin/{key}/remove/?id=1").status_code == 403
    stored.expire_all()
    assert stored.execute(select(func.count()).select_from(HistoryEntry)).scalar_one() == before


# ---------------------------------------------------------------------------------------- rows


def test_a_unit_is_added_changed_closed_and_removed(admin: CarefulClient, stored: Session) -> None:
    category = row_of(stored, "categories")
    answer = create(admin, "units", key="new_unit", name="新设单位", category_id=str(category.id))
    assert answer.status_code == 302
    unit = stored.execute(select(Unit).where(Unit.key == "new_unit")).scalar_one()
    assert edit(admin, "units", unit.id, name="更名单位", active="False").status_code == 302
    stored.refresh(unit)
    assert (unit.name, unit.active, unit.key) == ("更名单位", False, "new_unit")
    page = admin.get(f"/admin/units/remove/?id={unit.id}").text
    assert "确定删除“更名单位”吗" in page
    data = {"csrf_token": admin.token(f"/admin/units/remove/?id={unit.id}"), "id": unit.id}
    assert (
        admin.post("/admin/units/delete/", data={**data, "row_version": unit.row_version}).status_code == 302
    )
    acts = stored.execute(
        select(HistoryEntry.act).where(HistoryEntry.object_kind == "unit").order_by(HistoryEntry.id)
    ).scalars()
    assert list(acts) == ["unit.added", "unit.changed", "unit.removed"]


def test_a_unit_in_use_is_offered_for_closing(admin: CarefulClient, stored: Session) -> None:
    unit = row_of(stored, "units")
    page = admin.get(f"/admin/units/remove/?id={unit.id}").text
    assert "不能删除" in page
    assert "停用" in page
    token = admin.token("/admin/units/new/")
    data = {"csrf_token": token, "id": unit.id, "row_version": unit.row_version}
    answer = admin.post("/admin/units/delete/", data=data, follow_redirects=True)
    assert "已被使用（测评对象" in answer.text
    assert stored.get(Unit, unit.id) is not None


def test_what_was_typed_stays_when_it_is_refused(admin: CarefulClient, stored: Session) -> None:
    unit = row_of(stored, "units")
    answer = create(admin, "units", key=unit.key, name="另一单位", category_id=str(unit.category_id))
    assert answer.status_code == 422
    assert "已有单位使用" in answer.text
    assert 'value="另一单位"' in answer.text
    empty = create(admin, "units", key="x1", name="")
    assert empty.status_code == 422
    assert "请填写。" in empty.text
    assert "没有保存，请按提示改正后再试。" in empty.text
    wrong = create(admin, "units", key="x1", name="新", category_id="999999999999999999999", position="很多")
    assert wrong.status_code == 422


def test_other_rows_are_kept_too(admin: CarefulClient, stored: Session) -> None:
    unit, group = row_of(stored, "units"), stored.execute(select(Delegate.group).limit(1)).scalar_one()
    assert create(admin, "categories", key="third", name="第三类").status_code == 302
    assert (
        create(
            admin, "targets", key="t_9", name="新科室", unit_id=str(unit.id), in_charge_since="2026-01-05"
        ).status_code
        == 302
    )
    assert create(admin, "monitors", key="m_9", name="新监测点").status_code == 302
    assert create(admin, "delegates", key="d_9", name="新代表", group=group).status_code == 302
    assert (
        create(admin, "dictionaries", key="e_9", name="新条目", dictionary_key="channels").status_code == 302
    )
    target = stored.execute(select(Target).where(Target.key == "t_9")).scalar_one()
    assert str(target.in_charge_since) == "2026-01-05"
    assert edit(admin, "targets", target.id, person_in_charge="某人").status_code == 302
    stored.refresh(target)
    assert target.person_in_charge == "某人"
    details = admin.get(f"/admin/targets/details/?id={target.id}").text
    assert "2026年1月5日" in details


def test_the_calendar_is_read_here_and_changed_elsewhere(admin: CarefulClient, stored: Session) -> None:
    year = stored.execute(select(CalendarYear).where(CalendarYear.year == 2026)).scalar_one()
    assert admin.get("/admin/calendar-days/").status_code == 200
    for path in ("calendar-days/new/", f"calendar-years/edit/?id={year.id}"):
        assert admin.get(f"/admin/{path}").status_code in (302, 404)


def test_a_campaign_is_set_up_opened_and_closed(admin: CarefulClient, stored: Session) -> None:
    typed = {"pack": "district-2012", "key": "2027", "name": "2027年度测评活动", "starts_on": "2027-01-01"}
    answer = create(admin, "campaigns", **typed, ends_on="2026-12-31", public_url="http://127.0.0.1")
    assert "结束日期应晚于开始日期" in answer.text
    assert (
        create(admin, "campaigns", **typed, ends_on="2027-12-31", public_url="http://127.0.0.1").status_code
        == 302
    )
    campaign = stored.execute(select(Campaign).where(Campaign.key == "2027")).scalar_one()
    assert "尚未启动" in edit(admin, "campaigns", campaign.id, status="closed").text
    for status in ("open", "closed", "open"):
        assert edit(admin, "campaigns", campaign.id, status=status).status_code == 302
    stored.refresh(campaign)
    assert campaign.status is CampaignStatus.OPEN
    assert "不能退回筹备" in edit(admin, "campaigns", campaign.id, status="prepared").text


# ---------------------------------------------------------------------------------------- accounts


def test_an_account_is_made_with_a_first_password(admin: CarefulClient, stored: Session, app: Flask) -> None:
    typed = {
        "login": "inspector9",
        "name": "某检查员",
        "password": "江心洲上白鹭飞过书院",
        "roles": ["inspector"],
    }
    assert create(admin, "inspectors", **typed).status_code == 302
    user = stored.execute(select(User).where(User.login == "inspector9")).scalar_one()
    assert user.roles == {Role.INSPECTOR}
    assert user.password_expired
    assert "某检查员" in admin.get("/admin/inspectors/").text
    assert "演示admin" not in admin.get("/admin/inspectors/").text.split("<table")[1]
    before = user.password_hash
    assert (
        edit(admin, "accounts", user.id, password="新的一句好记好用的话语", roles=["officer"]).status_code
        == 302
    )
    stored.expire_all()
    assert user.roles == {Role.OFFICER}
    assert user.password_hash != before
    assert edit(admin, "accounts", user.id, active="False").status_code == 302
    stored.expire_all()
    assert not user.active


def test_nobody_changes_the_own_roles(admin: CarefulClient, stored: Session) -> None:
    me = stored.execute(select(User).where(User.login == "admin")).scalar_one()
    assert "不能调整自己的岗位" in edit(admin, "accounts", me.id, roles=["admin", "head"]).text
    assert "不能停用自己的账号" in edit(admin, "accounts", me.id, active="False").text
    assert edit(admin, "accounts", me.id, phone="0796-1234567").status_code == 302
    stored.refresh(me)
    assert me.roles == {Role.ADMIN}


def test_the_hash_of_a_password_is_nowhere(admin: CarefulClient, stored: Session) -> None:
    me = stored.execute(select(User).where(User.login == "admin")).scalar_one()
    number, secret = me.id, "$argon2id$a-hash-to-look-for"
    with writing():
        me.password_hash = secret
        stored.commit()
    pages = [
        admin.get(f"/admin/accounts/{page}") for page in ("", f"details/?id={number}", f"edit/?id={number}")
    ]
    assert all(secret not in page.text and "argon2" not in page.text for page in pages)
    cells = {cell for row in sheet(admin.get("/admin/accounts/export/xlsx/")) for cell in row}
    assert not any("argon2" in str(cell) for cell in cells)


def test_a_weak_first_password_is_refused(admin: CarefulClient, stored: Session) -> None:
    answer = create(admin, "accounts", login="weak", name="某人", password="1234567890", roles=["officer"])
    assert answer.status_code == 422
    assert "1234567890" not in answer.text
    assert not stored.execute(select(User).where(User.login == "weak")).first()

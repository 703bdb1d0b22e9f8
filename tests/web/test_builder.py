"""The form builder as the administrator uses it, with plain POSTs and no script."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from forms.fields import TYPES
from models.campaign import Campaign, Definition, DefinitionStatus
from models.people import Role
from models.rating import Rating, Submission
from tests.integration.office import Office, build_office
from tests.web.conftest import CarefulClient

DRAFT = "/forms/instant/draft"


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
def admin(office: Office, signed_in: Callable[..., CarefulClient]) -> CarefulClient:
    return signed_in(Role.ADMIN, login="designer")


@pytest.fixture
def draft(admin: CarefulClient) -> CarefulClient:
    """The administrator with an open draft of the form for instant ratings."""
    assert admin.submit(f"{DRAFT}", page="/forms").status_code == 302
    return admin


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return html.unescape(found.group(1))


def act(client: CarefulClient, path: str, *, page: str = DRAFT, **data: Any) -> TestResponse:
    """Post as the buttons of a page of the builder do."""
    text = client.get(page).text
    keys = ("csrf_token", "seen") if 'name="seen"' in text else ("csrf_token",)
    return client.post(path, data={**{key: hidden(text, key) for key in keys}, **data})


def controls(page: str) -> dict[str, Any]:
    """What the settings form would post if it was sent as it stands."""
    import html5lib

    tree = html5lib.parse(page, namespaceHTMLElements=False)
    form = next(e for e in tree.iter("form") if e.get("data-autosave") is not None)
    found: dict[str, Any] = {}
    for element in form.iter():
        name = element.get("name")
        if not name:
            continue
        if element.tag == "textarea":
            found[name] = "".join(element.itertext()).removeprefix("\n")
        elif element.tag == "select":
            options = list(element.iter("option"))
            chosen = next((o for o in options if o.get("selected") is not None), options[0])
            found[name] = chosen.get("value")
        elif element.tag == "input" and element.get("type") in ("checkbox", "radio"):
            if element.get("checked") is not None:
                found.setdefault(name, []).append(element.get("value"))
        elif element.tag == "input":
            found[name] = element.get("value", "")
    return found


def body(db: Session, key: str = "instant") -> dict[str, Any]:
    db.rollback()
    query = select(Definition.body).where(Definition.key == key, Definition.status == DefinitionStatus.DRAFT)
    kept: dict[str, Any] = db.execute(query).scalar_one()
    return kept


def keys(db: Session, key: str = "instant") -> list[str]:
    return [field["key"] for field in body(db, key)["document"]["fields"]]


def settings(client: CarefulClient, field: str, *, form: str = "instant", **changes: Any) -> TestResponse:
    path = f"/forms/{form}/draft/fields/{field}"
    return client.post(path, data=controls(client.get(path).text) | changes)


def test_only_the_administrator_designs_forms(
    office: Office, signed_in: Callable[..., CarefulClient]
) -> None:
    officer = signed_in(Role.OFFICER, Role.HEAD, Role.REVIEWER)
    for path in ("/forms", "/forms/instant", "/forms/instant/v1", "/forms/instant/v1.yaml", DRAFT):
        assert officer.get(path).status_code == 403, path
    assert officer.post("/forms/new", data={"name": "x"}).status_code in (400, 403)


def test_the_list_shows_versions_and_drafts(draft: CarefulClient) -> None:
    page = draft.get("/forms").text
    assert "即时监测表" in page
    assert "第1版已发布" in page
    assert "继续修改" in page
    assert "设置" in page


def test_a_field_of_every_type_can_be_added_set_and_seen(admin: CarefulClient, db: Session) -> None:
    assert act(admin, "/forms/new", page="/forms", name="全部类型").status_code == 302
    at = "/forms/form_1/draft"
    for word, kind in TYPES.items():
        answer = act(admin, f"{at}/fields", page=at, type=word, after="last")
        assert answer.status_code == 302, answer.text
        opened = admin.get(answer.location)
        assert opened.status_code == 200
        assert kind.words in opened.text
        assert settings(admin, f"{word}_1", form="form_1", label=f"题目{word}").status_code == 302
    assert [field["type"] for field in body(db, "form_1")["document"]["fields"]] == list(TYPES)
    page = admin.get(at).text
    for word in TYPES:
        assert f"题目{word}" in page
    # Nothing but the formula is still open: every other type begins as something that can be published.
    assert "还有1处要改好才能发布" in page


def test_settings_come_back_as_they_were_kept(draft: CarefulClient, db: Session) -> None:
    """Sending the settings page of every field unchanged changes nothing."""
    before = body(db)["document"]
    for field in before["fields"]:
        assert settings(draft, field["key"]).status_code == 302, field["key"]
    assert body(db)["document"] == before
    assert body(db)["past"] == []


def test_a_field_is_added_after_another_moved_copied_and_deleted(draft: CarefulClient, db: Session) -> None:
    answer = act(draft, f"{DRAFT}/fields", type="number", after="matter")
    assert answer.status_code == 302
    assert keys(db).index("number_1") == keys(db).index("matter") + 1
    act(draft, f"{DRAFT}/fields/number_1/up")
    assert keys(db).index("number_1") == keys(db).index("matter") - 1
    act(draft, f"{DRAFT}/fields/number_1/copy")
    assert "number_2" in keys(db)
    assert act(draft, f"{DRAFT}/fields/number_2/delete").status_code == 302
    assert "number_2" not in keys(db)


def test_a_section_moves_with_what_stands_under_it(draft: CarefulClient, db: Session) -> None:
    act(draft, f"{DRAFT}/fields/happened/up")
    order = keys(db)
    assert order[:6] == ["happened", "occurred_at", "matter_kind", "matter", "handler", "about"]


def test_a_field_in_use_is_not_deleted_until_the_uses_go_too(draft: CarefulClient, db: Session) -> None:
    refused = act(draft, f"{DRAFT}/fields/grade/delete")
    assert refused.status_code == 409
    for words in ("“情况描述”的必填条件", "“问题情况”的显示条件", "测评设置里的“计入的档次”"):
        assert words in refused.text
    assert "grade" in keys(db)
    assert act(draft, f"{DRAFT}/fields/grade/delete", with_uses="1").status_code == 302
    document = body(db)["document"]
    assert "grade" not in keys(db)
    assert "binding" not in document
    assert all("visible_when" not in field for field in document["fields"])


def test_every_step_can_be_taken_back_and_made_again(draft: CarefulClient, db: Session) -> None:
    before = body(db)["document"]
    act(draft, f"{DRAFT}/fields/grade/delete", with_uses="1")
    act(draft, f"{DRAFT}/fields", type="note", after="")
    after = body(db)["document"]
    act(draft, f"{DRAFT}/undo")
    act(draft, f"{DRAFT}/undo")
    assert body(db)["document"] == before
    act(draft, f"{DRAFT}/redo")
    act(draft, f"{DRAFT}/redo")
    assert body(db)["document"] == after
    assert act(draft, f"{DRAFT}/redo").status_code == 409


def test_the_second_designer_is_told_who_changed_what(
    draft: CarefulClient, db: Session, signed_in: Callable[..., CarefulClient]
) -> None:
    second = signed_in(Role.ADMIN, login="second", name="乙设计员")
    path = f"{DRAFT}/fields/matter"
    stale = controls(draft.get(path).text)
    assert settings(second, "matter", label="办的什么事").status_code == 302
    refused = draft.post(path, data=stale | {"label": "我的题目"})
    assert refused.status_code == 409
    assert "乙设计员" in refused.text
    assert "修改“事项”的设置" in refused.text
    assert 'value="我的题目"' in refused.text
    # Pressing once more, knowingly, is enough.
    assert draft.post(path, data=controls(refused.text)).status_code == 302
    assert "我的题目" in str(body(db)["document"])


def test_what_cannot_be_read_is_kept_and_shown_as_a_fault(draft: CarefulClient, db: Session) -> None:
    assert settings(draft, "matter", max_length="很多", stay="1").status_code == 302
    page = draft.get(f"{DRAFT}/fields/matter").text
    assert 'value="很多"' in page
    assert "应为整数" in page
    assert "fields/matter#s-max_length" in draft.get(DRAFT).text


def test_a_pattern_that_can_hang_is_a_fault(draft: CarefulClient) -> None:
    settings(draft, "matter", pattern="(a+)+", pattern_words="很多 a")
    assert "重复符号不能跟在括号后面" in draft.get(DRAFT).text
    assert act(draft, f"{DRAFT}/publish").status_code == 422


def test_a_rule_is_written_as_a_sentence(draft: CarefulClient, db: Session) -> None:
    changes = {
        "visible_when-0-field": "grade",
        "visible_when-0-relation": "is",
        "visible_when-0-typed": "较差、差",
    }
    assert settings(draft, "handler", **changes).status_code == 302
    field = next(f for f in body(db)["document"]["fields"] if f["key"] == "handler")
    assert field["visible_when"] == {"in": [{"var": "grade"}, ["poor", "bad"]]}
    assert "当 评价 是 较差 或 差 时显示" in draft.get(DRAFT).text


def test_a_rule_that_cannot_be_meant_is_told_and_keeps_what_was_typed(
    draft: CarefulClient, db: Session
) -> None:
    changes = {
        "visible_when-0-field": "grade",
        "visible_when-0-relation": "is",
        "visible_when-0-typed": "极差",
    }
    refused = settings(draft, "handler", label="经办", **changes)
    assert refused.status_code == 422
    assert "“评价”没有选项“极差”；可以写：优、良、一般、较差、差" in refused.text
    assert 'value="极差"' in refused.text
    assert settings(draft, "handler", auto="1", **changes).status_code == 204
    assert "visible_when" not in str([f for f in body(db)["document"]["fields"] if f["key"] == "handler"])


def test_a_key_is_changed_in_all_places_at_once(draft: CarefulClient, db: Session) -> None:
    assert settings(draft, "grade", key="verdict").status_code == 302
    document = body(db)["document"]
    assert document["binding"]["grade"] == "verdict"
    assert document["binding"]["case_when"] == {"in": [{"var": "verdict"}, ["poor", "bad"]]}
    assert "'var': 'grade'" not in str(document)
    assert settings(draft, "matter", key="problem").status_code == 422


def test_publishing_says_what_changes_and_old_answers_stay(
    draft: CarefulClient, db: Session, office: Office
) -> None:
    settings(draft, "handler", label="经办人姓名")
    page = draft.get(f"{DRAFT}/publish").text
    assert "字段“经办人”的名称 “经办人” → “经办人姓名”" in page
    campaign = db.execute(select(Campaign)).scalar_one()
    old = campaign.settings["forms"]["instant"]
    assert act(draft, f"{DRAFT}/publish", page=f"{DRAFT}/publish", adopt=str(campaign.id)).status_code == 302
    db.expire_all()
    db.rollback()
    rows = (
        db.execute(select(Definition).where(Definition.key == "instant").order_by(Definition.version))
        .scalars()
        .all()
    )
    assert [(row.version, row.status.value) for row in rows] == [(1, "retired"), (2, "published")]
    fresh = db.execute(select(Campaign)).scalar_one()
    assert fresh.settings["forms"]["instant"] == rows[1].id != old
    assert draft.get(DRAFT).status_code == 404
    assert "经办人姓名" not in draft.get("/forms/instant/v1").text
    assert "经办人姓名" in draft.get("/forms/instant/v2").text


def test_a_form_that_breaks_the_pack_is_not_published(draft: CarefulClient) -> None:
    """The method needs the binding; taking it away is found by the check of the whole pack."""
    act(draft, f"{DRAFT}/fields/grade/delete", with_uses="1")
    refused = act(draft, f"{DRAFT}/publish")
    assert refused.status_code == 422
    assert "没有绑定测评方式" in refused.text


def test_a_file_goes_out_and_comes_back_the_same(draft: CarefulClient, db: Session) -> None:
    before = body(db)["document"]
    answer = draft.get(f"{DRAFT}.yaml")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert yaml.safe_load(answer.text) == before
    act(draft, f"{DRAFT}/fields/handler/delete")
    page = act(draft, f"{DRAFT}/import", page=f"{DRAFT}/import", text=answer.text)
    assert "字段“经办人”新增" in page.text
    assert "handler" not in keys(db)
    act(draft, f"{DRAFT}/import", page=f"{DRAFT}/import", text=answer.text, sure="1")
    assert body(db)["document"] == before


@pytest.mark.parametrize(
    "text",
    ["", "[", "- 1", "{fields: [], name: [1]}", "{fields: [], name: x, binding: 3}", "{fields: [], name: x, strange: 1}",
     "{name: x, fields: [{key: a, type: choice, options: 3}]}", "{name: x, fields: [{key: a, type: note, label: [x]}]}",
     "{name: x, fields: [{key: a, type: note, visible_when: {var: [[1]]}}]}",
     "{name: x, fields: [{key: a, type: rows, columns: [{key: {}, label: 1}]}]}", "fields: 3", "fields: [{key: a}]", "fields: [{key: a, type: note}, {key: a, type: note}]",
     "fields: [{key: A, type: note}]", "a: &x [*x]", "fields: [{key: [], type: []}]", "\x00"],
)  # fmt: skip
def test_a_bad_file_is_refused_with_a_sentence(draft: CarefulClient, text: str) -> None:
    answer = act(draft, f"{DRAFT}/import", page=f"{DRAFT}/import", text=text, sure="1")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_an_uploaded_file_that_is_no_text_is_refused(draft: CarefulClient) -> None:
    file = (io.BytesIO(b"\xff\xfe\x00"), "form.yaml")
    assert act(draft, f"{DRAFT}/import", page=f"{DRAFT}/import", file=file).status_code == 422


def test_a_draft_is_tried_by_link_and_counts_nowhere(
    draft: CarefulClient, app: Flask, db: Session, office: Office
) -> None:
    link = f"/forms/try/{body(db)['token']}"
    phone: CarefulClient = app.test_client()  # type: ignore[assignment]  # Flask names the base class
    page = phone.get(link).text
    data = {"csrf_token": hidden(page, "csrf_token"), "f_grade": "bad"}
    assert phone.post(link, data=data).status_code == 422
    data |= {
        "f_target": office.target.key,
        "f_occurred_at": "2026-04-09T08:30",
        "f_matter_kind": "errand",
        "f_matter": "<script>alert(1)</script>",
        "f_problem": "attitude_cold",
        "f_situation": "冷淡",
    }
    answer = phone.post(link, data=data)
    if answer.status_code == 422:
        found = re.search(r'<select[^>]*name="f_problem".*?<option value="([a-z_]+)"', page, re.DOTALL)
        assert found
        answer = phone.post(link, data=data | {"f_problem": found.group(1)})
    assert answer.status_code == 200, answer.text
    assert "不计入任何统计" in answer.text
    assert "计为1次测评" in answer.text
    assert "并建议立案督办" in answer.text
    assert "<script>alert" not in answer.text
    assert db.execute(select(Rating.id)).first() is None
    assert db.execute(select(Submission.token)).first() is None
    assert phone.get("/forms/try/nothing").status_code == 404


def test_a_form_is_copied_without_its_binding(admin: CarefulClient, db: Session) -> None:
    assert act(admin, "/forms/new", page="/forms", name="副表", copy_of="instant").status_code == 302
    document = body(db, "form_1")["document"]
    assert document["name"] == "副表"
    assert "binding" not in document
    assert "matter" in keys(db, "form_1")
    assert act(admin, "/forms/new", page="/forms", name=" ").status_code == 422
    assert act(admin, "/forms/new", page="/forms", name="x", copy_of="nothing").status_code == 404


def test_the_draft_can_be_thrown_away(draft: CarefulClient) -> None:
    page = f"{DRAFT}/discard"
    assert act(draft, page, page=page, seen="stale").status_code == 409
    assert act(draft, page, page=page).status_code == 302
    assert draft.get(DRAFT).status_code == 404
    assert "第1版已发布" in draft.get("/forms").text


def test_the_forms_own_settings_are_kept(draft: CarefulClient, db: Session) -> None:
    page = f"{DRAFT}/settings"
    assert "方案第五条第（一）项" in draft.get(page).text
    answer = act(
        draft, page, page=page, name="新名", source="方案第五条第（一）项", method="instant", target="target", grade="grade",
        **{"case_when-0-field": "grade", "case_when-0-relation": "is", "case_when-0-typed": "差"},
    )  # fmt: skip
    assert answer.status_code == 302
    document = body(db)["document"]
    assert document["name"] == "新名"
    assert document["binding"]["case_when"] == {"==": [{"var": "grade"}, "bad"]}
    assert "case_fields" not in document["binding"]


@pytest.mark.parametrize(
    "path", ["fields/nothing/up", "fields/nothing/copy", "fields/nothing", "fields/matter/place"]
)
def test_what_is_gone_or_wrong_is_told(draft: CarefulClient, path: str) -> None:
    answer = act(draft, f"{DRAFT}/{path}", after="nothing")
    assert answer.status_code in (404, 422)
    assert act(draft, f"{DRAFT}/fields", type="nothing").status_code == 422
    assert act(draft, f"{DRAFT}/fields", type="note", after="nothing").status_code == 422


def test_hostile_text_is_inert_in_the_builder(draft: CarefulClient) -> None:
    evil = "\"><script>alert(1)</script>'{{ 7*7 }}"
    assert settings(draft, "matter", label=evil, hint=evil).status_code == 302
    for path in (
        DRAFT,
        f"{DRAFT}/fields/matter",
        f"{DRAFT}/fields/matter/delete",
        f"{DRAFT}/publish",
        "/forms",
    ):
        page = draft.get(path).text
        assert "<script>alert" not in page, path
        assert "{{ 7*7 }}" in page or "matter" not in page, path


def test_every_part_of_a_column_comes_back_as_it_was_kept(draft: CarefulClient, db: Session) -> None:
    columns = [
        {"key": "a", "label": "甲", "type": "short_text", "required": True, "max_length": 20},
        {"key": "b", "label": "乙", "type": "number", "total": True, "decimals": 2},
        {
            "key": "c",
            "label": "丙",
            "type": "choice",
            "options": [{"key": "x", "name": "一"}, {"key": "y", "name": "二"}],
        },
        {"key": "d", "label": "丁", "type": "date"},
    ]
    field = {"key": "list", "type": "rows", "label": "清单", "columns": columns}
    text = yaml.safe_dump(
        {**body(db)["document"], "fields": [*body(db)["document"]["fields"], field]}, allow_unicode=True
    )
    assert act(draft, f"{DRAFT}/import", page=f"{DRAFT}/import", text=text, sure="1").status_code == 302
    assert settings(draft, "list").status_code == 302
    assert body(db)["document"]["fields"][-1] == field
    # A renamed option is a new one; the untouched one keeps its key.
    assert settings(draft, "list", **{"columns-2-options": "二、三"}).status_code == 302
    kept = body(db)["document"]["fields"][-1]["columns"][2]["options"]
    assert kept == [{"key": "y", "name": "二"}, {"key": "option_1", "name": "三"}]

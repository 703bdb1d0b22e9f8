"""The notice designer as the administrator uses it, with plain POSTs and no script."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from models.campaign import Campaign, Definition, DefinitionKind, DefinitionStatus
from models.people import Role
from tests.conftest import sqlite_copy
from tests.integration.office import Office, build_office
from tests.web.conftest import CarefulClient
from tests.web.test_desk_cases import office_file

__all__ = ["office_file"]

DRAFT = "/notice-kinds/rectification_notice/draft"
HOSTILE = (
    "<script>alert(1)</script>",
    "{{ 7*7 }}{% for x in y %}",
    "{unit.__class__.__mro__}",
    "{" * 500,
    "}{",
    "\u202e\u200b\x07\ud83d",
    "🚀" * 50 + "𠀀",
    "字" * 4000,
    "' OR 1=1 --",
    "file:///etc/passwd http://169.254.169.254/",
    "@import url(http://example.invalid/x.css); </style>",
)
#: Part → what its page asks for; every value but a tick is replaced by hostile words.
PARTS = (
    ("body-0", dict.fromkeys(("level", "heading", "text", "each"), "")),
    ("head", dict.fromkeys(("name", "title", "addressee", "mark", "number", "source", "format", "series"), "")),
    ("end", {**dict.fromkeys(("note", "cc", "organ", "date", "style", "qr"), ""), "signed": "1", "imprinted": "1"}),
    ("slip", {**dict.fromkeys(("title", "intro", "cells-0-label", "cells-0-text", "cells-0-lines"), ""), "wanted": "1"}),
)  # fmt: skip


@pytest.fixture
def sqlite_url(office_file: Path, tmp_path: Path) -> str:
    return sqlite_copy(office_file, tmp_path)


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
    """The administrator with an open draft of the 整改通知书."""
    assert admin.submit(DRAFT, page="/notice-kinds").status_code == 302
    return admin


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return html.unescape(found.group(1))


def act(client: CarefulClient, path: str, *, page: str = DRAFT, **data: Any) -> TestResponse:
    """Post as the buttons of a page of the designer do."""
    shown = client.get(page).text
    told = {"csrf_token": hidden(shown, "csrf_token"), "seen": hidden(shown, "seen"), **data}
    return client.post(path, data=told)


def document(db: Session) -> dict[str, Any]:
    """The draft as it is kept."""
    db.rollback()
    row = db.execute(
        select(Definition).where(
            Definition.kind == DefinitionKind.NOTICE_KIND, Definition.status == DefinitionStatus.DRAFT
        )
    ).scalar_one()
    found: dict[str, Any] = row.body["document"]
    return found


def test_only_the_administrator_enters(office: Office, signed_in: Callable[..., CarefulClient]) -> None:
    officer = signed_in(Role.OFFICER, login="nosy")
    for path in ("/notice-kinds", "/notice-kinds/reminder", DRAFT, f"{DRAFT}/publish"):
        assert officer.get(path).status_code == 403


def test_the_list_says_who_issues_each_kind(admin: CarefulClient) -> None:
    page = admin.get("/notice-kinds").text
    assert "步骤“下达整改通知”" in page
    assert "第1版已发布" in page
    assert "公布结果时" in page
    assert "文书" in page


def test_a_paragraph_is_changed_in_chinese_and_kept_with_its_names(draft: CarefulClient, db: Session) -> None:
    page = draft.get(f"{DRAFT}/parts/body-6").text
    assert "{期限的完整说法}" in page
    assert "本步骤填报的“整改要求”" in page
    done = act(
        draft, f"{DRAFT}/parts/body-6", page=f"{DRAFT}/parts/body-6",
        level="2", heading="按期整改到位。", text="{期限的完整说法}整改完毕。由{ 测评对象 }负责。",
    )  # fmt: skip
    assert done.status_code == 302
    assert document(db)["body"][6] == {
        "level": 2, "heading": "按期整改到位。", "text": "{deadline_words}整改完毕。由{target}负责。",
    }  # fmt: skip
    assert act(draft, f"{DRAFT}/undo").status_code == 302
    assert "整改到位" in document(db)["body"][6]["text"]


def test_a_condition_is_written_as_a_sentence(draft: CarefulClient, db: Session) -> None:
    told = {
        "level": "0",
        "text": "情节严重。",
        "when-0-field": "grave",
        "when-0-relation": "is",
        "when-0-typed": "是",
    }
    part = f"{DRAFT}/parts/body-0"
    assert act(draft, part, page=part, **told).status_code == 302
    assert document(db)["body"][0] == {"when": {"==": [{"var": "grave"}, True]}, "text": "情节严重。"}
    assert (
        "当 【是否严重事项】 是 是 时印" in draft.get(DRAFT).text or "是否严重事项" in draft.get(DRAFT).text
    )
    wrong = act(draft, part, page=part, **{**told, "when-0-typed": "也许"})
    assert wrong.status_code == 422
    assert "只能写“是”或“否”" in wrong.text
    assert "也许" in wrong.text
    assert act(draft, part, page=part, **{**told, "when-0-typed": "也许", "auto": "1"}).status_code == 204


def test_a_value_is_inserted_without_script(draft: CarefulClient, db: Session) -> None:
    part = f"{DRAFT}/parts/body-0"
    told = {"level": "0", "text": "请看", "insert": "1", "insert-value": "{查明的事实}"}
    assert act(draft, part, page=part, **told).headers["Location"].endswith("saved=1")
    assert document(db)["body"][0]["text"] == "请看{facts}"


def test_blanks_that_keep_a_place_to_write_in_stay(draft: CarefulClient, db: Session) -> None:
    before = document(db)["reply_slip"]
    told = {"wanted": "1", "title": before["title"], "note": "说明"}
    flat = [(cell, index) for row in before["form"] for index, cell in enumerate(row)]
    for number, (cell, index) in enumerate(flat):
        told |= {f"cells-{number}-label": cell["label"], f"cells-{number}-text": cell.get("text", "")}
        told |= {
            f"cells-{number}-lines": str(cell.get("lines", "")),
            f"cells-{number}-place": str(number + 1),
        }
        if index:
            told[f"cells-{number}-beside"] = "1"
    assert act(draft, f"{DRAFT}/parts/slip", page=f"{DRAFT}/parts/slip", **told).status_code == 302
    assert document(db)["reply_slip"]["form"] == before["form"]


def test_parts_are_added_moved_and_deleted(draft: CarefulClient, db: Session) -> None:
    count = len(document(db)["body"])
    added = act(draft, f"{DRAFT}/blocks", type="heading", after="body-first")
    assert added.headers["Location"].endswith("/parts/body-0?new=1")
    assert act(draft, f"{DRAFT}/parts/body-0/down").status_code == 302
    assert act(draft, f"{DRAFT}/parts/body-1/copy").status_code == 302
    assert act(draft, f"{DRAFT}/parts/body-1/delete").status_code == 302
    assert len(document(db)["body"]) == count + 1
    assert act(draft, f"{DRAFT}/blocks", type="attachment").headers["Location"].endswith("/parts/a0?new=1")
    assert (
        act(draft, f"{DRAFT}/blocks", type="table", after="a0-0").headers["Location"].endswith("a0-1?new=1")
    )
    assert draft.get(f"{DRAFT}/parts/a0-1").status_code == 200
    assert act(draft, f"{DRAFT}/blocks", type="bomb").status_code == 422
    assert draft.get(f"{DRAFT}/parts/body-99").status_code == 404
    assert draft.get(f"{DRAFT}/parts/nothing").status_code == 404


def test_hostile_text_is_kept_inert(draft: CarefulClient) -> None:
    for number, typed in enumerate(HOSTILE):
        words = typed.encode("utf-8", "replace").decode()
        part, told = PARTS[number % len(PARTS)]
        path = f"{DRAFT}/parts/{part}"
        shown = draft.get(f"{DRAFT}/discard").text  # carries what a post needs, and draws nothing
        posted = {"csrf_token": hidden(shown, "csrf_token"), "seen": hidden(shown, "seen")}
        posted |= {name: value if value == "1" else words for name, value in told.items()}
        assert draft.post(path, data=posted).status_code in (302, 422), typed
        page = draft.get(path)
        assert page.status_code == 200, typed
        assert "<script>alert" not in page.text
        assert "</style>" not in page.text
    assert draft.get(DRAFT).status_code == 200
    assert act(draft, f"{DRAFT}/publish", page=f"{DRAFT}/discard").status_code in (302, 422)


def test_page_images_are_pictures_named_by_their_content(draft: CarefulClient) -> None:
    page = draft.get(DRAFT).text
    found = re.findall(rf'src="({DRAFT}/pages/[0-9a-f]+-\d+\.png)"', page)
    assert len(found) >= 2
    image = draft.get(found[0])
    assert image.data.startswith(b"\x89PNG")
    assert "immutable" in image.headers["Cache-Control"]
    part = f"{DRAFT}/parts/body-0"
    act(draft, part, page=part, level="0", text="改了一个字。")
    assert found[0] not in draft.get(DRAFT).text
    stale = draft.get(found[0])
    assert stale.status_code == 200
    assert "immutable" not in stale.headers.get("Cache-Control", "")
    assert draft.get(f"{DRAFT}/pages/00-99.png").status_code == 404


def test_missing_values_are_named_beside_the_pages(draft: CarefulClient) -> None:
    part = f"{DRAFT}/parts/body-0"
    act(draft, part, page=part, level="0", text="名次为{名次}。")
    page = draft.get(DRAFT).text
    assert "版面上标作【缺】：名次。" in page
    published = act(draft, f"{DRAFT}/publish", page=f"{DRAFT}/discard")
    assert published.status_code == 422
    assert "步骤“下达整改通知”印发时没有“名次”" in published.text


def test_a_second_designer_is_told(
    draft: CarefulClient, db: Session, signed_in: Callable[..., CarefulClient]
) -> None:
    part = f"{DRAFT}/parts/body-0"
    stale = hidden(draft.get(part).text, "seen")
    other = signed_in(Role.ADMIN, login="designer2")
    assert act(other, part, page=part, level="0", text="另一人的话。").status_code == 302
    token = hidden(draft.get(part).text, "csrf_token")
    late = draft.post(part, data={"csrf_token": token, "seen": stale, "level": "0", "text": "我的话。"})
    assert late.status_code == 409
    assert "我的话。" in late.text
    assert "改了这个文书" in late.text
    assert document(db)["body"][0]["text"] == "另一人的话。"


def test_typing_in_one_part_is_one_step_back(draft: CarefulClient, db: Session) -> None:
    before, part = document(db), f"{DRAFT}/parts/body-0"
    for words in ("请", "请按", "请按期"):
        act(draft, part, page=part, level="0", text=words, auto="1", stay="1")
    assert document(db)["body"][0]["text"] == "请按期"
    act(draft, f"{DRAFT}/undo")
    assert document(db) == before


def test_published_with_the_difference_and_an_old_version_put_back(draft: CarefulClient, db: Session) -> None:
    part = f"{DRAFT}/parts/body-7"
    act(draft, part, page=part, level="2", heading="明确责任。", text="确定一名责任领导。")
    page = draft.get(f"{DRAFT}/publish").text
    assert "正文“明确责任。”的文字" in page
    assert "步骤“下达整改通知”" in page
    campaign = db.execute(select(Campaign)).scalar_one()
    used = dict(campaign.settings["notice_kinds"])
    done = act(draft, f"{DRAFT}/publish", page=f"{DRAFT}/publish", adopt=str(campaign.id))
    assert done.status_code == 302
    db.rollback()
    now = db.execute(select(Campaign)).scalar_one().settings["notice_kinds"]
    assert now["rectification_notice"] != used["rectification_notice"]
    shown = draft.get("/notice-kinds/rectification_notice").text
    assert "第2版" in shown
    assert "确定一名责任领导" in shown
    assert draft.get("/notice-kinds/rectification_notice/v1").status_code == 200
    token = hidden(shown, "csrf_token")
    back = draft.post(DRAFT, data={"csrf_token": token, "version": "1"})
    assert back.status_code == 302
    assert "剖析原因" in document(db)["body"][7]["text"]
    assert "剖析原因" in draft.get(f"{DRAFT}/publish").text
    again = draft.post(DRAFT, data={"csrf_token": token, "version": "1"})
    assert again.headers["Location"].endswith("/notice-kinds/rectification_notice")
    assert draft.post(DRAFT, data={"csrf_token": token, "version": "77"}).status_code in (302, 404)


def test_a_kind_goes_out_as_a_file_and_comes_back(draft: CarefulClient, db: Session) -> None:
    text = draft.get(f"{DRAFT}.yaml").text
    assert yaml.safe_load(text) == document(db)
    changed = text.replace("确定整改责任领导", "明确整改责任领导")
    path = f"{DRAFT}/bring"
    shown = act(draft, path, page=path, file=(io.BytesIO(changed.encode()), "kind.yaml"))
    assert shown.status_code == 200
    assert "明确整改责任领导" in shown.text
    assert act(draft, path, page=path, text=changed, sure="1").status_code == 302
    assert "明确整改责任领导" in document(db)["body"][7]["text"]
    for rubbish in ("", "- 1", "body: 3", "a: &x [*x]", "key: [", "\x00"):
        assert act(draft, path, page=path, text=rubbish).status_code == 422


def test_a_new_kind_begins_as_a_copy_and_is_thrown_away(admin: CarefulClient, db: Session) -> None:
    assert admin.submit("/notice-kinds/new", page="/notice-kinds", name=" ").status_code == 422
    made = admin.submit("/notice-kinds/new", page="/notice-kinds", name="约谈通知书", copy_of="reminder")
    assert made.headers["Location"].endswith("/notice-kinds/notice_1/draft")
    assert document(db)["name"] == "约谈通知书"
    page = "/notice-kinds/notice_1/draft/discard"
    assert act(admin, page, page=page).status_code == 302
    assert admin.get("/notice-kinds/notice_1/draft").status_code == 404
    assert admin.submit("/notice-kinds/new", page="/notice-kinds", name="空白").status_code == 302
    assert admin.get("/notice-kinds/notice_1/draft").status_code == 200

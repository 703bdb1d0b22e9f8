"""Drafts of forms on both databases: kept step by step, published whole, old answers for ever in their version."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from forms.edit import change_field, delete_field
from models.campaign import Definition, DefinitionStatus
from models.history import HistoryEntry
from models.rating import Rating
from services import definition_drafts, form_drafts, form_fields, form_publishing, form_versions
from services.attachments import FileStore
from services.definition_versions import draft_row
from services.definitions import form_of
from services.form_drafts import DraftChanged
from services.form_fields import Hand
from services.form_publishing import NotReady
from services.packs import publish_pack
from services.ratings import submit_rating
from services.refusal import Refusal
from tests.integration.office import START, Office, district_pack


def hand(session: Session, office: Office, key: str = "instant", seen: str = "") -> Hand:
    now_seen = seen or form_versions.draft_of(session, office.admin, key).seen
    return Hand(session, office.admin, key, now_seen, START)


def rated(session: Session, office: Office, store: FileStore, token: str) -> int:
    posted = MultiDict(
        {
            "f_target": office.target.key,
            "f_grade": "good",
            "f_occurred_at": "2026-04-09T08:30",
            "f_matter_kind": "errand",
            "f_matter": "办理食品经营许可变更",
        }
    )
    taken = submit_rating(
        session, office.monitor, office.campaign, "instant",
        formdata=posted, files=MultiDict(), token=token, store=store, now=START,
    )  # fmt: skip
    return taken.rating_id


@pytest.fixture
def store(tmp_path: Any) -> FileStore:
    return FileStore(tmp_path / "files")


def test_only_the_administrator_may(session: Session, office: Office) -> None:
    for actor in (office.officer, office.head, office.auditor):
        for act in (
            lambda who=actor: form_drafts.open_draft(session, who, "instant", now=START),
            lambda who=actor: form_drafts.start_form(session, who, name="表", now=START),
            lambda who=actor: form_versions.form_lines(session, who),
            lambda who=actor: form_publishing.outlook(session, who, "instant"),
        ):
            with pytest.raises(Refusal) as refused:
                act()
            assert refused.value.status == 403


def test_there_is_one_draft_a_form(session: Session, office: Office) -> None:
    first = form_drafts.open_draft(session, office.admin, "instant", now=START)
    assert form_drafts.open_draft(session, office.admin, "instant", now=START) == first
    assert (first.version, first.based_on) == (2, 1)


def test_two_who_open_a_draft_at_once_share_it(engine: Engine, office: Office) -> None:
    def begin(_number: int) -> int | str:
        with Session(engine) as session:
            try:
                return form_drafts.open_draft(session, office.admin, "instant", now=START).id
            except Refusal as refused:
                return refused.code

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(begin, range(4)))
    assert len({made for made in found if isinstance(made, int)}) == 1
    assert {code for code in found if isinstance(code, str)} <= {"draft_exists"}


def test_of_two_changes_at_once_one_is_kept_and_the_other_is_told(engine: Engine, office: Office) -> None:
    with Session(engine) as session:
        seen = form_drafts.open_draft(session, office.admin, "instant", now=START).seen

    def change(number: int) -> str:
        with Session(engine) as session:
            try:
                form_fields.change(hand(session, office, seen=seen), "matter", {"label": f"题{number}"})
            except DraftChanged as refused:
                return refused.draft.words
            return "kept"

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(change, range(4)))
    assert found.count("kept") == 1
    assert all("的设置" in words for words in found if words != "kept")


def test_the_way_back_is_kept_with_the_draft(session: Session, office: Office) -> None:
    before = form_drafts.open_draft(session, office.admin, "instant", now=START).document
    form_fields.delete(hand(session, office), "grade", with_uses=True)
    changed, key = form_fields.add(hand(session, office), "grade", after="target")
    assert changed.document["fields"][2]["options"][0]["key"] == "excellent"
    assert key == "grade_1"
    for _ in range(2):
        seen = form_versions.draft_of(session, office.admin, "instant").seen
        back = form_drafts.undo(session, office.admin, "instant", seen=seen, now=START)
    assert back.document == before
    assert back.redo.startswith("删除")


def test_only_so_many_steps_are_kept(
    session: Session, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(definition_drafts, "MOST_STEPS", 3)
    form_drafts.open_draft(session, office.admin, "instant", now=START)
    for number in range(6):
        form_fields.change(hand(session, office), "matter", {"label": f"题{number}"})
    row = draft_row(session, form_versions.FORM, office.campaign.pack_key, "instant")
    assert row is not None
    assert [step["words"] for step in row.body["past"]][-1] == "修改“题4”的设置"
    assert len(row.body["past"]) == 3


def test_an_answer_opens_for_ever_in_its_own_version(
    session: Session, office: Office, store: FileStore
) -> None:
    old = rated(session, office, store, "token-of-the-first-1")
    form_drafts.open_draft(session, office.admin, "instant", now=START)
    form_fields.change(hand(session, office), "matter", {"label": "办的什么事"})
    form_fields.delete(hand(session, office), "handler", with_uses=True)
    found = form_publishing.outlook(session, office.admin, "instant")
    assert found.used == ((1, 1),)
    assert "字段“事项”的名称 “事项” → “办的什么事”" in found.sentences
    assert "字段“经办人”删除" in found.sentences
    row = form_publishing.publish_draft(
        session, office.admin, "instant", seen=found.draft.seen, adopt=[office.campaign.id], now=START
    )
    assert (row.version, row.status) == (2, DefinitionStatus.PUBLISHED)
    session.expire_all()
    kept = session.get_one(Rating, old)
    before = form_of(session, kept.form_id)
    assert before.version == 1
    assert [field.label for field in before.fields if field.key in ("matter", "handler")] == [
        "事项",
        "经办人",
    ]
    session.rollback()
    fresh = rated(session, office, store, "token-of-the-second-2")
    after = form_of(session, session.get_one(Rating, fresh).form_id)
    assert (after.version, after.field("handler")) == (2, None)
    acts = session.execute(select(HistoryEntry.act).where(HistoryEntry.object_kind == "form")).scalars().all()
    assert acts == ["form.draft_opened", "form.published"]


def test_a_campaign_that_does_not_take_the_new_version_keeps_its_own(
    session: Session, office: Office
) -> None:
    used = dict(office.campaign.settings["forms"])
    form_drafts.open_draft(session, office.admin, "instant", now=START)
    draft = form_fields.change(hand(session, office), "matter", {"label": "办的什么事"})
    form_publishing.publish_draft(session, office.admin, "instant", seen=draft.seen, now=START)
    session.refresh(office.campaign)
    assert office.campaign.settings["forms"] == used


def test_what_would_break_the_pack_is_not_published(session: Session, office: Office) -> None:
    form_drafts.open_draft(session, office.admin, "instant", now=START)
    options = [{"key": "good", "name": "良"}, {"key": "bad", "name": "差"}]
    draft = form_fields.change(hand(session, office), "grade", {"options": options})
    with pytest.raises(NotReady) as refused:
        form_publishing.publish_draft(session, office.admin, "instant", seen=draft.seen, now=START)
    places = {fault.place for fault in refused.value.outlook.faults}
    assert any("fields[2].options" in place or "visible_when" in place for place in places), places
    assert form_versions.draft_of(session, office.admin, "instant").seen == draft.seen


def test_an_unchanged_draft_is_not_published(session: Session, office: Office) -> None:
    draft = form_drafts.open_draft(session, office.admin, "instant", now=START)
    with pytest.raises(Refusal) as refused:
        form_publishing.publish_draft(session, office.admin, "instant", seen=draft.seen, now=START)
    assert refused.value.code == "form_unchanged"


def test_a_key_never_gets_another_type(session: Session, office: Office) -> None:
    form_drafts.open_draft(session, office.admin, "instant", now=START)
    form_drafts.edit_draft(
        session, office.admin, "instant", lambda document: delete_field(document, "handler"),
        seen=form_versions.draft_of(session, office.admin, "instant").seen, words="删", now=START,
    )  # fmt: skip
    _, key = form_fields.add(hand(session, office), "number", after=None)
    with pytest.raises(Refusal, match="不能再作别用"):
        form_fields.rename(hand(session, office), key, "handler")
    text = "key: x\nname: 表\nversion: 1\nsource: 本办\nfields: [{key: handler, type: number, label: 数}]"
    form_fields.replace(hand(session, office), text)
    found = form_publishing.outlook(session, office.admin, "instant")
    assert any("以前的版本里，键“handler”是“单行文字”" in fault.what for fault in found.faults)


def test_a_new_form_becomes_the_first_version(session: Session, office: Office) -> None:
    form_drafts.start_form(session, office.admin, name="窗口回访表", now=START)
    form_fields.add(hand(session, office, "form_1"), "yes_no", after=None)
    draft = form_versions.draft_of(session, office.admin, "form_1")
    row = form_publishing.publish_draft(session, office.admin, "form_1", seen=draft.seen, now=START)
    assert (row.version, row.name) == (1, "窗口回访表")
    assert form_of(session, row.id).field("yes_no_1") is not None
    with pytest.raises(Refusal):
        form_versions.draft_by_token(session, draft.token)


def test_publishing_the_same_pack_leaves_a_draft_alone(session: Session, office: Office) -> None:
    form_drafts.open_draft(session, office.admin, "instant", now=START)
    draft = form_fields.change(hand(session, office), "matter", {"label": "办的什么事"})
    assert publish_pack(session, office.admin, district_pack(), now=START) == []
    assert form_versions.draft_of(session, office.admin, "instant") == draft
    rows = session.execute(select(Definition.status).where(Definition.key == "instant")).scalars().all()
    assert sorted(rows) == [DefinitionStatus.DRAFT, DefinitionStatus.PUBLISHED]


def test_a_form_that_grows_too_large_is_refused(session: Session, office: Office) -> None:
    form_drafts.open_draft(session, office.admin, "instant", now=START)
    with pytest.raises(Refusal, match="太大"):
        form_drafts.edit_draft(
            session, office.admin, "instant",
            lambda document: change_field(document, "matter", {"hint": "长" * 400_000}),
            seen=form_versions.draft_of(session, office.admin, "instant").seen, words="长", now=START,
        )  # fmt: skip

"""Kinds of notices being made: placeholders in Chinese, changes, what can be shown, differences in words."""

from __future__ import annotations

import copy
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from definitions.fault import DefinitionFaults
from notices.definition import load_notice_kind
from notices.edit import (
    EditRefused,
    add_attachment,
    add_block,
    block_at,
    change_block,
    change_settings,
    copy_block,
    delete_attachment,
    delete_block,
    move_block,
    new_document,
    sound_document,
)
from notices.needs import needs_of
from notices.unfinished import unfinished
from notices.vocabulary import VOCABULARY
from notices.worded import worded_pair
from notices.wording import read_aloud, written_down
from packs.diff import changes_between
from packs.pack import load_pack
from packs.provision import issuers_of
from tests.integration.office import PACK

KINDS = sorted((PACK / "notices").glob("*.yaml"))


def kind(key: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((PACK / "notices" / f"{key}.yaml").read_text(encoding="utf-8"))
    return found


def said(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return changes_between(*worded_pair(before, after))


def test_each_value_has_a_meaning_of_its_own_that_can_be_typed() -> None:
    counted = Counter(entry.meaning for entry in VOCABULARY.values())
    assert [meaning for meaning, count in counted.items() if count > 1] == []
    assert not [meaning for meaning in counted if "{" in meaning or "}" in meaning or len(meaning) > 60]
    for entry in VOCABULARY.values():
        assert len(set(entry.columns.values())) == len(entry.columns)


@pytest.mark.parametrize("path", KINDS, ids=lambda path: path.stem)
def test_every_shipped_text_is_the_same_after_reading_and_writing(path: Path) -> None:
    for _place, text, rows in load_notice_kind(kind(path.stem)).texts():
        assert written_down(read_aloud(text, rows), rows) == text


def test_a_column_of_the_row_is_called_by_its_own_name() -> None:
    assert read_aloud("{row.target}第{row.rank}名", "commended") == "{本行·测评对象}第{本行·名次}名"
    assert written_down("｛本行·名次｝和{本组名称}", "commended") == "{row.rank}和{group}"
    assert written_down("{本行·没有}", "commended") == "{本行·没有}"


@given(st.text(alphabet="{}|｛｝主送单位测评<>&$%'\"\\n\n ", max_size=60))
def test_no_typed_text_breaks_the_pages(typed: str) -> None:
    document = {**kind("reminder"), "title": typed or "题", "body": [{"text": written_down(typed)}]}
    state = unfinished(document)
    assert state.shown.body
    assert load_notice_kind(state.shown.model_dump(mode="json"))


def test_what_cannot_be_read_is_left_out_and_named() -> None:
    document = kind("reminder")
    document["body"] = [
        {"text": "请{unit}与{foo}"}, {"rows": "nowhere", "columns": []}, {"text": " "}, {"text": "好"},
        {"text": "条件", "when": {"??": [1]}}, {"form": [[{"label": ""}]]},
    ]  # fmt: skip
    document["format"] = "scroll"
    document["reply_slip"] = {"title": ""}
    state = unfinished(document)
    assert [block.text for block in state.shown.body] == ["请{unit}与【缺：没有“foo”这个值】", "好"]  # type: ignore[union-attr]
    assert state.left_out >= 5
    places = {fault.place.split("[")[0] for fault in state.faults}
    assert {"body", "format"} <= places


def test_a_draft_is_never_worse_than_its_basis() -> None:
    state = unfinished({"key": "x", "body": [{}], "attachments": [{"blocks": [{}]}], "title": {"a": 1}})
    assert state.shown.body
    assert not state.good


def test_blocks_are_added_moved_copied_and_deleted() -> None:
    document = new_document("notice_1", "通知书", "rectification")
    document, first = add_block(document, "heading", owner=None, after=-1)
    document, last = add_block(document, "table", owner=None, after=None)
    assert (first, last) == ("body-0", "body-2")
    document, place = move_block(document, "body-2", up=True)
    assert place == "body-1"
    assert block_at(document, "body-1")["rows"] == "problems"
    document, copied = copy_block(document, "body-0")
    assert copied == "body-1"
    document = change_block(document, "body-1", {"text": "改过"})
    document = delete_block(document, "body-2")
    assert [block.get("text") for block in document["body"]] == [None, "改过", "（请写正文）"]
    document, attachment = add_attachment(document)
    document, inner = add_block(document, "form", owner=0, after=None)
    assert (attachment, inner) == ("a0", "a0-1")
    assert load_notice_kind(document).attachments
    assert "attachments" not in delete_attachment(document, "a0")


@pytest.mark.parametrize(
    "act",
    [
        lambda document: add_block(document, "picture", owner=None, after=None),
        lambda document: add_block(document, "paragraph", owner=7, after=None),
        lambda document: move_block(document, "body-0", up=True),
        lambda document: delete_block(document, "body-0"),
        lambda document: block_at(document, "body-99"),
        lambda document: block_at(document, "../etc"),
        lambda document: delete_attachment(document, "a3"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(act: Any) -> None:
    with pytest.raises(EditRefused) as refused:
        act(new_document("notice_1", "通知书", "rectification"))
    assert len(refused.value.sentence) > 5


def test_settings_left_to_their_default_are_not_written() -> None:
    document = new_document("notice_1", "通知书", "rectification")
    absent = {"checked": False, "cc": ""}
    assert change_settings(document, {"checked": False, "cc": "", "key": "other"}, absent=absent) == document
    assert change_settings(document, {"checked": True}, absent=absent)["checked"] is True


@pytest.mark.parametrize("data", [None, [], "x", {"body": "x"}, {"body": []}, {"body": [1]}, {"body": [{}], "attachments": 3},
                                  {"body": [{}], "attachments": [{"title": "x"}]}, {"body": [{}], "reply_slip": []}])  # fmt: skip
def test_a_file_that_is_no_kind_is_refused(data: Any) -> None:
    with pytest.raises(EditRefused):
        sound_document(data, key="x")


def test_differences_are_told_in_words_of_the_reader() -> None:
    before = kind("rectification_notice")
    after = copy.deepcopy(before)
    after["body"][6]["text"] = after["body"][6]["text"].replace("整改到位", "全部整改到位", 1)
    after["body"].insert(1, {"text": "请高度重视。", "when": {"==": [{"var": "grave"}, True]}})
    after["checked"] = True
    after["reply_slip"]["form"][0][0]["label"] = "文号"
    sentences = said(before, after)
    assert len(sentences) == 5, sentences
    assert any("正文“按期整改到位。”的文字" in line and "全部整改到位" in line for line in sentences), (
        sentences
    )
    assert any(
        "正文第2段（请高度重视。）（新）新增" in line.replace("“", "").replace("”", "") for line in sentences
    )
    assert any("须先核稿" in line for line in sentences)
    assert not any("{unit}" in line or "deadline_words" in line for line in sentences)


def test_an_untouched_kind_differs_in_nothing() -> None:
    for path in KINDS:
        assert said(kind(path.stem), kind(path.stem)) == []


def test_a_part_printed_only_when_a_value_is_given_does_not_need_it() -> None:
    needs = {(need.name, need.given) for need in needs_of(load_notice_kind(kind("accountability_proposal")))}
    assert ("pass_line", frozenset({"total"})) in needs
    assert not [need for need, given in needs if need in given]


def test_what_a_step_provides_is_what_comes_before_it() -> None:
    pack = load_pack(PACK)
    [issue] = issuers_of(pack, "rectification_notice")
    assert (issue.words, issue.by_person) == ("步骤“下达整改通知”", True)
    assert {"requirement", "unit", "deadline_words"} <= issue.names
    # Nothing of what later steps ask is there yet.
    assert not {"plea", "receiver", "refusal_facts"} & issue.names
    [confirm] = issuers_of(pack, "refusal_decision")
    assert {"plea", "refusal_facts", "reason"} <= confirm.names
    reminders = issuers_of(pack, "reminder")
    assert [issuer.by_person for issuer in reminders].count(False) == len(reminders) - 1


def test_a_value_that_no_step_has_is_a_fault_with_its_place() -> None:
    from dataclasses import replace

    from packs.check import check

    pack = load_pack(PACK)
    for change, place, words in (
        ({"addressee": "{rank}"}, "addressee", "印发时没有“名次”"),
        ({"checked": True}, "checked", "系统自动印发"),
        ({"series": "nothing"}, "series", "编号序列"),
    ):
        changed = load_notice_kind({**kind("reminder"), **change})
        faults = check(replace(pack, notices={**pack.notices, "reminder": changed}))
        assert [fault.place for fault in faults] == [f"notices/reminder.yaml: {place}"] * len(faults)
        assert any(words in fault.what for fault in faults), faults


def test_a_kind_that_prints_an_unknown_name_is_refused() -> None:
    with pytest.raises(DefinitionFaults):
        load_notice_kind({**kind("reminder"), "title": "{__class__}"})

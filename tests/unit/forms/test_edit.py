"""Changes to a form being made: each keeps the document sound, and can be taken back exactly."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from definitions.source import load_yaml
from definitions.trail import change_between, redone, undone
from forms.answers import open_form
from forms.definition import load_form
from forms.describe import Way, settings_of, words_of
from forms.edit import (
    EditRefused,
    add_field,
    change_field,
    copied_document,
    copy_field,
    delete_field,
    keys_of,
    move_field,
    new_document,
    place_field,
    rename_field,
)
from forms.fields import TYPES
from forms.fields.rows import Column
from forms.foreign import sound_document
from forms.references import renamed, uses_of, without_uses, worded
from forms.unfinished import unfinished
from tests.unit.forms.filling import EVERY_TYPE, NOW, choices

FORMS = sorted((Path(__file__).resolve().parents[3] / "packs" / "district-2012" / "forms").rglob("*.yaml"))


def instant() -> dict[str, Any]:
    return dict(load_yaml(next(path for path in FORMS if path.name == "instant.yaml")))


def order(document: dict[str, Any]) -> list[str]:
    return [field["key"] for field in document["fields"]]


@pytest.mark.parametrize("word", TYPES)
def test_every_setting_of_every_type_has_words(word: str) -> None:
    kind = TYPES[word]
    words = words_of(kind)
    for setting in settings_of(kind):
        assert setting.words.label
        if setting.way is Way.ONE_OF:
            assert setting.words.values, setting.name
    asked = {setting.name for setting in settings_of(kind)}
    names = {info.alias or name for name, info in kind.model_fields.items()}
    assert names - asked <= {"key", "type", "required", "required_when", "advised_when", "advice", "prefill"}
    assert set(words_of(Column)) == set(Column.model_fields) - {"key"}
    assert words


@pytest.mark.parametrize("word", TYPES)
def test_a_new_field_can_be_shown_at_once(word: str) -> None:
    document, key = add_field(new_document("form_1", "表"), word, after=None)
    state = unfinished(document)
    assert key == f"{word}_1"
    wanting = [fault.what for fault in state.faults if "没有一个可以填写的字段" not in fault.what]
    # A dictionary is chosen and a formula is written by people; all else begins as it can be used.
    assert bool(wanting) is (word in {"dictionary", "computed"}), wanting
    open_form(state.shown, choices=choices(), now=NOW)


def test_keys_of_earlier_versions_are_not_used_again() -> None:
    _, key = add_field(new_document("f", "表"), "note", after=None, taken=frozenset({"note_1", "note_2"}))
    assert key == "note_3"


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_the_shipped_forms_are_sound_documents(path: Path) -> None:
    """Nothing in them that the builder cannot make: each setting is one that a settings page asks for."""
    document = dict(load_yaml(path))
    assert sound_document(document, key=document["key"]) == document
    for field in document["fields"]:
        asked = {setting.name for setting in settings_of(TYPES[field["type"]])}
        assert set(field) <= asked | {"key", "type"}, field


def test_renaming_keeps_what_the_form_says() -> None:
    """The form with a key changed everywhere is the same form under another name."""
    document = instant()
    fresh = renamed(document, "grade", "verdict")
    load_form(fresh)
    assert renamed(fresh, "verdict", "grade") == document
    assert [use.words for use in uses_of(fresh, "verdict")] == [
        use.words for use in uses_of(document, "grade")
    ]
    assert uses_of(fresh, "grade") == []


def test_renaming_leaves_an_option_of_the_same_spelling_alone() -> None:
    rule = {"==": [{"var": "kind"}, "kind"]}
    document = {"fields": [{"key": "kind", "label": "类"}, {"key": "b", "label": "乙", "visible_when": rule}]}
    fresh = renamed(document, "kind", "sort")
    assert fresh["fields"][1]["visible_when"] == {"==": [{"var": "sort"}, "kind"]}


def test_renaming_reaches_totals_and_lists_of_missing_fields() -> None:
    rule = {
        "and": [{">": [{"var": ["rows.sum", 0]}, 3]}, {"missing": ["rows", "other"]}, {"missing": [["rows"]]}]
    }
    document = {
        "fields": [{"key": "rows", "label": "行"}, {"key": "b", "label": "乙", "required_when": rule}]
    }
    fresh = renamed(document, "rows", "lines")["fields"][1]["required_when"]
    assert fresh == {
        "and": [
            {">": [{"var": ["lines.sum", 0]}, 3]},
            {"missing": ["lines", "other"]},
            {"missing": [["lines"]]},
        ]
    }


@pytest.mark.parametrize("new", ["", "Grade", "1a", "a b", "中文", "matter", "a" * 61])
def test_a_key_that_cannot_be_is_refused(new: str) -> None:
    with pytest.raises(EditRefused):
        rename_field(instant(), "grade", new)


def test_a_key_keeps_its_type_for_ever() -> None:
    with pytest.raises(EditRefused, match="是“数字”，不能再作别用"):
        rename_field(instant(), "matter", "count", taken={"count": "number"})
    assert "count" in keys_of(rename_field(instant(), "matter", "count", taken={"count": "short_text"}))


def test_every_use_is_found_and_goes_along() -> None:
    for field in instant()["fields"]:
        document, key = instant(), field["key"]
        uses = uses_of(document, key)
        if uses:
            with pytest.raises(EditRefused) as refused:
                delete_field(document, key)
            assert list(refused.value.uses) == uses
        rest = delete_field(document, key, with_uses=True)
        assert uses_of(rest, key) == []
        load_form(rest)


def test_a_formula_whose_field_goes_is_left_empty_to_be_mended() -> None:
    document = new_document("f", "表")
    document, number = add_field(document, "number", after=None)
    document, total = add_field(document, "computed", after=None)
    document = change_field(document, total, {"formula": {"+": [{"var": number}, 1]}})
    assert without_uses(document, number)["fields"][1]["formula"] is None


def test_a_heading_moves_with_what_stands_under_it() -> None:
    document = {"fields": [{"key": k, "type": t} for k, t in (
        ("p1", "page"), ("s1", "section"), ("a", "note"), ("s2", "section"), ("b", "note"), ("p2", "page"), ("c", "note"))]}  # fmt: skip
    assert order(move_field(document, "s1", up=False)) == ["p1", "s2", "b", "s1", "a", "p2", "c"]
    assert order(move_field(document, "p2", up=True)) == ["p2", "c", "p1", "s1", "a", "s2", "b"]
    assert order(place_field(document, "s1", after="c")) == ["p1", "s2", "b", "p2", "c", "s1", "a"]
    assert order(place_field(document, "c", after="")) == ["c", "p1", "s1", "a", "s2", "b", "p2"]
    with pytest.raises(EditRefused):
        place_field(document, "p1", after="a")
    with pytest.raises(EditRefused):
        move_field(document, "p1", up=True)


def steps(chance: random.Random) -> list[Callable[[dict[str, Any]], dict[str, Any]]]:
    def any_key(document: dict[str, Any]) -> str:
        return chance.choice(order(document))

    return [
        lambda d: add_field(d, chance.choice(list(TYPES)), after=chance.choice([None, "", any_key(d)]))[0],
        lambda d: copy_field(d, any_key(d))[0],
        lambda d: move_field(d, any_key(d), up=chance.random() < 0.5),
        lambda d: place_field(d, any_key(d), after=chance.choice(["", any_key(d)])),
        lambda d: delete_field(d, any_key(d), with_uses=True),
        lambda d: rename_field(d, any_key(d), f"name_{chance.randrange(10**6)}"),
        lambda d: change_field(d, any_key(d), {"label": "改", "hint": chance.choice([None, "提示"])}),
        lambda d: {**d, "name": f"表{chance.randrange(9)}", "intro": "话"},
    ]


@pytest.mark.parametrize("seed", range(12))
def test_any_changes_keep_the_document_sound_and_can_all_be_taken_back(seed: int) -> None:
    """Whatever a designer does: it can be shown, taken back step by step, made again, and goes out and in."""
    chance = random.Random(seed)
    document = instant()
    trail: list[tuple[dict[str, Any], dict[str, Any]]] = []
    for _ in range(40):
        try:
            after = chance.choice(steps(chance))(document)
        except EditRefused:
            continue
        trail.append((document, change_between(document, after)))
        document = after
        open_form(unfinished(document).shown, choices=choices(), now=NOW)
    assert sound_document(document, key=document["key"]) == document
    last = document
    for before, change in reversed(trail):
        document = undone(document, change)
        assert document == before
    for _before, change in trail:
        document = redone(document, change)
    assert document == last


def test_a_form_with_every_type_goes_out_and_in_again() -> None:
    fields = [
        {"key": f"k_{word}", "type": word, "label": word, **settings} for word, settings in EVERY_TYPE.items()
    ]
    document = {**new_document("all", "全部"), "fields": fields}
    assert sound_document(document, key="all") == document
    assert unfinished(document).good
    assert copied_document(document, key="b", name="乙")["fields"] == fields


def test_what_is_told_of_rules_is_their_sentence() -> None:
    said = next(field for field in worded(instant())["fields"] if field["key"] == "problem")
    assert said["required_when"] == "评价 是 较差 或 差"

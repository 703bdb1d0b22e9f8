"""Any form that the builder's own changes can make is filled in, exported, written down and read back as itself."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from definitions.source import read_yaml
from forms.answers import bind, export_header, export_row
from forms.definition import load_form
from forms.describe import settings_of
from forms.edit import (
    EditRefused,
    add_field,
    change_field,
    change_head,
    copy_field,
    delete_field,
    field_in,
    move_field,
    new_document,
    place_field,
    rename_field,
)
from forms.fields import TYPES
from forms.foreign import sound_document
from forms.unfinished import unfinished
from portal.builder.publishing_views import ordered
from tests.unit.forms.filling import EVERY_TYPE, NOW, choices, post_of
from tests.unit.forms.test_pages import assert_sound, shown

#: Words that YAML, a spreadsheet or a page could take for something else.
ODD = [
    "no",
    "on",
    "1e3",
    "2026-04-09",
    "~",
    "- a: b",
    "{x}",
    "#注",
    "&a *a",
    "=1+1",
    "<b>\"'",
    "一：二",
    "null",
]
WORDS = st.sampled_from(ODD) | st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn", "Co", "Zl", "Zp")),
    min_size=1,
    max_size=20,
).filter(lambda text: text.strip() != "")
ACTS = ("add", "words", "shown", "must", "copy", "move", "place", "rename", "delete", "head")


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """What up to fifteen presses in the builder make of an empty form; refused ones change nothing."""
    document, _key = add_field(new_document("made", draw(WORDS)), "short_text", after=None)
    for act in draw(st.lists(st.sampled_from(ACTS) | st.just("add"), min_size=3, max_size=15)):
        with suppress(EditRefused):
            document = changed(draw, document, act)
    return json.loads(json.dumps(document))


def changed(draw: st.DrawFn, document: dict[str, Any], act: str) -> dict[str, Any]:
    """One press."""
    keys = [field["key"] for field in document["fields"]]
    if not keys and act not in ("add", "head"):
        return document
    key, other = draw(st.sampled_from(keys or [""])), draw(st.sampled_from(keys or [""]))
    if act == "add":
        word = draw(st.sampled_from(sorted(TYPES)))
        given_settings = {**EVERY_TYPE[word], "label": draw(WORDS)}
        return add_field(
            document, word, after=draw(st.sampled_from([None, "", key])), settings=given_settings
        )[0]
    if act == "words":
        return change_field(document, key, {"label": draw(WORDS), "hint": draw(st.none() | WORDS)})
    if act == "shown":
        return change_field(document, key, {"visible_when": {"missing": [other]}})
    offered = {setting.name for setting in settings_of(TYPES[field_in(document, key)["type"]])}
    if act == "must" and "required" not in offered:
        return document
    if act == "must":
        return change_field(document, key, {"required": draw(st.sampled_from([True, None]))})
    if act == "copy":
        return copy_field(document, key)[0]
    if act == "move":
        return move_field(document, key, up=draw(st.booleans()))
    if act == "place":
        return place_field(document, key, after=other)
    if act == "rename":
        return rename_field(document, key, draw(st.sampled_from(["data", "errors", "validate", "k_1"])))
    if act == "delete":
        return delete_field(document, key, with_uses=draw(st.booleans()))
    return change_head(
        document, {"name": draw(WORDS), "intro": draw(st.none() | WORDS), "submit": draw(st.none() | WORDS)}
    )


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_it_comes_back_as_itself_and_is_filled_in(document: dict[str, Any]) -> None:
    text = yaml.safe_dump(ordered(document), allow_unicode=True, sort_keys=False, width=110)
    assert sound_document(read_yaml(text, name="文件"), key="made") == document
    draft = unfinished(document)
    if not draft.good:
        assert all(fault.place and fault.what for fault in draft.faults)
        return
    form = load_form(document)
    bound = bind(form, post_of(form), choices=choices(), now=NOW)
    assert_sound(shown(bound.form))
    files = {field.label for field in form.fields if field.type in ("file", "photo") and field.required}
    assert {label for label, _sentence in bound.faults} <= files, bound.faults
    if bound.answers is not None:
        row = export_row(form, bound.answers, choices=choices())
        assert len(row) == len(export_header(form))
    again = load_form(form.model_dump(mode="json", by_alias=True))
    assert bind(again, post_of(again), choices=choices(), now=NOW).answers == bound.answers

"""Every field type walks through all it has to do: configure, render, read, summarise, print, export."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from werkzeug.datastructures import MultiDict

from forms.__main__ import page
from forms.answer_schema import answers_schema
from forms.answers import bind, export_header, export_row, open_form, printed
from forms.context import Context
from forms.fields import TYPES
from tests.unit.forms.filling import EVERY_TYPE, NOW, choices, form_of, post_of

ANSWERED = [word for word, kind in TYPES.items() if kind.asks and word != "computed"]


def one(word: str, **settings: object) -> dict[str, object]:
    return {"key": "x", "type": word, "label": "问题", **EVERY_TYPE[word], **settings}


KEEPER = {"key": "keeper", "type": "short_text", "label": "另一问"}


def test_every_type_is_walked() -> None:
    assert set(EVERY_TYPE) == set(TYPES)
    assert len({kind.words for kind in TYPES.values()}) == len(TYPES)


@pytest.mark.parametrize("word", TYPES)
def test_type_renders_and_its_definition_survives_storing(word: str) -> None:
    form = form_of(one(word), KEEPER)
    stored = json.loads(json.dumps(form.model_dump(mode="json", by_alias=True)))
    again = form_of(*stored.pop("fields"), binding=None)
    assert again.fields == form.fields
    html = page(form)
    assert "问题" in html


@pytest.mark.parametrize("word", ANSWERED)
def test_type_reads_shows_prints_and_exports_its_example(word: str) -> None:
    form = form_of(one(word, required=True), KEEPER)
    bound = bind(form, post_of(form), choices=choices(), now=NOW)
    assert bound.faults == ()
    assert bound.answers is not None
    answer = bound.answers["x"]
    assert json.loads(json.dumps(answer)) == answer
    spec = form.fields[0]
    context = Context(choices(), None, NOW)
    if word not in ("file", "photo"):
        assert spec.parse(spec.posted_from(answer), context) == answer
    assert open_form(form, choices=choices(), answers=bound.answers, now=NOW)[
        "f_x"
    ].posted == spec.posted_from(answer)
    assert printed(form, bound.answers, choices=choices())[0][1]
    row = export_row(form, bound.answers, choices=choices())
    assert len(row) == len(export_header(form))
    assert all(isinstance(cell, (str, int)) for cell in row)
    summary = spec.summarise([answer, None, answer], context)
    assert summary.answered == 2
    schema = answers_schema(form)
    Draft202012Validator.check_schema(schema)
    checker = Draft202012Validator(schema, format_checker=FormatChecker())
    assert [fault.message for fault in checker.iter_errors(bound.answers)] == []
    assert not checker.is_valid({**bound.answers, "x": {"no": ["such", "answer"]}})
    assert not checker.is_valid({"keeper": "好"})


@pytest.mark.parametrize("word", ANSWERED)
def test_type_names_itself_when_a_required_answer_is_missing(word: str) -> None:
    form = form_of(one(word, required=True), KEEPER)
    bound = bind(form, MultiDict(), choices=choices(), now=NOW)
    assert bound.answers is None
    assert [label for label, _sentence in bound.faults] == ["问题"]
    assert "问题" in bound.faults[0][1]


@pytest.mark.parametrize("word", ANSWERED)
@pytest.mark.parametrize(
    "typed",
    ["<script>alert(1)</script>", "\x00", "=1+1", "9" * 400, "１２", "\ud800", "../../x", "nan", "-", "1e5"],
)
def test_type_meets_any_text_with_an_answer_or_a_sentence(word: str, typed: str) -> None:
    form = form_of(one(word), KEEPER)
    names = ["f_x", "f_x-0-a", "f_x-0-b", "f_x-0-d", "f_x-good", "f_x-kept", "f_x-9999999-a"]
    bound = bind(form, MultiDict([(name, typed) for name in names]), choices=choices(), now=NOW)
    assert (bound.answers is None) == bool(bound.faults)
    if bound.answers is not None:
        json.dumps(bound.answers).encode("utf-8")
        cells = export_row(form, bound.answers, choices=choices())
        assert not any(str(cell).startswith(("=", "@", "+")) for cell in cells)


@pytest.mark.parametrize(
    "key",
    [
        "data",
        "errors",
        "validate",
        "process",
        "meta",
        "populate_obj",
        "hidden_tag",
        "csrf_token",
        "definition",
    ],
)
def test_field_named_like_a_part_of_the_library_is_just_a_field(key: str) -> None:
    form = form_of({"key": key, "type": "short_text", "label": "问"})
    bound = bind(form, MultiDict({f"f_{key}": "好"}), choices=choices())
    assert bound.answers == {key: "好"}
    assert f'name="f_{key}"' in page(form)

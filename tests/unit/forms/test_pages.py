"""Pages of forms: whole, labelled, and deaf to hostile text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment, FileSystemLoader
from werkzeug.datastructures import MultiDict

from definitions.source import load_yaml
from forms.__main__ import ROOT, main, page, said
from forms.answers import bind, export_header, export_row
from forms.builder import AnswerForm
from forms.definition import load_form
from tests.unit.forms.filling import EVERY_TYPE, NOW, choices, form_of, post_of

FORMS = sorted((Path(ROOT) / "packs" / "district-2012" / "forms").rglob("*.yaml"))
HOSTILE = "<script>alert(1)</script>\"'>{{7*7}}{% raw %}"


def shown(form: AnswerForm) -> str:
    environment = Environment(loader=FileSystemLoader(ROOT / "templates"), autoescape=True, trim_blocks=True)
    environment.globals["_"] = said
    return environment.get_template("forms/preview.html").render(form=form, css="")


def assert_sound(html: str) -> None:
    """Valid HTML, no id twice, every label and description leads somewhere, every control is labelled."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    tree = parser.parse(html.strip())
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    labelled = {element.get("for") for element in tree.iter("label")}
    assert {name for name in labelled if name} <= set(ids)
    for element in tree.iter():
        for name in (element.get("aria-describedby") or "").split():
            assert name in ids
    wrapped = {id(child) for label in tree.iter("label") for child in label.iter()}
    for kind in ("input", "select", "textarea"):
        for control in tree.iter(kind):
            assert id(control) in wrapped or control.get("id") in labelled


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_forms_of_the_plan_are_sound_pages_empty_and_refused(path: Path) -> None:
    form = load_form(load_yaml(path))
    assert_sound(page(form))
    refused = bind(form, MultiDict(), choices=choices(), now=NOW)
    html = shown(refused.form)
    assert_sound(html)
    for _label, sentence in refused.faults:
        assert html.count(sentence) == 2


def test_instant_form_is_light_on_a_phone() -> None:
    parts = [page(load_form(load_yaml(FORMS[0].parent / "instant.yaml"))).encode()]
    parts += [
        (Path(ROOT) / "static" / name).read_bytes()
        for name in ("forms.js", "expression.js", "vendor/json-logic-js/logic.js")
    ]
    assert sum(len(part) for part in parts) < 60_000


def test_hostile_text_in_definition_and_answers_is_inert() -> None:
    fields = [
        {"key": f"x{index}", "type": word, **settings, "label": HOSTILE, "hint": HOSTILE}
        for index, (word, settings) in enumerate(EVERY_TYPE.items())
    ]
    fields[0]["required_when"] = {"==": [{"var": "x1"}, HOSTILE]}
    form = form_of(*fields, intro=HOSTILE)
    post = MultiDict([(f"f_{field['key']}", HOSTILE) for field in fields] + [("f_x13-0-a", HOSTILE)])
    bound = bind(form, post, choices=choices(), now=NOW)
    html = shown(bound.form)
    assert "<script>alert" not in html
    assert "{{7*7}}" in html
    assert_sound(html)


def test_command_line_lists_faults_and_prints_pages(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["render", str(FORMS[0])]) == 0
    assert "<!doctype html>" in capsys.readouterr().out
    broken = tmp_path / "broken.yaml"
    broken.write_text("key: x\nfields: []\n", encoding="utf-8")
    assert main(["check", str(broken)]) == 1
    assert "fields: " in capsys.readouterr().err


labels = st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20).filter(
    str.strip
)
fields_of_any_type = st.builds(
    lambda word, label, required: (word, label, required),
    st.sampled_from(sorted(EVERY_TYPE)),
    labels,
    st.booleans(),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(fields_of_any_type, min_size=1, max_size=8))
def test_whatever_can_be_saved_renders_binds_and_exports(chosen: list[tuple[str, str, bool]]) -> None:
    fields: list[dict[str, Any]] = [{"key": "first", "type": "short_text", "label": "首问"}]
    for index, (word, label, required) in enumerate(chosen):
        may = required and word not in ("computed", "note", "section", "page")
        seen = {"visible_when": {"!": {"missing": ["first"]}}} if index % 2 else {}
        fields.append(
            {"key": f"k{index}", "type": word, "label": label, "required": may, **seen, **EVERY_TYPE[word]}
        )
    form = form_of(*fields)
    assert_sound(page(form))
    bound = bind(form, post_of(form), choices=choices(), now=NOW)
    assert bound.faults == ()
    assert bound.answers is not None
    assert len(export_row(form, bound.answers, choices=choices())) == len(export_header(form))
    again = load_form(form.model_dump(mode="json", by_alias=True))
    assert bind(again, post_of(again), choices=choices(), now=NOW).answers == bound.answers

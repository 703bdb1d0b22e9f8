"""A notice kind is checked whole: every local fault at once, each with its place."""

from __future__ import annotations

import pytest

from definitions.fault import DefinitionFaults
from notices.definition import NoticeFormat, load_notice_kind, placeholders
from notices.vocabulary import VOCABULARY, sample_values


def kind_data(**changes: object) -> dict[str, object]:
    data: dict[str, object] = {
        "key": "reminder", "name": "催办函", "version": 1, "source": "方案第五条", "format": "letter",
        "series": "urge", "title": "关于{case_title}的|催办函", "addressee": "{unit}",
        "body": [{"text": "请于{deadline}前反馈。"}, {"level": 1, "heading": "要求", "text": ""}],
        "note": "联系电话：{phone}",
    }  # fmt: skip
    return {**data, **changes}


def test_a_plain_kind_loads_and_names_its_values() -> None:
    kind = load_notice_kind(kind_data())
    assert kind.format is NoticeFormat.LETTER
    assert placeholders(kind) == {
        "case_title", "unit", "deadline", "phone", "org", "org_mark", "number", "issued_on", "verify_url",
    }  # fmt: skip


def test_all_faults_are_told_at_once_with_their_places() -> None:
    body = [
        {"text": "{nobody}，{Unit}"},
        {"text": "{row.unit}"},
        {"each": "commended", "text": "{row.colour}"},
        {"each": "unit", "text": "甲"},
        {"rows": "ranking_tables", "columns": [{"title": "名次", "column": "place"}]},
        {"text": "{ranking_tables}"},
    ]
    with pytest.raises(DefinitionFaults) as caught:
        load_notice_kind(kind_data(body=body, sample={"phon": "1", "unit": 3}, imprint={}))
    places = {fault.place for fault in caught.value.faults}
    assert places == {
        "body[0].text", "body[1].text", "body[2].text", "body[3].text", "body[3].heading", "body[5].text",
        "body[4].columns[0].column", "sample.phon", "sample.unit", "imprint",
    }  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [{"colour": "red"}, {"format": "poster"}, {"body": []}, {"body": [{"level": 1}]}, {"title": ""},
     {"body": [{"text": "甲", "level": 5}]}, {"version": "一"}],
)  # fmt: skip
def test_wrong_shapes_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(DefinitionFaults):
        load_notice_kind(kind_data(**change))


def test_every_value_has_a_meaning_and_a_sample_of_its_shape() -> None:
    samples = sample_values()
    for name, entry in VOCABULARY.items():
        assert entry.meaning, name
        if not entry.columns:
            assert isinstance(samples[name], str), name
            assert samples[name] or entry.optional, name
            continue
        rows = samples[name]
        assert isinstance(rows, list), name
        assert all(set(row) == set(entry.columns) for row in rows), name

"""Lists, posts and definitions for tests of forms."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from forms.builder import PREFIX
from forms.choices import Entry, FixedChoices
from forms.context import Context
from forms.definition import FormDefinition, load_form

NOW = datetime(2012, 5, 7, 4, 0, tzinfo=UTC)
OPTIONS = [{"key": "good", "name": "优"}, {"key": "bad", "name": "差"}]

#: One plain field of every type; a new type has to be added here or the walk fails.
EVERY_TYPE: dict[str, dict[str, Any]] = {
    "short_text": {},
    "long_text": {},
    "number": {"at_least": 0, "at_most": 100, "decimals": 2, "unit": "分"},
    "date": {"not_future": True},
    "time": {},
    "datetime": {"not_future": True},
    "yes_no": {},
    "choice": {"options": OPTIONS},
    "multi_choice": {"options": OPTIONS, "at_least": 1},
    "grade": {"options": OPTIONS},
    "matrix": {"rows": OPTIONS, "options": OPTIONS, "abstention": "不了解"},
    "picker": {"of": "target"},
    "dictionary": {"dictionary": "problems"},
    "rows": {
        "columns": [
            {"key": "a", "label": "甲", "required": True},
            {"key": "b", "label": "乙", "type": "number", "decimals": 2, "total": True},
            {"key": "c", "label": "丙", "type": "choice", "options": OPTIONS},
            {"key": "d", "label": "丁", "type": "date"},
        ],
        "at_least": 2,
    },
    "file": {},
    "photo": {},
    "signature": {},
    "phone": {},
    "computed": {"formula": {"+": [1, 2]}},
    "note": {},
    "section": {},
    "page": {},
}


def choices() -> FixedChoices:
    """Three targets, two units, a monitor and the dictionaries the plan's forms ask for."""
    entries = [Entry("one", "一号条目", "甲类"), Entry("two", "二号条目", "乙类")]
    return FixedChoices(
        {
            "target": [
                Entry("order_team", "治安大队", "公安"),
                Entry("exit_entry", "出入境办证窗口", "公安"),
                Entry("marriage", "婚姻登记处", "民政"),
            ],
            "unit": [Entry("police", "公安"), Entry("civil", "民政")],
            "monitor": [Entry("m1", "监测点一")],
            "dictionary:problems": entries,
            "dictionary:matter_kinds": entries,
            "dictionary:inspection_ways": entries,
        }
    )


def form_of(*fields: dict[str, Any], **head: Any) -> FormDefinition:
    """A loaded form with these fields."""
    return load_form(
        {"key": "f", "name": "表", "version": 1, "source": "测试", **head, "fields": list(fields)}
    )


def post_of(definition: FormDefinition) -> MultiDict[str, str]:
    """A good post for a form, made of its fields' own examples."""
    context = Context(choices(), None, NOW)
    post: MultiDict[str, str] = MultiDict()
    for field in definition.fields:
        for suffix, values in field.example(context).items():
            for value in values:
                post.add(f"{PREFIX}{field.key}" + (f"-{suffix}" if suffix else ""), value)
    return post

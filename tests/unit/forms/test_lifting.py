"""A draft typed in one version of a form, as another version takes it."""

from __future__ import annotations

from typing import Any

import pytest

from forms.builder import PREFIX
from forms.context import Context
from forms.definition import FormDefinition
from forms.lifting import GONE, OPTION, TYPE, Unfit, lift
from tests.unit.forms.filling import EVERY_TYPE, NOW, OPTIONS, choices, form_of, post_of

CONTEXT = Context(choices(), None, NOW)
MORE = [*OPTIONS, {"key": "none", "name": "没去过"}]


def field(key: str, kind: str = "short_text", **more: Any) -> dict[str, Any]:
    return {"key": key, "type": kind, "label": f"问{key}", **more}


def typed(**values: str) -> list[tuple[str, str]]:
    return [(f"{PREFIX}{key.replace('__', '-')}", value) for key, value in values.items()]


OLD = form_of(
    field("feel", "choice", options=MORE),
    field("ways", "multi_choice", options=MORE),
    field("why"),
    field("gone"),
    field("visits", "number"),
    field("table", "matrix", rows=MORE, options=OPTIONS),
    field("list", "rows", columns=[{"key": "a", "label": "甲"}, {"key": "b", "label": "乙"}]),
)
NEW = form_of(
    field("fresh", required=True),
    field("why", "long_text", label="为什么"),
    field("feel", "choice", options=OPTIONS),
    field("ways", "multi_choice", options=OPTIONS),
    field("visits", "yes_no"),
    field("table", "matrix", rows=OPTIONS, options=OPTIONS),
    field("list", "rows", columns=[{"key": "a", "label": "甲"}]),
)
TYPED = [
    *typed(feel="none", ways="good"),
    ("f_ways", "none"),
    *typed(why="太慢", gone="没有了", visits="三次", table__good="bad", table__none="good"),
    *typed(list__0__a="一", list__0__b="二"),
]


def fields_of(items: Any) -> list[str]:
    return [item.key for item in items]


def test_what_moves_what_does_not_and_what_is_new() -> None:
    made = lift(OLD, NEW, TYPED, CONTEXT)
    assert [(item.key, item.said, item.was) for item in made.moved] == [
        ("why", "太慢", "问why"),
        ("ways", "优", ""),
        ("table", "优：差", ""),
        ("list", "一", ""),
    ]
    assert [(item.key, item.why, item.said) for item in made.unfit] == [
        ("feel", OPTION, "没去过"),
        ("ways", OPTION, "没去过"),
        ("gone", GONE, "没有了"),
        ("visits", TYPE, "三次"),
        ("table", OPTION, "没去过：优"),
        ("list", OPTION, "二"),
    ]
    assert fields_of(made.fresh) == ["fresh", "visits"]
    assert set(made.typed) < set(TYPED), "typed values keep their names"


def test_there_and_back_everything_typed_is_as_it_was() -> None:
    there = lift(OLD, NEW, TYPED, CONTEXT)
    kept = [Unfit.read(item.stored()) for item in there.unfit]
    back = lift(NEW, OLD, there.typed, CONTEXT, aside=kept)
    assert sorted(back.typed) == sorted(TYPED)
    assert back.unfit == ()


def test_what_was_typed_since_goes_before_what_lies_aside() -> None:
    there = lift(OLD, NEW, typed(feel="none", gone="旧"), CONTEXT)
    since = typed(feel="bad", fresh="新答的")
    back = lift(NEW, OLD, since, CONTEXT, aside=there.unfit)
    assert sorted(back.typed) == sorted(typed(feel="bad", gone="旧"))
    assert [(item.key, item.said) for item in back.unfit] == [("fresh", "新答的"), ("feel", "没去过")]
    again = lift(OLD, NEW, back.typed, CONTEXT, aside=back.unfit)
    assert ("f_fresh", "新答的") in again.typed, "an answer to a new question comes back with its version"


def test_an_empty_control_does_not_drive_out_what_lies_aside() -> None:
    there = lift(OLD, NEW, typed(feel="none"), CONTEXT)
    back = lift(NEW, OLD, typed(feel=""), CONTEXT, aside=there.unfit)
    assert back.typed == (("f_feel", "none"),)


@pytest.mark.parametrize("kind", list(EVERY_TYPE))
def test_every_type_moves_whole_to_the_same_question(kind: str) -> None:
    old = form_of(field("a", kind, **EVERY_TYPE[kind]), field("b"))
    new: FormDefinition = form_of(field("c"), field("a", kind, **EVERY_TYPE[kind]))
    post = list(post_of(old).items(multi=True))
    made = lift(old, new, post, CONTEXT)
    own = [pair for pair in post if pair[0] != "f_b"]
    assert list(made.typed) == (own if kind != "computed" else [])
    assert fields_of(made.unfit) == ["b"]
    assert fields_of(made.fresh) == ["c"]

"""A draft typed in one version of a form, as another version takes it: what moves, what no longer fits, what is new.

The typed values keep their names. Whatever does not fit is handed back with the reason and can be carried on from
version to version, so that nothing that was typed is lost on the way there or back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from forms.builder import PREFIX
from forms.context import Context
from forms.definition import FormDefinition
from forms.fields.base import AnswerRefused, Field
from forms.fields.computed import Computed
from forms.fields.file import File
from forms.fields.matrix import Matrix
from forms.fields.multi_choice import MultiChoice

Pairs = Sequence[tuple[str, str]]

#: Types that take each other's words.
_WORDS = frozenset({"short_text", "long_text"})
#: Types of which several values stand under one name.
_SEVERAL = (MultiChoice, File)
GONE, OPTION, TYPE = "gone", "option", "type"


@dataclass(frozen=True)
class Moved:
    """One question whose answer moves. said: what was typed, in words. was: its earlier label where it changed."""

    key: str
    label: str
    said: str
    was: str = ""


@dataclass(frozen=True)
class Unfit:
    """Something typed that has no place. why: `gone` (no such question), `option` (no such option, row or column),
    `type` (the question is of another type now). type: of the field it was typed in. pairs: as they were typed."""

    key: str
    type: str
    label: str
    said: str
    why: str
    pairs: tuple[tuple[str, str], ...]

    def stored(self) -> dict[str, Any]:
        """As plain JSON."""
        return {**asdict(self), "pairs": [list(pair) for pair in self.pairs]}

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """The inverse of `stored`."""
        return cls(**{**stored, "pairs": tuple((str(name), str(value)) for name, value in stored["pairs"])})


@dataclass(frozen=True)
class Lift:
    """What becomes of a draft. typed: what the page of the other version shows. fresh: its new questions."""

    typed: tuple[tuple[str, str], ...]
    moved: tuple[Moved, ...]
    unfit: tuple[Unfit, ...]
    fresh: tuple[Field, ...]


def lift(
    old: FormDefinition, new: FormDefinition, typed: Pairs, context: Context, *, aside: Iterable[Unfit] = ()
) -> Lift:
    """What was typed in `old` as `new` takes it. aside: what fitted no more at an earlier lifting."""
    waiting = [*_typed_fields(old, typed), *aside]
    held: dict[str, list[tuple[str, str]]] = {}
    unfit: list[Unfit] = []
    for item in waiting:
        field = _question(new, item.key)
        why = _refusal(field, item)
        fits = [] if field is None or why else [pair for pair in item.pairs if _fits(field, pair, context)]
        taken = _taken(field, held.get(item.key, []), fits)
        held[item.key] = taken
        rest = tuple(pair for pair in item.pairs if pair not in taken and pair[1] != "")
        if rest:
            unfit.append(_left(old, item, rest, why or item.why or OPTION, context))
    pairs = tuple(pair for found in held.values() for pair in found)
    return Lift(pairs, tuple(_moved(old, new, held, context)), tuple(unfit), _fresh(old, new))


def _typed_fields(old: FormDefinition, typed: Pairs) -> list[Unfit]:
    """What was typed, question by question in the order of the form, before anything was placed."""
    by_key: dict[str, list[tuple[str, str]]] = {}
    for name, value in typed:
        key = name.removeprefix(PREFIX).partition("-")[0]
        by_key.setdefault(key, []).append((name, value))
    return [
        Unfit(field.key, field.type, field.label, "", "", tuple(by_key[field.key]))
        for field in old.fields
        if field.key in by_key and _question(old, field.key)
    ]


def _question(form: FormDefinition, key: str) -> Field | None:
    """The field of that key, if people type its answer."""
    field = form.field(key)
    return field if field is not None and field.asks and not isinstance(field, Computed) else None


def _refusal(field: Field | None, item: Unfit) -> str:
    if field is None:
        return GONE
    return "" if field.type == item.type or {field.type, item.type} <= _WORDS else TYPE


def _fits(field: Field, pair: tuple[str, str], context: Context) -> bool:
    return field.holds_typed(pair[0].partition("-")[2], pair[1], context)


def _taken(
    field: Field | None, held: list[tuple[str, str]], fits: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    """What stands in the question's controls: what was typed last, before what lay aside."""
    if not held:
        return fits
    if isinstance(field, _SEVERAL):
        return list(dict.fromkeys([*held, *fits]))
    answered = {name for name, value in held if value != ""}
    brought = [(name, value) for name, value in fits if value != "" and name not in answered]
    names = {name for name, _value in brought}
    return [pair for pair in held if pair[0] not in names] + brought


def _left(old: FormDefinition, item: Unfit, rest: Pairs, why: str, context: Context) -> Unfit:
    field = old.field(item.key)
    if item.said and tuple(rest) == item.pairs:
        said = item.said
    elif field is not None and field.type == item.type:
        said = _said(field, rest, context)
    else:
        said = "、".join(value for _name, value in rest)
    return Unfit(item.key, item.type, item.label, said, why, tuple(rest))


def _said(field: Field, pairs: Pairs, context: Context) -> str:
    """What was typed, in words; as it stands where it is no good answer yet."""
    if isinstance(field, File):
        return f"{len(pairs)}个文件"
    posted: dict[str, list[str]] = {}
    for name, value in pairs:
        if value != "":
            posted.setdefault(name.partition("-")[2], []).append(value)
    if isinstance(field, Matrix):
        return field.printed({row: values[0] for row, values in posted.items()}, context)
    try:
        return field.printed(field.parse(posted, context), context)
    except AnswerRefused:
        names = {entry.key: entry.label for entry in field.options_for(context)}
        return "、".join(names.get(value, value) for values in posted.values() for value in values)


def _moved(
    old: FormDefinition, new: FormDefinition, held: Mapping[str, Pairs], context: Context
) -> Iterable[Moved]:
    for field in new.fields:
        pairs = [pair for pair in held.get(field.key, ()) if pair[1] != ""]
        if not pairs:
            continue
        before = old.field(field.key)
        was = before.label if before is not None and before.label != field.label else ""
        yield Moved(field.key, field.label, _said(field, pairs, context), was)


def _fresh(old: FormDefinition, new: FormDefinition) -> tuple[Field, ...]:
    """Questions that the other version does not ask, or asks in another type."""
    return tuple(
        field
        for field in new.fields
        if _question(new, field.key)
        and ((before := _question(old, field.key)) is None or {before.type, field.type} - _same(field))
    )


def _same(field: Field) -> frozenset[str]:
    return _WORDS if field.type in _WORDS else frozenset({field.type})

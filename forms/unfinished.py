"""A form still being made: what of it can be shown already, and everything that is still wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from definitions.expression import check
from definitions.fault import DefinitionFaults, Fault
from definitions.value_type import ValueType
from forms.definition import FormDefinition, load_form
from forms.fields import TYPES
from forms.fields.base import Field
from forms.references import EXPRESSIONS

_FIELD_PLACE = re.compile(r"fields\[(\d+)\](?:\.?(.*))")


@dataclass(frozen=True)
class Unfinished:
    """A draft as it stands.

    shown: the part that can be shown and filled for a look; rules with faults are left out of it.
    faults: all, as when it would be published. left_out: keys of fields that cannot be shown yet.
    """

    shown: FormDefinition
    faults: tuple[Fault, ...]
    left_out: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether the form by itself can be published."""
        return not self.faults


def unfinished(document: Mapping[str, Any]) -> Unfinished:
    """Read a draft. document: plain data whose fields each have a known type and a key of their own."""
    try:
        return Unfinished(load_form(document), (), ())
    except DefinitionFaults as refused:
        faults = refused.faults
    fields: list[Field] = []
    left_out: list[str] = []
    for item in document.get("fields", ()):
        try:
            fields.append(TYPES[item["type"]].model_validate(dict(item)))
        except ValidationError:
            left_out.append(item["key"])
    shown = _head(document).model_copy(update={"fields": tuple(fields)})
    names = shown.fact_types()
    safe = tuple(_without_bad_rules(field, names) for field in fields)
    return Unfinished(shown.model_copy(update={"fields": safe}), faults, tuple(left_out))


def _head(document: Mapping[str, Any]) -> FormDefinition:
    kept = {name: document[name] for name in ("name", "intro", "submit", "privacy") if document.get(name)}
    basis = {"key": "draft", "name": "（未命名）", "version": 1, "source": "draft", "fields": ()}
    for trial in ({**basis, **kept}, basis):
        try:
            return FormDefinition.model_validate(trial)
        except ValidationError:
            continue
    raise AssertionError("the basis is a form")


def _without_bad_rules(field: Field, names: Mapping[str, ValueType]) -> Field:
    bad = [
        setting
        for setting in EXPRESSIONS
        if getattr(field, setting, None) is not None and check(getattr(field, setting), names)
    ]
    return field.model_copy(update=dict.fromkeys(bad)) if bad else field


def field_of(fault: Fault) -> tuple[int, str] | None:
    """Which field a fault is about, as (number from 0, setting); None when it is about the form itself.

    >>> field_of(Fault("fields[3].options[1].name", "…")), field_of(Fault("binding.grade", "…"))
    ((3, 'options'), None)
    """
    match = _FIELD_PLACE.fullmatch(fault.place)
    if match is None:
        return None
    return int(match[1]), re.split(r"[.\[]", match[2], maxsplit=1)[0]

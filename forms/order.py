"""Which field decides about which: the order in which a filled form is settled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from definitions.expression import names_used
from forms.definition import FormDefinition
from forms.fields.base import Field
from forms.fields.computed import Computed


def dependencies(form: FormDefinition) -> dict[str, set[str]]:
    """Field key → keys of fields whose answers decide whether it is shown or what it computes."""
    above = form.headings_above()
    needs: dict[str, set[str]] = {}
    for field in form.fields:
        deciding = [field.visible_when, *(heading.visible_when for heading in above.get(field.key, ()))]
        if isinstance(field, Computed):
            deciding.append(field.formula)
        names = {name for expression in deciding if expression is not None for name in names_used(expression)}
        needs[field.key] = {name.partition(".")[0] for name in names}
    return needs


def in_order(definition: FormDefinition) -> tuple[Field, ...]:
    """The fields, each after those that decide about it; otherwise as written."""
    needs = dependencies(definition)
    if not any(needs.values()):
        return definition.fields
    done: set[str] = set()
    return tuple(field for key in needs for field in _after_needs(definition, key, needs, done))


def _after_needs(
    definition: FormDefinition, key: str, needs: Mapping[str, set[str]], done: set[str]
) -> Iterator[Field]:
    if key in done:
        return
    done.add(key)
    for name in sorted(needs.get(key, ())):
        yield from _after_needs(definition, name, needs, done)
    field = definition.field(key)
    if field is not None:
        yield field

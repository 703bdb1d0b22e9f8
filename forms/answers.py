"""From what was posted to plain answers, or to sentences that say what to mend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from definitions.expression import evaluate, evaluate_checked
from definitions.operators import holds
from forms.builder import PREFIX, AnswerField, AnswerForm, form_class
from forms.choices import ChoiceSource
from forms.context import Context, Uploads
from forms.definition import FormDefinition
from forms.fields.computed import Computed
from forms.fields.matrix import Matrix


@dataclass(frozen=True)
class Bound:
    """One filling of one form.

    form: shows exactly what was typed, with its errors. answers: field key → plain JSON, or None when there
    are faults. faults, advice: (label, sentence) in the order of the form; advice stops nobody.
    uploads: field key → new files, in the order of the answer.
    """

    definition: FormDefinition
    form: AnswerForm
    answers: dict[str, Any] | None
    faults: tuple[tuple[str, str], ...]
    advice: tuple[tuple[str, str], ...]
    uploads: dict[str, list[Any]]

    @property
    def good(self) -> bool:
        """Whether the answers can be taken."""
        return self.answers is not None


def open_form(
    definition: FormDefinition,
    *,
    choices: ChoiceSource,
    answers: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> AnswerForm:
    """The form to show before anything was posted; answers: field key → what to show (draft, prefill)."""
    given = {f"{PREFIX}{key}": value for key, value in (answers or {}).items()}
    form = form_class(definition)(data=given, meta={"context": Context(choices, None, now)})
    _settle(form)
    return form


def reopen_form(
    definition: FormDefinition, formdata: Any, *, choices: ChoiceSource, now: datetime | None = None
) -> AnswerForm:
    """The form exactly as it was typed, without a word on faults: a draft is allowed to be unfinished.

    formdata: as for `bind`.
    """
    form = form_class(definition)(formdata, meta={"context": Context(choices, None, now)})
    _settle(form)
    return form


def bind(
    definition: FormDefinition,
    formdata: Any,
    *,
    choices: ChoiceSource,
    files: Uploads | None = None,
    now: datetime | None = None,
) -> Bound:
    """Read, check and type one post.

    formdata: a multi-dict of the posted names. now: aware; needed when the form has a rule about the time.
    A field hidden under the answers given is neither required nor kept, whatever was posted for it.
    """
    form = form_class(definition)(formdata, meta={"context": Context(choices, files, now)})
    _settle(form)
    good = form.validate()
    asked = [field for field in form if field.asked]
    answers = {field.spec.key: field.data for field in asked if field.data is not None}
    faults = tuple((field.spec.label, str(sentence)) for field in asked for sentence in field.errors)
    return Bound(
        definition,
        form,
        answers if good else None,
        faults,
        tuple((field.spec.label, field.advice) for field in asked if field.advice),
        {field.spec.key: field.uploads for field in asked if field.uploads},
    )


def ratings(definition: FormDefinition, answers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(target key, grade key) of every rating the answers are; empty for a form bound to no method."""
    binding = definition.binding
    if binding is None:
        return []
    grade = answers.get(binding.grade)
    if isinstance(definition.field(binding.grade), Matrix):
        return list((grade or {}).items())
    target = answers.get(binding.target or "")
    return [(target, grade)] if target and grade else []


def proposes_case(definition: FormDefinition, answers: Mapping[str, Any]) -> bool:
    """Whether these answers should be looked at as a rectification case."""
    binding = definition.binding
    if binding is None or binding.case_when is None:
        return False
    return holds(evaluate(binding.case_when, facts_of(definition, answers)))


def facts_of(definition: FormDefinition, answers: Mapping[str, Any]) -> dict[str, Any]:
    """What expressions see of kept answers."""
    facts: dict[str, Any] = {}
    for field in definition.fields:
        facts |= field.facts(answers.get(field.key))
    return facts


def printed(
    definition: FormDefinition, answers: Mapping[str, Any], *, choices: ChoiceSource
) -> list[tuple[str, str]]:
    """(label, text) of every answer that was given, in the order of the form."""
    context = Context(choices)
    return [
        (field.label, field.printed(answers[field.key], context))
        for field in definition.fields
        if answers.get(field.key) is not None
    ]


def export_header(definition: FormDefinition) -> list[tuple[str, str]]:
    """(lasting key, heading) of every column of an export."""
    return [column for field in definition.fields for column in field.columns()]


def export_row(
    definition: FormDefinition, answers: Mapping[str, Any], *, choices: ChoiceSource
) -> list[str | int]:
    """The cells under `export_header`; texts cannot act as formulas."""
    context = Context(choices)
    return [cell for field in definition.fields for cell in field.export(answers.get(field.key), context)]


def _settle(form: AnswerForm) -> None:
    """Decide in the order of dependence what is shown, computed, demanded and advised."""
    above = form.above
    facts: dict[str, Any] = {}
    for spec in form.order:
        if not spec.asks:
            continue
        bound: AnswerField = form[f"{PREFIX}{spec.key}"]
        bound.asked = all(_holds(item.visible_when, facts) for item in (*above[spec.key], spec))
        if isinstance(spec, Computed):
            value = evaluate_checked(spec.formula, facts) if bound.asked else None
            bound.data = spec.answer_from(value)
            bound.posted = spec.posted_from(bound.data)
            facts[spec.key] = value if isinstance(value, (int, Fraction)) else None
        else:
            facts |= spec.facts(bound.data if bound.asked else None)
    form.facts = facts
    for bound in form:
        spec = bound.spec
        bound.must = spec.required or (spec.required_when is not None and _holds(spec.required_when, facts))
        advised = spec.advised_when is not None and _holds(spec.advised_when, facts)
        bound.advice = spec.advice if advised else ""


def _holds(condition: Any, facts: Mapping[str, Any]) -> bool:
    return condition is None or holds(evaluate_checked(condition, facts))

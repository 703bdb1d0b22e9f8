"""What a form shows before anything was typed, and the answers that the office has fixed.

Only fields whose definition says `prefill` are filled in beforehand, whatever a link names; the person may change
them. Fixed answers stand whatever is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from forms.answers import open_form, reopen_form
from forms.builder import PREFIX, AnswerForm
from forms.choices import ChoiceSource
from forms.context import OFFICE_TIME, Context
from forms.definition import FormDefinition
from forms.fields.base import AnswerRefused, Field
from services.refusal import Refusal

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
#: Types with one control, which can be fixed.
_SINGLE = frozenset(
    {"short_text", "number", "date", "choice", "grade", "yes_no", "picker", "dictionary", "phone"}
)
LONGEST_FIXED = 200


@dataclass(frozen=True)
class Known:
    """What is known of whoever fills a form in, besides the link. Empty: not known.

    month: the month to sum up. last: the answers given with this form the time before.
    target: where the link names it. case, case_title: number and title of the case that the link names, if the person
    may see it.
    """

    month: str = ""
    person: str = ""
    phone: str = ""
    unit: str = ""
    monitor: str = ""
    target: str = ""
    case: str = ""
    case_title: str = ""
    last: Mapping[str, Any] | None = None


def prefilled(
    form: FormDefinition, *, link: Mapping[str, str], known: Known, choices: ChoiceSource, now: datetime
) -> dict[str, Any]:
    """Field key to answer, for the fields whose definition says `prefill`; what does not exist is left out.

    link: query of the address, `?target=KEY&month=2026-09&FIELD=words`.
    """
    clock = now.astimezone(OFFICE_TIME)
    targets = {entry.key for entry in choices.entries("target")}
    asked = link.get("target", "")
    sources: dict[str, str] = {
        "target": asked if asked in targets else known.target,
        "month": month_of(link) or known.month,
        "today": f"{clock:%Y-%m-%d}",
        "now": f"{clock:%Y-%m-%dT%H:%M}",
        "person": known.person,
        "phone": known.phone,
        "unit": known.unit,
        "monitor": known.monitor,
        "case": known.case,
        "case_title": known.case_title,
    }
    found: dict[str, Any] = {}
    for field in form.fields:
        if field.prefill == "last":
            value: Any = (known.last or {}).get(field.key)
        elif field.prefill == "link":
            value = _from_link(field, link, choices, now)
        else:
            value = sources.get(field.prefill, "")
        if value not in (None, ""):
            found[field.key] = value
    return found


def month_of(link: Mapping[str, str]) -> str:
    """The month a link names, as `2026-09`; empty when it names none.

    >>> month_of({"month": "2026-09"}), month_of({"month": "2026-13"})
    ('2026-09', '')
    """
    month = link.get("month", "")
    return month if _MONTH.fullmatch(month) else ""


def _from_link(field: Field, link: Mapping[str, str], choices: ChoiceSource, now: datetime) -> Any:
    """What the link says for this field, if the field would take it."""
    typed = link.get(field.key, "")[:LONGEST_FIXED]
    if not typed or field.type not in _SINGLE:
        return None
    try:
        return _parsed(field, typed, Context(choices, None, now))
    except AnswerRefused:
        return None


def _parsed(field: Field, typed: str, context: Context) -> Any:
    answer = field.parse({"": [typed]}, context)
    if answer is not None:
        field.check(answer, context)
    return answer


def fixable(form: FormDefinition) -> tuple[Field, ...]:
    """The fields whose answer the office can fix: one control, and not what the rating says."""
    grade = form.binding.grade if form.binding else ""
    return tuple(field for field in form.fields if field.type in _SINGLE and field.key != grade)


def fixed_answers(
    form: FormDefinition, fixed: Mapping[str, str], *, choices: ChoiceSource, now: datetime
) -> dict[str, str]:
    """The fixed answers as they would be posted; refused when a field would not take its own."""
    context = Context(choices, None, now)
    fields = {field.key: field for field in fixable(form)}
    kept: dict[str, str] = {}
    for key, typed in fixed.items():
        if not typed.strip():
            continue
        field = fields.get(key)
        if field is None:
            raise Refusal("fixed_unknown", f"表单里没有可以固定的字段“{key}”，请刷新后重新填写。", 422)
        try:
            answer = _parsed(field, typed.strip()[:LONGEST_FIXED], context)
        except AnswerRefused as refused:
            raise Refusal("fixed_refused", f"固定的答案不能用：{refused}", 422) from refused
        if answer is not None:
            kept[key] = typed.strip()
    return kept


def impose(typed: MultiDict[str, str], fixed: Mapping[str, str]) -> MultiDict[str, str]:
    """What was sent, with the fixed answers in their place."""
    made = MultiDict(typed.items(multi=True))
    for key, text in fixed.items():
        made.setlist(f"{PREFIX}{key}", [text])
    return made


def opened(
    form: FormDefinition,
    answers: Mapping[str, Any],
    fixed: Mapping[str, str],
    *,
    choices: ChoiceSource,
    now: datetime,
) -> AnswerForm:
    """The form before anything was typed. answers: what it shows; fixed: what nobody can change."""
    if not fixed:
        return open_form(form, choices=choices, answers=answers, now=now)
    typed: MultiDict[str, str] = MultiDict()
    for field in form.fields:
        for suffix, values in field.posted_from(answers[field.key]).items() if field.key in answers else ():
            name = f"{PREFIX}{field.key}-{suffix}" if suffix else f"{PREFIX}{field.key}"
            typed.setlist(name, [str(value) for value in values])
    return show_fixed(reopen_form(form, impose(typed, fixed), choices=choices, now=now), fixed)


def show_fixed(form: AnswerForm, fixed: Mapping[str, str]) -> AnswerForm:
    """The form with the fixed answers as words that nobody can change."""
    for key in fixed:
        control = form._fields.get(f"{PREFIX}{key}")
        if control is not None and control.data is not None:
            control.fixed = control.spec.printed(control.data, control.context)
    return form

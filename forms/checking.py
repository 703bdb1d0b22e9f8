"""Faults of a form as a whole: double keys, expressions that point nowhere, circles, a wrong binding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from definitions.expression import ValueType, check, literals_compared, names_used
from definitions.fault import Fault
from forms.definition import Binding, FormDefinition
from forms.fields.base import Field
from forms.fields.computed import Computed
from forms.fields.date import Date
from forms.fields.grade import Grade
from forms.fields.matrix import Matrix
from forms.fields.picker import Picker
from forms.order import dependencies

CONDITIONS = ("visible_when", "required_when", "advised_when")


def form_faults(
    form: FormDefinition, *, root: str = "", places: Sequence[bool] | None = None, half_read: bool = False
) -> list[Fault]:
    """Every fault that shows only when the fields are seen together.

    places: for a half-read form, which of the written fields could be read, so that numbers stay right;
    expressions and the binding of such a form are left for the next round, since they may name a broken field.
    """
    dot = f"{root}." if root else ""
    readable = [index for index, good in enumerate(places) if good] if places is not None else None
    numbers = readable if readable is not None else list(range(len(form.fields)))
    where = {id(field): f"{dot}fields[{number}]" for field, number in zip(form.fields, numbers, strict=True)}
    faults = [*_key_faults(form, where), *_setting_faults(form, where)]
    if half_read:
        return faults
    faults += _expression_faults(form, where)
    faults += _circle_faults(form, where)
    if form.binding is not None:
        faults += _binding_faults(form, form.binding, f"{dot}binding")
    if not any(field.asks for field in form.fields):
        faults.append(Fault(f"{dot}fields", "表单里没有一个可以填写的字段"))
    return faults


def _key_faults(form: FormDefinition, where: dict[int, str]) -> Iterator[Fault]:
    counts = Counter(field.key for field in form.fields)
    for field in form.fields:
        if counts[field.key] > 1:
            yield Fault(f"{where[id(field)]}.key", f"键“{field.key}”重复，每个字段的键只能用一次")


def _setting_faults(form: FormDefinition, where: dict[int, str]) -> Iterator[Fault]:
    for field in form.fields:
        for setting, sentence in field.own_faults():
            yield Fault(f"{where[id(field)]}.{setting}", sentence)
        if field.advised_when is not None and not field.advice:
            yield Fault(f"{where[id(field)]}.advice", "设了提醒的条件，就要写提醒的话")


def _expressions(field: Field) -> Iterator[tuple[str, Any, ValueType]]:
    for setting in CONDITIONS:
        if getattr(field, setting) is not None:
            yield setting, getattr(field, setting), ValueType.BOOLEAN
    if isinstance(field, Computed):
        yield "formula", field.formula, ValueType.NUMBER


def _expression_faults(form: FormDefinition, where: dict[int, str]) -> Iterator[Fault]:
    names = form.fact_types()
    for field in form.fields:
        for setting, expression, expects in _expressions(field):
            place = f"{where[id(field)]}.{setting}"
            sentences = check(expression, names, expects=expects) or _literal_faults(form, expression)
            yield from (Fault(place, sentence) for sentence in sentences)
            if setting == "visible_when" and field.key in names_used(expression):
                yield Fault(place, "字段的显示条件不能看字段自己")


def _literal_faults(form: FormDefinition, expression: Any) -> list[str]:
    sentences = []
    for name, literal in sorted(literals_compared(expression)):
        field = form.field(name)
        allowed = field.fact_literals() if field is not None else None
        if field is not None and allowed is not None and literal not in allowed:
            sentences.append(f"“{field.label}”没有选项“{literal}”；可用的有：{'、'.join(sorted(allowed))}")
    return sentences


def _circle_faults(form: FormDefinition, where: dict[int, str]) -> Iterator[Fault]:
    needs = dependencies(form)
    for field in form.fields:
        path = _circle(field.key, needs)
        told_already = field.visible_when is not None and field.key in names_used(field.visible_when)
        if path and field.key == min(path) and not (len(path) == 1 and told_already):
            names = " → ".join(_label(form, key) for key in [*path, path[0]])
            yield Fault(where[id(field)], f"字段互相依赖成了圈：{names}；请去掉其中一个条件或公式")


def _label(form: FormDefinition, key: str) -> str:
    field = form.field(key)
    return field.label if field is not None else key


def _circle(start: str, needs: dict[str, set[str]]) -> list[str] | None:
    """The keys on a way from a field back to itself, or None."""
    stack, seen = [[start]], set[str]()
    while stack:
        path = stack.pop()
        for name in sorted(needs.get(path[-1], ())):
            if name == start:
                return path
            if name not in seen:
                seen.add(name)
                stack.append([*path, name])
    return None


def _binding_faults(form: FormDefinition, binding: Binding, place: str) -> Iterator[Fault]:
    grade = form.field(binding.grade)
    if not isinstance(grade, (Grade, Matrix)):
        yield Fault(f"{place}.grade", f"“{binding.grade}”应当是本表单的档次字段或矩阵字段")
    elif isinstance(grade, Matrix) and grade.rows != "targets":
        yield Fault(f"{place}.grade", f"矩阵“{grade.label}”的行应当是测评对象（rows: targets）")
    elif not grade.required:
        yield Fault(f"{place}.grade", f"“{grade.label}”计入测评，应当设为必填")
    if isinstance(grade, Matrix) and binding.target is not None:
        yield Fault(f"{place}.target", "矩阵的每一行就是测评对象，不要再设 target")
    if not isinstance(grade, Matrix):
        yield from _target_faults(form, binding, place)
    period = form.field(binding.period) if binding.period else None
    if binding.period and not (isinstance(period, Date) and period.precision == "month"):
        yield Fault(f"{place}.period", f"“{binding.period}”应当是月份字段（precision: month）")
    if binding.case_when is not None:
        for sentence in check(binding.case_when, form.fact_types(), expects=ValueType.BOOLEAN):
            yield Fault(f"{place}.case_when", sentence)
        for sentence in _literal_faults(form, binding.case_when):
            yield Fault(f"{place}.case_when", sentence)
    for index, key in enumerate(binding.case_fields):
        if form.field(key) is None:
            yield Fault(f"{place}.case_fields[{index}]", f"没有名为“{key}”的字段")


def _target_faults(form: FormDefinition, binding: Binding, place: str) -> Iterator[Fault]:
    target = form.field(binding.target) if binding.target else None
    if not isinstance(target, Picker) or target.of != "target":
        yield Fault(f"{place}.target", "应当写测评对象字段的键（type: picker，of: target）")
    elif not target.required:
        yield Fault(f"{place}.target", f"“{target.label}”决定测评谁，应当设为必填")

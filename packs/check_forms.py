"""The forms of a pack against the rest of it: methods, grades, dictionaries, re-evaluations."""

from __future__ import annotations

from collections.abc import Iterator

from definitions.fault import Fault
from forms.definition import FormDefinition
from forms.fields.dictionary import Dictionary
from forms.fields.grade import Grade
from forms.fields.matrix import Matrix
from packs.parts import Pack, PartKind, placed
from workflow.references import references_of


def form_faults(pack: Pack) -> Iterator[Fault]:
    """Everything that forms name and the pack does not have, and methods whose form does not rate by them."""
    yield from _method_forms(pack)
    for key, form in pack.forms.items():
        path = pack.path_of(PartKind.FORM, key)
        yield from (placed(path, fault) for fault in _binding(form, pack))
        yield from (placed(path, fault) for fault in _fields(form, pack))
    yield from _re_evaluations(pack)


def _method_forms(pack: Pack) -> Iterator[Fault]:
    """Each method has a form whose submission is a rating by it. Source: 方案第五条."""
    for index, method in enumerate(pack.sheet.methods):
        place = f"pack.yaml: methods[{index}].form"
        form = pack.forms.get(method.form)
        if form is None:
            yield Fault(place, f"方案包里没有表单“{method.form}”")
        elif form.binding is None or form.binding.method != method.key:
            yield Fault(place, f"表单“{method.form}”没有绑定测评方式“{method.key}”（binding.method）")


def _binding(form: FormDefinition, pack: Pack) -> Iterator[Fault]:
    if form.binding is None:
        return
    if form.binding.method not in pack.scheme.method_by_key:
        yield Fault("binding.method", f"计分方案里没有测评方式“{form.binding.method}”")
        return
    scale = pack.scheme.scale_of(form.binding.method)
    counted = {grade.key for grade in scale.grades} if scale else set()
    for index, field in enumerate(form.fields):
        if field.key == form.binding.grade and isinstance(field, Grade | Matrix):
            offered = {option.key for option in field.options}
            for number, option in enumerate(field.options):
                if option.key not in counted:
                    place = f"fields[{index}].options[{number}].key"
                    yield Fault(place, f"计分方案里没有档次“{option.key}”")
            missing = [grade.name for grade in scale.grades if grade.key not in offered] if scale else []
            if missing:
                yield Fault(f"fields[{index}].options", f"缺少计分方案的档次：{'、'.join(missing)}")


def _fields(form: FormDefinition, pack: Pack) -> Iterator[Fault]:
    names = {grade.key: grade.name for grade in pack.sheet.grades}
    for index, field in enumerate(form.fields):
        if isinstance(field, Dictionary) and field.dictionary not in pack.dictionaries:
            yield Fault(f"fields[{index}].dictionary", f"方案包里没有字典“{field.dictionary}”")
        if isinstance(field, Grade):
            for number, option in enumerate(field.options):
                place = f"fields[{index}].options[{number}]"
                if option.key not in names:
                    yield Fault(f"{place}.key", f"封面里没有档次“{option.key}”")
                elif option.name != names[option.key]:
                    yield Fault(f"{place}.name", f"与封面的名称“{names[option.key]}”不一致")


def _re_evaluations(pack: Pack) -> Iterator[Fault]:
    """A form that a step of a workflow fills for a re-evaluation must count as a rating."""
    for key, workflow in pack.workflows.items():
        path = pack.path_of(PartKind.WORKFLOW, key)
        for reference in references_of(workflow).forms:
            form = pack.forms.get(reference.key)
            if form is not None and form.binding is None:
                yield Fault(
                    f"{path}: {reference.place}", f"表单“{reference.key}”没有绑定测评方式，不能用于再评价"
                )

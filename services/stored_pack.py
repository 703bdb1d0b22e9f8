"""The pack in force as one whole, put together from what the office has stored: for checks before publishing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from definitions.fault import Fault
from forms.definition import FormDefinition, load_form
from models.campaign import Definition, DefinitionStatus
from models.roster import Category, Delegate, Target, Unit
from notices.definition import NoticeKind, load_notice_kind
from packs import roster
from packs.calendar_seed import load_calendar_seed
from packs.dictionary import load_dictionary
from packs.parts import Pack, Part, PartKind
from packs.sheet import load_sheet
from scoring.definition import load_scheme
from services.refusal import Refusal
from workflow.definition import Workflow, load_workflow

#: Kind → where such a definition stands in a pack, and how it is read.
_PLACES: Mapping[PartKind, tuple[str, Callable[[Any], Any]]] = {
    PartKind.PACK: ("pack.yaml", load_sheet),
    PartKind.CALENDAR: ("calendar.yaml", load_calendar_seed),
    PartKind.SCHEME: ("scheme.yaml", load_scheme),
    PartKind.WORKFLOW: ("workflows/{key}.yaml", load_workflow),
    PartKind.FORM: ("forms/{key}.yaml", load_form),
    PartKind.NOTICE_KIND: ("notices/{key}.yaml", load_notice_kind),
    PartKind.DICTIONARY: ("dictionaries/{key}.yaml", load_dictionary),
}


def stored_pack(session: Session, pack_key: str) -> Pack:
    """The published definitions of a pack with the office's roster as it is now."""
    rows = session.execute(
        select(Definition)
        .where(Definition.pack_key == pack_key, Definition.status == DefinitionStatus.PUBLISHED)
        .order_by(Definition.kind, Definition.key)
    ).scalars()
    parts = tuple(_part(row) for row in rows)
    by_kind: dict[PartKind, dict[str, Any]] = {kind: {} for kind in PartKind}
    for part in parts:
        by_kind[part.kind][part.key] = part.content
    try:
        return Pack(
            parts=parts,
            sheet=next(iter(by_kind[PartKind.PACK].values())),
            roster=_roster(session),
            calendar=next(iter(by_kind[PartKind.CALENDAR].values())),
            scheme=next(iter(by_kind[PartKind.SCHEME].values())),
            workflows=by_kind[PartKind.WORKFLOW],
            forms=by_kind[PartKind.FORM],
            notices=by_kind[PartKind.NOTICE_KIND],
            dictionaries=by_kind[PartKind.DICTIONARY],
        )
    except StopIteration as error:
        raise Refusal("pack_incomplete", f"方案包“{pack_key}”不完整，请先在“方案包”页重新发布它。") from error


def _part(row: Definition) -> Part:
    kind = PartKind(row.kind.value)
    path, load = _PLACES[kind]
    return Part(path.format(key=row.key), kind, row.body, load(row.body))


def with_form(pack: Pack, data: Mapping[str, Any], form: FormDefinition) -> Pack:
    """The pack with one form in the place of the one of the same key, or added."""
    fresh = Part(f"forms/{form.key}.yaml", PartKind.FORM, dict(data), form)
    return replace(pack, parts=_exchanged(pack.parts, fresh), forms={**pack.forms, form.key: form})


def with_workflow(pack: Pack, data: Mapping[str, Any], workflow: Workflow) -> Pack:
    """The pack with one procedure in the place of the one of the same key, or added."""
    fresh = Part(f"workflows/{workflow.key}.yaml", PartKind.WORKFLOW, dict(data), workflow)
    found = {(part.kind, part.key): part for part in pack.parts}
    found[fresh.kind, fresh.key] = fresh
    return replace(pack, parts=tuple(found.values()), workflows={**pack.workflows, workflow.key: workflow})


def other_uses(pack: Pack, key: str) -> list[str]:
    """Where the rest of the pack names a form: the methods that are rated by it, the steps that fill it."""
    from workflow.references import references_of

    uses = [f"测评方式“{method.name}”用它填报" for method in pack.sheet.methods if method.form == key]
    for workflow in pack.workflows.values():
        named = [reference.place for reference in references_of(workflow).forms if reference.key == key]
        uses += [f"流程“{workflow.name}”的{_step(workflow, place)}用它再评价" for place in named]
    return uses


def _step(workflow: Workflow, place: str) -> str:
    """The name of the step or state that a place such as ``triggers[3].effects[1]`` is in."""
    noun, _, rest = place.partition("[")
    index = int(rest.partition("]")[0])
    if noun == "triggers":
        return f"步骤“{workflow.triggers[index].name}”"
    return f"状态“{workflow.states[index].name}”"


def _roster(session: Session) -> roster.Roster:
    """The office's tables as a roster; read by the checks alone, so what the office typed is not judged here."""
    categories = tuple(
        roster.Category.model_construct(key=row.key, name=row.name)
        for row in session.execute(select(Category).order_by(Category.position)).scalars()
    )
    units = tuple(
        roster.Unit.model_construct(key=key, category=category, name=name, active=active)
        for key, category, name, active in session.execute(
            select(Unit.key, Category.key, Unit.name, Unit.active).join(Category)
        )
    )
    targets = tuple(
        roster.Target.model_construct(key=key, unit=unit, name=name, active=active)
        for key, unit, name, active in session.execute(
            select(Target.key, Unit.key, Target.name, Target.active).join(Unit)
        )
    )
    delegates = tuple(
        roster.Delegate.model_construct(key=row.key, name=row.name, group=row.group)
        for row in session.execute(select(Delegate)).scalars()
    )
    return roster.Roster.model_construct(
        key="office", name="名册", version=1, source="", categories=categories, units=units,
        targets=targets, monitors=(), delegates=delegates,
    )  # fmt: skip


def new_faults(before: list[Fault], after: list[Fault]) -> list[Fault]:
    """The faults that a change brings; those that were there already are not its business."""
    known = set(before)
    return [fault for fault in after if fault not in known]


def with_kind(pack: Pack, data: Mapping[str, Any], kind: NoticeKind) -> Pack:
    """The pack with one kind of notice in the place of the one of the same key, or added."""
    fresh = Part(f"notices/{kind.key}.yaml", PartKind.NOTICE_KIND, dict(data), kind)
    return replace(pack, parts=_exchanged(pack.parts, fresh), notices={**pack.notices, kind.key: kind})


def _exchanged(parts: tuple[Part, ...], fresh: Part) -> tuple[Part, ...]:
    places = [(part.kind, part.key) for part in parts]
    if (fresh.kind, fresh.key) not in places:
        return (*parts, fresh)
    at = places.index((fresh.kind, fresh.key))
    return (*parts[:at], fresh, *parts[at + 1 :])

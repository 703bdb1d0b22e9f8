"""A draft of a form becomes the version in force; answers keep the version they were given in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from definitions.fault import DefinitionFaults, Fault
from forms.definition import FormDefinition, load_form
from forms.fields import TYPES
from forms.references import worded
from models.campaign import Definition
from packs.check import check
from packs.diff import changes_between
from services.actor import Actor
from services.answer_drafts import drafts_of_form
from services.definition_publishing import (
    NotReady,
    Outlook,
    campaigns_that_may_adopt,
    issued,
    publish,
    used_by_version,
)
from services.definition_versions import Draft, in_force, versions_of
from services.form_versions import FORM, answers_by_version, draft_of, earlier_types, open_rounds
from services.stored_pack import new_faults, other_uses, stored_pack, with_form

__all__ = ["NotReady", "Outlook", "issued", "outlook", "publish_draft"]


def outlook(session: Session, actor: Actor, key: str) -> Outlook:
    """What publishing the draft of a form would do; nothing is changed."""
    return _outlook(session, draft_of(session, actor, key))


def _outlook(session: Session, draft: Draft) -> Outlook:
    versions = versions_of(session, FORM, draft.pack_key, draft.key)
    faults, sentences = _compared(session, draft, in_force(versions))
    answers = answers_by_version(session, [row.id for row in versions])
    begun = drafts_of_form(session, [row.id for row in versions])
    return Outlook(
        draft=draft,
        faults=tuple(faults),
        sentences=tuple(sentences),
        used=used_by_version(versions, answers),
        uses=tuple(other_uses(stored_pack(session, draft.pack_key), draft.key)),
        campaigns=campaigns_that_may_adopt(session, draft.pack_key),
        rounds=tuple(held.title for held in open_rounds(session, [row.id for row in versions])),
        begun=tuple((row.version, begun[row.id]) for row in versions if row.id in begun),
    )


def _compared(session: Session, draft: Draft, current: Definition | None) -> tuple[list[Fault], list[str]]:
    """Faults of the draft alone, then of the pack with it; and the difference in words."""
    document = issued(draft.document, version=draft.version)
    try:
        form = load_form(document)
    except DefinitionFaults as refused:
        return list(refused.faults), []
    pack = stored_pack(session, draft.pack_key)
    changed = with_form(pack, document, form)
    faults = new_faults(check(pack), check(changed))
    faults += _changed_types(form, earlier_types(session, draft.pack_key, draft.key))
    if current is None:
        return faults, []
    before = issued(current.body, version=draft.version)
    return faults, changes_between(worded(before), worded(document))


def _changed_types(form: FormDefinition, earlier: dict[str, str]) -> list[Fault]:
    """A key keeps its type for ever: answers of all versions stand in one column."""
    return [
        Fault(
            f"fields[{index}].key",
            f"以前的版本里，键“{field.key}”是“{TYPES[earlier[field.key]].words}”，请给这个字段换一个键",
        )
        for index, field in enumerate(form.fields)
        if earlier.get(field.key, field.type) != field.type
    ]


def publish_draft(
    session: Session, actor: Actor, key: str, *, seen: str, adopt: Sequence[int] = (), now: datetime
) -> Definition:
    """Publish a draft as the next version; see `services.definition_publishing.publish`."""
    return publish(session, actor, FORM, key, _outlook, seen=seen, adopt=adopt, now=now)

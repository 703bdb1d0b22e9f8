"""A draft becomes the version in force; everything made with an older one keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from definitions.canonical import sha256_of
from definitions.fault import DefinitionFaults, Fault
from forms.definition import FormDefinition, load_form
from forms.edit import Document
from forms.fields import TYPES
from forms.references import worded
from models.campaign import Campaign, CampaignStatus, Definition, DefinitionKind, DefinitionStatus
from packs.check import check
from packs.diff import changes_between
from services.actor import Actor
from services.form_drafts import locked_draft
from services.form_versions import (
    Draft,
    answers_by_version,
    draft_from,
    draft_of,
    earlier_types,
    open_rounds,
    versions_of,
)
from services.history import record
from services.packs import adopt_definitions
from services.refusal import Refusal
from services.stored_pack import new_faults, other_uses, stored_pack, with_form
from services.transaction import transaction


@dataclass(frozen=True)
class Outlook:
    """What publishing a draft would do.

    faults: what has to be mended first. sentences: what changes against the version in force, in words; empty
    for a new form. answers: version → answers that keep it. rounds: titles of running rounds that keep theirs.
    uses: where the rest of the pack names this form. campaigns: those that could take the new version.
    """

    draft: Draft
    faults: tuple[Fault, ...]
    sentences: tuple[str, ...]
    answers: tuple[tuple[int, int], ...]
    rounds: tuple[str, ...]
    uses: tuple[str, ...]
    campaigns: tuple[Campaign, ...]

    @property
    def unchanged(self) -> bool:
        """Whether there is nothing to publish."""
        return self.draft.based_on is not None and not self.sentences


class NotReady(Refusal):
    """A draft with faults; carries what publishing would look like."""

    def __init__(self, outlook: Outlook) -> None:
        super().__init__("form_not_ready", f"还有{len(outlook.faults)}处要改好才能发布，没有发布。", 422)
        self.outlook = outlook


def outlook(session: Session, actor: Actor, key: str) -> Outlook:
    """What publishing the draft of a form would do; nothing is changed."""
    return _outlook(session, draft_of(session, actor, key))


def _outlook(session: Session, draft: Draft) -> Outlook:
    versions = versions_of(session, draft.pack_key, draft.key)
    in_force = next((row for row in versions if row.status is DefinitionStatus.PUBLISHED), None)
    faults, sentences = _compared(session, draft, in_force)
    counted = answers_by_version(session, [row.id for row in versions])
    campaigns = session.execute(
        select(Campaign)
        .where(Campaign.pack_key == draft.pack_key, Campaign.status != CampaignStatus.CLOSED)
        .order_by(Campaign.id)
    ).scalars()
    return Outlook(
        draft=draft,
        faults=tuple(faults),
        sentences=tuple(sentences),
        answers=tuple((row.version, counted[row.id]) for row in versions if row.id in counted),
        rounds=tuple(held.title for held in open_rounds(session, [row.id for row in versions])),
        uses=tuple(other_uses(stored_pack(session, draft.pack_key), draft.key)),
        campaigns=tuple(campaigns),
    )


def _compared(session: Session, draft: Draft, in_force: Definition | None) -> tuple[list[Fault], list[str]]:
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
    if in_force is None:
        return faults, []
    before = issued(in_force.body, version=draft.version)
    return faults, changes_between(worded(before), worded(document))


def issued(document: Document, *, version: int) -> Document:
    """The document as it is published: with the version it gets."""
    return {**document, "version": version}


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
    """Publish a draft as the next version; the one in force is retired, the link for trying dies.

    adopt: campaigns that use the new version from now on; others keep theirs. Raises DraftChanged, NotReady,
    or a Refusal when nothing was changed.
    """
    draft_of(session, actor, key)
    with transaction(session):
        row = locked_draft(session, key, seen)
        draft = draft_from(row)
        found = _outlook(session, draft)
        if found.faults:
            raise NotReady(found)
        if found.unchanged:
            raise Refusal("form_unchanged", "草稿和已发布的版本完全一样，不用发布；可以删去草稿。", 409)
        _issue(session, row, draft, now)
        _log(session, actor, row, found, now)
        known = {campaign.id for campaign in found.campaigns}
        for campaign_id in dict.fromkeys(adopt):
            if campaign_id not in known:
                raise Refusal("no_campaign", "选中的活动已经截止或不属于这个方案包，请重新选择。", 422)
            adopt_definitions(session, actor, campaign_id, now=now)
    return row


def _issue(session: Session, row: Definition, draft: Draft, now: datetime) -> None:
    versions = versions_of(session, draft.pack_key, draft.key)
    version = (versions[0].version if versions else 0) + 1
    session.execute(
        update(Definition)
        .where(
            Definition.pack_key == draft.pack_key,
            Definition.kind == DefinitionKind.FORM,
            Definition.key == draft.key,
            Definition.status == DefinitionStatus.PUBLISHED,
        )
        .values(status=DefinitionStatus.RETIRED)
    )
    body = issued(draft.document, version=version)
    row.version, row.body, row.sha256 = version, body, sha256_of(body)
    row.name, row.status, row.published_at = str(body["name"])[:200], DefinitionStatus.PUBLISHED, now
    session.flush()


def _log(session: Session, actor: Actor, row: Definition, found: Outlook, now: datetime) -> None:
    payload: dict[str, Any] = {
        "version": row.version,
        "changes": list(found.sentences),
        "answers": [list(pair) for pair in found.answers],
    }
    record(session, actor, "form.published", object_kind="form", object_id=row.key, payload=payload, now=now)

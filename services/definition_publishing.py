"""A draft becomes the version in force; everything made with an older one keeps it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from definitions.canonical import sha256_of
from definitions.fault import Fault
from models.campaign import Campaign, CampaignStatus, Definition, DefinitionStatus
from services.actor import Actor
from services.definition_drafts import locked_draft, log
from services.definition_versions import Craft, Document, Draft, draft_from, draft_of, versions_of
from services.packs import adopt_definitions
from services.refusal import Refusal
from services.transaction import transaction
from services.trial_answers import forget_trials


@dataclass(frozen=True)
class Outlook:
    """What publishing a draft would do.

    faults: what has to be mended first. sentences: what changes against the version in force, in words; empty
    for a new one. used: (version, how often it was used and is kept). uses: where the rest of the pack names
    this definition. campaigns: those that could take the new version. rounds: titles of running rounds that
    keep theirs.
    """

    draft: Draft
    faults: tuple[Fault, ...]
    sentences: tuple[str, ...]
    used: tuple[tuple[int, int], ...]
    uses: tuple[str, ...]
    campaigns: tuple[Campaign, ...]
    rounds: tuple[str, ...] = ()
    #: Version → drafts that people have begun in it and not handed in; they go on in it.
    begun: tuple[tuple[int, int], ...] = ()

    @property
    def unchanged(self) -> bool:
        """Whether there is nothing to publish."""
        return self.draft.based_on is not None and not self.sentences


class NotReady(Refusal):
    """A draft with faults; carries what publishing would look like."""

    def __init__(self, craft: Craft, outlook: Outlook) -> None:
        sentence = f"还有{len(outlook.faults)}处要改好才能发布，没有发布。"
        super().__init__(f"{craft.word}_not_ready", sentence, 422)
        self.outlook = outlook


#: Looks at a draft and says what publishing it would do.
Look = Callable[[Session, Draft], Outlook]


def used_by_version(versions: Sequence[Definition], used: Mapping[int, int]) -> tuple[tuple[int, int], ...]:
    """(version, how often it was used), of the versions that were."""
    return tuple((row.version, used[row.id]) for row in versions if row.id in used)


def campaigns_that_may_adopt(session: Session, pack_key: str) -> tuple[Campaign, ...]:
    """Campaigns under the pack that are not closed."""
    return tuple(
        session.execute(
            select(Campaign)
            .where(Campaign.pack_key == pack_key, Campaign.status != CampaignStatus.CLOSED)
            .order_by(Campaign.id)
        ).scalars()
    )


def issued(document: Document, *, version: int) -> Document:
    """The document as it is published: with the version it gets."""
    return {**document, "version": version}


def publish(
    session: Session,
    actor: Actor,
    craft: Craft,
    key: str,
    look: Look,
    *,
    seen: str,
    adopt: Sequence[int] = (),
    now: datetime,
) -> Definition:
    """Publish a draft as the next version; the one in force is retired, the link for trying dies.

    adopt: campaigns that use the new version from now on; others keep theirs. Raises DraftChanged, NotReady,
    or a Refusal when nothing was changed.
    """
    draft_of(session, actor, craft, key)
    with transaction(session):
        row = locked_draft(session, craft, key, seen)
        draft = draft_from(row)
        found = look(session, draft)
        if found.faults:
            raise NotReady(craft, found)
        if found.unchanged:
            raise Refusal(
                f"{craft.word}_unchanged", "草稿和已发布的版本完全一样，不用发布；可以删去草稿。", 409
            )
        _issue(session, craft, row, draft, now)
        _log(session, actor, craft, row, found, now)
        known = {campaign.id for campaign in found.campaigns}
        for campaign_id in dict.fromkeys(adopt):
            if campaign_id not in known:
                raise Refusal("no_campaign", "选中的活动已经截止或不属于这个方案包，请重新选择。", 422)
            adopt_definitions(session, actor, campaign_id, now=now)
    return row


def _issue(session: Session, craft: Craft, row: Definition, draft: Draft, now: datetime) -> None:
    forget_trials(session, row.id)
    versions = versions_of(session, craft, draft.pack_key, draft.key)
    version = (versions[0].version if versions else 0) + 1
    session.execute(
        update(Definition)
        .where(
            Definition.pack_key == draft.pack_key,
            Definition.kind == craft.kind,
            Definition.key == draft.key,
            Definition.status == DefinitionStatus.PUBLISHED,
        )
        .values(status=DefinitionStatus.RETIRED)
    )
    body = issued(draft.document, version=version)
    row.version, row.body, row.sha256 = version, body, sha256_of(body)
    row.name, row.status, row.published_at = str(body["name"])[:200], DefinitionStatus.PUBLISHED, now
    session.flush()


def _log(
    session: Session, actor: Actor, craft: Craft, row: Definition, found: Outlook, now: datetime
) -> None:
    payload: dict[str, Any] = {
        "version": row.version,
        "changes": list(found.sentences),
        "used": [list(pair) for pair in found.used],
    }
    log(session, actor, craft, "published", row.key, payload, now)

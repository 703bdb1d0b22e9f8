"""A draft of a procedure becomes the version in force; cases that run keep theirs until they are moved on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from definitions.fault import Fault
from models.campaign import Campaign, Definition
from packs.diff import changes_between
from services.actor import Actor
from services.definition_publishing import NotReady, Outlook, campaigns_that_may_adopt, issued, publish
from services.definition_versions import Draft, in_force, versions_of
from services.history import record
from services.procedure_checks import StoryResult, inspected, office_calendar, story_results
from services.procedure_versions import PROCEDURE, CaseCount, case_counts, draft_of
from services.refusal import Refusal
from services.transaction import transaction

__all__ = ["NotReady", "ProcedureOutlook", "outlook", "publish_draft"]


@dataclass(frozen=True)
class ProcedureOutlook(Outlook):
    """What publishing a procedure would do.

    stories: how each story ended; one that ends otherwise than it says is among the faults. cases: for each version
    the cases that keep it.
    """

    stories: tuple[StoryResult, ...] = ()
    cases: tuple[CaseCount, ...] = ()


def outlook(session: Session, actor: Actor, key: str) -> ProcedureOutlook:
    """What publishing the draft of a procedure would do; nothing is changed."""
    return _outlook(session, draft_of(session, actor, key))


def _outlook(session: Session, draft: Draft) -> ProcedureOutlook:
    found = inspected(session, draft)
    versions = versions_of(session, PROCEDURE, draft.pack_key, draft.key)
    faults = list(found.faults)
    stories: tuple[StoryResult, ...] = ()
    if not faults:
        stories = story_results(found.workflow, office_calendar(session))
        faults += [
            Fault(
                f"stories[{index}]", f"回归用例“{story.name}”没有按预期结束：{'；'.join(story.differences)}"
            )
            for index, story in enumerate(stories)
            if story.differences
        ]
    current = in_force(versions)
    document = issued(draft.document, version=draft.version)
    before = issued(current.body, version=draft.version) if current is not None else None
    return ProcedureOutlook(
        draft=draft,
        faults=tuple(faults),
        sentences=tuple(changes_between(before, document)) if before is not None else (),
        used=tuple((count.version, count.cases) for count in case_counts(session, versions)),
        uses=(),
        campaigns=tuple(
            campaign
            for campaign in campaigns_that_may_adopt(session, draft.pack_key)
            if campaign.workflow.key == draft.key
        ),
        stories=stories,
        cases=case_counts(session, versions),
    )


def publish_draft(
    session: Session, actor: Actor, key: str, *, seen: str, adopt: Sequence[int] = (), now: datetime
) -> Definition:
    """Publish a draft as the next version; see `services.definition_publishing.publish`.

    adopt: campaigns whose new cases begin under the new version from now on. Cases that run keep theirs.
    """
    with transaction(session):
        row = publish(session, actor, PROCEDURE, key, _outlook, seen=seen, now=now)
        known = {found.id: found for found in campaigns_that_may_adopt(session, row.pack_key)}
        for campaign_id in dict.fromkeys(adopt):
            campaign = known.get(campaign_id)
            if campaign is None or campaign.workflow.key != row.key:
                raise Refusal("no_campaign", "选中的活动已经截止或不用这个流程，请重新选择。", 422)
            _adopt(session, actor, campaign, row, now)
    return row


def _adopt(session: Session, actor: Actor, campaign: Campaign, row: Definition, now: datetime) -> None:
    session.refresh(campaign, with_for_update=True)
    campaign.workflow_id = row.id
    payload = {"procedure": row.key, "version": row.version}
    record(
        session,
        actor,
        "campaign.procedure_adopted",
        object_kind="campaign",
        object_id=campaign.id,
        payload=payload,
        now=now,
    )

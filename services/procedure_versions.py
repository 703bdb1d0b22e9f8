"""What there is of each procedure: its versions, its draft, the cases that run under them, and what its words mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.campaign import Campaign, Definition, DefinitionKind
from models.case import Case
from packs.parts import Pack
from scoring.definition import Scheme
from scoring.vocabulary import Ladder
from services import definition_versions as stored
from services.actor import Actor
from services.definition_versions import Craft, DefinitionLine, Draft, may_design, office_pack, versions_of
from workflow.regulation import Names

#: Procedures as something made in the browser.
PROCEDURE = Craft(
    kind=DefinitionKind.WORKFLOW,
    noun="流程",
    word="procedure",
    lines="triggers",
    setting="workflows",
    reserved=frozenset({"new", "regulation"}),
)


@dataclass(frozen=True)
class CaseCount:
    """How many cases there are under one version: those that still run, and all."""

    version: int
    running: int
    cases: int


def published_version(session: Session, actor: Actor, key: str, version: int) -> Definition:
    """One version of a procedure that was published once."""
    return stored.published_version(session, actor, PROCEDURE, key, version)


def procedure_versions(session: Session, key: str) -> list[Definition]:
    """All versions of a procedure of the office's pack, newest first."""
    return versions_of(session, PROCEDURE, office_pack(session), key)


def draft_of(session: Session, actor: Actor, key: str) -> Draft:
    """The draft of a procedure; 404 when there is none."""
    return stored.draft_of(session, actor, PROCEDURE, key)


def procedure_lines(session: Session, actor: Actor) -> list[DefinitionLine]:
    """Every procedure of the office's pack with its cases, those in force first."""
    may_design(actor, PROCEDURE)
    rows = stored.stored_by_key(session, PROCEDURE, office_pack(session))
    ids = [row.id for found in rows.values() for row in found]
    counted = (
        select(Case.workflow_id, func.count()).where(Case.workflow_id.in_(ids)).group_by(Case.workflow_id)
    )
    cases = {row[0]: row[1] for row in session.execute(counted)}
    using: dict[int, list[str]] = {}
    for campaign in session.execute(select(Campaign).order_by(Campaign.id)).scalars():
        using.setdefault(campaign.workflow_id, []).append(campaign.name)
    lines = stored.definition_lines(session, PROCEDURE, rows, cases)
    return [
        replace(
            line,
            campaigns=tuple(
                dict.fromkeys(
                    [*line.campaigns, *(name for row in rows[line.key] for name in using.get(row.id, ()))]
                )
            ),
        )
        for line in lines
    ]


def case_counts(session: Session, versions: Sequence[Definition]) -> tuple[CaseCount, ...]:
    """For each version that has cases: how many run and how many there are."""
    ids = [row.id for row in versions]
    query = (
        select(Case.workflow_id, func.count(), func.count(Case.ended_at))
        .where(Case.workflow_id.in_(ids))
        .group_by(Case.workflow_id)
    )
    counted = {row[0]: (row[1], row[2]) for row in session.execute(query)}
    return tuple(
        CaseCount(row.version, counted[row.id][0] - counted[row.id][1], counted[row.id][0])
        for row in versions
        if row.id in counted
    )


def names_in(pack: Pack) -> Names:
    """What a pack calls roles, notices and forms, and what its states cost."""
    return Names(
        roles={role.key: role.name for role in pack.sheet.roles},
        notices={key: kind.name for key, kind in pack.notices.items()},
        forms={key: form.name for key, form in pack.forms.items()},
        points=points_in_words(pack.scheme),
        ladder=ladder_in_words(pack.scheme),
        values=_values_in(pack),
    )


def _values_in(pack: Pack) -> Mapping[str, str]:
    channels = pack.dictionaries.get("channels")
    found = {f"category.{category.key}": category.name for category in pack.roster.categories}
    found.update({f"channel.{entry.key}": entry.name for entry in channels.leaves()} if channels else {})
    return found


def points_in_words(scheme: Scheme) -> Mapping[str, str]:
    """State → what it costs, in words."""
    return {tier.state: f"每起扣{tier.points}分" for tier in scheme.pool.tiers} if scheme.pool else {}


def ladder_in_words(scheme: Scheme) -> str:
    """How the deductions of one case count together; empty without deductions."""
    if scheme.pool is None:
        return ""
    if scheme.pool.in_force(scheme) is Ladder.SUM:
        return "一起事项先后到达几个扣分档的，各档扣分相加。"
    return "一起事项先后到达几个扣分档的，只按最高一档扣分，不重复相加。"

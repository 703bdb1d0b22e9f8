"""Packs: published into the database as versions, and campaigns set up under them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from definitions.canonical import sha256_of
from models.base import Base
from models.campaign import (
    CalendarDay,
    CalendarYear,
    Campaign,
    CampaignStatus,
    DayKind,
    Definition,
    DefinitionKind,
    DefinitionStatus,
    DictionaryEntry,
)
from models.people import Role
from models.roster import Category, Delegate, Monitor, Target, Unit
from packs.pack import Pack, Part, PartKind
from packs.roster import Roster
from services.actor import Actor
from services.definitions import ids_in_force
from services.history import record
from services.refusal import Refusal
from services.transaction import transaction

#: Files that are definitions; the roster is not, it goes into its own tables.
_KINDS: dict[PartKind, DefinitionKind] = {
    kind: DefinitionKind(kind.value) for kind in PartKind if kind is not PartKind.ROSTER
}


def publish_pack(session: Session, actor: Actor, pack: Pack, *, now: datetime) -> list[Definition]:
    """Publish a checked pack as one: each changed definition becomes a new version, unchanged ones stay.

    What was answered or started under an older version keeps it. Gives the rows that are new.
    """
    actor.require(Role.ADMIN, to="发布方案包")
    with transaction(session):
        new = [
            row for part in pack.parts if part.kind in _KINDS for row in _published(session, pack, part, now)
        ]
        if new:
            record(
                session,
                actor,
                "pack.published",
                object_kind="pack",
                object_id=pack.key,
                payload={"definitions": [f"{row.kind}:{row.key}:{row.version}" for row in new]},
                now=now,
            )
        _seed_dictionaries(session, pack)
        _seed_calendar(session, pack)
    return new


def _published(session: Session, pack: Pack, part: Part, now: datetime) -> list[Definition]:
    kind, digest = _KINDS[part.kind], sha256_of(part.data)
    mine = (Definition.pack_key == pack.key, Definition.kind == kind, Definition.key == part.key)
    # A draft in the builder is not in force, but holds its number.
    issued = (*mine, Definition.status != DefinitionStatus.DRAFT)
    latest = session.execute(
        select(Definition).where(*issued).order_by(Definition.version.desc()).limit(1)
    ).scalar_one_or_none()
    if latest is not None and latest.sha256 == digest and latest.status is DefinitionStatus.PUBLISHED:
        return []
    session.execute(
        update(Definition)
        .where(*mine, Definition.status == DefinitionStatus.PUBLISHED)
        .values(status=DefinitionStatus.RETIRED)
    )
    row = Definition(
        pack_key=pack.key,
        kind=kind,
        key=part.key,
        version=(session.execute(select(func.max(Definition.version)).where(*mine)).scalar() or 0) + 1,
        name=part.name,
        status=DefinitionStatus.PUBLISHED,
        body=part.data,
        sha256=digest,
        created_at=now,
        published_at=now,
    )
    session.add(row)
    session.flush()
    return [row]


def _seed_dictionaries(session: Session, pack: Pack) -> None:
    """Entries that the office does not have yet; what it has edited stays as it is."""
    for dictionary in pack.dictionaries.values():
        held = set(
            session.execute(
                select(DictionaryEntry.key).where(DictionaryEntry.dictionary_key == dictionary.key)
            ).scalars()
        )
        for position, (key, name, parent) in enumerate(dictionary.rows(), start=1):
            if key not in held:
                session.add(
                    DictionaryEntry(
                        dictionary_key=dictionary.key, key=key, name=name, parent=parent, position=position
                    )
                )


def _seed_calendar(session: Session, pack: Pack) -> None:
    """Years that the office does not have yet; a year it has is the office's own business."""
    seed = pack.calendar
    held = set(
        session.execute(select(CalendarYear.year).where(CalendarYear.calendar_key == seed.key)).scalars()
    )
    for year in (*seed.published_years, *seed.provisional_years):
        if year in held:
            continue
        session.add(
            CalendarYear(
                calendar_key=seed.key,
                year=year,
                provisional=year in seed.provisional_years,
                source=seed.source,
            )
        )
        for day in seed.days:
            if day.date.year == year:
                session.add(
                    CalendarDay(
                        calendar_key=seed.key, day=day.date, kind=DayKind(day.kind.value), note=day.name
                    )
                )


def load_roster(session: Session, actor: Actor, pack: Pack, *, now: datetime) -> int:
    """Put the pack's roster into an empty office; gives how many targets. An office with a roster keeps its own."""
    actor.require(Role.ADMIN, to="导入名册")
    roster = pack.roster
    with transaction(session):
        if session.execute(select(func.count()).select_from(Category)).scalar_one():
            return 0
        session.add_all(_roster_rows(roster))
        payload = {"units": len(roster.units), "targets": len(roster.targets)}
        record(
            session, actor, "roster.loaded", object_kind="pack", object_id=pack.key, payload=payload, now=now
        )
    return len(roster.targets)


def _roster_rows(roster: Roster) -> list[Base]:
    categories = {
        row.key: Category(key=row.key, name=row.name, position=position)
        for position, row in enumerate(roster.categories, start=1)
    }
    units = {
        row.key: Unit(
            key=row.key,
            name=row.name,
            category=categories[row.category],
            position=position,
            active=row.active,
        )
        for position, row in enumerate(roster.units, start=1)
    }
    targets = [
        Target(
            key=row.key,
            name=row.name,
            unit=units[row.unit],
            person_in_charge=row.person_in_charge,
            position=position,
            active=row.active,
        )
        for position, row in enumerate(roster.targets, start=1)
    ]
    monitors = [Monitor(**row.model_dump()) for row in roster.monitors]
    delegates = [Delegate(**row.model_dump()) for row in roster.delegates]
    return [*categories.values(), *units.values(), *targets, *monitors, *delegates]


def create_campaign(
    session: Session,
    actor: Actor,
    pack: Pack,
    *,
    key: str,
    name: str,
    starts_on: date,
    ends_on: date,
    public_url: str,
    demonstration: bool,
    now: datetime,
) -> Campaign:
    """Set up one year's campaign under the published pack; it is prepared, not yet open."""
    actor.require(Role.ADMIN, to="建立测评活动")
    if ends_on <= starts_on:
        raise Refusal("campaign_dates", "结束日期应晚于开始日期。", 422)
    with transaction(session):
        if session.execute(select(Campaign.id).where(Campaign.key == key)).first():
            raise Refusal("campaign_exists", f"代号为“{key}”的活动已经存在，请换一个代号。", 422)
        workflow = next(iter(pack.workflows))
        campaign = Campaign(
            key=key,
            name=name,
            year=starts_on.year,
            starts_on=starts_on,
            ends_on=ends_on,
            status=CampaignStatus.PREPARED,
            pack_key=pack.key,
            scheme_id=_in_force(session, pack.key, DefinitionKind.SCHEME, pack.scheme.key),
            workflow_id=_in_force(session, pack.key, DefinitionKind.WORKFLOW, workflow),
            settings={
                **pack.campaign_settings(),
                "public_url": public_url.rstrip("/"),
                "forms": ids_in_force(session, pack.key, DefinitionKind.FORM),
                "notice_kinds": ids_in_force(session, pack.key, DefinitionKind.NOTICE_KIND),
            },
            demonstration=demonstration,
            ranks=bool(pack.sheet.methods),
            created_at=now,
        )
        session.add(campaign)
        session.flush()
        record(
            session,
            actor,
            "campaign.created",
            object_kind="campaign",
            object_id=campaign.id,
            payload={"key": key, "name": name, "pack": pack.key},
            now=now,
        )
    return campaign


def set_campaign_status(
    session: Session, actor: Actor, campaign_id: int, status: CampaignStatus, *, now: datetime
) -> Campaign:
    """Open a prepared campaign, close an open one (and open it again, which stays in the log)."""
    actor.require(Role.ADMIN, Role.HEAD, to="启动或截止测评活动")
    with transaction(session):
        campaign = session.get_one(Campaign, campaign_id, with_for_update=True, populate_existing=True)
        record(
            session,
            actor,
            "campaign.status_set",
            object_kind="campaign",
            object_id=campaign.id,
            payload={"from": campaign.status.value, "to": status.value},
            now=now,
        )
        campaign.status = status
    return campaign


def adopt_definitions(session: Session, actor: Actor, campaign_id: int, *, now: datetime) -> Campaign:
    """Let a campaign use the forms and notices published since it was set up.

    Ratings made and notices issued keep the version they were made with.
    """
    actor.require(Role.ADMIN, to="更新活动所用的定义")
    with transaction(session):
        campaign = session.get_one(Campaign, campaign_id, with_for_update=True, populate_existing=True)
        found = {
            "forms": ids_in_force(session, campaign.pack_key, DefinitionKind.FORM),
            "notice_kinds": ids_in_force(session, campaign.pack_key, DefinitionKind.NOTICE_KIND),
        }
        campaign.settings = {**campaign.settings, **found}
        record(
            session,
            actor,
            "campaign.definitions_adopted",
            object_kind="campaign",
            object_id=campaign.id,
            payload=found,
            now=now,
        )
    return campaign


def _in_force(session: Session, pack_key: str, kind: DefinitionKind, key: str) -> int:
    found = ids_in_force(session, pack_key, kind)
    if key not in found:
        raise Refusal("definition_missing", f"方案包“{pack_key}”中没有已发布的定义“{key}”，请先发布方案包。")
    return found[key]


def settings_of(campaign: Campaign, key: str) -> Any:
    """One of the pack's settings as this campaign froze it."""
    return campaign.settings[key]

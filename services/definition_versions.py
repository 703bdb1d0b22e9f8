"""What there is of a definition that is made in the browser: its versions, its draft, and how both are used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from definitions.canonical import sha256_of
from models.campaign import Campaign, Definition, DefinitionKind, DefinitionStatus, newest_first
from models.people import Role
from services.actor import Actor
from services.refusal import Refusal, not_found

Document = dict[str, Any]


@dataclass(frozen=True)
class Craft:
    """One kind of definition that is made in the browser.

    noun: what people call one. word: before its acts in the log and its refusals. lines: the setting whose list
    is edited line by line. setting: where a campaign keeps which version it uses. reserved: keys that addresses
    of its pages need.
    """

    kind: DefinitionKind
    noun: str
    word: str
    lines: str
    setting: str
    reserved: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Draft:
    """A definition being made.

    document: its plain data. seen: what a page must hand back so that nobody's change is lost.
    based_on: the version it was opened from, None for a new one. by, at, words: the last change.
    undo, redo: what the next step back or forth would be, in words; empty for none. token: of its secret link.
    """

    id: int
    pack_key: str
    key: str
    version: int
    document: Document
    seen: str
    based_on: int | None
    by: str
    at: datetime
    words: str
    undo: str
    redo: str
    token: str

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self.document.get("name") or self.key)


def may_design(actor: Actor, craft: Craft) -> None:
    """Only the administrator makes definitions."""
    actor.require(Role.ADMIN, to=f"设计{craft.noun}")


def office_pack(session: Session) -> str:
    """The pack whose definitions are made here: that of the newest campaign, else the newest one published."""
    newest = select(Campaign.pack_key).order_by(*newest_first()).limit(1)
    found = session.execute(newest).scalar_one_or_none()
    if found is None:
        sheet = select(Definition.pack_key).where(Definition.kind == DefinitionKind.PACK)
        found = session.execute(sheet.order_by(Definition.id.desc()).limit(1)).scalar_one_or_none()
    if found is None:
        raise Refusal("no_pack", "还没有发布方案包，请先在“方案包”页发布一个，再来设计。", 404)
    return found


def versions_of(session: Session, craft: Craft, pack_key: str, key: str) -> list[Definition]:
    """All versions that are no drafts, newest first."""
    return list(
        session.execute(
            select(Definition)
            .where(
                Definition.pack_key == pack_key,
                Definition.kind == craft.kind,
                Definition.key == key,
                Definition.status != DefinitionStatus.DRAFT,
            )
            .order_by(Definition.version.desc())
        ).scalars()
    )


def in_force(versions: Sequence[Definition]) -> Definition | None:
    """The version that is published and not retired."""
    return next((row for row in versions if row.status is DefinitionStatus.PUBLISHED), None)


def published_version(session: Session, actor: Actor, craft: Craft, key: str, version: int) -> Definition:
    """One version that was published once."""
    may_design(actor, craft)
    for row in versions_of(session, craft, office_pack(session), key):
        if row.version == version:
            return row
    raise not_found("这个版本")


def draft_of(session: Session, actor: Actor, craft: Craft, key: str) -> Draft:
    """The draft of a definition; 404 when there is none."""
    may_design(actor, craft)
    row = draft_row(session, craft, office_pack(session), key)
    if row is None:
        raise not_found(f"这个{craft.noun}的草稿")
    return draft_from(row)


def draft_row(
    session: Session, craft: Craft, pack_key: str, key: str, *, lock: bool = False
) -> Definition | None:
    """The stored draft."""
    query = select(Definition).where(
        Definition.pack_key == pack_key,
        Definition.kind == craft.kind,
        Definition.key == key,
        Definition.status == DefinitionStatus.DRAFT,
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.execute(query).scalars().first()


def draft_from(row: Definition) -> Draft:
    """A stored draft as pages want it."""
    body = row.body
    return Draft(
        id=row.id,
        pack_key=row.pack_key,
        key=row.key,
        version=row.version,
        document=body["document"],
        seen=sha256_of(body["document"]),
        based_on=body["based_on"],
        by=body["by"],
        at=datetime.fromisoformat(body["at"]),
        words=body["words"],
        undo=body["past"][-1]["words"] if body["past"] else "",
        redo=body["future"][-1]["words"] if body["future"] else "",
        token=body["token"],
    )


@dataclass(frozen=True)
class DefinitionLine:
    """One definition in the list.

    published: the version in force, None for one that never was. draft: the draft, if there is one.
    versions: how many were published. used: how often any version was. campaigns: names of those that use it.
    """

    key: str
    name: str
    published: Definition | None
    draft: Draft | None
    versions: int
    used: int
    campaigns: tuple[str, ...]


def stored_by_key(session: Session, craft: Craft, pack_key: str) -> dict[str, list[Definition]]:
    """Key → all its rows, drafts too, oldest first."""
    rows: dict[str, list[Definition]] = {}
    for row in session.execute(
        select(Definition)
        .where(Definition.pack_key == pack_key, Definition.kind == craft.kind)
        .order_by(Definition.id)
    ).scalars():
        rows.setdefault(row.key, []).append(row)
    return rows


def definition_lines(
    session: Session, craft: Craft, rows: Mapping[str, Sequence[Definition]], used: Mapping[int, int]
) -> list[DefinitionLine]:
    """Every definition, those in force first. used: id of a version → how often it was."""
    campaigns = list(session.execute(select(Campaign)).scalars())
    lines = [_line(craft, key, found, used, campaigns) for key, found in rows.items()]
    return sorted(lines, key=lambda line: line.published is None)


def _line(
    craft: Craft, key: str, rows: Sequence[Definition], used: Mapping[int, int], campaigns: Sequence[Campaign]
) -> DefinitionLine:
    drafts = [row for row in rows if row.status is DefinitionStatus.DRAFT]
    issued = [row for row in rows if row.status is not DefinitionStatus.DRAFT]
    live = [row for row in issued if row.status is DefinitionStatus.PUBLISHED]
    named = (live or drafts or issued)[-1]
    return DefinitionLine(
        key=key,
        name=named.name,
        published=live[-1] if live else None,
        draft=draft_from(drafts[0]) if drafts else None,
        versions=len(issued),
        used=sum(used.get(row.id, 0) for row in rows),
        campaigns=tuple(
            campaign.name
            for campaign in campaigns
            if campaign.pack_key == named.pack_key and key in campaign.settings.get(craft.setting, {})
        ),
    )

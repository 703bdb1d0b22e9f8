"""What there is of each form: its versions, its draft, and how both are used."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forms.edit import digest
from models.campaign import Campaign, Definition, DefinitionKind, DefinitionStatus
from models.people import Role
from models.rating import BallotRound, Rating
from services.actor import Actor
from services.refusal import Refusal, not_found

Document = dict[str, Any]


@dataclass(frozen=True)
class Draft:
    """A form being made.

    document: its plain data. seen: what a page must hand back so that nobody's change is lost.
    based_on: the version it was opened from, None for a new form. by, at, words: the last change.
    undo, redo: what the next step back or forth would be, in words; empty for none.
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
        """The form's name."""
        return str(self.document.get("name") or self.key)


def may_design(actor: Actor) -> None:
    """Only the administrator makes forms."""
    actor.require(Role.ADMIN, to="设计表单")


def office_pack(session: Session) -> str:
    """The pack whose forms are made here: that of the newest campaign, else the newest one published."""
    newest = select(Campaign.pack_key).order_by(Campaign.year.desc(), Campaign.id.desc()).limit(1)
    found = session.execute(newest).scalar_one_or_none()
    if found is None:
        sheet = select(Definition.pack_key).where(Definition.kind == DefinitionKind.PACK)
        found = session.execute(sheet.order_by(Definition.id.desc()).limit(1)).scalar_one_or_none()
    if found is None:
        raise Refusal("no_pack", "还没有发布方案包，请先在“方案包”页发布一个，再来设计表单。", 404)
    return found


def versions_of(session: Session, pack_key: str, key: str) -> list[Definition]:
    """All versions of a form that are no drafts, newest first."""
    return list(
        session.execute(
            select(Definition)
            .where(
                Definition.pack_key == pack_key,
                Definition.kind == DefinitionKind.FORM,
                Definition.key == key,
                Definition.status != DefinitionStatus.DRAFT,
            )
            .order_by(Definition.version.desc())
        ).scalars()
    )


def published_version(session: Session, actor: Actor, key: str, version: int) -> Definition:
    """One version of a form that was published once."""
    may_design(actor)
    for row in versions_of(session, office_pack(session), key):
        if row.version == version:
            return row
    raise not_found("这个版本")


def earlier_types(session: Session, pack_key: str, key: str) -> dict[str, str]:
    """Field key → type in the versions there were; a key never gets another type."""
    return {
        field["key"]: field["type"]
        for row in reversed(versions_of(session, pack_key, key))
        for field in row.body.get("fields", ())
    }


def draft_of(session: Session, actor: Actor, key: str) -> Draft:
    """The draft of a form; 404 when there is none."""
    may_design(actor)
    row = draft_row(session, office_pack(session), key)
    if row is None:
        raise not_found("这个表单的草稿")
    return draft_from(row)


def draft_by_token(session: Session, token: str) -> Draft:
    """The draft behind a link for trying it out; the link dies with the draft."""
    rows = session.execute(
        select(Definition).where(
            Definition.kind == DefinitionKind.FORM, Definition.status == DefinitionStatus.DRAFT
        )
    ).scalars()
    for row in rows:
        if secrets.compare_digest(str(row.body.get("token", "")).encode(), token.encode()):
            return draft_from(row)
    raise not_found("这个试填的表单；它可能已经发布或删去草稿")


def draft_row(session: Session, pack_key: str, key: str, *, lock: bool = False) -> Definition | None:
    """The stored draft of a form."""
    query = select(Definition).where(
        Definition.pack_key == pack_key,
        Definition.kind == DefinitionKind.FORM,
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
        seen=digest(body["document"]),
        based_on=body["based_on"],
        by=body["by"],
        at=datetime.fromisoformat(body["at"]),
        words=body["words"],
        undo=body["past"][-1]["words"] if body["past"] else "",
        redo=body["future"][-1]["words"] if body["future"] else "",
        token=body["token"],
    )


@dataclass(frozen=True)
class FormLine:
    """One form in the list.

    published: the version in force, None for a form that never was. draft: the draft, if there is one.
    versions: how many were published. answers: made with any version. campaigns: names of those that use it.
    """

    key: str
    name: str
    published: Definition | None
    draft: Draft | None
    versions: int
    answers: int
    campaigns: tuple[str, ...]


def form_lines(session: Session, actor: Actor) -> list[FormLine]:
    """Every form of the office's pack, those in force first."""
    may_design(actor)
    pack_key = office_pack(session)
    rows: dict[str, list[Definition]] = {}
    for row in session.execute(
        select(Definition)
        .where(Definition.pack_key == pack_key, Definition.kind == DefinitionKind.FORM)
        .order_by(Definition.id)
    ).scalars():
        rows.setdefault(row.key, []).append(row)
    answers = answers_by_version(session, [row.id for found in rows.values() for row in found])
    campaigns = list(session.execute(select(Campaign).where(Campaign.pack_key == pack_key)).scalars())
    lines = [_line(key, found, answers, campaigns) for key, found in rows.items()]
    return sorted(lines, key=lambda line: line.published is None)


def _line(
    key: str, rows: Sequence[Definition], answers: dict[int, int], campaigns: Sequence[Campaign]
) -> FormLine:
    drafts = [row for row in rows if row.status is DefinitionStatus.DRAFT]
    issued = [row for row in rows if row.status is not DefinitionStatus.DRAFT]
    in_force = [row for row in issued if row.status is DefinitionStatus.PUBLISHED]
    named = (in_force or drafts or issued)[-1]
    return FormLine(
        key=key,
        name=named.name,
        published=in_force[-1] if in_force else None,
        draft=draft_from(drafts[0]) if drafts else None,
        versions=len(issued),
        answers=sum(answers.get(row.id, 0) for row in rows),
        campaigns=tuple(c.name for c in campaigns if key in c.settings.get("forms", {})),
    )


def answers_by_version(session: Session, ids: Sequence[int]) -> dict[int, int]:
    """Id of a version → ratings made with it, revised and voided ones too."""
    counted = select(Rating.form_id, func.count()).where(Rating.form_id.in_(ids)).group_by(Rating.form_id)
    return {row[0]: row[1] for row in session.execute(counted)}


def open_rounds(session: Session, ids: Sequence[int]) -> list[BallotRound]:
    """Rounds of secret ballots that still run with one of these versions."""
    return list(
        session.execute(
            select(BallotRound)
            .where(BallotRound.form_id.in_(ids), BallotRound.closed_at.is_(None))
            .order_by(BallotRound.id)
        ).scalars()
    )


def dictionary_names(session: Session, pack_key: str) -> dict[str, str]:
    """Key → name of the dictionaries a field can offer."""
    rows = session.execute(
        select(Definition.key, Definition.name)
        .where(
            Definition.pack_key == pack_key,
            Definition.kind == DefinitionKind.DICTIONARY,
            Definition.status == DefinitionStatus.PUBLISHED,
        )
        .order_by(Definition.name)
    )
    return {row.key: row.name for row in rows}


def sheet_of(session: Session, pack_key: str) -> Document:
    """The pack's cover in force, as plain data; empty when there is none."""
    found = session.execute(
        select(Definition.body).where(
            Definition.pack_key == pack_key,
            Definition.kind == DefinitionKind.PACK,
            Definition.status == DefinitionStatus.PUBLISHED,
        )
    ).scalars()
    return next(iter(found), {})

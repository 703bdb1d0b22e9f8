"""What there is of each kind of notice: its versions, its draft, who issues it, how many were issued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.campaign import Definition, DefinitionKind
from models.notice import Notice
from packs.provision import Issuer, issuers_of
from services import definition_versions as stored
from services.actor import Actor
from services.definition_versions import Craft, DefinitionLine, Draft, may_design, office_pack, versions_of
from services.refusal import not_found
from services.stored_pack import stored_pack

#: Kinds of notices as something made in the browser; `new` is an address of the designer itself.
KIND = Craft(
    kind=DefinitionKind.NOTICE_KIND,
    noun="文书",
    word="notice_kind",
    lines="body",
    setting="notice_kinds",
    reserved=frozenset({"new"}),
)


@dataclass(frozen=True)
class KindLine:
    """One kind in the list, with the places of the pack that issue it."""

    line: DefinitionLine
    issuers: tuple[Issuer, ...]


def published_version(session: Session, actor: Actor, key: str, version: int) -> Definition:
    """One version of a kind that was published once."""
    return stored.published_version(session, actor, KIND, key, version)


def draft_of(session: Session, actor: Actor, key: str) -> Draft:
    """The draft of a kind; 404 when there is none."""
    return stored.draft_of(session, actor, KIND, key)


def kind_versions(session: Session, actor: Actor, key: str) -> list[Definition]:
    """All versions of a kind of the office's pack, newest first."""
    may_design(actor, KIND)
    return versions_of(session, KIND, office_pack(session), key)


def kind_lines(session: Session, actor: Actor) -> list[KindLine]:
    """Every kind of the office's pack with who issues it, those in force first."""
    may_design(actor, KIND)
    pack_key = office_pack(session)
    rows = stored.stored_by_key(session, KIND, pack_key)
    issued = issued_by_version(session, [row.id for found in rows.values() for row in found])
    pack = stored_pack(session, pack_key)
    return [
        KindLine(line, issuers_of(pack, line.key))
        for line in stored.definition_lines(session, KIND, rows, issued)
    ]


def kind_line(session: Session, actor: Actor, key: str) -> KindLine:
    """One kind of that list; 404 when there is none."""
    for line in kind_lines(session, actor):
        if line.line.key == key:
            return line
    raise not_found("这种文书")


def issued_by_version(session: Session, ids: Sequence[int]) -> dict[int, int]:
    """Id of a version → notices issued in it, voided ones too."""
    counted = select(Notice.kind_id, func.count()).where(Notice.kind_id.in_(ids)).group_by(Notice.kind_id)
    return {row[0]: row[1] for row in session.execute(counted)}


def issuers_in_force(session: Session, key: str) -> tuple[Issuer, ...]:
    """The places of the office's pack that issue a kind."""
    return issuers_of(stored_pack(session, office_pack(session)), key)


def series_names(session: Session) -> dict[str, str]:
    """Key → name of the numbering series that notices of the office's pack can be numbered in."""
    sheet = stored_pack(session, office_pack(session)).sheet
    return {entry.key: f"{entry.prefix}（{entry.name}）" for entry in sheet.series if entry.key != "case"}

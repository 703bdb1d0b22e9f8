"""What there is of each form: its versions, its draft, and how both are used."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.campaign import Definition, DefinitionKind, DefinitionStatus
from models.collection import Answer
from models.rating import BallotRound, Rating
from services import definition_versions as stored
from services.actor import Actor
from services.definition_versions import (
    Craft,
    DefinitionLine,
    Document,
    Draft,
    draft_from,
    may_design,
    office_pack,
    versions_of,
)
from services.refusal import not_found

#: Forms as something made in the browser; `new` and `try` are addresses of the builder itself.
FORM = Craft(
    kind=DefinitionKind.FORM,
    noun="表单",
    word="form",
    lines="fields",
    setting="forms",
    reserved=frozenset({"new", "try"}),
)


def published_version(session: Session, actor: Actor, key: str, version: int) -> Definition:
    """One version of a form that was published once."""
    return stored.published_version(session, actor, FORM, key, version)


def form_versions(session: Session, key: str) -> list[Definition]:
    """All versions of a form of the office's pack, newest first."""
    return versions_of(session, FORM, office_pack(session), key)


def draft_of(session: Session, actor: Actor, key: str) -> Draft:
    """The draft of a form; 404 when there is none."""
    return stored.draft_of(session, actor, FORM, key)


def form_lines(session: Session, actor: Actor) -> list[DefinitionLine]:
    """Every form of the office's pack with its answers, those in force first."""
    may_design(actor, FORM)
    rows = stored.stored_by_key(session, FORM, office_pack(session))
    answers = answers_by_version(session, [row.id for found in rows.values() for row in found])
    return stored.definition_lines(session, FORM, rows, answers)


def earlier_types(session: Session, pack_key: str, key: str) -> dict[str, str]:
    """Field key → type in the versions there were; a key never gets another type."""
    return {
        field["key"]: field["type"]
        for row in reversed(versions_of(session, FORM, pack_key, key))
        for field in row.body.get("fields", ())
    }


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


def answers_by_version(session: Session, ids: Sequence[int]) -> dict[int, int]:
    """Id of a version → ratings and answers made with it, revised, voided and withdrawn ones too."""
    rated = select(Rating.form_id, func.count()).where(Rating.form_id.in_(ids)).group_by(Rating.form_id)
    # An answer that is a rating is counted as one already.
    received = (
        select(Answer.form_id, func.count())
        .where(Answer.form_id.in_(ids), Answer.rating_id.is_(None))
        .group_by(Answer.form_id)
    )
    found: Counter[int] = Counter()
    for query in (rated, received):
        for form_id, count in session.execute(query):
            found[form_id] += count
    return dict(found)


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

"""Forms as other systems may read them: those whose filled forms the account looks at, or which it fills in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.campaign import Campaign, Definition, DefinitionKind, DefinitionStatus
from services.actor import Actor
from services.answer_filters import READERS
from services.definition_versions import office_pack
from services.form_versions import form_versions
from services.refusal import forbidden, not_found


def readable_forms(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """Key, name, version in force and whether secret, of each form this account may read."""
    wanted = _readable_keys(session, actor)
    rows = session.execute(
        select(Definition)
        .where(
            Definition.pack_key == office_pack(session),
            Definition.kind == DefinitionKind.FORM,
            Definition.status == DefinitionStatus.PUBLISHED,
        )
        .order_by(Definition.key)
    ).scalars()
    return [
        {"key": row.key, "name": row.name, "version": row.version, "secret": bool(row.body.get("anonymous"))}
        for row in rows
        if wanted is None or row.key in wanted
    ]


def readable_form(session: Session, actor: Actor, key: str) -> list[Definition]:
    """All versions of one form, newest first; the same refusal whether it is missing or not theirs."""
    wanted = _readable_keys(session, actor)
    rows = form_versions(session, key) if wanted is None or key in wanted else []
    if not rows:
        raise not_found("这个表单")
    return rows


def readable_version(session: Session, actor: Actor, key: str, version: int) -> Definition:
    """One version of one form; refused as `readable_form`."""
    for row in readable_form(session, actor, key):
        if row.version == version:
            return row
    raise not_found("这个版本")


def _readable_keys(session: Session, actor: Actor) -> frozenset[str] | None:
    """The forms this account may fill in; None for those who read them all."""
    if actor.has(*READERS):
        return None
    campaigns = session.execute(select(Campaign)).scalars()
    keys = frozenset(
        str(method["form"])
        for campaign in campaigns
        for method in campaign.settings["methods"]
        if not method["secret"] and actor.roles & set(method["raters"])
    )
    if not keys:
        raise forbidden("读取表单")
    return keys

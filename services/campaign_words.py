"""What stored keys are called, by the definitions that are or were in force."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.campaign import Campaign, Definition, DefinitionKind


def method_names(session: Session) -> dict[str, str]:
    """Method key to name; the newest campaign's word counts."""
    return _of_campaigns(session, "methods")


def grade_names(session: Session) -> dict[str, str]:
    """Grade key to name."""
    return _of_campaigns(session, "grades")


def state_names(session: Session) -> dict[str, str]:
    """State key to name, in the order of the procedure. Tiers are named like the states that bring them."""
    return _of_workflows(session, "states")


def trigger_names(session: Session) -> dict[str, str]:
    """Trigger key to name."""
    return _of_workflows(session, "triggers")


def kind_names(session: Session) -> dict[str, str]:
    """Notice kind to name."""
    rows = session.execute(
        select(Definition.key, Definition.name)
        .where(Definition.kind == DefinitionKind.NOTICE_KIND)
        .order_by(Definition.version)
    )
    return dict(rows.all())


def _of_campaigns(session: Session, part: str) -> dict[str, str]:
    settings = session.execute(select(Campaign.settings).order_by(Campaign.year, Campaign.id)).scalars()
    return dict(pair for each in settings for pair in _pairs(each.get(part)))


def _of_workflows(session: Session, part: str) -> dict[str, str]:
    bodies = session.execute(
        select(Definition.body).where(Definition.kind == DefinitionKind.WORKFLOW).order_by(Definition.version)
    ).scalars()
    return dict(pair for body in bodies for pair in _pairs(body.get(part)))


def _pairs(entries: Any) -> Iterator[tuple[str, str]]:
    for entry in entries or ():
        yield str(entry["key"]), str(entry["name"])

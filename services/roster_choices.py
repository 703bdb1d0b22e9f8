"""What the office's own pickers and filters offer: units with their targets, problems under their aspects."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.roster import Category, Target, Unit
from services.choices import StoredChoices

#: Heading to (value, words) in order.
Grouped = dict[str, list[tuple[str, str]]]


def targets_by_unit(session: Session, *, by_key: bool = False) -> Grouped:
    """Active targets under the names of their units; the value is the id, or the key for addresses."""
    rows = session.execute(
        select(Target.id, Target.key, Target.name, Unit.name)
        .join(Target.unit)
        .join(Unit.category)
        .where(Target.active, Unit.active)
        .order_by(Category.position, Category.id, Unit.position, Unit.id, Target.position, Target.id)
    )
    found: Grouped = {}
    for number, key, name, unit in rows:
        found.setdefault(unit, []).append((key if by_key else str(number), name))
    return found


def units_by_category(session: Session) -> Grouped:
    """Active units under the names of their categories."""
    rows = session.execute(
        select(Unit.key, Unit.name, Category.name)
        .join(Unit.category)
        .where(Unit.active)
        .order_by(Category.position, Category.id, Unit.position, Unit.id)
    )
    found: Grouped = {}
    for key, name, category in rows:
        found.setdefault(category, []).append((key, name))
    return found


def categories(session: Session) -> list[tuple[str, str]]:
    """Key and name of each category."""
    rows = session.execute(select(Category.key, Category.name).order_by(Category.position, Category.id))
    return [(key, name) for key, name in rows]


def problems_by_aspect(session: Session) -> Grouped:
    """The problem dictionary: entries under the aspect they belong to."""
    found: Grouped = {}
    for entry in StoredChoices(session).entries("dictionary:problems"):
        found.setdefault(entry.group, []).append((entry.key, entry.label))
    return found

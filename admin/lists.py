"""What selects of forms and filters offer, read when a page is made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select

from models.campaign import CalendarYear, Campaign, Definition, DefinitionKind, DictionaryEntry
from models.roster import Category, Monitor, Target, Unit
from portal.database import database
from settings import ROOT

Pairs = Sequence[tuple[str, str]]

PACKS = ROOT / "packs"


def category_choices() -> Pairs:
    """All categories."""
    found = database.session.execute(
        select(Category.id, Category.name).order_by(Category.position, Category.id)
    )
    return [(str(number), name) for number, name in found]


def unit_choices() -> Pairs:
    """All units, closed ones marked by nothing: a closed unit may still own targets."""
    found = database.session.execute(
        select(Unit.id, Unit.name).order_by(Unit.category_id, Unit.position, Unit.id)
    )
    return [(str(number), name) for number, name in found]


def target_choices() -> Pairs:
    """All targets with their unit."""
    found = database.session.execute(
        select(Target.id, Unit.name, Target.name)
        .join(Target.unit)
        .order_by(Unit.category_id, Unit.position, Unit.id, Target.position, Target.id)
    )
    return [(str(number), f"{unit} · {name}") for number, unit, name in found]


def monitor_choices() -> Pairs:
    """All monitors."""
    found = database.session.execute(select(Monitor.id, Monitor.name).order_by(Monitor.name, Monitor.id))
    return [(str(number), name) for number, name in found]


def campaign_choices() -> Pairs:
    """All campaigns, the newest first."""
    found = database.session.execute(
        select(Campaign.id, Campaign.name).order_by(Campaign.year.desc(), Campaign.id.desc())
    )
    return [(str(number), name) for number, name in found]


def entry_choices(dictionary: str) -> Pairs:
    """Open entries of a dictionary by key."""
    found = database.session.execute(
        select(DictionaryEntry.key, DictionaryEntry.name)
        .where(DictionaryEntry.dictionary_key == dictionary, DictionaryEntry.active)
        .order_by(DictionaryEntry.position, DictionaryEntry.id)
    )
    return [(key, name) for key, name in found]


def dictionary_choices() -> Pairs:
    """The dictionaries of the published packs, by name where their definition has one."""
    return list(dictionary_names().items())


def dictionary_names() -> dict[str, str]:
    """Dictionary key to name."""
    names = _definition_names(DefinitionKind.DICTIONARY)
    keys = database.session.execute(select(DictionaryEntry.dictionary_key).distinct()).scalars()
    return {key: names.get(key, key) for key in sorted({*keys, *names})}


def calendar_choices() -> Pairs:
    """Keys of the calendars that there are, with their name."""
    names = _definition_names(DefinitionKind.CALENDAR)
    keys = database.session.execute(select(CalendarYear.calendar_key).distinct()).scalars()
    return [(key, names.get(key, key)) for key in sorted({*keys, *names})]


def pack_folders() -> dict[str, Path]:
    """Packs shipped with this installation, by key."""
    return {path.parent.name: path.parent for path in sorted(PACKS.glob("*/pack.yaml"))}


def pack_choices() -> Pairs:
    """Shipped packs that were published."""
    found = database.session.execute(
        select(Definition.pack_key, Definition.name)
        .where(Definition.kind == DefinitionKind.PACK)
        .order_by(Definition.version)
    )
    names = dict(found.all())
    return [(key, names[key]) for key in pack_folders() if key in names]


def _definition_names(kind: DefinitionKind) -> dict[str, str]:
    found = database.session.execute(
        select(Definition.key, Definition.name).where(Definition.kind == kind).order_by(Definition.version)
    )
    return dict(found.all())

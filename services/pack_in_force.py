"""The pack in force with what its own check says, kept until a definition is published or the roster moves.

A designer's page looks at a draft with every change; only the draft itself is read anew for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.orm import Session

from definitions.fault import Fault
from models.campaign import Definition, DefinitionStatus
from models.roster import Category, Delegate, Target, Unit
from packs.check import check
from packs.parts import Pack
from services.stored_pack import stored_pack


@dataclass(frozen=True)
class PackInForce:
    """A pack and its faults. Faults that are there already are not the business of a draft."""

    pack: Pack
    faults: tuple[Fault, ...]


_known: WeakKeyDictionary[Engine | Connection, dict[str, tuple[Any, PackInForce]]] = WeakKeyDictionary()


def pack_in_force(session: Session, pack_key: str) -> PackInForce:
    """The pack as it is now."""
    signature = _signature(session, pack_key)
    known = _known.setdefault(session.get_bind(), {})
    kept = known.get(pack_key)
    if kept is None or kept[0] != signature:
        pack = stored_pack(session, pack_key)
        kept = (signature, PackInForce(pack, tuple(check(pack))))
        known[pack_key] = kept
    return kept[1]


def _signature(session: Session, pack_key: str) -> tuple[Any, ...]:
    """What moves when anything of the pack moves: published rows never change, they are replaced."""
    published = session.execute(
        select(Definition.id)
        .where(Definition.pack_key == pack_key, Definition.status == DefinitionStatus.PUBLISHED)
        .order_by(Definition.id)
    ).scalars()
    rosters = session.execute(select(*(_revision(noun) for noun in (Category, Unit, Target, Delegate)))).one()
    return tuple(published), tuple(map(int, rosters))


def _revision(noun: type[Category | Unit | Target | Delegate]) -> Any:
    found = select(func.coalesce(func.sum(noun.row_version), 0) * 1_000_000 + func.count()).select_from(noun)
    return found.scalar_subquery()

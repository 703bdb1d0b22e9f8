"""What the pickers of a form can offer, from the roster and the dictionaries as they are now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.orm import Session

from forms.choices import Entry
from models.base import table_of
from models.campaign import DictionaryEntry
from models.roster import Monitor, Target, Unit

_known: WeakKeyDictionary[Engine | Connection, dict[str, tuple[Any, tuple[Entry, ...]]]] = WeakKeyDictionary()


class StoredChoices:
    """Lists out of the database; kept in memory until the rows they come from move."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._seen: dict[str, tuple[Entry, ...]] = {}
        self._revisions: dict[type[Any], int] = {}

    def entries(self, of: str) -> Sequence[Entry]:
        """See `forms.choices.ChoiceSource`."""
        if of not in self._seen:
            self._seen[of] = self._fresh(of)
        return self._seen[of]

    def _fresh(self, of: str) -> tuple[Entry, ...]:
        kind, _, key = of.partition(":")
        known = _known.setdefault(self._session.get_bind(), {})
        if kind not in _READERS:
            return ()
        nouns, read = _READERS[kind]
        if not self._revisions:
            self._revisions = dict(zip(_NOUNS, self._session.execute(_REVISIONS).one(), strict=True))
        revision = tuple(self._revisions[noun] for noun in nouns)
        held = known.get(of)
        if held is None or held[0] != revision:
            held = known[of] = (revision, read(self._session, key))
        return held[1]


_NOUNS: tuple[type[Target | Unit | Monitor | DictionaryEntry], ...] = (Target, Unit, Monitor, DictionaryEntry)
#: Whether any of the rosters moved: asked once for each form.
_REVISIONS = select(
    *(
        select(func.coalesce(func.sum(table_of(noun).c.row_version), 0) * 1_000_000 + func.count())
        .select_from(table_of(noun))
        .scalar_subquery()
        for noun in _NOUNS
    )
)


def _targets(session: Session, _key: str) -> tuple[Entry, ...]:
    rows = session.execute(
        select(Target.key, Target.name, Unit.name)
        .join(Target.unit)
        .where(Target.active, Unit.active)
        .order_by(Unit.category_id, Unit.position, Unit.id, Target.position, Target.id)
    )
    return tuple(Entry(key, name, unit) for key, name, unit in rows)


def _units(session: Session, _key: str) -> tuple[Entry, ...]:
    rows = session.execute(
        select(Unit.key, Unit.name).where(Unit.active).order_by(Unit.category_id, Unit.position, Unit.id)
    )
    return tuple(Entry(key, name) for key, name in rows)


def _monitors(session: Session, _key: str) -> tuple[Entry, ...]:
    rows = session.execute(select(Monitor.key, Monitor.name).where(Monitor.active).order_by(Monitor.key))
    return tuple(Entry(key, name) for key, name in rows)


def _dictionary(session: Session, key: str) -> tuple[Entry, ...]:
    """The entries that can be chosen: of two levels the lower one, under the upper one's name."""
    rows = (
        session.execute(
            select(DictionaryEntry)
            .where(DictionaryEntry.dictionary_key == key, DictionaryEntry.active)
            .order_by(DictionaryEntry.position, DictionaryEntry.id)
        )
        .scalars()
        .all()
    )
    names = {row.key: row.name for row in rows}
    parents = {row.parent for row in rows if row.parent}
    return tuple(
        Entry(row.key, row.name, names.get(row.parent, "")) for row in rows if row.key not in parents
    )


_READERS: dict[str, tuple[tuple[type[Any], ...], Callable[[Session, str], tuple[Entry, ...]]]] = {
    "target": ((Target, Unit), _targets),
    "unit": ((Unit,), _units),
    "monitor": ((Monitor,), _monitors),
    "dictionary": ((DictionaryEntry,), _dictionary),
}

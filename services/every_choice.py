"""The names behind the keys of kept answers, those of closed entries too."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.choices import Entry
from models.campaign import DictionaryEntry
from models.roster import Category, Monitor, Target, Unit


class EveryChoice:
    """Lists for reading, not for picking: an answer keeps its name after the entry was closed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._seen: dict[str, tuple[Entry, ...]] = {}

    def entries(self, of: str) -> Sequence[Entry]:
        """See `forms.choices.ChoiceSource`."""
        if of not in self._seen:
            self._seen[of] = self._read(of)
        return self._seen[of]

    def _read(self, of: str) -> tuple[Entry, ...]:
        kind, _, key = of.partition(":")
        if kind == "target":
            rows = self._session.execute(
                select(Target.key, Target.name, Unit.name)
                .join(Target.unit)
                .order_by(Unit.category_id, Unit.position, Unit.id, Target.position, Target.id)
            )
            return tuple(Entry(row[0], row[1], row[2]) for row in rows)
        if kind == "dictionary":
            found = self._session.execute(
                select(DictionaryEntry.key, DictionaryEntry.name)
                .where(DictionaryEntry.dictionary_key == key)
                .order_by(DictionaryEntry.position, DictionaryEntry.id)
            )
            return tuple(Entry(row[0], row[1]) for row in found)
        nouns: dict[str, type[Unit | Monitor | Category]] = {
            "unit": Unit,
            "monitor": Monitor,
            "category": Category,
        }
        noun = nouns.get(kind)
        if noun is None:
            return ()
        named = self._session.execute(select(noun.key, noun.name).order_by(noun.id))
        return tuple(Entry(row[0], row[1]) for row in named)

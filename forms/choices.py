"""What a picker can offer: lists that live outside the form, handed in by whoever shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Entry:
    """One thing to pick: its lasting key, what people read, and the heading it stands under."""

    key: str
    label: str
    group: str = ""


class ChoiceSource(Protocol):
    """Lists of targets, units, monitors and dictionary entries, as they are now."""

    def entries(self, of: str) -> Sequence[Entry]:
        """What can be picked.

        of: ``target``, ``unit``, ``monitor``, or ``dictionary:<key>``; entries of one group stand together.
        A list that does not exist is empty.
        """


@dataclass(frozen=True)
class FixedChoices:
    """Lists known beforehand: for previews, paper, imports and the shell."""

    lists: Mapping[str, Sequence[Entry]] = field(default_factory=dict)

    def entries(self, of: str) -> Sequence[Entry]:
        """See `ChoiceSource.entries`."""
        return self.lists.get(of, ())

"""What is known while one form is being filled: lists, uploads and the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from forms.choices import ChoiceSource, Entry, FixedChoices

OFFICE_TIME = ZoneInfo("Asia/Shanghai")


class Uploads(Protocol):
    """Uploaded files by field name, as every Python web library hands them over."""

    def getlist(self, key: str) -> list[Any]:
        """The files of one field; each has ``filename`` and ``stream``."""


@dataclass(frozen=True)
class Context:
    """One filling of one form.

    now: the time of filling, aware; None where no rule of the form looks at the time.
    """

    choices: ChoiceSource = field(default_factory=FixedChoices)
    uploads: Uploads | None = None
    now: datetime | None = None
    _seen: dict[str, Sequence[Entry]] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.now is not None and self.now.tzinfo is None:
            raise ValueError("now must be an aware datetime")

    def entries(self, of: str) -> Sequence[Entry]:
        """One list of the choice source, asked for once."""
        if of not in self._seen:
            self._seen[of] = tuple(self.choices.entries(of))
        return self._seen[of]

    def local_now(self) -> datetime:
        """The office's wall clock. Raises ValueError when a rule needs the time and none was given."""
        if self.now is None:
            raise ValueError("this form has a rule about the time: pass now=")
        return self.now.astimezone(OFFICE_TIME)

    def today(self) -> date:
        """The office's day; see `local_now`."""
        return self.local_now().date()

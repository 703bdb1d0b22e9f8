"""What `verify` finds: something stored that does not follow from what was done."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it should be: of which kind, where, and what."""

    kind: str
    place: str
    what: str

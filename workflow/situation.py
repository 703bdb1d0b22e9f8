"""Where one case stands, as a plain value that is stored with it and rebuilt from its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Situation:
    """All that the engine needs to know of a case's past.

    state, previous: keys of states; previous is the one from which the present one was entered, None at first.
    visited: every state the case has been in, in order, the present one last; what the scheme counts.
    suspension: key of the pending question while the clocks stand still, else None.
    counts: how often what was counted, by name.
    actors: for each trigger, the ids of all who have fired it, in order of their first time.
    done: for each state, the triggers fired in its latest stay (a return by `previous` continues the stay).
    tiers: tiers booked and not taken back, in order of booking.
    noted: asked values that later steps need, e.g. the working days set when the notice was issued.
    steps: how many steps have been taken.
    """

    state: str
    previous: str | None = None
    visited: tuple[str, ...] = ()
    suspension: str | None = None
    counts: Mapping[str, int] = field(default_factory=_nothing)
    actors: Mapping[str, tuple[str, ...]] = field(default_factory=_nothing)
    done: Mapping[str, tuple[str, ...]] = field(default_factory=_nothing)
    tiers: tuple[str, ...] = ()
    noted: Mapping[str, Any] = field(default_factory=_nothing)
    steps: int = 0

    def as_data(self) -> dict[str, Any]:
        """Plain JSON data; `situation_from` reads it back to an equal value."""
        return {
            "state": self.state,
            "previous": self.previous,
            "visited": list(self.visited),
            "suspension": self.suspension,
            "counts": dict(self.counts),
            "actors": {trigger: list(actors) for trigger, actors in self.actors.items()},
            "done": {state: list(triggers) for state, triggers in self.done.items()},
            "tiers": list(self.tiers),
            "noted": dict(self.noted),
            "steps": self.steps,
        }


def situation_from(data: Mapping[str, Any]) -> Situation:
    """The situation that `as_data` wrote.

    >>> situation_from(Situation("issued", counts={"supervisions": 1}).as_data()).counts["supervisions"]
    1
    """
    return Situation(
        state=data["state"],
        previous=data["previous"],
        visited=tuple(data["visited"]),
        suspension=data["suspension"],
        counts=dict(data["counts"]),
        actors={trigger: tuple(actors) for trigger, actors in data["actors"].items()},
        done={state: tuple(triggers) for state, triggers in data["done"].items()},
        tiers=tuple(data["tiers"]),
        noted=dict(data["noted"]),
        steps=data["steps"],
    )

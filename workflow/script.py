"""Stories of one case as data: who does what when, and how it must end. Kept with a procedure, they are its tests."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import Field

from definitions.base import Definition, Key, Text
from workflow.refusal import Because
from workflow.vocabulary import Role


class ScriptStep(Definition):
    """One thing that somebody does, or (without `do`) a moment until which time goes by."""

    at: datetime
    do: Key | None = None
    roles: tuple[Role, ...] = Field(default=(), alias="as")
    #: Who; by default the first role, so that four eyes are looked after by naming two persons.
    actor: str | None = None
    asked: dict[str, Any] = Field(default_factory=dict)
    #: The reason for which the step must be refused.
    refused: Because | None = None


class Expected(Definition):
    """How a story must end, to be a test; None for what is not compared."""

    visited: tuple[Key, ...] | None = None
    tiers: tuple[Key, ...] | None = None
    notices: tuple[Key, ...] | None = None
    #: Local days on which deadlines ended a stay, in order.
    expired_on: tuple[date, ...] | None = None


class Script(Definition):
    """A story of one case. Times are local."""

    name: Text
    workflow: Key = "rectification"
    registered_at: datetime
    facts: dict[str, Any] = Field(default_factory=dict)
    #: Days on which the same problem was found at the same target before; see `RepeatOffence`.
    found_before: tuple[date, ...] = ()
    steps: tuple[ScriptStep, ...] = Field(min_length=1)
    expect: Expected = Expected()

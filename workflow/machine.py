"""The one file that knows `transitions`: a shared machine per definition version, used without any model of its own.

A machine built here holds no case. Each step brings a `Cursor`, fires one event on it and reads the state it
ends in; nothing is left behind, so one machine serves all threads. Conditions are closures made here from
checked expressions: a text of a definition never reaches `transitions` as the name of a callback, because it
would look that up, and even import it, and call it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from transitions import EventData, Machine

from definitions.expression import evaluate
from workflow.definition import PREVIOUS, SAME, Branch, Expression, Trigger, Workflow


@dataclass
class Cursor:
    """One step under way.

    state: moved on by the machine.  facts: what guards see.  came_from: the case's previous state.
    returned, stays: set by the machine when the arrow leads back to the previous state, or nowhere.
    """

    state: str
    facts: Mapping[str, Any]
    came_from: str | None
    returned: bool = False
    stays: bool = False


def _cursor_of(event: EventData) -> Cursor:
    cursor = event.model
    if not isinstance(cursor, Cursor):
        raise TypeError(f"a step is taken on a Cursor, not on {type(cursor).__name__}")
    return cursor


class _Holds:
    """A checked expression as a condition."""

    def __init__(self, expression: Expression) -> None:
        self._expression = expression

    def __call__(self, event: EventData) -> bool:
        return evaluate(self._expression, _cursor_of(event).facts) is True


class _CameFrom:
    """The condition of a return: the case entered its state from there."""

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def __call__(self, event: EventData) -> bool:
        return _cursor_of(event).came_from == self._origin


def _mark_return(event: EventData) -> None:
    _cursor_of(event).returned = True


def _mark_stay(event: EventData) -> None:
    _cursor_of(event).stays = True


class StateMachine:
    """The arrows of one workflow, ready to be walked."""

    def __init__(self, workflow: Workflow) -> None:
        self._machine = Machine(
            model=None,
            states=[state.key for state in workflow.states],
            initial=workflow.initial,
            auto_transitions=False,
            send_event=True,
            queued=False,
        )
        self._sources = {}
        for trigger in workflow.triggers:
            self._sources[trigger.key] = frozenset(workflow.sources_of(trigger))
            for source in workflow.sources_of(trigger):
                for branch in workflow.branches_from(trigger, source):
                    self._add(workflow, trigger, source, branch)

    def _add(self, workflow: Workflow, trigger: Trigger, source: str, branch: Branch) -> None:
        conditions: list[Any] = [_Holds(rule) for rule in (trigger.guard, branch.when) if rule is not None]
        if branch.state == SAME:
            # No destination makes it an internal transition: the state is neither left nor entered.
            self._machine.add_transition(trigger.key, source, None, conditions=conditions, before=_mark_stay)
            return
        if branch.state != PREVIOUS:
            self._machine.add_transition(trigger.key, source, branch.state, conditions=conditions)
            return
        for origin in workflow.entered_from[source]:
            self._machine.add_transition(
                trigger.key, source, origin, conditions=[*conditions, _CameFrom(origin)], before=_mark_return
            )

    def leads_from(self, state: str, trigger: str) -> bool:
        """Whether the trigger has an arrow that starts at the state, whatever its guard says."""
        return state in self._sources.get(trigger, ())

    def fire(self, cursor: Cursor, trigger: str) -> bool:
        """Move the cursor along the first arrow whose conditions hold; False when none does.

        The trigger must lead from the cursor's state.
        """
        return bool(self._machine.events[trigger].trigger(cursor))


@lru_cache(maxsize=64)
def machine_of(workflow: Workflow) -> StateMachine:
    """The shared machine of a definition; built once for each content, whoever asks."""
    return StateMachine(workflow)

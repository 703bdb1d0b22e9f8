"""What would have become of a real case under another procedure: its recorded steps, taken again at their own moments.

People did what they did; deadlines are the other procedure's own. A step that it does not allow is left out and told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflow.calendar import CalendarTooShort, WorkCalendar
from workflow.definition import Workflow
from workflow.engine import StepRefused
from workflow.virtual_case import VirtualCase


@dataclass(frozen=True)
class Recorded:
    """One step of a real case that a person took."""

    at: datetime
    trigger: str
    actor: str
    roles: frozenset[str]
    facts: Mapping[str, Any]
    asked: Mapping[str, Any]


@dataclass(frozen=True)
class Replayed:
    """Where a case would stand. tiers: booked and not taken back. left_out: steps that were not possible, in words.

    complete: whether the calendar reaches to the end.
    """

    state: str
    tiers: tuple[str, ...]
    left_out: tuple[str, ...]
    complete: bool


def replayed_through(
    workflow: Workflow,
    calendar: WorkCalendar,
    steps: Sequence[Recorded],
    *,
    facts: Mapping[str, Any],
    opened_at: datetime,
    until: datetime,
) -> Replayed:
    """Take the steps of a case through a procedure, and let its deadlines run until a moment."""
    case = VirtualCase(workflow, calendar, facts=facts, at=opened_at)
    left_out: list[str] = []
    complete = True
    try:
        for recorded in steps:
            case.pass_until(max(recorded.at, case.now))
            case.facts = {
                **facts,
                **{key: value for key, value in recorded.facts.items() if key != "deadline_passed"},
            }
            try:
                case.fire(
                    recorded.trigger,
                    roles=recorded.roles,
                    actor=recorded.actor,
                    asked=_fitting(workflow, recorded),
                )
            except StepRefused as refused:
                left_out.append(f"{calendar.local_day(recorded.at)} {refused.sentence}")
        case.pass_until(max(until, case.now))
    except CalendarTooShort:
        complete = False
    return Replayed(case.situation.state, case.situation.tiers, tuple(left_out), complete)


def _fitting(workflow: Workflow, recorded: Recorded) -> dict[str, Any]:
    """The answers of a step as far as the other procedure still asks for them."""
    rule = workflow.triggers_by_key.get(recorded.trigger)
    known = {ask.field for ask in rule.asks} if rule else set()
    return {field: value for field, value in recorded.asked.items() if field in known}

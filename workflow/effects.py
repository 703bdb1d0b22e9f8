"""What a step brings about: the closed list of effects, as plain values for the service to carry out.

The engine decides, the service writes: nothing here acts. All effects of a step are carried out, in their
order, in the transaction that stores the new state.
"""

from __future__ import annotations

from dataclasses import dataclass

from workflow.vocabulary import ClockUnit


@dataclass(frozen=True)
class IssueNotice:
    """Take a number for a notice of this kind and issue it.

    kind: key of a NoticeKind.  values: (name, text) that the procedure itself gives the notice, e.g. whether
    an appeal was granted.
    """

    kind: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class BookDeduction:
    """The case entered a state that has a tier; the scheme says what that costs.

    Given on every entry, also on a second one to the same state: the ledger decides what is still to be booked.
    """

    tier: str


@dataclass(frozen=True)
class ReverseDeductions:
    """Take booked deductions of the case back by reversing entries.

    reason_field: asked field of this step that holds the reason.
    tiers: which ones; all of them stand booked at this moment.
    """

    reason_field: str
    tiers: tuple[str, ...]


@dataclass(frozen=True)
class Reminder:
    """A word before a clock runs out.

    working_days_before: 0 on the last day itself.  notice: kind of notice to issue, None for a message alone.
    tell: roles that get the message.  text: the message, None for the standing one.
    """

    working_days_before: int
    notice: str | None
    tell: tuple[str, ...]
    text: str | None


@dataclass(frozen=True)
class StartClock:
    """Count so many working days or months from the day of this step, which itself is not counted.

    then: the trigger to fire when it runs out, None for a clock that only reminds.
    starts_on: another day than that of the step, as ISO text, when a service was recorded later than it took
    place; None for the day of the step. The service refuses a day before the notice or in the future.
    event: the word for the start in the explanation, 送达 or 起算.
    """

    name: str
    label: str
    length: int
    then: str | None
    reminders: tuple[Reminder, ...]
    source: str
    event: str
    starts_on: str | None = None
    unit: ClockUnit = ClockUnit.WORKING_DAYS


@dataclass(frozen=True)
class StopClocks:
    """All running clocks of the case stand still; their remaining working days are kept."""


@dataclass(frozen=True)
class ResumeClocks:
    """All stopped clocks run on with what remained, plus these working days."""

    extra_working_days: int = 0


@dataclass(frozen=True)
class EndClocks:
    """Clocks of the case are over, running or stopped. names: which ones; empty for all of them."""

    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tell:
    """A message to everyone concerned with the case who holds one of the roles."""

    roles: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Count:
    """One more of these in the case. The engine has counted already; kept for the reader of the history."""

    name: str


@dataclass(frozen=True)
class Rate:
    """Whoever reported rates again with this form. form: key of a FormDefinition."""

    form: str


Effect = (
    IssueNotice
    | BookDeduction
    | ReverseDeductions
    | StartClock
    | StopClocks
    | ResumeClocks
    | EndClocks
    | Tell
    | Count
    | Rate
)

"""The clocks of one case as values: started, stopped, resumed and ended by the effects of its steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from workflow.calendar import Due, WorkCalendar, deadline, remaining_working_days, resumed_deadline
from workflow.effects import Effect, EndClocks, Reminder, ResumeClocks, StartClock, StopClocks


@dataclass(frozen=True)
class CaseClock:
    """One clock. since: when its present deadline was worked out.

    remaining: whole working days left while it stands still, None while it runs.
    """

    rule: StartClock
    since: datetime
    due: Due
    remaining: int | None = None

    def reminders_to_come(self, calendar: WorkCalendar) -> Iterator[tuple[datetime, Reminder]]:
        """When it will remind, as far as that is still ahead of `since`; nothing while it stands still."""
        if self.remaining is not None:
            return
        for reminder in self.rule.reminders:
            moment = calendar.opens_before(self.due.due_at, reminder.working_days_before)
            if moment > self.since:
                yield moment, reminder


Clocks = tuple[CaseClock, ...]


def after_effects(
    clocks: Clocks, effects: Iterable[Effect], *, now: datetime, calendar: WorkCalendar
) -> Clocks:
    """The clocks of a case when the effects of a step taken at `now` have been carried out."""
    for effect in effects:
        if isinstance(effect, StartClock):
            clocks = (*clocks, _started(effect, now, calendar))
        elif isinstance(effect, StopClocks):
            clocks = tuple(_stopped(clock, now, calendar) for clock in clocks)
        elif isinstance(effect, ResumeClocks):
            extra = effect.extra_working_days
            clocks = tuple(_resumed(clock, extra, now, calendar) for clock in clocks)
        elif isinstance(effect, EndClocks):
            clocks = tuple(clock for clock in clocks if effect.names and clock.rule.name not in effect.names)
    return clocks


def _started(rule: StartClock, now: datetime, calendar: WorkCalendar) -> CaseClock:
    start = now
    if rule.starts_on is not None:
        behind = calendar.local_day(now) - date.fromisoformat(rule.starts_on)
        start = now - timedelta(days=behind.days)
    return CaseClock(rule, now, deadline(start, rule.length, calendar, event=rule.event, unit=rule.unit))


def _stopped(clock: CaseClock, now: datetime, calendar: WorkCalendar) -> CaseClock:
    if clock.remaining is not None:
        return clock
    return replace(clock, remaining=remaining_working_days(now, clock.due.due_at, calendar))


def _resumed(clock: CaseClock, extra: int, now: datetime, calendar: WorkCalendar) -> CaseClock:
    if clock.remaining is None:
        return clock
    due = resumed_deadline(now, clock.remaining + extra, calendar)
    return replace(clock, since=now, due=due, remaining=None)

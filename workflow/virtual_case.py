"""One case on a virtual clock: steps are taken, deadlines run out by themselves, nothing is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from workflow.calendar import WorkCalendar
from workflow.clocks import CaseClock, Clocks, after_effects
from workflow.definition import Workflow
from workflow.effects import Effect, IssueNotice, Reminder
from workflow.engine import Offer, Situation, StepRefused, offers, start, start_effects, step
from workflow.repeat_offence import days_that_count, grounds_in_words
from workflow.vocabulary import Role


class Happening(StrEnum):
    """What an event is."""

    REGISTERED = "registered"
    STEP = "step"
    #: A clock ran out and took its step.
    EXPIRED = "expired"
    #: A clock ran out, and it only reminds.
    RAN_OUT = "ran_out"
    REMINDER = "reminder"
    REFUSED = "refused"
    PAUSE = "pause"


@dataclass(frozen=True)
class Event:
    """One line of a story.

    name: of the step or clock, for people. actor: who, by role or id. effects: what the step brought about.
    clocks: those that were started, stopped or resumed by it. situation: of the case afterwards.
    notices: kinds issued. reminder: for a reminder. sentence: why, for a refusal; the grounds of a repeat offence.
    """

    at: datetime
    what: Happening
    name: str
    trigger: str
    actor: str
    from_state: str
    situation: Situation
    effects: tuple[Effect, ...] = ()
    clocks: Clocks = ()
    notices: tuple[str, ...] = ()
    reminder: Reminder | None = None
    sentence: str = ""
    roles: tuple[str, ...] = ()
    asked: Mapping[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """Where the case stands afterwards."""
        return self.situation.state


class VirtualCase:
    """One case of a procedure. now: aware. events: everything so far, oldest first.

    found_before: days on which the same problem was found at the same target before.
    """

    def __init__(
        self,
        workflow: Workflow,
        calendar: WorkCalendar,
        *,
        facts: Mapping[str, Any],
        at: datetime,
        found_before: Iterable[date] = (),
    ) -> None:
        self.workflow, self.calendar, self.facts = workflow, calendar, dict(facts)
        self.now, self.found_before = at, tuple(found_before)
        grounds = days_that_count(workflow, self.found_before, calendar.local_day(at))
        self.situation: Situation = start(workflow, repeats=len(grounds))
        self.clocks: Clocks = ()
        self.events: list[Event] = []
        begun, words = start_effects(workflow), grounds_in_words(workflow, grounds)
        self._happened(Happening.REGISTERED, "立案", "", "", self.situation.state, begun, sentence=words)

    @property
    def ended(self) -> bool:
        """Whether the case stands in a final state."""
        return self.workflow.states_by_key[self.situation.state].final

    def pass_until(self, moment: datetime) -> None:
        """Let time go by; everything that falls due on the way happens at its own moment."""
        if moment < self.now:
            raise ValueError("时间早于前一步")
        while (event := self._next_event()) is not None and event[0] <= moment:
            self.now = event[0]
            if event[2] is not None:
                self._remind(event[1], event[2])
            else:
                self._run_out(event[1])
        self.now = moment

    def next_due(self) -> datetime | None:
        """When the next clock runs out; None while none runs."""
        running = [clock.due.due_at for clock in self.clocks if clock.remaining is None]
        return min(running, default=None)

    def offers(self, roles: Iterable[str], actor: str) -> tuple[Offer, ...]:
        """What somebody could do now."""
        return offers(self.workflow, self.situation, roles=roles, actor=actor, facts=self.given())

    def given(self) -> dict[str, Any]:
        """The facts of this moment; whether the deadline has passed is seen on the clocks."""
        passed = any(clock.remaining is None and clock.due.due_at <= self.now for clock in self.clocks)
        return {"deadline_passed": passed, **self.facts}

    def fire(self, trigger: str, *, roles: Iterable[str], actor: str, asked: Mapping[str, Any]) -> Event:
        """Somebody takes a step now. Raises StepRefused."""
        return self._step(trigger, list(roles), actor, asked, Happening.STEP)

    def refuse(self, trigger: str, actor: str, refused: StepRefused) -> None:
        """Write down that a step was refused."""
        rule = self.workflow.triggers_by_key.get(trigger)
        name = rule.name if rule else trigger
        self._happened(
            Happening.REFUSED, name, trigger, actor, self.situation.state, (), sentence=refused.sentence
        )

    def pause(self) -> None:
        """Write down that time went by until now."""
        self._happened(Happening.PAUSE, "", "", "", self.situation.state, ())

    def _step(
        self, trigger: str, roles: list[str], actor: str, asked: Mapping[str, Any], what: Happening
    ) -> Event:
        taken = step(
            self.workflow,
            self.situation,
            trigger,
            roles=roles,
            actor=actor,
            facts=self.given() if what is Happening.STEP else {**self.given(), "deadline_passed": True},
            asked=asked,
        )
        before = self.situation.state
        self.situation = taken.situation
        name = self.workflow.triggers_by_key[trigger].name
        self._happened(what, name, trigger, actor, before, taken.effects)
        self.events[-1] = replace(self.events[-1], roles=tuple(roles), asked=dict(asked))
        return self.events[-1]

    def _happened(
        self,
        what: Happening,
        name: str,
        trigger: str,
        actor: str,
        before: str,
        effects: tuple[Effect, ...],
        *,
        reminder: Reminder | None = None,
        sentence: str = "",
    ) -> Event:
        clocks = self.clocks
        if effects:
            self.clocks = after_effects(clocks, effects, now=self.now, calendar=self.calendar)
        notices = [effect.kind for effect in effects if isinstance(effect, IssueNotice)]
        if reminder is not None and reminder.notice:
            notices.append(reminder.notice)
        event = Event(
            at=self.now,
            what=what,
            name=name,
            trigger=trigger,
            actor=actor,
            from_state=before,
            situation=self.situation,
            effects=effects,
            clocks=tuple(clock for clock in self.clocks if clock not in clocks),
            notices=tuple(notices),
            reminder=reminder,
            sentence=sentence,
        )
        self.events.append(event)
        return event

    def _next_event(self) -> tuple[datetime, CaseClock, Reminder | None] | None:
        events: list[tuple[datetime, CaseClock, Reminder | None]] = []
        for clock in self.clocks:
            if clock.remaining is not None:
                continue
            events.append((clock.due.due_at, clock, None))
            to_come = clock.reminders_to_come(self.calendar)
            events += [(at, clock, reminder) for at, reminder in to_come if at > self.now]
        return min(events, key=lambda event: event[0], default=None)

    def _remind(self, clock: CaseClock, reminder: Reminder) -> None:
        state = self.situation.state
        self._happened(Happening.REMINDER, clock.rule.label, "", "", state, (), reminder=reminder)

    def _run_out(self, clock: CaseClock) -> None:
        self.clocks = tuple(other for other in self.clocks if other is not clock)
        then, state = clock.rule.then, self.situation.state
        if then is None:
            self._happened(Happening.RAN_OUT, clock.rule.label, "", "", state, ())
            return
        system = Role.SYSTEM.value
        try:
            self._step(then, [system], system, {}, Happening.EXPIRED)
        except StepRefused as refused:
            self.refuse(then, system, refused)

"""A case lived through on a virtual clock: every date, state and effect, without a server or a database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pydantic import Field

from definitions.base import Definition, Key, Text
from definitions.fault import DefinitionFaults, Fault
from workflow.account import effect_words, moment_words, situation_words
from workflow.calendar import CalendarTooShort, WorkCalendar
from workflow.clocks import Clocks, after_effects
from workflow.definition import Workflow
from workflow.effects import Effect, Reminder
from workflow.engine import Situation, StepRefused, start, start_effects, step
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
    steps: tuple[ScriptStep, ...] = Field(min_length=1)
    expect: Expected = Expected()


@dataclass
class Story:
    """What came of a script. lines: to be read; the rest: to be compared."""

    lines: list[str] = field(default_factory=list)
    visited: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    notices: list[str] = field(default_factory=list)
    expired_on: list[date] = field(default_factory=list)

    def differences(self, expected: Expected) -> list[str]:
        """Sentences for each thing that is not as the script expects."""
        found = []
        for name, label in (
            ("visited", "经过状态"),
            ("tiers", "扣分档"),
            ("notices", "文书"),
            ("expired_on", "届满日"),
        ):
            wanted, came = getattr(expected, name), tuple(getattr(self, name))
            if wanted is not None and tuple(wanted) != came:
                found.append(f"{label}应为 {_listed(wanted)}，实为 {_listed(came)}")
        return found


def simulate(workflow: Workflow, calendar: WorkCalendar, script: Script) -> Story:
    """Live a script through.

    Raises DefinitionFaults naming the step of the script: one that is refused or not refused against
    expectation, one that lies before the last, a date beyond the calendar.
    """
    run = _Run(workflow, calendar, script)
    for index, scripted in enumerate(script.steps):
        place = f"steps[{index}]"
        try:
            run.take(scripted)
        except StepRefused as refused:
            raise DefinitionFaults([Fault(place, refused.sentence)]) from refused
        except (CalendarTooShort, ValueError) as error:
            raise DefinitionFaults([Fault(place, str(error))]) from error
    return run.finished()


class _Run:
    """One case on its virtual clock."""

    def __init__(self, workflow: Workflow, calendar: WorkCalendar, script: Script) -> None:
        self.workflow, self.calendar, self.script = workflow, calendar, script
        self.now = self._instant(script.registered_at)
        self.situation: Situation = start(workflow)
        self.clocks: Clocks = ()
        self.story = Story()
        self._say(f"立案 → {workflow.states_by_key[workflow.initial].name}")
        self._carry_out(start_effects(workflow))

    def take(self, scripted: ScriptStep) -> None:
        moment = self._instant(scripted.at)
        if moment < self.now:
            raise ValueError("时间早于前一步")
        self._let_time_pass(moment)
        if scripted.do is None:
            self._say("（时间到此）")
            return
        roles = [role.value for role in scripted.roles]
        actor = scripted.actor or "、".join(roles)
        try:
            self._step(scripted.do, roles=roles, actor=actor, asked=scripted.asked)
        except StepRefused as refused:
            if refused.code is not scripted.refused:
                raise
            self._say(f"{scripted.do}（{actor}）被拒绝：{refused.sentence}")
            return
        if scripted.refused is not None:
            raise ValueError(f"应当因 {scripted.refused} 被拒绝，却办成了")

    def finished(self) -> Story:
        self.story.visited, self.story.tiers = self.situation.visited, self.situation.tiers
        self.story.lines += situation_words(self.workflow, self.situation)
        return self.story

    def _let_time_pass(self, until: datetime) -> None:
        while (event := self._next_event()) is not None and event[0] <= until:
            self.now = event[0]
            if isinstance(event[2], Reminder):
                self._remind(event[1], event[2])
            else:
                self._run_out(event[1])
        self.now = until

    def _next_event(self) -> tuple[datetime, str, Reminder | None] | None:
        events: list[tuple[datetime, str, Reminder | None]] = []
        for clock in self.clocks:
            if clock.remaining is not None:
                continue
            events.append((clock.due.due_at, clock.rule.name, None))
            to_come = clock.reminders_to_come(self.calendar)
            events += [(at, clock.rule.name, reminder) for at, reminder in to_come if at > self.now]
        return min(events, key=lambda event: event[0], default=None)

    def _remind(self, name: str, reminder: Reminder) -> None:
        label = next(clock.rule.label for clock in self.clocks if clock.rule.name == name)
        text = reminder.text or f"距期限届满还有{reminder.working_days_before}个工作日"
        self._say(f"提醒（{label}）：{text} → {'、'.join(reminder.tell)}")
        if reminder.notice:
            self.story.notices.append(reminder.notice)
            self.story.lines.append(f"    文书：{reminder.notice}")

    def _run_out(self, name: str) -> None:
        clock = next(clock for clock in self.clocks if clock.rule.name == name)
        self.clocks = tuple(other for other in self.clocks if other is not clock)
        if clock.rule.then is None:
            self._say(f"{clock.rule.label}时限届满")
            return
        before = self.situation.state
        self._step(clock.rule.then, roles=[Role.SYSTEM.value], actor=Role.SYSTEM.value, asked={})
        if self.situation.state != before:
            self.story.expired_on.append(self.calendar.local_day(self.now))

    def _step(self, trigger: str, *, roles: list[str], actor: str, asked: dict[str, Any]) -> None:
        facts = self.script.facts
        taken = step(
            self.workflow, self.situation, trigger, roles=roles, actor=actor, facts=facts, asked=asked
        )
        self.situation = taken.situation
        names = self.workflow.states_by_key
        name = self.workflow.triggers_by_key[trigger].name
        arrow = f"{names[taken.from_state].name} → {names[taken.to_state].name}"
        self._say(f"{name}（{actor}）：{arrow}")
        self._carry_out(taken.effects)

    def _carry_out(self, effects: Iterable[Effect]) -> None:
        effects = tuple(effects)
        before = self.clocks
        self.clocks = after_effects(before, effects, now=self.now, calendar=self.calendar)
        for effect in effects:
            words = effect_words(self.workflow, effect)
            if words:
                self.story.lines.append(f"    {words}")
            kind = getattr(effect, "kind", None)
            if kind:
                self.story.notices.append(kind)
        for clock in self.clocks:
            if clock not in before:
                self.story.lines.append(
                    f"    期限（{clock.rule.label}）：{_clock_words(clock.remaining, clock.due.explanation)}"
                )

    def _say(self, words: str) -> None:
        self.story.lines.append(f"{moment_words(self.now, self.calendar)}  {words}")

    def _instant(self, local: datetime) -> datetime:
        return local.replace(tzinfo=self.calendar.zone) if local.tzinfo is None else local


def _clock_words(remaining: int | None, explanation: str) -> str:
    return explanation if remaining is None else f"停止计算，剩余{remaining}个工作日"


def _listed(values: Iterable[object]) -> str:
    return "、".join(str(value) for value in values) or "（无）"

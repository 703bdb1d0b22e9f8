"""A case lived through in virtual time: a script in, each date with its reason and what the case has come to out.

It runs the engine and the calendar that the office runs, without a server or a database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from definitions.fault import DefinitionFaults, Fault
from workflow.account import effect_words, moment_words, situation_words
from workflow.calendar import CalendarTooShort, WorkCalendar
from workflow.definition import Workflow
from workflow.engine import StepRefused
from workflow.script import Expected, Script, ScriptStep
from workflow.virtual_case import Event, Happening, VirtualCase

__all__ = ["Expected", "Script", "ScriptStep", "Story", "live", "local_moment", "simulate", "story_of"]


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

    def as_expected(self) -> dict[str, list[str]]:
        """The end of this story as plain data, so that it becomes a test of later versions."""
        return {
            "visited": list(self.visited),
            "tiers": list(self.tiers),
            "notices": list(self.notices),
            "expired_on": [day.isoformat() for day in self.expired_on],
        }


def simulate(workflow: Workflow, calendar: WorkCalendar, script: Script) -> Story:
    """Live a script through.

    Raises DefinitionFaults naming the step of the script: one that is refused or not refused against
    expectation, one that lies before the last, a date beyond the calendar.
    """
    return story_of(live(workflow, calendar, script))


def live(workflow: Workflow, calendar: WorkCalendar, script: Script) -> VirtualCase:
    """The case to which a script leads. Raises as `simulate`."""
    at = local_moment(script.registered_at, calendar)
    try:
        case = VirtualCase(workflow, calendar, facts=script.facts, at=at, found_before=script.found_before)
    except CalendarTooShort as error:
        raise DefinitionFaults([Fault("registered_at", str(error))]) from error
    for index, scripted in enumerate(script.steps):
        place = f"steps[{index}]"
        try:
            _take(case, scripted)
        except StepRefused as refused:
            raise DefinitionFaults([Fault(place, refused.sentence)]) from refused
        except (CalendarTooShort, ValueError) as error:
            raise DefinitionFaults([Fault(place, str(error))]) from error
    return case


def _take(case: VirtualCase, scripted: ScriptStep) -> None:
    case.pass_until(local_moment(scripted.at, case.calendar))
    if scripted.do is None:
        case.pause()
        return
    roles = [role.value for role in scripted.roles]
    actor = scripted.actor or "、".join(roles)
    try:
        case.fire(scripted.do, roles=roles, actor=actor, asked=scripted.asked)
    except StepRefused as refused:
        if refused.code is not scripted.refused:
            raise
        case.refuse(scripted.do, actor, refused)
        return
    if scripted.refused is not None:
        raise ValueError(f"应当因 {scripted.refused} 被拒绝，却办成了")


def local_moment(local: datetime, calendar: WorkCalendar) -> datetime:
    """A time as scripts write it, as an instant."""
    return local.replace(tzinfo=calendar.zone) if local.tzinfo is None else local


def story_of(case: VirtualCase) -> Story:
    """What has come of a case so far."""
    story = Story(visited=case.situation.visited, tiers=case.situation.tiers)
    for event in case.events:
        story.lines += _lines(case, event)
        story.notices += event.notices
        if event.what is Happening.EXPIRED and event.from_state != event.state:
            story.expired_on.append(case.calendar.local_day(event.at))
    story.lines += situation_words(case.workflow, case.situation)
    return story


def _lines(case: VirtualCase, event: Event) -> Iterator[str]:
    yield f"{moment_words(event.at, case.calendar)}  {happening_words(case.workflow, event)}"
    for effect in event.effects:
        words = effect_words(case.workflow, effect)
        if words:
            yield f"    {words}"
    if event.reminder is not None and event.reminder.notice:
        yield f"    文书：{event.reminder.notice}"
    for clock in event.clocks:
        yield f"    期限（{clock.rule.label}）：{_clock_words(clock.remaining, clock.due.explanation)}"


def happening_words(workflow: Workflow, event: Event) -> str:
    """One event in a sentence, without its moment."""
    names = workflow.states_by_key
    if event.what is Happening.REGISTERED:
        grounds = f"；{event.sentence}" if event.sentence else ""
        return f"立案 → {names[event.state].name}{grounds}"
    if event.what is Happening.PAUSE:
        return "（时间到此）"
    if event.what is Happening.RAN_OUT:
        return f"{event.name}时限届满"
    if event.what is Happening.REFUSED:
        return f"{event.trigger}（{event.actor}）被拒绝：{event.sentence}"
    if event.reminder is not None:
        text = event.reminder.text or f"距期限届满还有{event.reminder.working_days_before}个工作日"
        return f"提醒（{event.name}）：{text} → {'、'.join(event.reminder.tell)}"
    return f"{event.name}（{event.actor}）：{names[event.from_state].name} → {names[event.state].name}"


def _clock_words(remaining: int | None, explanation: str) -> str:
    return explanation if remaining is None else f"停止计算，剩余{remaining}个工作日"


def _listed(values: Iterable[object]) -> str:
    return "、".join(str(value) for value in values) or "（无）"

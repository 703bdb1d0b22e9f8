"""What the simulator shows of one case on its virtual clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from workflow.calendar import CalendarTooShort, DayKind, WorkCalendar
from workflow.courses import actor_for, sample_answer, working_moment
from workflow.definition import Workflow
from workflow.effects import ReverseDeductions, Tell
from workflow.regulation import Names
from workflow.rights import asks_in
from workflow.simulation import happening_words
from workflow.virtual_case import Event, Happening, VirtualCase
from workflow.vocabulary import Firing

_WEEKDAYS = "一二三四五六日"
_KINDS = {
    DayKind.HOLIDAY: "法定节假日",
    DayKind.MAKEUP: "调休上班",
    DayKind.CLOSURE: "停办",
    DayKind.HALF_DAY: "半日办公",
}
_TONES = {Happening.EXPIRED: "danger", Happening.REMINDER: "warn", Happening.REFUSED: "danger"}


@dataclass(frozen=True)
class TrialLine:
    """One line of the story. day: why the office works that day or not. points: deducted so far in this case.

    notices: (kind, name). deadlines: with every counted day. told: messages.
    """

    at: datetime
    weekday: str
    day: str
    words: str
    tone: str
    state: str
    points: int
    notices: tuple[tuple[str, str], ...]
    deadlines: tuple[str, ...]
    told: tuple[str, ...]


def trial_lines(case: VirtualCase, names: Names, cost: Callable[[tuple[str, ...]], int]) -> list[TrialLine]:
    """The story so far, line by line."""
    return [_line(case, event, names, cost) for event in case.events]


def _line(case: VirtualCase, event: Event, names: Names, cost: Callable[[tuple[str, ...]], int]) -> TrialLine:
    local = event.at.astimezone(case.calendar.zone)
    told = [
        f"告知{'、'.join(names.roles.get(role, role) for role in effect.roles)}：{effect.text}"
        for effect in event.effects
        if isinstance(effect, Tell)
    ]
    told += [
        f"撤回扣分：{'、'.join(_state_of(case.workflow, tier) for tier in effect.tiers)}"
        for effect in event.effects
        if isinstance(effect, ReverseDeductions)
    ]
    return TrialLine(
        at=local,
        weekday=f"星期{_WEEKDAYS[local.weekday()]}",
        day=day_words(local.date(), case.calendar),
        words=_words(case.workflow, event, names),
        tone=_TONES.get(event.what, ""),
        state=case.workflow.states_by_key[event.state].name,
        points=cost(event.situation.tiers),
        notices=tuple((kind, names.notices.get(kind, kind)) for kind in event.notices),
        deadlines=tuple(
            f"{clock.rule.label}："
            + (
                clock.due.explanation
                if clock.remaining is None
                else f"停止计算，剩余{clock.remaining}个工作日"
            )
            for clock in event.clocks
        ),
        told=tuple(told),
    )


def _state_of(workflow: Workflow, tier: str) -> str:
    return next((state.name for state in workflow.states if state.tier == tier), tier)


def _words(workflow: Workflow, event: Event, names: Names) -> str:
    if event.what is Happening.STEP:
        return f"{'、'.join(names.roles.get(role, role) for role in event.roles)}：{event.name}"
    if event.what is Happening.EXPIRED:
        return f"期限届满，系统办理：{event.name}"
    if event.what is Happening.REFUSED:
        return f"“{event.name}”没有办成：{event.sentence}"
    if event.reminder is not None:
        text = event.reminder.text or f"距期限届满还有{event.reminder.working_days_before}个工作日"
        who = "、".join(names.roles.get(role, role) for role in event.reminder.tell)
        return f"提醒（{event.name}）：{text}" + (f" → {who}" if who else "")
    return happening_words(workflow, event)


def day_words(day: date, calendar: WorkCalendar) -> str:
    """Why the office works on a day or not."""
    kind = calendar.days.get(day)
    if kind is not None:
        return _KINDS[kind]
    try:
        words = "工作日" if calendar.is_working_day(day) else "休息日"
    except CalendarTooShort:
        return "工作日历没有这一年"
    return f"{words}（暂定）" if calendar.is_provisional(day) else words


@dataclass(frozen=True)
class Choice:
    """One step that somebody could take next. roles, actor, asked: with which it is taken when it is clicked."""

    trigger: str
    name: str
    who: str
    to: str


def choices(case: VirtualCase, names: Names) -> list[Choice]:
    """Every step that is allowed now, by whoever may take it."""
    found = []
    for trigger in case.workflow.triggers:
        if trigger.by is Firing.TIMER or case.situation.state not in case.workflow.sources_of(trigger):
            continue
        roles, actor = actor_for(case, trigger)
        if not any(offer.trigger == trigger.key and offer.allowed for offer in case.offers(roles, actor)):
            continue
        who = "、".join(names.roles.get(role.value, role.value) for role in trigger.roles)
        found.append(Choice(trigger.key, trigger.name, who, ""))
    return found


def clicked(case: VirtualCase, trigger: str, at: datetime) -> dict[str, Any]:
    """A step as it stands in a script, taken by someone who may, with sample answers."""
    rule = case.workflow.triggers_by_key[trigger]
    roles, actor = actor_for(case, rule)
    asks = asks_in(case.workflow, rule, case.situation.state, roles)
    asked = {ask.field: sample_answer(ask, case) for ask in asks if ask.required}
    return {
        "at": at.replace(tzinfo=None).isoformat(timespec="minutes"),
        "do": trigger,
        "as": roles,
        "actor": actor,
        "asked": asked,
    }


def next_morning(case: VirtualCase) -> datetime:
    """When the next step is taken unless somebody says otherwise: the next working morning, local time."""
    return working_moment(case.now, 1, case.calendar).astimezone(case.calendar.zone)


def chart_of(labels: list[str], kind: str, series: Mapping[str, list[Any]], line: str = "") -> dict[str, Any]:
    """Data as static/charts.js draws them. line: the series drawn as a line."""
    return {
        "kind": kind,
        "labels": labels,
        "series": [{"name": name, "values": values, "line": name == line} for name, values in series.items()],
    }

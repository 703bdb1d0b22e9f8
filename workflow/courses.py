"""The ways in which cases usually go, for any procedure: nobody answers, answers late, answers badly.

A course knows no procedure by name. It sees what each step is by what the definition says of it: who takes it, whether
it records a service, asks or answers a question, takes deductions back, and where it leads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from workflow.calendar import CalendarTooShort, WorkCalendar
from workflow.definition import SAME, Ask, Trigger, Workflow
from workflow.engine import StepRefused
from workflow.reachability import arrows_of
from workflow.rights import asks_in, barred_by
from workflow.virtual_case import Happening, VirtualCase
from workflow.vocabulary import AskType, ClockStart, Firing, Role

#: A case that has not come to rest after so many turns goes round in circles.
MOST_TURNS = 80
_ONE_DAY = timedelta(days=1)


class Answering(StrEnum):
    """What the target does when it is to answer."""

    IN_TIME = "in_time"
    #: Only after a deadline has run out.
    LATE = "late"
    NEVER = "never"


@dataclass(frozen=True)
class Course:
    """How people behave in one case.

    rejections: so many answers are found wanting. asks: keys of suspensions the target asks for once, when it may.
    grants: whether the office grants what is asked. office_days, answer_days: working days that the office needs for
    a step, and that the target leaves unused before its deadline.
    """

    name: str
    answering: Answering = Answering.IN_TIME
    rejections: int = 0
    asks: tuple[str, ...] = ()
    grants: bool = False
    office_days: int = 1
    answer_days: int = 2


#: The courses that the simulator offers, by key.
COURSES: Mapping[str, Course] = {
    "in_time": Course("按期反馈，整改到位"),
    "never": Course("始终不反馈", Answering.NEVER),
    "late": Course("逾期才反馈", Answering.LATE),
    "rejected_twice": Course("两次被认定不到位", rejections=2),
}


def walked(
    workflow: Workflow,
    calendar: WorkCalendar,
    course: Course,
    *,
    facts: Mapping[str, Any],
    at: datetime,
    until: datetime | None = None,
    found_before: Iterable[date] = (),
) -> VirtualCase:
    """A case that takes its course from `at` until it is over, nobody does anything more, or `until`."""
    case = VirtualCase(workflow, calendar, facts=facts, at=at, found_before=found_before)
    walker = _Walker(case, course, until)
    try:
        for _ in range(MOST_TURNS):
            if case.ended or not walker.turn():
                break
    except CalendarTooShort:
        # The calendar ends here, and so does the story.
        pass
    return case


class _Walker:
    """The people of one case."""

    def __init__(self, case: VirtualCase, course: Course, until: datetime | None) -> None:
        self.case, self.until = case, until
        self.course = course
        self.far = distances(case.workflow)
        self.asked_for: set[str] = set()
        self.came_by_answer = False
        self.moment: tuple[int, datetime] | None = None
        self.open: dict[tuple[str, ...], frozenset[str]] = {}

    def turn(self) -> bool:
        """The next thing that happens; False when nothing more does."""
        case = self.case
        if case.situation.suspension is not None:
            return self._decide()
        service = self._service()
        if service is not None:
            return self._take(service, after=self.course.office_days)
        question = self._question()
        if question is not None:
            self.asked_for.add(question.suspend or "")
            return self._take(question, after=1)
        if self._answers():
            return True
        due = self._due()
        if due is not None:
            return self._wait(due)
        move = self._office_move()
        return move is not None and self._take(move, after=self.course.office_days)

    # -- what could be done

    def _allowed(self, wanted: Callable[[Trigger], bool]) -> Iterator[Trigger]:
        case = self.case
        for trigger in case.workflow.triggers:
            if trigger.by is Firing.TIMER or not wanted(trigger):
                continue
            if case.situation.state not in case.workflow.sources_of(trigger):
                continue
            roles, actor = actor_for(case, trigger, self._side(trigger))
            if trigger.key in self._open_to(roles, actor):
                yield trigger

    def _open_to(self, roles: list[str], actor: str) -> frozenset[str]:
        """The steps that somebody could take now; worked out once for each moment."""
        moment = (self.case.situation.steps, self.case.now)
        if moment != self.moment:
            self.moment, self.open = moment, {}
        asking = (*roles, actor)
        if asking not in self.open:
            offered = self.case.offers(roles, actor)
            self.open[asking] = frozenset(offer.trigger for offer in offered if offer.allowed)
        return self.open[asking]

    def _side(self, trigger: Trigger) -> Role | None:
        return Role.TARGET if Role.TARGET in trigger.roles and not self._serves(trigger) else None

    def _serves(self, trigger: Trigger) -> bool:
        return trigger.key in self.case.workflow.serving_triggers

    def _service(self) -> Trigger | None:
        state = self.case.workflow.states_by_key[self.case.situation.state]
        if not any(clock.starts is ClockStart.SERVED for clock in state.clocks):
            return None
        if any(
            key in self.case.workflow.serving_triggers for key in self.case.situation.done.get(state.key, ())
        ):
            return None
        return next(self._allowed(self._serves), None)

    def _question(self) -> Trigger | None:
        wanted = set(self.course.asks) - self.asked_for
        if not wanted:
            return None
        return next(self._allowed(lambda rule: rule.suspend in wanted and Role.TARGET in rule.roles), None)

    def _answers(self) -> bool:
        if self.course.answering is Answering.NEVER:
            return False
        late = self.course.answering is Answering.LATE
        if late and not any(event.what is Happening.EXPIRED for event in self.case.events):
            return False
        answer = next(
            self._allowed(lambda rule: Role.TARGET in rule.roles and not rule.suspend and _moves(rule)), None
        )
        if answer is None:
            return False
        due = self._due()
        moment = None
        if due is not None:
            moment = opening_before(due, self.course.answer_days, self.case.calendar)
        taken = self._take(answer, after=3, no_later=moment)
        self.came_by_answer = taken
        return taken

    def _due(self) -> datetime | None:
        dues = [clock.due.due_at for clock in self.case.clocks if clock.rule.then and clock.remaining is None]
        return min(dues, default=None)

    def _office_move(self) -> Trigger | None:
        open_moves = list(
            self._allowed(
                lambda rule: (
                    _moves(rule)
                    and not rule.during
                    and not rule.suspend
                    and (Role.TARGET not in rule.roles)
                    and not any(effect.do == "reverse_deductions" for effect in rule.effects)
                )
            )
        )
        if not open_moves:
            return None
        if self.came_by_answer and self.course.rejections > 0:
            costly = next((rule for rule in open_moves if self._costs(rule)), None)
            if costly is not None:
                self.course = replace(self.course, rejections=self.course.rejections - 1)
                self.came_by_answer = False
                return costly
        if self.course.answering is Answering.NEVER or not self.came_by_answer:
            return open_moves[0]
        return min(open_moves, key=lambda rule: (self._costs(rule), self._distance(rule)))

    def _ends(self, trigger: Trigger) -> list[str]:
        workflow = self.case.workflow
        return [branch.state for branch in workflow.branches_from(trigger, self.case.situation.state)]

    def _costs(self, trigger: Trigger) -> bool:
        states = self.case.workflow.states_by_key
        return any(end in states and states[end].tier is not None for end in self._ends(trigger))

    def _distance(self, trigger: Trigger) -> int:
        return min((self.far.get(end, MOST_TURNS) for end in self._ends(trigger)), default=MOST_TURNS)

    def _decide(self) -> bool:
        answers = list(self._allowed(lambda rule: rule.lift))
        if not answers:
            return False
        chosen = next((rule for rule in answers if _grants(rule) is self.course.grants), answers[0])
        return self._take(chosen, after=max(2, self.course.office_days))

    # -- doing it

    def _take(self, trigger: Trigger, *, after: int, no_later: datetime | None = None) -> bool:
        case = self.case
        moment = working_moment(case.now, after, case.calendar)
        if no_later is not None and moment > no_later > case.now:
            moment = no_later
        state = case.situation.state
        if not self._wait(moment):
            return False
        if case.situation.state != state:
            return True
        roles, actor = actor_for(case, trigger, self._side(trigger))
        asks = asks_in(case.workflow, trigger, case.situation.state, roles)
        asked = {ask.field: sample_answer(ask, case) for ask in asks if ask.required}
        try:
            case.fire(trigger.key, roles=roles, actor=actor, asked=asked)
        except StepRefused:
            return False
        if case.situation.state != state and Role.TARGET not in trigger.roles:
            self.came_by_answer = self.came_by_answer and not self._costs(trigger)
        return True

    def _wait(self, moment: datetime) -> bool:
        if self.until is not None and moment > self.until:
            self.case.pass_until(max(self.until, self.case.now))
            return False
        self.case.pass_until(moment)
        return True


def _moves(trigger: Trigger) -> bool:
    return any(branch.state != SAME for branch in trigger.branches)


def _grants(trigger: Trigger) -> bool:
    """Whether an answer gives what was asked: more days, or deductions back."""
    return any(effect.do in ("resume_clocks", "reverse_deductions") for effect in trigger.effects)


@lru_cache(maxsize=64)
def distances(workflow: Workflow) -> Mapping[str, int]:
    """For each state the fewest steps to an end that does not take deductions back."""
    straight = [
        rule
        for rule in workflow.triggers
        if not any(effect.do == "reverse_deductions" for effect in rule.effects)
    ]
    arrows = arrows_of(workflow, straight)
    found = {state.key: 0 for state in workflow.states if state.final}
    for _ in workflow.states:
        for source, targets in arrows.items():
            near = [found[target] + 1 for target in targets if target in found]
            if near and min(near) < found.get(source, MOST_TURNS):
                found[source] = min(near)
    return found


def actor_for(case: VirtualCase, trigger: Trigger, side: Role | None = None) -> tuple[list[str], str]:
    """Who takes a step: a role, and a person who has not taken a step that someone else must check."""
    state = case.situation.state
    able = [role for role in trigger.roles if not barred_by(case.workflow, trigger, state, [role])]
    able = able or list(trigger.roles)
    role = side or next((role for role in able if role is not Role.TARGET), able[0])
    barred = {person for key in trigger.four_eyes_with for person in case.situation.actors.get(key, ())}
    person, number = role.value, 2
    while person in barred:
        person, number = f"{role.value}_{number}", number + 1
    return [role.value], person


def sample_answer(ask: Ask, case: VirtualCase) -> Any:
    """Something that can be answered to a question of a step."""
    if ask.type is AskType.NUMBER:
        return max(ask.at_least or 1, min(3, ask.at_most or 3))
    if ask.type is AskType.BOOLEAN:
        return True
    if ask.type is AskType.DATE:
        return case.calendar.local_day(case.now).isoformat()
    if ask.type is AskType.CHOICE:
        return ask.options[0].key
    if ask.type is AskType.CHOICES:
        return [ask.options[0].key]
    if ask.type is AskType.FILES:
        return ["（模拟附件）"]
    if ask.type is AskType.GRADE:
        return "good"
    return f"（模拟：{ask.label}）"


def working_moment(now: datetime, working_days: int, calendar: WorkCalendar) -> datetime:
    """An hour after the office opens, so many working days later; never before now."""
    day = calendar.local_day(now)
    for _ in range(working_days):
        day = _next_working_day(day, calendar)
    return max(now, calendar.start_of(day) + timedelta(hours=1))


def opening_before(due: datetime, working_days: int, calendar: WorkCalendar) -> datetime:
    """The morning so many working days before a deadline's last day."""
    return calendar.opens_before(due, working_days) + timedelta(hours=1)


def _next_working_day(day: date, calendar: WorkCalendar) -> date:
    day += _ONE_DAY
    while not calendar.is_working_day(day):
        day += _ONE_DAY
    return day


def script_of(case: VirtualCase, name: str) -> dict[str, Any]:
    """What was done in a case as the plain data of a `Script`, with its end as what is expected."""
    zone = case.calendar.zone

    def local(moment: datetime) -> str:
        return moment.astimezone(zone).replace(tzinfo=None).isoformat(timespec="minutes")

    steps: list[dict[str, Any]] = []
    for event in case.events[1:]:
        if event.what is Happening.STEP:
            taken = {"at": local(event.at), "do": event.trigger, "as": list(event.roles)}
            steps.append({**taken, "actor": event.actor, "asked": dict(event.asked)})
    last = max(case.events[-1].at, case.now)
    if not steps or case.events[-1].what is not Happening.STEP:
        steps.append({"at": local(last)})
    return {
        "name": name,
        "workflow": case.workflow.key,
        "registered_at": local(case.events[0].at),
        "facts": dict(case.facts),
        **({"found_before": [day.isoformat() for day in case.found_before]} if case.found_before else {}),
        "steps": steps,
    }

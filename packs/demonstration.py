"""A simulated half-year of a campaign as plain events, for a service to play. Seeded: always the same.

Everything in it says that it is a demonstration, and it names no person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any, Literal
from zoneinfo import ZoneInfo

from definitions.base import Definition, Key
from definitions.source import load_yaml
from forms.builder import PREFIX
from forms.definition import FormDefinition
from packs.parts import Pack
from workflow.calendar import WorkCalendar

_FILE = Path(__file__).with_name("demonstration.yaml")
_LOCAL = ZoneInfo("Asia/Shanghai")


class Script(Definition):
    """A course that cases take.

    steps: ``trigger@working days since the step before``, with ``:role`` where not the rule's first role takes
    it; without days for a clock's step.
    ago: how many working days before today the last step was, one case after the other; empty for any time.
    pending: the application that waits for its answer at the end.
    """

    times: int
    ends: Key
    steps: tuple[str, ...]
    ago: tuple[int, ...] = ()
    pending: Literal["extension", "appeal"] | None = None
    grave: bool = False
    channel: Key | None = None


class StoryProblem(Definition):
    """What a case is about."""

    problem: Key
    title: str
    facts: str


class Story(Definition):
    """demonstration.yaml: how much happens and in which words."""

    key: Key
    name: str
    version: int
    source: str
    weeks: int
    instant_per_month: tuple[int, int]
    comprehensive_per_month: int
    inspections: int
    unreported: int
    ballot_ended_ago: int
    ballot_days: int
    result_ago: int
    result: str
    ballot_turnout: int
    ballot_share: int
    matters: tuple[str, ...]
    situation: str
    findings: str
    place: str
    inspector: str
    signature: str
    opinion: str
    problems: tuple[StoryProblem, ...]
    asked: dict[str, dict[str, Any]]
    scripts: tuple[Script, ...]


@dataclass(frozen=True)
class DemoRating:
    """One filled form. rater: key of the monitor, or "" for an inspector. answers: plain, by field."""

    method: str
    target: str
    grade: str
    rater: str
    at: datetime
    answers: Mapping[str, Any]


@dataclass(frozen=True)
class DemoBallot:
    """One ballot of the concentrated evaluation; it knows no delegate."""

    at: datetime
    grades: Mapping[str, str]
    opinion: str


@dataclass(frozen=True)
class DemoStep:
    """One step of a case. `at` is None for a step that the clock takes when its deadline has passed."""

    trigger: str
    role: str
    at: datetime | None
    asked: Mapping[str, Any]


@dataclass(frozen=True)
class DemoCase:
    """One case with its whole course; ends: the state in which it stands afterwards."""

    target: str
    channel: str
    problem: str
    title: str
    facts: str
    grave: bool
    opened_at: datetime
    steps: tuple[DemoStep, ...]
    ends: str
    pending: str | None


@dataclass(frozen=True)
class Demonstration:
    """Everything that happens, each list in order of time.

    starts_at: before everything else. ballots_open, ballots_close: of the round. result_at: when an edition of
    the results is proposed.
    """

    starts_at: datetime
    ballots_open: datetime
    ballots_close: datetime
    result_at: datetime
    ratings: tuple[DemoRating, ...]
    ballots: tuple[DemoBallot, ...]
    cases: tuple[DemoCase, ...]


def load_story() -> Story:
    """The story that is shipped; DefinitionFaults when it was damaged."""
    return Story.read(load_yaml(_FILE))


def demonstrate(pack: Pack, story: Story, *, today: date, seed: int = 2012) -> Demonstration:
    """The simulated half-year up to the working day before today: the same for the same arguments.

    Cases whose clocks still run are placed so that some run out today and in the next days. today: must lie in
    a year that the pack's calendar covers, with half a year before it.
    """
    teller = _Teller(pack, story, today, seed)
    ratings = [*teller.instant(), *teller.comprehensive(), *teller.inspections()]
    voting = teller.voting_days
    return Demonstration(
        starts_at=teller.moment(teller.days[0], hour=0),
        ballots_open=teller.moment(voting[0], hour=8),
        ballots_close=teller.moment(voting[-1], hour=17),
        result_at=teller.moment(teller.days[-story.result_ago], hour=17),
        ratings=tuple(sorted(ratings, key=lambda rating: rating.at)),
        ballots=tuple(sorted(teller.ballots(), key=lambda ballot: ballot.at)),
        cases=tuple(sorted(teller.cases(), key=lambda case: case.opened_at)),
    )


def posted(form: FormDefinition, answers: Mapping[str, Any]) -> dict[str, list[str]]:
    """The answers as a browser would post them, by the names of the form's controls.

    Raises KeyError for an answer to a field that the form does not have.
    """
    fields = {field.key: field for field in form.fields}
    return {
        f"{PREFIX}{key}-{suffix}" if suffix else f"{PREFIX}{key}": list(values)
        for key, answer in answers.items()
        for suffix, values in fields[key].posted_from(answer).items()
    }


class _Teller:
    """Draws what happens; every target has a quality that its grades scatter around."""

    def __init__(self, pack: Pack, story: Story, today: date, seed: int) -> None:
        self.story = story
        # A repeatable story, no secret.
        self.chance = Random(seed)  # noqa: S311
        self.pack = pack
        self.calendar: WorkCalendar = pack.calendar.work_calendar()
        self.workflow = next(iter(pack.workflows.values()))
        self.targets = [target.key for target in pack.roster.targets if target.active]
        self.quality = {target: self.chance.triangular(0.2, 1.0, 0.8) for target in self.targets}
        self.grades = [grade.key for grade in pack.sheet.grades]
        first = today - timedelta(weeks=story.weeks)
        self.days = list(self._working_days(first, today - timedelta(days=1)))
        voted = len(self.days) - story.ballot_ended_ago
        self.voting_days = self.days[voted - story.ballot_days : voted]
        self.problems = [entry.key for entry in pack.dictionaries["problems"].leaves()]

    def _deck(self, without: int = 0) -> Iterator[str]:
        """Targets in random order, all of them before any comes again; the last ones of the roster may be left out."""
        known = self.targets[: len(self.targets) - without]
        while True:
            yield from self.chance.sample(known, len(known))

    def instant(self) -> Iterator[DemoRating]:
        """Each monitor reports several times a month; every target is met."""
        deck = self._deck()
        months = max(1, len(self.days) // 21)
        kinds = [entry.key for entry in self.pack.dictionaries["matter_kinds"].leaves()]
        for monitor in self.pack.roster.monitors:
            for _ in range(months * self.chance.randint(*self.story.instant_per_month)):
                target, at = next(deck), self.moment(self.chance.choice(self.days))
                grade = self._grade(target)
                occurred = (at - timedelta(hours=1)).astimezone(_LOCAL)
                answers = {
                    "target": target,
                    "grade": grade,
                    "occurred_at": occurred.strftime("%Y-%m-%dT%H:%M"),
                    "matter_kind": self.chance.choice(kinds),
                    "matter": self.chance.choice(self.story.matters),
                    **self._complaint(grade, "situation"),
                }
                yield DemoRating("instant", target, grade, monitor.key, at, answers)

    def comprehensive(self) -> Iterator[DemoRating]:
        """Each monitor sums up a finished month in the first days of the next; a few targets nobody knows yet."""
        deck = self._deck(self.story.unreported)
        for first in sorted({day.replace(day=1) for day in self.days})[1:]:
            month = (first - timedelta(days=1)).strftime("%Y-%m")
            days = [day for day in self.days if day.replace(day=1) == first][:4]
            for monitor in self.pack.roster.monitors:
                # A set: where the deck is dealt anew the same target may come twice.
                for target in sorted({next(deck) for _ in range(self.story.comprehensive_per_month)}):
                    grade = self._grade(target)
                    answers = {
                        "month": month,
                        "target": target,
                        "grade": grade,
                        "signature": {"typed": self.story.signature},
                        **self._complaint(grade, "prominent"),
                    }
                    at = self.moment(self.chance.choice(days))
                    yield DemoRating("comprehensive", target, grade, monitor.key, at, answers)

    def inspections(self) -> Iterator[DemoRating]:
        """Every target is visited, some more than once."""
        ways = [entry.key for entry in self.pack.dictionaries["inspection_ways"].leaves()]
        for number in range(self.story.inspections):
            target = self.targets[number % len(self.targets)]
            grade, at = self._grade(target), self.moment(self.chance.choice(self.days))
            answers: dict[str, Any] = {
                "target": target,
                "way": self.chance.choice(ways),
                "visited_at": (at - timedelta(hours=1)).astimezone(_LOCAL).strftime("%Y-%m-%dT%H:%M"),
                "place": self.story.place,
                "inspectors": [{"name": f"{self.story.inspector}{which}"} for which in "甲乙"],
                "findings": self.story.findings,
                "grade": grade,
                "open_case": False,
            }
            if grade in self.grades[-2:]:
                answers["handling"] = self.story.situation
            yield DemoRating("inspection", target, grade, "", at, answers)

    def ballots(self) -> Iterator[DemoBallot]:
        """While the round is open most delegates grade the targets that they know."""
        for _ in self.pack.roster.delegates:
            if self.chance.randrange(100) >= self.story.ballot_turnout:
                continue
            known = [key for key in self.targets if self.chance.randrange(100) < self.story.ballot_share]
            grades = {key: self._grade(key) for key in known or self.targets[:1]}
            opinion = self.story.opinion if self.chance.randrange(4) == 0 else ""
            yield DemoBallot(self.moment(self.chance.choice(self.voting_days)), grades, opinion)

    def cases(self) -> Iterator[DemoCase]:
        """Every script as often as it says, at targets of low quality more often."""
        weights = [1.15 - self.quality[target] for target in self.targets]
        channels = [entry.key for entry in self.pack.dictionaries["channels"].leaves()]
        for script in self.story.scripts:
            for number in range(script.times):
                problem = self.chance.choice(self.story.problems)
                opened, steps = self._course(script, number)
                yield DemoCase(
                    target=self.chance.choices(self.targets, weights)[0],
                    channel=script.channel
                    or self.chance.choice([key for key in channels if key != "rating"]),
                    problem=problem.problem,
                    title=problem.title,
                    facts=problem.facts,
                    grave=script.grave,
                    opened_at=opened,
                    steps=steps,
                    ends=script.ends,
                    pending=script.pending,
                )

    def _course(self, script: Script, number: int) -> tuple[datetime, tuple[DemoStep, ...]]:
        gaps = [self._gap(script, position) for position in range(len(script.steps))]
        latest = len(self.days) - 1 - sum(gaps)
        ago = script.ago[number % len(script.ago)] if script.ago else None
        at = self.chance.randint(0, latest) if ago is None else latest + 1 - ago
        opened = self.moment(self.days[at], hour=9)
        steps = []
        for written, gap in zip(script.steps, gaps, strict=True):
            at += gap
            course, _, role = written.partition(":")
            trigger = course.partition("@")[0]
            rule = self.workflow.triggers_by_key[trigger]
            moment = None if rule.by == "timer" else self.moment(self.days[at], hour=10)
            asked = dict(self.story.asked.get(trigger, {})) if moment else {}
            steps.append(
                DemoStep(trigger, role or (str(rule.roles[0]) if rule.roles else "system"), moment, asked)
            )
        return opened, tuple(steps)

    def _gap(self, script: Script, position: int) -> int:
        """Working days before a step; a clock's step comes the day after its deadline."""
        trigger, _, days = script.steps[position].partition(":")[0].partition("@")
        if days:
            return int(days)
        state = "issued"
        for earlier in script.steps[:position]:
            rule = self.workflow.triggers_by_key[earlier.partition(":")[0].partition("@")[0]]
            target = rule.branches[0].state
            state = state if target in ("same", "previous") else target
        clocks = self.workflow.states_by_key[state].clocks
        running = next(clock for clock in clocks if clock.then == trigger).length
        return (running if isinstance(running, int) else running.default) + 1

    def _complaint(self, grade: str, field: str) -> dict[str, str]:
        if grade not in self.grades[-2:]:
            return {}
        return {"problem": self.chance.choice(self.problems), field: self.story.situation}

    def _grade(self, target: str) -> str:
        drawn = self.chance.gauss(self.quality[target], 0.16)
        steps = (0.7, 0.5, 0.35, 0.22)
        return self.grades[sum(drawn < edge for edge in steps)]

    def moment(self, day: date, *, hour: int | None = None) -> datetime:
        local = time(hour if hour is not None else self.chance.randint(9, 16), self.chance.randint(0, 59))
        return datetime.combine(day, local, _LOCAL).astimezone(UTC)

    def _working_days(self, first: date, last: date) -> Iterator[date]:
        day = first
        while day <= last:
            if self.calendar.is_working_day(day):
                yield day
            day += timedelta(days=1)

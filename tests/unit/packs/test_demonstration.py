"""The simulated half-year can be played: every form is taken, every step allowed, every state reached."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import pytest
from werkzeug.datastructures import MultiDict

from forms.answers import bind
from forms.choices import Entry, FixedChoices
from packs.demonstration import DemoCase, Demonstration, demonstrate, load_story, posted
from packs.pack import Pack, load_pack
from workflow.engine import start, step

PACK = Path(__file__).resolve().parents[3] / "packs" / "district-2012"

TODAY = date(2026, 11, 23)


@cache
def pack() -> Pack:
    return load_pack(PACK)


@cache
def story() -> Demonstration:
    return demonstrate(pack(), load_story(), today=TODAY)


def test_the_same_seed_tells_the_same_story() -> None:
    assert demonstrate(pack(), load_story(), today=TODAY) == story()
    assert demonstrate(pack(), load_story(), today=TODAY, seed=7) != story()


def test_everything_happens_on_working_days_of_the_half_year() -> None:
    calendar = pack().calendar.work_calendar()
    moments = [rating.at for rating in story().ratings] + [ballot.at for ballot in story().ballots]
    moments += [one.at for case in story().cases for one in case.steps if one.at]
    for moment in moments:
        day = calendar.local_day(moment)
        assert date(2026, 5, 25) <= day < TODAY
        assert calendar.is_working_day(day)


def test_it_is_rich_enough() -> None:
    told = story()
    assert len(told.ratings) > 700
    assert len(told.ballots) > 100
    assert len(told.cases) >= 60


def test_every_state_is_shown_at_the_end() -> None:
    assert {state.key for state in pack().workflows["rectification"].states} == {
        case.ends for case in story().cases
    }


def cases_by_course() -> list[DemoCase]:
    return list({tuple(one.trigger for one in case.steps): case for case in story().cases}.values())


@pytest.mark.parametrize("case", cases_by_course(), ids=lambda case: "-".join(s.trigger for s in case.steps))
def test_every_course_is_allowed_and_ends_where_it_says(case: DemoCase) -> None:
    workflow = pack().workflows["rectification"]
    situation = start(workflow)
    for one in case.steps:
        facts = {"grave": case.grave, "channel": case.channel, "deadline_passed": one.at is None}
        situation = step(
            workflow, situation, one.trigger, roles=[one.role], actor=one.role, facts=facts, asked=one.asked
        ).situation
    assert situation.state == case.ends
    assert situation.suspension == case.pending


def test_a_ballot_is_taken_as_it_is_filled() -> None:
    form = pack().forms["concentrated"]
    targets = [Entry(target.key, target.name) for target in pack().roster.targets]
    for ballot in story().ballots[:5]:
        answers = {"grades": dict(ballot.grades)} | ({"opinion": ballot.opinion} if ballot.opinion else {})
        typed: MultiDict[str, str] = MultiDict(posted(form, answers))
        bound = bind(form, typed, choices=FixedChoices({"target": targets}), now=ballot.at)
        assert bound.faults == ()
        assert bound.answers == answers


@pytest.mark.parametrize("method", ["instant", "comprehensive", "inspection"])
def test_every_form_is_taken_as_it_is_filled(method: str) -> None:
    form = pack().forms[method]
    lists = {"target": [Entry(target.key, target.name) for target in pack().roster.targets]}
    for key, dictionary in pack().dictionaries.items():
        lists[f"dictionary:{key}"] = [Entry(leaf.key, leaf.name) for leaf in dictionary.leaves()]
    chosen: dict[str, list[object]] = {}
    for rating in story().ratings:
        if rating.method == method and len(chosen.setdefault(rating.grade, [])) < 3:
            chosen[rating.grade].append(rating)
            typed: MultiDict[str, str] = MultiDict(posted(form, rating.answers))
            bound = bind(form, typed, choices=FixedChoices(lists), now=rating.at)
            assert bound.faults == ()
            assert bound.answers is not None
    assert len(chosen) >= 4


def test_nothing_names_a_person() -> None:
    texts = [str(value) for case in story().cases for one in case.steps for value in one.asked.values()]
    texts += [text for case in story().cases for text in (case.title, case.facts)]
    plain = {"electronic", "on_site", "5", "good"}
    assert all(text.startswith("（演示）") for text in texts if text not in plain)

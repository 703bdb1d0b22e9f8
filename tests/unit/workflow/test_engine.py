"""The engine: every step from every situation, who may, what is asked, replay, one machine for all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions.source import load_yaml
from tests.unit.workflow.walking import Walk, answers_to, roles_of
from workflow.definition import Workflow, load_workflow
from workflow.effects import BookDeduction
from workflow.engine import ReplayDiffers, StepRefused, offers, replay, start, step
from workflow.machine import machine_of
from workflow.refusal import Because
from workflow.situation import Situation, situation_from
from workflow.vocabulary import Firing

ROOT = Path(__file__).parents[3]
TABLE: list[dict[str, Any]] = load_yaml(ROOT / "tests/cases/workflow/every_step.yaml")


def outcome(walk: Walk, trigger: str) -> str:
    try:
        return walk.take(trigger).to_state
    except StepRefused as refused:
        return f"refused {refused.code}" if refused.sentence else "refused without a reason"


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["name"])
def test_every_step_from_every_situation(row: dict[str, Any], rectification: Workflow) -> None:
    came = {
        trigger.key: outcome(Walk(rectification).do(*row["path"]), trigger.key)
        for trigger in rectification.triggers
    }
    assert came == row["steps"]


def test_the_table_has_every_state(rectification: Workflow) -> None:
    reached = {Walk(rectification).do(*row["path"]).situation.state for row in TABLE}
    assert reached == set(rectification.states_by_key)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["name"])
def test_offers_say_what_the_step_then_does(row: dict[str, Any], rectification: Workflow) -> None:
    everyone = frozenset().union(*(trigger.roles for trigger in rectification.triggers))
    situation = Walk(rectification).do(*row["path"]).situation
    found = offers(rectification, situation, roles=everyone, actor="nobody-yet", facts={})
    for offer in found:
        assert offer.allowed == (not row["steps"][offer.trigger].startswith("refused ")), offer
        assert (offer.reason is None) == offer.allowed
    persons = {trigger.key for trigger in rectification.triggers if trigger.by is Firing.PERSON}
    taken = {key for key, result in row["steps"].items() if not result.startswith("refused ")}
    assert taken & persons <= {offer.trigger for offer in found}


def test_every_role_is_held_to_its_steps(rectification: Workflow) -> None:
    for row in TABLE:
        situation = Walk(rectification).do(*row["path"]).situation
        for trigger in rectification.triggers:
            if row["steps"][trigger.key].startswith("refused "):
                continue
            for role in ("admin", "auditor", "leader", *(() if trigger.by is Firing.TIMER else ("system",))):
                with pytest.raises(StepRefused) as refused:
                    step(rectification, situation, trigger.key, roles={role}, actor="x", facts={}, asked={})
                assert refused.value.code is Because.ROLE


def test_four_eyes_look_at_the_whole_history(rectification: Workflow) -> None:
    walk = Walk(rectification).do("issue", "serve").do("allege_refusal", actor="one").do("serve", "plead")
    with pytest.raises(StepRefused, match="您办理过“拟认定拒不整改”") as refused:
        walk.do("confirm_refusal", actor="one")
    assert refused.value.code is Because.FOUR_EYES
    assert walk.do("confirm_refusal", actor="other").situation.state == "refused"


def test_an_appeal_is_reviewed_by_somebody_else(rectification: Workflow) -> None:
    walk = Walk(rectification).do("issue", "serve", "answer").do("reject", actor="one").do("appeal")
    for decision in ("uphold_appeal", "reject_appeal"):
        with pytest.raises(StepRefused, match="须由另一人办理"):
            walk.do(decision, actor="one")


@pytest.mark.parametrize(
    ("asked", "field", "words"),
    [
        ({"answer_working_days": "15"}, "answer_working_days", "应为整数"),
        ({"answer_working_days": True}, "answer_working_days", "应为整数"),
        ({"answer_working_days": 0}, "answer_working_days", "不能小于1"),
        ({"answer_working_days": 61}, "answer_working_days", "不能大于60"),
        ({"requirement": ["x"]}, "requirement", "应为文字"),
        ({"colour": "red"}, "colour", "没有名为“colour”的填写项"),
    ],
)
def test_wrong_answers_are_refused_with_their_field(
    asked: dict[str, Any], field: str, words: str, rectification: Workflow
) -> None:
    with pytest.raises(StepRefused, match=words) as refused:
        Walk(rectification).do("issue", **asked)
    assert (refused.value.code, refused.value.field) == (Because.ASKED, field)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("service_way", "pigeon"),
        ("served_on", "yesterday"),
        ("receiver", "  "),
        ("evidence", "one.jpg"),
        ("receiver", None),
    ],
)
def test_wrong_answers_at_service(field: str, value: object, rectification: Workflow) -> None:
    with pytest.raises(StepRefused) as refused:
        Walk(rectification).do("issue").take("serve", actor="a", **{field: value})
    assert (refused.value.code, refused.value.field) == (Because.ASKED, field)


def test_a_step_keeps_the_given_facts_that_its_rules_can_see(rectification: Workflow) -> None:
    walk = Walk(rectification, facts={"grave": True, "channel": "video", "weather": "rain"})
    walk.do("issue", "serve", "expire")
    assert walk.take("list_for_supervision").facts == {"grave": True}


@st.composite
def histories(draw: st.DrawFn, workflow: Workflow) -> Walk:
    """A random walk: at each turn any step is tried by somebody who may."""
    walk = Walk(workflow, facts={"grave": draw(st.booleans()), "deadline_passed": draw(st.booleans())})
    for key in draw(st.lists(st.sampled_from([trigger.key for trigger in workflow.triggers]), max_size=60)):
        outcome(walk, key)
    return walk


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_replay_leads_to_the_stored_situation(data: st.DataObject, rectification: Workflow) -> None:
    walk = data.draw(histories(rectification))
    assert replay(rectification, walk.entries) == walk.situation
    assert situation_from(walk.situation.as_data()) == walk.situation


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_entry_to_a_tier_state_books_it_and_nothing_else_does(
    data: st.DataObject, rectification: Workflow
) -> None:
    walk = Walk(rectification)
    for key in data.draw(
        st.lists(st.sampled_from([trigger.key for trigger in rectification.triggers]), max_size=60)
    ):
        try:
            taken = walk.take(key)
        except StepRefused:
            continue
        tier = rectification.states_by_key[taken.to_state].tier
        entered = taken.from_state != taken.to_state and key != "dismiss_refusal"
        booked = [effect.tier for effect in taken.effects if isinstance(effect, BookDeduction)]
        assert booked == ([tier] if entered and tier else [])


def test_a_forged_history_is_found(rectification: Workflow) -> None:
    entries = Walk(rectification).do("issue", "serve", "expire").entries
    with pytest.raises(ReplayDiffers, match="记录到达“closed”") as found:
        replay(rectification, [*entries[:2], replace(entries[2], to_state="closed")])
    assert found.value.position == 3
    with pytest.raises(ReplayDiffers, match="记录由“answered”出发"):
        replay(rectification, [replace(entries[0], from_state="answered")])
    with pytest.raises(ReplayDiffers, match="被拒绝"):
        replay(rectification, [replace(entries[0], roles=frozenset({"auditor"}))])


def test_one_machine_serves_all_threads(rectification: Workflow) -> None:
    again = load_workflow(load_yaml(ROOT / "packs/district-2012/workflows/rectification.yaml"))
    assert machine_of(again) is machine_of(rectification)
    issue = rectification.triggers_by_key["issue"]

    def life(number: int) -> Situation:
        walk = Walk(rectification).do("issue", "serve")
        return walk.do(*(["answer", "accept", "close"] if number % 2 else ["expire", "supervise"])).situation

    with ThreadPoolExecutor(8) as pool:
        ends = [situation.state for situation in pool.map(life, range(200))]
    assert ends == ["supervised", "closed"] * 100
    fresh = start(rectification)
    step(rectification, fresh, "issue", roles=roles_of(issue), actor="a", facts={}, asked=answers_to(issue))
    assert fresh == start(rectification)

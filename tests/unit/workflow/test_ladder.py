"""The ladder of the 2012 plan, walked step by step through the shipped definition."""

from __future__ import annotations

from tests.unit.workflow.walking import Walk
from workflow.definition import Workflow
from workflow.effects import (
    BookDeduction,
    EndClocks,
    IssueNotice,
    ResumeClocks,
    ReverseDeductions,
    StartClock,
    StopClocks,
)


def test_a_case_that_is_never_answered_climbs_to_supervised_twice(rectification: Workflow) -> None:
    walk = Walk(rectification).do("issue", "serve", "expire", "supervise", "serve", "expire")
    walk.do("supervise_again", "serve", "expire")
    assert walk.situation.visited == (
        "registered", "issued", "overdue", "supervised", "overdue", "supervised_again", "supervised_twice",
    )  # fmt: skip
    assert walk.situation.tiers == ("overdue", "supervised_twice")
    assert [effect.tier for effect in walk.effects_of(BookDeduction)] == [
        "overdue",
        "overdue",
        "supervised_twice",
    ]
    assert [effect.kind for effect in walk.effects_of(IssueNotice)].count("deduction_notice") == 2


def test_the_straight_way_books_nothing(rectification: Workflow) -> None:
    walk = Walk(rectification).do("issue", "serve", "answer", "accept", "close")
    assert walk.situation.state == "closed"
    assert walk.effects_of(BookDeduction) == []


def test_the_clock_starts_at_service_with_the_days_set_at_issue(rectification: Workflow) -> None:
    walk = Walk(rectification).do("issue", answer_working_days=7)
    assert walk.effects_of(StartClock) == []
    walk.do("serve", served_on="2025-09-28")
    clock = walk.effects_of(StartClock)[-1]
    assert (clock.name, clock.length, clock.then, clock.starts_on) == (
        "answer",
        7,
        "expire",
        "2025-09-28",
    )


def test_the_clock_takes_the_rule_s_days_where_nobody_set_any(rectification: Workflow) -> None:
    assert Walk(rectification).do("issue", "serve").effects_of(StartClock)[-1].length == 15


def test_a_dismissed_refusal_returns_with_its_clock_and_books_nothing(rectification: Workflow) -> None:
    walk = Walk(rectification).do("issue", "serve", "expire", "supervise", "serve", "allege_refusal", "serve")
    assert StopClocks() in walk.effects
    walk.clear().do("dismiss_refusal")
    assert walk.situation.state == "supervised"
    assert walk.effects[:2] == [EndClocks(("hearing",)), ResumeClocks(0)]
    assert not walk.effects_of(BookDeduction)
    assert not walk.effects_of(StartClock)
    walk.do("expire")
    assert walk.situation.state == "overdue"


def test_a_granted_extension_resumes_the_clock_with_the_granted_days(rectification: Workflow) -> None:
    walk = Walk(rectification).do("issue", "serve", "request_extension").clear()
    walk.do("grant_extension", granted_working_days=4)
    assert walk.effects[:3] == [
        EndClocks(("extension_reply",)), ResumeClocks(4), IssueNotice("extension_reply"),
    ]  # fmt: skip
    assert walk.situation.suspension is None


def test_an_upheld_appeal_takes_back_the_last_tier_only(rectification: Workflow) -> None:
    walk = Walk(rectification).do("issue", "serve", "expire", "supervise", "serve", "expire")
    walk.do("list_for_supervision", "serve", "expire", "appeal", "uphold_appeal")
    assert walk.effects_of(ReverseDeductions) == [ReverseDeductions("reason", ("supervised_twice",))]
    assert walk.situation.tiers == ("overdue",)


def test_a_grave_case_is_listed_straight_from_overdue(rectification: Workflow) -> None:
    walk = Walk(rectification, facts={"grave": True}).do("issue", "serve", "expire", "list_for_supervision")
    walk.do("serve", "expire")
    assert walk.situation.state == "supervised_twice"


def test_a_withdrawn_registration_sends_no_notice(rectification: Workflow) -> None:
    assert Walk(rectification).do("withdraw").effects_of(IssueNotice) == []
    assert IssueNotice("withdrawal_notice") in Walk(rectification).do("issue", "withdraw").effects


def test_after_refusal_the_case_must_still_be_put_right(rectification: Workflow) -> None:
    walk = Walk(rectification).do("issue", "serve", "allege_refusal", "serve", "plead", "confirm_refusal")
    assert walk.situation.tiers == ("refused",)
    walk.do("answer", "accept", "close")
    assert walk.situation.state == "closed"

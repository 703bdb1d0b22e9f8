"""批量办理: one step taken on many cases, each by itself, each with its own result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models.case import Case
from services.actor import OFFICE, Actor
from services.case_access import case_for
from services.cases import step_case
from services.definitions import workflow_of
from services.refusal import Refusal
from services.step_right import offers_to
from workflow.definition import Trigger
from workflow.vocabulary import AskType

#: More than a page of the list is not looked at before it is acted on.
MOST_CASES = 100


@dataclass(frozen=True)
class Chosen:
    """A case that was ticked. seen_version: of the page on which it was ticked. steps: keys of those open to all."""

    case: Case
    state_name: str
    seen_version: int
    steps: frozenset[str]


@dataclass(frozen=True)
class RowResult:
    """What came of one case. sentence: why not; empty when it was done."""

    case_id: int
    number: str
    title: str
    done: bool
    sentence: str


def chosen_cases(session: Session, actor: Actor, case_ids: Sequence[int], *, now: datetime) -> list[Chosen]:
    """The ticked cases this person may see, in the order given, with the steps open to this person in each."""
    actor.require(*OFFICE, to="批量办理")
    if len(case_ids) > MOST_CASES:
        raise Refusal("bulk_many", f"一次最多选{MOST_CASES}起，请分批办理。", 422)
    found = []
    for case_id in dict.fromkeys(case_ids):
        case = case_for(session, actor, case_id)
        workflow = workflow_of(session, case.workflow_id)
        allowed = {offer.trigger for offer in offers_to(session, actor, case, now=now) if offer.allowed}
        together = {key for key in allowed if in_bulk(workflow.triggers_by_key[key])}
        found.append(
            Chosen(case, workflow.states_by_key[case.state].name, case.row_version, frozenset(together))
        )
    return found


def in_bulk(rule: Trigger) -> bool:
    """Whether a step can be taken on many cases with the same answers.

    Not one that a panel decides, nor one that must be given files: a proof belongs to one case.
    """
    needs_files = any(ask.type is AskType.FILES and ask.required for ask in rule.asks)
    return rule.panel is None and not needs_files


def steps_for(session: Session, chosen: Sequence[Chosen]) -> list[tuple[Trigger, int]]:
    """The steps that can be taken on some of the chosen cases, with how many; in the order of the procedure."""
    rules: dict[str, Trigger] = {}
    for item in chosen:
        rules |= workflow_of(session, item.case.workflow_id).triggers_by_key
    counted = {key: sum(key in item.steps for item in chosen) for key in rules}
    return [(rule, counted[key]) for key, rule in rules.items() if counted[key]]


def step_many(
    session: Session,
    actor: Actor,
    wishes: Sequence[tuple[int, int]],
    trigger: str,
    *,
    asked: Mapping[str, Any],
    now: datetime,
) -> list[RowResult]:
    """Take one step on each case in an own transaction: what one is refused stops none of the others.

    wishes: (case, version of the case on the page). Sent twice, the second is refused row by row, because every
    case has moved on.
    """
    actor.require(*OFFICE, to="批量办理")
    if not wishes:
        raise Refusal("bulk_none", "没有选中任何事项，请返回勾选。", 422)
    if len(wishes) > MOST_CASES:
        raise Refusal("bulk_many", f"一次最多选{MOST_CASES}起，请分批办理。", 422)
    return [
        _row(session, actor, case_id, seen, trigger, asked=asked, now=now)
        for case_id, seen in dict(wishes).items()
    ]


def _row(
    session: Session,
    actor: Actor,
    case_id: int,
    seen: int,
    trigger: str,
    *,
    asked: Mapping[str, Any],
    now: datetime,
) -> RowResult:
    case = case_for(session, actor, case_id)
    number, title = case.number, case.title
    rule = workflow_of(session, case.workflow_id).triggers_by_key.get(trigger)
    try:
        if rule is None or not in_bulk(rule):
            raise Refusal("step_not_in_bulk", "这一步须逐起办理，请从事项页面办理。", 422)
        step_case(session, actor, case_id, trigger, asked=asked, now=now, seen_version=seen)
    except Refusal as refusal:
        return RowResult(case_id, number, title, done=False, sentence=refusal.sentence)
    return RowResult(case_id, number, title, done=True, sentence="")

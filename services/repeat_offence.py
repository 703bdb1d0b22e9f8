"""屡查屡犯: earlier cases of the same problem at the same target that are grounds for a harder start of a new one.

Only where the procedure says so (`repeat_offence`); the plan is silent, and the shipped pack leaves it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.campaign import Campaign
from models.case import Case
from services.definitions import workflow_of
from workflow.definition import Workflow
from workflow.repeat_offence import months_before, what_follows


class Sheet(Protocol):
    """What of a new case matters here."""

    @property
    def target_id(self) -> int: ...

    @property
    def problem(self) -> str: ...

    @property
    def found_on(self) -> date: ...


@dataclass(frozen=True)
class Earlier:
    """What the page of a new case says of earlier ones, before it is opened."""

    cases: tuple[Case, ...]
    words: str
    follows: str

    @property
    def numbers(self) -> str:
        """Their numbers, by which the page says that they were seen."""
        return " ".join(case.number for case in self.cases)


def grounds(
    session: Session, workflow: Workflow, *, target_id: int, problem: str, found_on: date
) -> list[Case]:
    """The earlier cases, oldest first; empty where the procedure has no such rule or no problem was named."""
    rule = workflow.repeat_offence
    if rule is None or not problem:
        return []
    query = (
        select(Case)
        .where(Case.target_id == target_id, Case.problem == problem)
        .where(Case.found_on >= months_before(found_on, rule.within_months), Case.found_on <= found_on)
        .where(Case.state.not_in(rule.not_counting))
        .order_by(Case.found_on, Case.id)
    )
    return list(session.execute(query).scalars())


def earlier_cases(session: Session, campaign: Campaign, sheet: Sheet) -> Earlier | None:
    """The grounds for a new case with what follows from them; None for none."""
    workflow = workflow_of(session, campaign.workflow_id)
    found = grounds(
        session, workflow, target_id=sheet.target_id, problem=sheet.problem, found_on=sheet.found_on
    )
    if not found:
        return None
    words = in_words(workflow, [case.number for case in found])
    return Earlier(tuple(found), words, what_follows(workflow))


def in_words(workflow: Workflow, numbers: list[str]) -> str:
    """The grounds as they are printed and shown; empty for none."""
    rule = workflow.repeat_offence
    if rule is None or not numbers:
        return ""
    return f"{rule.within_months}个月内同一问题已有{len(numbers)}起：{'、'.join(numbers)}（{rule.source}）"

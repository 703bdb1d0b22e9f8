"""What of a case its reader does not get, because the procedure says so (字段权限): checked here, not on the page.

The rights are those of the state in which the case stands now, for the roles that the reader has in this very case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from sqlalchemy import ColumnElement, and_, not_, select
from sqlalchemy.orm import Session

from models.campaign import Campaign
from models.case import Case
from models.notice import Attachment
from models.people import Role
from services.actor import Actor
from services.case_access import roles_in
from services.definitions import workflow_of
from services.refusal import Refusal
from workflow.definition import Trigger, Workflow
from workflow.field_right import CASE_FIELDS
from workflow.rights import hidden_in, leads_on, sheet_fields_of

#: Read the case without having a step in it.
_ONLOOKERS = frozenset({Role.ADMIN, Role.LEADER, Role.AUDITOR})
#: Words that stand where a text is that must be there.
NOT_SHOWN = "（本阶段不显示）"
_BLANK: Mapping[str, Any] = {"facts": NOT_SHOWN, "basis": "", "requirement": "", "found_on": None}
_COLUMNS: Mapping[str, tuple[str, Any]] = {
    "channel": ("channel", ""),
    "problem": ("problem", ""),
    "rating": ("rating_id", None),
    **{field: (field, value) for field, value in _BLANK.items()},
}


def hidden_from(session: Session, actor: Actor, case: Case) -> frozenset[str]:
    """The fields of a case that this reader does not get now; empty for the system itself."""
    workflow: Workflow = workflow_of(session, case.workflow_id)
    state = workflow.states_by_key.get(case.state)
    if actor.user_id is None or state is None or not state.rights:
        return frozenset()
    roles = roles_in(session, actor, case) | {str(role) for role in actor.roles & _ONLOOKERS}
    return hidden_in(workflow, case.state, roles)


def where_shown(session: Session, actor: Actor, campaign: Campaign, field: str) -> list[ColumnElement[bool]]:
    """Conditions on cases that leave out those whose state hides a field from one of this reader's roles."""
    used = select(Case.workflow_id).where(Case.campaign_id == campaign.id).distinct()
    roles = {str(role) for role in actor.roles}
    found: list[ColumnElement[bool]] = []
    for workflow_id in session.execute(used).scalars():
        workflow = workflow_of(session, workflow_id)
        states = [state.key for state in workflow.states if field in hidden_in(workflow, state.key, roles)]
        if states:
            found.append(not_(and_(Case.workflow_id == workflow_id, Case.state.in_(states))))
    return found


def shown_case(case: Case, hidden: frozenset[str]) -> Case:
    """The case as it may be read: to a page it is the case, with nothing in the place of what is hidden."""
    if hidden.isdisjoint(CASE_FIELDS):
        return case
    return cast("Case", _ShownCase(case, hidden))


class _ShownCase:
    """A case to be read only. Whatever is not hidden comes from the case itself."""

    __slots__ = ("_blanks", "_case")

    def __init__(self, case: Case, hidden: frozenset[str]) -> None:
        self._case = case
        self._blanks = dict(_COLUMNS[field] for field in hidden if field in _COLUMNS)

    def __getattr__(self, name: str) -> Any:
        return self._blanks[name] if name in self._blanks else getattr(self._case, name)


def shown_files(files: Iterable[Attachment], hidden: frozenset[str]) -> tuple[Attachment, ...]:
    """The files of a case without those of hidden fields."""
    return tuple(file for file in files if (file.field or "evidence") not in hidden)


def refuse_empty_sheet(case: Case, workflow: Workflow, rule: Trigger, roles: frozenset[str]) -> None:
    """What the procedure wants on the sheet before the case goes on; a step that asks for it brings it along."""
    for field, needed in sheet_fields_of(workflow, case.state, roles).items():
        asked = any(ask.field == field for ask in rule.asks)
        if needed and not asked and not getattr(case, field) and leads_on(workflow, rule, case.state):
            label = CASE_FIELDS[field]
            raise Refusal("step_sheet", f"请先在事项里填写“{label}”，再办理“{rule.name}”。", 422, field=field)

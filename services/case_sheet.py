"""The words of a case's sheet changed after it was registered, where the procedure lets a role do so (字段权限)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from models.case import Case
from services.actor import Actor
from services.case_access import may_see, roles_in
from services.cases import locked_case
from services.definitions import workflow_of
from services.history import record
from services.refusal import Refusal, forbidden, not_found
from services.step_entry import moved
from services.transaction import transaction
from workflow.field_right import CASE_FIELDS
from workflow.rights import sheet_fields_of

LONGEST = 20_000


def changeable(session: Session, actor: Actor, case: Case) -> dict[str, bool]:
    """The fields of the sheet that this person may change now → whether they must not be empty."""
    workflow = workflow_of(session, case.workflow_id)
    if workflow.states_by_key[case.state].final:
        return {}
    return sheet_fields_of(workflow, case.state, roles_in(session, actor, case))


def change_sheet(
    session: Session,
    actor: Actor,
    case_id: int,
    words: Mapping[str, str],
    *,
    seen_version: int,
    now: datetime,
) -> Case:
    """Put other words in the place of some of the sheet's; what was issued keeps what it printed.

    words: field → its new text. Raises Refusal: not theirs to change, moved meanwhile, empty, too long.
    """
    with transaction(session):
        case = locked_case(session, case_id)
        if not may_see(actor, case):
            raise not_found("整改事项")
        if seen_version != case.row_version:
            raise moved(session, case, workflow_of(session, case.workflow_id))
        may = changeable(session, actor, case)
        told = {field: text.strip() for field, text in words.items()}
        changed = {field: text for field, text in told.items() if text != getattr(case, field, None)}
        for field, text in told.items():
            if field in changed or field in may:
                _refuse_wrong(field, text, may)
        before = {field: getattr(case, field) for field in changed}
        for field, text in changed.items():
            setattr(case, field, text)
        if changed:
            payload = {"number": case.number, "before": before, "after": changed}
            record(
                session,
                actor,
                "case.changed",
                object_kind="case",
                object_id=case.id,
                payload=payload,
                now=now,
            )
    return case


def _refuse_wrong(field: str, text: str, may: Mapping[str, bool]) -> None:
    if field not in may:
        raise forbidden(f"在这一状态修改“{CASE_FIELDS.get(field, field)}”")
    if not text and (may[field] or field == "facts"):
        raise Refusal("sheet_incomplete", f"请填写“{CASE_FIELDS[field]}”。", 422, field=field)
    if len(text) > LONGEST:
        raise Refusal(
            "sheet_long", f"“{CASE_FIELDS[field]}”不超过{LONGEST}字；更长的材料请作为附件。", 422, field=field
        )

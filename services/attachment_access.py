"""Who may open a file that somebody handed in: whoever may see what it belongs to."""

from __future__ import annotations

from sqlalchemy.orm import Session

from models.case import CaseStep
from models.notice import Attachment
from models.people import Role
from models.rating import Rating
from services.actor import OFFICE, Actor
from services.answer_access import answer_for
from services.attachments import attachment
from services.case_access import case_for
from services.case_rights import hidden_from
from services.definitions import workflow_of
from services.ratings import own_rating
from services.refusal import Refusal, not_found
from services.target_access import own_case
from services.target_case import REGISTER, is_told


def attachment_for(session: Session, actor: Actor, attachment_id: int) -> Attachment:
    """One file's row for someone who may see its owner; the same refusal whether it is missing or not theirs.

    A file of a case step is for whoever may see the case; a photo of a rating or an answer for the office and for
    whoever handed it in, never for the rated; the plan as a document is for everyone.
    """
    row = attachment(session, attachment_id)
    if row.owner_kind == "plan" or _sees_owner(session, actor, row):
        return row
    raise not_found("附件")


def _sees_owner(session: Session, actor: Actor, row: Attachment) -> bool:
    try:
        if row.owner_kind == "step":
            step = session.get(CaseStep, row.owner_id)
            return step is not None and _sees_step(session, actor, step, row.field or "evidence")
        if row.owner_kind == "rating":
            if actor.has(*OFFICE, Role.ADMIN, Role.AUDITOR):
                return session.get(Rating, row.owner_id) is not None
            return own_rating(session, actor, row.owner_id) is not None
        if row.owner_kind == "answer":
            return answer_for(session, actor, row.owner_id) is not None
    except Refusal:
        return False
    return False


def _sees_step(session: Session, actor: Actor, step: CaseStep, field: str) -> bool:
    """The rated does not get what came with the report: a photo may tell who took it."""
    if actor.has(*OFFICE, Role.ADMIN, Role.LEADER, Role.AUDITOR):
        case = case_for(session, actor, step.case_id)
        return field not in hidden_from(session, actor, case)
    case = own_case(session, actor, step.case_id)
    if field in hidden_from(session, actor, case):
        return False
    return step.trigger != REGISTER and is_told(workflow_of(session, case.workflow_id), step)

"""请其填写: the forms that people can be asked to fill in about one case, with the case named by the link.

Source: 方案第五条第一款 (再评价、回访由反映人和有关人员填写).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from models.case import Case
from models.collection import Collection
from models.people import Role
from services.actor import OFFICE, Actor
from services.definitions import form_of

#: Whose accounts may see a case; for all others its number would stay empty in the form.
_SEES = frozenset(str(role) for role in (*OFFICE, Role.LEADER, Role.AUDITOR, Role.ADMIN, Role.TARGET))
_NAMES_CASE = frozenset({"case", "case_title"})


@dataclass(frozen=True)
class CaseForm:
    """A collection that takes up a case from its link.

    roles: of its roles, those that may see the case. target: key of the case's target where the form takes up that
    too, else None.
    """

    held: Collection
    roles: tuple[str, ...]
    target: str | None


def forms_about(session: Session, actor: Actor, case: Case, *, now: datetime) -> list[CaseForm]:
    """The collections that run now and take up this case, the newest first; for the office alone.

    Only those whose people log in: a case is told to nobody who is not known.
    """
    if not actor.has(*OFFICE) or case.ended_at is not None:
        return []
    running = (
        select(Collection)
        .where(
            Collection.campaign_id == case.campaign_id,
            Collection.access == "account",
            Collection.closed_at.is_(None),
            Collection.opens_at <= now,
            or_(Collection.closes_at.is_(None), Collection.closes_at >= now),
            or_(Collection.quota.is_(None), Collection.taken - Collection.withdrawn < Collection.quota),
        )
        .options(joinedload(Collection.campaign))
        .order_by(Collection.id.desc())
    )
    found = []
    for held in session.execute(running).scalars():
        wanted = {field.prefill for field in form_of(session, held.form_id).fields}
        roles = tuple(role for role in held.roles if role in _SEES)
        if wanted & _NAMES_CASE and roles:
            found.append(CaseForm(held, roles, case.target.key if "target" in wanted else None))
    return found

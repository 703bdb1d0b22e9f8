"""With which right a person takes a step: the own one, or that of an absent colleague (外出代理)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from models.case import Case
from models.panel import Absence
from services.absences import absences_now
from services.actor import Actor, actor_of
from services.case_access import facts_of, offers_for, person_of, roles_in
from services.definitions import workflow_of
from services.dossier import Dossier
from workflow.definition import Trigger
from workflow.engine import Offer, offers
from workflow.situation import situation_from


@dataclass(frozen=True)
class Right:
    """roles: in this very case. absence: in whose place, None for the own right."""

    roles: frozenset[str]
    absence: Absence | None = None

    @property
    def acting_for(self) -> int | None:
        """The account of the absent person."""
        return self.absence.person_id if self.absence else None

    def signed(self, actor: Actor) -> str:
        """The name under which the step is recorded."""
        return f"{actor.name}（代{self.absence.person.name}）"[:60] if self.absence else actor.name


def right_to(session: Session, actor: Actor, case: Case, rule: Trigger | None, *, now: datetime) -> Right:
    """The own right where it suffices, else that of the first absent colleague whose right does.

    Absences are only looked at when the own roles do not suffice, so that ordinary steps pay nothing.
    """
    own = Right(roles_in(session, actor, case))
    if rule is None or actor.user_id is None or not own.roles.isdisjoint(rule.roles):
        return own
    for right in rights_of_absent(session, actor, case, now=now):
        if not right.roles.isdisjoint(rule.roles):
            return right
    return own


def rights_of_absent(session: Session, actor: Actor, case: Case, *, now: datetime) -> list[Right]:
    """What this person may do at this moment in the place of others."""
    return [
        Right(roles_in(session, replace(actor_of(row.person), monitor_id=None), case), row)
        for row in absences_now(session, actor, now=now)
    ]


def offers_to(session: Session, actor: Actor, case: Case, *, now: datetime) -> tuple[Offer, ...]:
    """The steps this person's page shows: one's own, then those in the place of absent colleagues, marked so."""
    own = offers_for(session, actor, case, now=now)
    rights = rights_of_absent(session, actor, case, now=now)
    if not rights:
        return own
    mine = {offer.trigger for offer in own if offer.allowed}
    found: dict[str, Offer] = {}
    for right in rights:
        for offer in _in_place_of(session, actor, case, right, now):
            if offer.trigger not in mine:
                found.setdefault(offer.trigger, offer)
    return (*(offer for offer in own if offer.trigger not in found), *found.values())


def _in_place_of(session: Session, actor: Actor, case: Case, right: Right, now: datetime) -> list[Offer]:
    """Allowed both to the absent colleague and to the substitute: neither may have done what the step checks."""
    workflow, situation = workflow_of(session, case.workflow_id), situation_from(case.situation)
    facts, name = facts_of(Dossier(session, case), now), right.absence.person.name if right.absence else ""
    both = [
        offers(workflow, situation, roles=right.roles, actor=person, facts=facts)
        for person in (person_of(actor), str(right.acting_for))
    ]
    theirs = {offer.trigger for offer in both[1] if offer.allowed}
    return [replace(offer, acting_for=name) for offer in both[0] if offer.allowed and offer.trigger in theirs]

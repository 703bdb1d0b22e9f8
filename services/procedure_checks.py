"""A draft looked at as a whole: its faults alone, with the rest of its pack, and with the accounts there are."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from definitions.fault import DefinitionFaults, Fault
from models.people import RoleGrant, User
from packs.check import check
from packs.check_procedures import known_values
from packs.parts import Pack
from services.calendars import work_calendar
from services.campaign_choice import present_campaign
from services.definition_publishing import issued
from services.definition_versions import Draft, office_pack
from services.pack_in_force import pack_in_force
from services.procedure_versions import names_in
from services.stored_pack import new_faults, with_workflow
from workflow.calendar import WorkCalendar
from workflow.checks import faults_of
from workflow.definition import Workflow
from workflow.regulation import Names
from workflow.simulation import simulate
from workflow.soundness import cautions, holder_faults


@dataclass(frozen=True)
class Inspected:
    """A draft with everything that was found.

    faults: keep it from being published; places inside the document, or ``file: place`` in another file of the
    pack. cautions: to be looked at, no more.
    """

    workflow: Workflow
    pack: Pack
    names: Names
    faults: tuple[Fault, ...]
    cautions: tuple[Fault, ...]


def inspected(session: Session, draft: Draft) -> Inspected:
    """Look at a draft; nothing is changed. A draft can always be read, see `procedure_drafts.Hand.edit`."""
    known = pack_in_force(session, draft.pack_key)
    document = issued(draft.document, version=draft.version)
    workflow = Workflow.read(document)
    faults = list(faults_of(workflow))
    found: tuple[Fault, ...] = ()
    if not faults:
        # With names that lead nowhere the rest would only repeat that in other words.
        here = f"workflows/{workflow.key}.yaml: "
        changed = with_workflow(known.pack, document, workflow)
        faults = [
            Fault(fault.place.removeprefix(here), fault.what)
            for fault in new_faults(list(known.faults), check(changed))
        ]
        faults += holder_faults(workflow, role_holders(session))
        found = cautions(workflow, known=known_values(known.pack))
    return Inspected(workflow, known.pack, names_in(known.pack), tuple(dict.fromkeys(faults)), found)


def role_holders(session: Session) -> dict[str, set[int]]:
    """Role → ids of the active accounts that hold it."""
    rows = session.execute(
        select(RoleGrant.role, RoleGrant.user_id).join(User, User.id == RoleGrant.user_id).where(User.active)
    )
    held: dict[str, set[int]] = {}
    for role, user_id in rows:
        held.setdefault(role.value, set()).add(user_id)
    return held


@dataclass(frozen=True)
class StoryResult:
    """One story lived through. differences: sentences; empty when it ends as it says."""

    name: str
    differences: tuple[str, ...]


def story_results(workflow: Workflow, calendar: WorkCalendar) -> tuple[StoryResult, ...]:
    """All stories that are kept with a procedure, lived through by it."""
    results = []
    for script in workflow.stories:
        try:
            story = simulate(workflow, calendar, script)
        except DefinitionFaults as refused:
            results.append(StoryResult(script.name, tuple(str(fault) for fault in refused.faults)))
        else:
            results.append(StoryResult(script.name, tuple(story.differences(script.expect))))
    return tuple(results)


def office_calendar(session: Session) -> WorkCalendar:
    """The calendar by which the newest campaign counts; that of its pack when there is no campaign yet."""
    campaign = present_campaign(session)
    if campaign is not None:
        return work_calendar(session, campaign)
    return pack_in_force(session, office_pack(session)).pack.calendar.work_calendar()

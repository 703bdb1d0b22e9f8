"""流程变更: running cases brought to another version of their procedure by one recorded act, and back.

Executed in batches by the worker, each batch one transaction, so that it goes on where it was after any stop.
Booked deductions never change, no case is ended, and what does not fit stays where it is, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.campaign import Campaign, Definition, DefinitionKind
from models.case import Case, Deadline
from models.case_move import CaseMigration, MigratedCase
from models.people import Role, User
from services.actor import Actor, actor_of
from services.calendars import work_calendar
from services.case_access import replayed_at
from services.case_effects import Moment
from services.cases import locked_case
from services.clock_moves import Cause, counted_from_start, move_by_act
from services.deadlines import clocks_of, end_clocks, start_clock
from services.definitions import ids_in_force, workflow_of
from services.history import record
from services.jobs import schedule
from services.migration_plan import (
    CasePlan,
    dry_run,
    elsewhere,
    longer_by,
    newest_version,
    plan_of,
    with_open_panel,
)
from services.migration_progress import progress_of
from services.refusal import Refusal, not_found
from services.relocations import relocate
from services.transaction import transaction
from workflow.calendar import Due, WorkCalendar, not_sooner
from workflow.definition import Workflow
from workflow.references import references_of
from workflow.relocation import MIGRATED, PUT_BACK, migrated, put_back
from workflow.situation import situation_from
from workflow.vocabulary import ClockUnit

MOVERS = (Role.ADMIN, Role.HEAD)
#: Cases of one transaction: others wait no longer than a moment.
BATCH = 40
_WAIT = "case_migration"


def start_migration(
    session: Session,
    actor: Actor,
    campaign_id: int,
    *,
    state_map: Mapping[str, str],
    policy: str,
    reason: str,
    seen: str,
    now: datetime,
) -> CaseMigration:
    """Bring the running cases to the published version; new cases run under it from now on.

    seen: digest of the dry run that the person had before the eyes; where it is another now, nothing is done.
    """
    actor.require(*MOVERS, to="把办理中的事项转入新流程")
    if not reason.strip() or len(reason) > 500:
        raise Refusal("migration_reason", "请写明变更的原因或依据，不超过500字。", 422)
    with transaction(session):
        campaign = session.get(Campaign, campaign_id, with_for_update=True, populate_existing=True)
        goal = newest_version(session, campaign) if campaign else None
        if campaign is None or goal is None:
            raise not_found("流程")
        _refuse_two(session, campaign)
        plan = dry_run(session, campaign, goal, state_map, policy, now=now)
        if plan.digest != seen:
            raise Refusal("plan_moved", "在您查看之后，试算结果有了变化。没有执行，请核对最新结果后再执行。")
        row = _begun(actor, campaign, goal, state_map, policy, reason, now)
        session.add(row)
        _adopt(session, campaign, goal)
        session.flush()
        _next_batch(session, row, 0, now)
        payload = {
            "from": row.from_workflow_id,
            "to": goal.id,
            "policy": policy,
            "state_map": row.state_map,
            **plan.counts,
        }
        record(
            session,
            actor,
            "cases.migration_started",
            object_kind="case_migration",
            object_id=row.id,
            payload=payload,
            now=now,
        )
    return row


def _begun(
    actor: Actor,
    campaign: Campaign,
    goal: Definition,
    state_map: Mapping[str, str],
    policy: str,
    reason: str,
    now: datetime,
) -> CaseMigration:
    return CaseMigration(
        campaign_id=campaign.id,
        from_workflow_id=campaign.workflow_id,
        to_workflow_id=goal.id,
        state_map=dict(state_map),
        policy=policy,
        reason=reason.strip(),
        status="running",
        started_by_id=actor.person,
        started_at=now,
    )


def _refuse_two(session: Session, campaign: Campaign) -> None:
    busy = select(CaseMigration.id).where(
        CaseMigration.campaign_id == campaign.id, CaseMigration.status.in_(("running", "putting_back"))
    )
    if session.execute(busy).first():
        raise Refusal("migration_busy", "上一次流程变更还在执行，请等它完成。")


def _adopt(session: Session, campaign: Campaign, goal: Definition) -> None:
    """New cases run under the version; notices that it issues and the campaign lacks are taken into use."""
    wanted = {reference.key for reference in references_of(workflow_of(session, goal.id)).notices}
    held = dict(campaign.settings["notice_kinds"])
    published = ids_in_force(session, campaign.pack_key, DefinitionKind.NOTICE_KIND)
    missing = sorted(wanted - held.keys() - published.keys())
    if missing:
        raise Refusal("notice_missing", f"新流程要印发的文书“{'、'.join(missing)}”还没有发布，请先发布。")
    added = {key: published[key] for key in wanted - held.keys()}
    if added:
        campaign.settings = {**campaign.settings, "notice_kinds": {**held, **added}}
    campaign.workflow_id = goal.id


def _next_batch(session: Session, migration: CaseMigration, after: int, now: datetime) -> None:
    key = f"{_WAIT}:{migration.id}:{migration.status}:{after}"
    schedule(session, _WAIT, key=key, payload={"migration": migration.id, "after": after}, due_at=now)


def go_on(session: Session, payload: dict[str, Any], _prepared: Any, now: datetime) -> None:
    """One batch of a migration or of its way back, in the transaction of its job; see `services.due_work`."""
    migration = session.get_one(
        CaseMigration, payload["migration"], with_for_update=True, populate_existing=True
    )
    after = int(payload["after"])
    if migration.status == "running":
        ids = list(
            session.execute(
                elsewhere(migration.campaign, migration.to_workflow, after=after, limit=BATCH)
            ).scalars()
        )
        for case_id in ids:
            _move(session, migration, case_id, now)
    elif migration.status == "putting_back":
        ids = _moved_ids(session, migration, after)
        for case_id in ids:
            _put_back(session, migration, case_id, now)
    else:
        return
    if len(ids) == BATCH:
        _next_batch(session, migration, ids[-1], now)
        return
    migration.status = "done" if migration.status == "running" else "put_back"
    migration.ended_at = now
    session.flush()
    act = "cases.migrated" if migration.status == "done" else "cases.put_back"
    payload = vars(progress_of(session, migration))
    record(
        session,
        _mover(session, migration),
        act,
        object_kind="case_migration",
        object_id=migration.id,
        payload=payload,
        now=now,
    )


def _moved_ids(session: Session, migration: CaseMigration, after: int) -> list[int]:
    query = select(MigratedCase.case_id).where(
        MigratedCase.migration_id == migration.id,
        MigratedCase.status == "moved",
        MigratedCase.case_id > after,
    )
    return list(session.execute(query.order_by(MigratedCase.case_id).limit(BATCH)).scalars())


def _mover(session: Session, migration: CaseMigration) -> Actor:
    person = migration.put_back_by_id or migration.started_by_id
    return actor_of(session.get_one(User, person))


def _move(session: Session, migration: CaseMigration, case_id: int, now: datetime) -> None:
    case = locked_case(session, case_id)
    new, calendar = migration_workflow(session, migration), work_calendar(session, case.campaign)
    rows = [row for row in clocks_of(session, case.id) if row.status in ("running", "stopped")]
    plan = plan_of(
        session, case, rows, new, migration.state_map, migration.policy, calendar=calendar, now=now
    )
    if with_open_panel(session, [case_id]):
        plan = replace(plan, fit=replace(plan.fit, verdict="stays", why="会签尚未结束；结束后可以再转"))
    if _missed(rows, now):
        plan = replace(plan, fit=replace(plan.fit, verdict="stays", why="有期限已经届满，正在自动办理"))
    done = MigratedCase(
        migration_id=migration.id,
        case_id=case.id,
        from_workflow_id=case.workflow_id,
        clocks={str(row.id): _as_data(row) for row in rows} if plan.fit.moves else {},
        status="moved" if plan.fit.moves else "left",
        why=plan.fit.why,
    )
    session.add(done)
    if not plan.fit.moves:
        return
    actor, moment = _mover(session, migration), Moment(now, now)
    after = migrated(new, situation_from(case.situation), migration.state_map)
    said = {"state_map": migration.state_map, "migration": migration.id, "reason": migration.reason}
    entry = relocate(
        session, actor, case, migration.to_workflow_id, new, after, kind=MIGRATED, said=said, moment=moment
    )
    done.position = entry.position
    _move_clocks(session, actor, case, plan, migration, calendar, now)
    for clock, _due in plan.fresh:
        start_clock(session, case, entry, replace(clock, event="流程变更"), calendar=calendar, at=now)


def migration_workflow(session: Session, migration: CaseMigration) -> Workflow:
    """The version that the cases move to."""
    return workflow_of(session, migration.to_workflow_id)


def _missed(rows: list[Deadline], now: datetime) -> bool:
    return any(row.status == "running" and row.then and row.due_at <= now for row in rows)


def _move_clocks(
    session: Session,
    actor: Actor,
    case: Case,
    plan: CasePlan,
    migration: CaseMigration,
    calendar: WorkCalendar,
    now: datetime,
) -> None:
    cause = Cause("migration", migration.id, f"流程变更：{migration.reason}")
    for clock in plan.clocks:
        row = clock.row
        if clock.over:
            row.status = "ended"
            continue
        longer, afresh = longer_by(row, clock.length, clock.unit), counted_from_start(row)
        row.name, row.then = clock.name, clock.then
        row.length, row.unit = clock.length, clock.unit.value
        if row.counted_days is not None:
            row.counted_days = clock.length if afresh else max(0, row.counted_days + longer)
        if clock.due is None:
            row.remaining_working_days = clock.remaining
        else:
            move_by_act(session, actor, case, row, clock.due, cause, calendar=calendar, now=now)


def _as_data(row: Deadline) -> dict[str, Any]:
    return {
        "name": row.name,
        "then": row.then,
        "working_days": row.length,
        "unit": row.unit,
        "due_at": row.due_at.isoformat(),
        "explanation": row.explanation,
        "calendar_version": row.calendar_version,
        "provisional": row.provisional,
        "status": row.status,
        "remaining": row.remaining_working_days,
        "counted_days": row.counted_days,
    }


def take_back(
    session: Session, actor: Actor, migration_id: int, *, reason: str, now: datetime
) -> CaseMigration:
    """Take a migration back: version, state and deadlines of every case that has not gone on since."""
    actor.require(*MOVERS, to="撤回流程变更")
    if not reason.strip() or len(reason) > 500:
        raise Refusal("migration_reason", "请写明撤回的原因，不超过500字。", 422)
    with transaction(session):
        row = session.get(CaseMigration, migration_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise not_found("流程变更")
        if row.status != "done":
            raise Refusal("migration_not_done", "只有已经完成的流程变更可以撤回。")
        campaign = session.get_one(Campaign, row.campaign_id, with_for_update=True, populate_existing=True)
        _refuse_two(session, campaign)
        if campaign.workflow_id != row.to_workflow_id:
            raise Refusal("migration_overtaken", "此后又有过流程变更，请先撤回较晚的一次。")
        campaign.workflow_id = row.from_workflow_id
        row.status, row.put_back_reason = "putting_back", reason.strip()
        row.put_back_by_id, row.put_back_at = actor.person, now
        session.flush()
        _next_batch(session, row, 0, now)
        payload = {"reason": row.put_back_reason}
        record(
            session,
            actor,
            "cases.put_back_started",
            object_kind="case_migration",
            object_id=row.id,
            payload=payload,
            now=now,
        )
    return row


def _put_back(session: Session, migration: CaseMigration, case_id: int, now: datetime) -> None:
    case = locked_case(session, case_id)
    done = session.execute(
        select(MigratedCase).where(MigratedCase.migration_id == migration.id, MigratedCase.case_id == case_id)
    ).scalar_one()
    now_there = situation_from(case.situation)
    if done.position is None or now_there.steps + 1 != done.position:
        done.status, done.why = "went_on", "变更之后已经办理过其他步骤，保持新版本"
        return
    rows = clocks_of(session, case.id)
    if _missed(rows, now):
        done.status, done.why = "went_on", "有期限已经届满，正在自动办理，保持新版本"
        return
    actor, before = _mover(session, migration), replayed_at(session, case, done.position - 1)
    workflow = workflow_of(session, done.from_workflow_id)
    said = {"before": done.position - 1, "migration": migration.id, "reason": migration.put_back_reason}
    relocate(
        session, actor, case, done.from_workflow_id, workflow, put_back(before, now_there),
        kind=PUT_BACK, said=said, moment=Moment(now, now),
    )  # fmt: skip
    cause = Cause("migration_back", migration.id, f"流程变更撤回：{migration.put_back_reason}")
    calendar = work_calendar(session, case.campaign)
    for row in rows:
        held = done.clocks.get(str(row.id))
        if held is None:
            end_clocks([row], ())  # started by the migration
            continue
        row.name, row.then, row.length = held["name"], held["then"], held["working_days"]
        row.unit = held.get("unit", ClockUnit.WORKING_DAYS.value)
        row.status, row.remaining_working_days = held["status"], held["remaining"]
        row.counted_days = held["counted_days"]
        was = Due(
            datetime.fromisoformat(held["due_at"]),
            held["explanation"],
            held["calendar_version"],
            held["provisional"],
        )
        if row.status == "running":
            due = _not_passed(was, now, calendar)
            move_by_act(session, actor, case, row, due, cause, calendar=calendar, now=now)
    done.status = "put_back"


def _not_passed(due: Due, now: datetime, calendar: WorkCalendar) -> Due:
    """A date given back that has passed meanwhile leaves the next working day."""
    if due.due_at > now:
        return due
    return not_sooner(due, datetime.max.replace(tzinfo=now.tzinfo), now, calendar)

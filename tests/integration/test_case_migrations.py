"""Running cases follow a changed procedure: nothing lost, no date moved unseen, booked points untouched, and back."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from models.case import Case, CaseStep, Deadline, Deduction
from models.case_move import CaseMigration, MigratedCase
from services.case_migrations import start_migration, take_back
from services.cases import step_case
from services.migration_plan import Plan, dry_run, newest_version
from services.refusal import Refusal
from services.verification import verify
from services.worker import Worker
from tests.integration.changed_procedure import publish_changed, renamed, state
from tests.integration.due_cases import copied_cases, served_cases
from tests.integration.killed_worker import CLOCKWORK
from tests.integration.office import START, Office, days
from workflow.vocabulary import ClockUnit

NOW = START + days(3)
#: More than one batch; the promise is 500, taken with PINGDU_TEST_CASES=500.
CASES = int(os.environ.get("PINGDU_TEST_CASES", "100"))


def longer(data: dict[str, Any]) -> None:
    """Twenty working days instead of fifteen, and the first supervision under another key."""
    state(data, "issued")["clocks"][0]["working_days"] = 20
    renamed(data, "supervised", "first_supervised")


def look(session: Session, office: Office, policy: str, state_map: dict[str, str] | None = None) -> Plan:
    """A dry run."""
    goal = newest_version(session, office.campaign)
    assert goal is not None
    return dry_run(session, office.campaign, goal, state_map or {}, policy, now=NOW)


def execute(
    session: Session, office: Office, policy: str, state_map: dict[str, str] | None = None
) -> CaseMigration:
    """Look, then do what was seen."""
    seen = look(session, office, policy, state_map).digest
    return start_migration(
        session,
        office.head,
        office.campaign.id,
        state_map=state_map or {},
        policy=policy,
        reason="（演示）放宽整改期限",
        seen=seen,
        now=NOW,
    )


def work(engine: Engine, session: Session, now: datetime = NOW) -> None:
    """A worker's turn."""
    session.rollback()
    Worker(sessionmaker(engine), CLOCKWORK, clock=lambda: now, pause=1).turn()
    session.expire_all()


def clock(session: Session, case_id: int) -> Deadline:
    """The open clock of a case."""
    query = select(Deadline).where(
        Deadline.case_id == case_id, Deadline.status == "running", Deadline.then != ""
    )
    return session.execute(query.execution_options(populate_existing=True)).scalar_one()


def supervised(session: Session, office: Office, case_id: int) -> None:
    """Answer, reject, supervise: a case with three points and a second clock."""
    step_case(
        session, office.owner, case_id, "answer", asked={"measures": "（演示）已整改"}, now=START + days(1)
    )
    step_case(
        session,
        office.reviewer,
        case_id,
        "reject",
        asked={"shortfall": "（演示）未整改"},
        now=START + days(1),
    )
    step_case(session, office.officer, case_id, "supervise", asked={}, now=START + days(1))
    served = {"service_way": "electronic", "receiver": "值班人员"}
    step_case(session, office.officer, case_id, "serve", asked=served, now=START + days(1))


@pytest.mark.parametrize(("policy", "moves"), [("keep", False), ("recompute", True), ("shift", True)])
def test_each_policy_does_what_the_dry_run_showed(
    engine: Engine, session: Session, office: Office, policy: str, *, moves: bool
) -> None:
    first, second, third = served_cases(session, office, 3)
    supervised(session, office, second if second % 2 else first)
    mine = second if second % 2 else first
    publish_changed(session, longer)
    plan = look(session, office, policy)
    assert plan.counts == {"fits": 2, "mapped": 0, "needs_mapping": 1, "stays": 0}
    before = {case_id: clock(session, case_id).due_at for case_id in (first, second, third)}
    mapped = {"supervised": "first_supervised"}
    plan = look(session, office, policy, mapped)
    assert plan.counts == {"fits": 2, "mapped": 1, "needs_mapping": 0, "stays": 0}
    shown = {row.case.id: row.clocks[0].due.due_at for row in plan.rows}  # type: ignore[union-attr]  # they run
    migration = execute(session, office, policy, mapped)
    work(engine, session)
    assert session.get_one(CaseMigration, migration.id).status == "done"
    for case_id, due in before.items():
        row = clock(session, case_id)
        assert row.due_at == shown[case_id]
        assert (row.due_at > due) == (moves and case_id != mine)
        case = session.get_one(Case, case_id)
        assert case.workflow_id == migration.to_workflow_id
        last = (
            session.execute(
                select(CaseStep).where(CaseStep.case_id == case_id).order_by(CaseStep.position.desc())
            )
            .scalars()
            .first()
        )
        assert last is not None
        assert last.trigger == "office:migrated"
        assert last.actor_name == office.head.name
    assert session.get_one(Case, mine).state == "first_supervised"
    booked = session.execute(select(Deduction.points)).scalars().all()
    assert booked == [3]
    assert verify(session) == []
    # the moved cases go on under the new version, to the end of their clocks
    work(engine, session, START + days(90))
    assert {session.get_one(Case, case_id).state for case_id in before} == {"overdue"}
    assert verify(session) == []


def in_months(data: dict[str, Any]) -> None:
    """Two calendar months instead of fifteen working days."""
    issued = state(data, "issued")["clocks"][0]
    del issued["working_days"]
    issued["months"] = 2


def test_a_clock_in_working_days_becomes_one_in_months_and_back(
    engine: Engine, session: Session, office: Office
) -> None:
    (case_id,) = served_cases(session, office, 1)
    before = clock(session, case_id)
    began, was, said = before.starts_at, before.due_at, before.explanation
    publish_changed(session, in_months)
    (row,) = look(session, office, "shift").rows
    assert row.clocks[0].due is not None
    migration = execute(session, office, "shift")
    work(engine, session)
    moved = clock(session, case_id)
    assert (moved.length, moved.unit, moved.due_at) == (2, ClockUnit.MONTHS.value, row.clocks[0].due.due_at)
    assert f"{began.month}月{began.day}日起算，2个月：" in moved.explanation
    assert moved.due_at > was
    assert verify(session) == []
    take_back(session, office.head, migration.id, reason="（演示）依据有误", now=NOW + days(1))
    work(engine, session, NOW + days(1))
    back = clock(session, case_id)
    assert (back.unit, back.due_at, back.explanation) == (ClockUnit.WORKING_DAYS, was, said)
    assert verify(session) == []


def test_it_is_taken_back_for_all_that_have_not_gone_on(
    engine: Engine, session: Session, office: Office
) -> None:
    first, second, third = served_cases(session, office, 3)
    before = {
        case_id: (clock(session, case_id).due_at, clock(session, case_id).explanation)
        for case_id in (first, second, third)
    }
    old = office.campaign.workflow_id
    publish_changed(session, longer)
    migration = execute(session, office, "recompute")
    with pytest.raises(Refusal, match="还在执行"):
        execute(session, office, "recompute")
    work(engine, session)
    gone = first if session.get_one(Case, first).target_id == office.target.id else second
    step_case(session, office.owner, gone, "answer", asked={"measures": "（演示）已整改"}, now=NOW)
    with pytest.raises(Refusal, match="原因"):
        take_back(session, office.head, migration.id, reason=" ", now=NOW)
    take_back(session, office.head, migration.id, reason="（演示）依据有误", now=NOW + days(1))
    work(engine, session, NOW + days(1))
    standing = dict(session.execute(select(MigratedCase.case_id, MigratedCase.status)).all())
    assert standing == {case_id: "went_on" if case_id == gone else "put_back" for case_id in before}
    assert session.get_one(Case, gone).workflow_id == migration.to_workflow_id
    for case_id in before.keys() - {gone}:
        case, row = session.get_one(Case, case_id), clock(session, case_id)
        assert (case.workflow_id, case.state) == (old, "issued")
        assert (row.due_at, row.explanation) == before[case_id]
    assert session.get_one(type(office.campaign), office.campaign.id).workflow_id == old
    assert verify(session) == []
    work(engine, session, START + days(60))
    fired = select(func.count()).where(CaseStep.trigger == "expire")
    assert session.execute(fired).scalar_one() == 2
    assert verify(session) == []


def test_nothing_is_ended_and_what_does_not_fit_stays(
    engine: Engine, session: Session, office: Office
) -> None:
    case_ids = served_cases(session, office, 2)
    mine = next(
        case_id for case_id in case_ids if session.get_one(Case, case_id).target_id == office.target.id
    )
    supervised(session, office, mine)
    publish_changed(session, longer)
    plan = look(session, office, "keep", {"issued": "closed"})
    assert plan.counts["stays"] == 1
    assert "终结状态" in next(row.fit.why for row in plan.rows if row.fit.verdict == "stays")
    migration = execute(session, office, "keep")
    work(engine, session)
    left = session.execute(select(MigratedCase).where(MigratedCase.status == "left")).scalars().all()
    assert [(row.case_id, "没有状态" in row.why) for row in left] == [(mine, True)]
    assert session.get_one(Case, mine).workflow_id == migration.from_workflow_id
    assert session.execute(select(func.count()).where(Case.ended_at.is_not(None))).scalar_one() == 0
    # later, with a state for it, it follows too
    execute(session, office, "keep", {"supervised": "first_supervised"})
    work(engine, session)
    assert session.get_one(Case, mine).state == "first_supervised"
    assert verify(session) == []


def test_who_may_and_what_must_be_said(session: Session, office: Office) -> None:
    served_cases(session, office, 1)
    publish_changed(session, longer)
    given: dict[str, Any] = {"state_map": {}, "policy": "keep", "reason": "x", "seen": "", "now": NOW}
    with pytest.raises(Refusal, match="无权"):
        start_migration(session, office.officer, office.campaign.id, **given)
    with pytest.raises(Refusal, match="原因"):
        start_migration(session, office.head, office.campaign.id, **{**given, "reason": ""})
    with pytest.raises(Refusal, match="试算结果有了变化"):
        start_migration(session, office.head, office.campaign.id, **given)
    with pytest.raises(Refusal, match="期限的处理办法"):
        start_migration(session, office.head, office.campaign.id, **{**given, "policy": "guess"})


def test_many_cases_in_batches_and_back(engine: Engine, session: Session, office: Office) -> None:
    (first,) = served_cases(session, office, 1)
    case_ids = [first, *copied_cases(session, first, CASES - 1)]
    publish_changed(session, longer)
    migration = execute(session, office, "shift")
    work(engine, session)
    assert session.get_one(CaseMigration, migration.id).status == "done"
    moved = select(func.count()).where(Case.workflow_id == migration.to_workflow_id)
    assert session.execute(moved).scalar_one() == len(case_ids)
    assert verify(session) == []
    take_back(session, office.head, migration.id, reason="（演示）依据有误", now=NOW)
    work(engine, session)
    session.rollback()
    assert session.execute(moved).scalar_one() == 0
    assert (
        session.execute(select(func.count()).where(MigratedCase.status == "put_back")).scalar_one() == CASES
    )
    assert verify(session) == []

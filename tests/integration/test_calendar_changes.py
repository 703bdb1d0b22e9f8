"""The calendar: changed by two persons, after every deadline it moves was shown; the dates of 2026; provisional years."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from models.calendar_change import DeadlineMove
from models.campaign import CalendarYear, DayKind
from models.case import Case, Deadline
from services.actor import Actor
from services.calendar_changes import (
    NewDay,
    NewYear,
    approve_change,
    outlook,
    propose_change,
    refuse_change,
)
from services.calendars import work_calendar
from services.cases import Problem, open_case, step_case
from services.refusal import Refusal
from services.verification import verify
from services.worker import Worker
from tests.integration.due_cases import served_cases
from tests.integration.killed_worker import CLOCKWORK
from tests.integration.office import START, Office, days

KEY = "calendar"


def propose(session: Session, by: Actor, *new: NewDay, years: tuple[NewYear, ...] = ()) -> int:
    """A proposal of these days."""
    change = propose_change(
        session, by, calendar_key=KEY, days=new, years=years, reason="（演示）防汛停办", now=START
    )
    return change.id


def approve(session: Session, by: Actor, change_id: int, *, now: datetime = START) -> None:
    """Look, then approve what was seen."""
    from services.calendar_changes import change_for

    seen = outlook(session, change_for(session, by, change_id), now=now).digest
    approve_change(session, by, change_id, seen=seen, now=now)


def local(year: int, month: int, day: int, hour: int = 17, minute: int = 30) -> datetime:
    """Office time as an instant."""
    return datetime(year, month, day, hour - 8, minute, tzinfo=UTC)


def clock(session: Session, case_id: int) -> Deadline:
    """The case's clock, read anew."""
    query = select(Deadline).where(Deadline.case_id == case_id, Deadline.then != "")
    return session.execute(query.execution_options(populate_existing=True)).scalar_one()


def test_a_closure_moves_what_it_touches_after_two_persons_saw_it(session: Session, office: Office) -> None:
    first, second = served_cases(session, office, 2)
    before = clock(session, first).due_at
    change_id = propose(session, office.admin, NewDay(date(2026, 4, 20), DayKind.CLOSURE, "防汛"))
    from services.calendar_changes import change_for

    ahead = outlook(session, change_for(session, office.head, change_id), now=START)
    assert [move.row.case_id for move in ahead.moved] == [first, second]
    assert ahead.reworded == ahead.passed == ahead.uncounted == ()
    assert clock(session, first).due_at == before, "a look moves nothing"
    with pytest.raises(Refusal, match="另一人"):
        approve(session, office.admin, change_id)
    approve(session, office.head, change_id)
    row = clock(session, first)
    assert row.due_at == ahead.moved[0].due.due_at > before  # type: ignore[union-attr]  # it was counted
    assert "2026年第2版" in row.calendar_version
    moves = session.execute(select(DeadlineMove).order_by(DeadlineMove.id)).scalars().all()
    assert [(move.case_id, move.old_due_at, move.new_due_at) for move in moves] == [
        (case_id, before, row.due_at) for case_id in (first, second)
    ]
    assert moves[0].reason == "工作日历变更：（演示）防汛停办"
    assert moves[0].moved_by == office.head.name
    with pytest.raises(Refusal, match="已经处理过"):
        approve(session, office.head, change_id)
    assert verify(session) == []


def test_nothing_moves_unseen(session: Session, office: Office) -> None:
    from services.calendar_changes import change_for

    served_cases(session, office, 1)
    change_id = propose(session, office.admin, NewDay(date(2026, 4, 20), DayKind.CLOSURE))
    seen = outlook(session, change_for(session, office.head, change_id), now=START).digest
    served_cases(session, office, 1)
    with pytest.raises(Refusal, match="有了变化"):
        approve_change(session, office.head, change_id, seen=seen, now=START)
    session.rollback()
    assert session.execute(select(CalendarYear.edition).where(CalendarYear.year == 2026)).scalar_one() == 1


def test_the_old_date_fires_nothing_and_a_date_given_back_fires(
    engine: Engine, session: Session, office: Office
) -> None:
    (case_id,) = served_cases(session, office, 1)
    old = clock(session, case_id).due_at
    approve(session, office.head, propose(session, office.admin, NewDay(date(2026, 4, 20), DayKind.CLOSURE)))
    Worker(sessionmaker(engine), CLOCKWORK, clock=lambda: old + timedelta(minutes=1), pause=1).turn()
    session.rollback()
    assert session.get_one(Case, case_id).state == "issued"
    later = old + timedelta(minutes=2)
    change_id = propose(session, office.admin, NewDay(date(2026, 4, 20), None))
    approve(session, office.head, change_id, now=later)
    moved = clock(session, case_id)
    assert moved.due_at > later, "a date is never moved into the past"
    assert "不早于次一工作日" in moved.explanation
    Worker(sessionmaker(engine), CLOCKWORK, clock=lambda: moved.due_at, pause=1).turn()
    session.rollback()
    assert session.get_one(Case, case_id).state == "overdue"
    assert verify(session) == []


def test_a_half_day_ends_at_noon(session: Session, office: Office) -> None:
    (case_id,) = served_cases(session, office, 1)
    last = clock(session, case_id).due_at.date()
    approve(session, office.head, propose(session, office.admin, NewDay(last, DayKind.HALF_DAY, "演练")))
    row = clock(session, case_id)
    assert row.due_at == local(last.year, last.month, last.day, 12, 0)
    assert row.explanation.endswith("12:00前")
    assert "（半日）" in row.explanation


def test_a_clock_that_was_stopped_is_counted_from_when_it_ran_on(session: Session, office: Office) -> None:
    (case_id,) = served_cases(session, office, 1)
    asked = {"extension_days": 5, "reason": "（演示）需要采购", "extension_reason": "（演示）需要采购"}
    workflow_asks = {"request_extension": asked}
    step_case(
        session,
        office.owner,
        case_id,
        "request_extension",
        asked=_fit(session, case_id, "request_extension", workflow_asks["request_extension"]),
        now=START + days(1),
    )
    step_case(
        session,
        office.head,
        case_id,
        "refuse_extension",
        asked=_fit(
            session,
            case_id,
            "refuse_extension",
            {"reason": "（演示）可以按期", "decision_reason": "（演示）可以按期"},
        ),
        now=START + days(5),
    )
    before = clock(session, case_id)
    was, remaining = before.due_at, before.counted_days
    assert before.counted_from == START + days(5)
    approve(
        session,
        office.head,
        propose(session, office.admin, NewDay(date(2026, 4, 22), DayKind.CLOSURE)),
        now=START + days(6),
    )
    after = clock(session, case_id)
    assert after.due_at > was
    assert after.counted_days == remaining
    assert "恢复计算" in after.explanation


def _fit(session: Session, case_id: int, trigger: str, said: dict[str, object]) -> dict[str, object]:
    """Of these answers, those that the step asks for; text for whatever else it must be told."""
    from services.definitions import workflow_of

    rule = workflow_of(session, session.get_one(Case, case_id).workflow_id).triggers_by_key[trigger]
    return {
        ask.field: said.get(ask.field, 3 if ask.type.value == "number" else "（演示）说明")
        for ask in rule.asks
        if ask.required
    }


def test_a_deadline_into_an_unpublished_year_is_provisional_until_the_year_is_loaded(
    session: Session, office: Office
) -> None:
    late = datetime(2026, 12, 21, 1, 0, tzinfo=UTC)
    sheet = Problem(office.target.id, "inspection", "（演示）年末", "（演示）无人在岗", late.date())
    case = open_case(session, office.officer, office.campaign.id, sheet, now=late)
    step_case(session, office.officer, case.id, "issue", asked={}, now=late)
    served = {"service_way": "electronic", "receiver": "值班人员"}
    step_case(session, office.officer, case.id, "serve", asked=served, now=late)
    row = clock(session, case.id)
    assert row.provisional
    assert "暂定" in row.explanation
    before = row.due_at
    holidays = [NewDay(date(2027, 1, n), DayKind.HOLIDAY, "元旦") for n in (1, 4)]
    years = (NewYear(2027, provisional=False, source="（演示）放假安排通知"),)
    approve(session, office.head, propose(session, office.admin, *holidays, years=years), now=late)
    row = clock(session, case.id)
    assert not row.provisional
    assert "暂定" not in row.explanation
    assert row.due_at > before
    assert session.execute(select(DeadlineMove.case_id)).scalars().all() == [case.id]
    assert not work_calendar(session, office.campaign).is_provisional(date(2027, 3, 1))


def test_what_is_refused(session: Session, office: Office) -> None:
    def refused(**given: object) -> str:
        values = {"calendar_key": KEY, "days": [], "years": [], "reason": "x", "now": START} | given
        with pytest.raises(Refusal) as error:
            propose_change(session, office.admin, **values)  # type: ignore[arg-type]  # wrong on purpose
        return error.value.code

    closure = NewDay(date(2026, 5, 6), DayKind.CLOSURE)
    assert refused() == "change_empty"
    assert refused(days=[closure], reason=" ") == "change_reason"
    assert refused(days=[closure, closure]) == "day_twice"
    assert refused(days=[NewDay(date(2026, 5, 6), DayKind.MAKEUP)]) == "makeup_weekday"
    assert refused(days=[NewDay(date(2031, 5, 6), DayKind.CLOSURE)]) == "year_missing"
    assert refused(years=[NewYear(2027, provisional=False, source="")]) == "year_source"
    assert refused(days=[closure], calendar_key="none") == "calendar_unknown"
    with pytest.raises(Refusal, match="无权"):
        propose_change(
            session, office.officer, calendar_key=KEY, days=[closure], years=[], reason="x", now=START
        )
    change_id = propose(session, office.admin, closure)
    with pytest.raises(Refusal, match="无权"):
        approve(session, office.officer, change_id)
    with pytest.raises(Refusal, match="理由"):
        refuse_change(session, office.head, change_id, why="", now=START)
    assert refuse_change(session, office.head, change_id, why="（演示）不属实", now=START).status == "refused"
    own = propose(session, office.admin, closure)
    assert refuse_change(session, office.admin, own, why="", now=START).status == "withdrawn"
    session.rollback()
    assert session.execute(select(CalendarYear.edition).where(CalendarYear.year == 2026)).scalar_one() == 1

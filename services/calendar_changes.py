"""A change of the working calendar: proposed, shown with every deadline it moves, approved by a second person.

Source: 实施口径; days by the yearly 国务院办公厅关于部分节假日安排的通知.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from definitions.canonical import sha256_of
from models.calendar_change import CalendarChange, DeadlineMove
from models.campaign import CalendarDay, CalendarYear, Campaign, DayKind
from models.case import Case, Deadline
from models.people import Role
from models.roster import Target
from services.actor import OFFICE, Actor
from services.calendars import changed_calendar, edition_words, work_calendar
from services.clock_moves import Cause, counted_anew, move_by_act
from services.history import record
from services.refusal import Refusal, forbidden, not_found
from services.transaction import transaction
from workflow.calendar import CalendarTooShort, Due, WorkCalendar

#: How far back clocks that have run out are looked at: what they brought can still be appealed.
_LOOK_BACK = timedelta(days=90)
MOST_DAYS = 200
PROPOSERS = (Role.ADMIN, Role.HEAD)
APPROVERS = (Role.HEAD, Role.REVIEWER, Role.ADMIN)


@dataclass(frozen=True)
class NewDay:
    """A day as it is to be. kind: None gives it back to its weekday."""

    day: date
    kind: DayKind | None
    note: str = ""


@dataclass(frozen=True)
class NewYear:
    """A year as it is to be: published, with its source, or provisional."""

    year: int
    provisional: bool
    source: str


@dataclass(frozen=True)
class Move:
    """One clock under the change. due: as it would be; None: it cannot be counted anew and stays."""

    row: Deadline
    case: Case
    due: Due | None

    @property
    def moves(self) -> bool:
        """Whether its date moves."""
        return self.due is not None and self.due.due_at != self.row.due_at


@dataclass(frozen=True)
class Outlook:
    """All that a change does. reworded: the date stays, its standing as provisional or its reason changes.

    passed: clocks that have run out already and would have run longer; they stay, the office decides.
    digest: of what was shown; an approval names it, so that nothing moves unseen.
    """

    moved: tuple[Move, ...]
    reworded: tuple[Move, ...]
    passed: tuple[Move, ...]
    uncounted: tuple[Move, ...]

    @property
    def digest(self) -> str:
        """Of every date shown."""
        shown = [
            [move.row.id, move.row.due_at.isoformat(), move.due.due_at.isoformat() if move.due else ""]
            for move in (*self.moved, *self.reworded)
        ]
        return sha256_of({"moves": shown})


def calendar_keys(session: Session) -> list[str]:
    """The calendars that there are."""
    return list(
        session.execute(
            select(CalendarYear.calendar_key).distinct().order_by(CalendarYear.calendar_key)
        ).scalars()
    )


def years_of(session: Session, calendar_key: str) -> list[CalendarYear]:
    """The years of a calendar."""
    query = select(CalendarYear).where(CalendarYear.calendar_key == calendar_key).order_by(CalendarYear.year)
    return list(session.execute(query).scalars())


def days_of(session: Session, calendar_key: str, year: int) -> list[CalendarDay]:
    """The days of a year that differ from their weekday."""
    return list(
        session.execute(
            select(CalendarDay)
            .where(CalendarDay.calendar_key == calendar_key)
            .where(CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31)))
            .order_by(CalendarDay.day)
        ).scalars()
    )


def changes(session: Session, actor: Actor) -> list[CalendarChange]:
    """All changes, newest first."""
    actor.require(*OFFICE, Role.ADMIN, Role.AUDITOR, to="查看工作日历的变更")
    return list(
        session.execute(select(CalendarChange).order_by(CalendarChange.id.desc()).limit(100)).scalars()
    )


def change_for(session: Session, actor: Actor, change_id: int) -> CalendarChange:
    """One change."""
    actor.require(*OFFICE, Role.ADMIN, Role.AUDITOR, to="查看工作日历的变更")
    row = session.get(CalendarChange, change_id)
    if row is None:
        raise not_found("日历变更")
    return row


def propose_change(
    session: Session,
    actor: Actor,
    *,
    calendar_key: str,
    days: Sequence[NewDay],
    years: Sequence[NewYear],
    reason: str,
    now: datetime,
) -> CalendarChange:
    """Propose other days or years of a calendar; nothing moves before another person approves."""
    actor.require(*PROPOSERS, to="提出修改工作日历")
    with transaction(session):
        _check(session, calendar_key, days, years, reason)
        row = CalendarChange(
            calendar_key=calendar_key,
            reason=reason.strip(),
            days=[
                {"day": new.day.isoformat(), "kind": new.kind.value if new.kind else None, "note": new.note}
                for new in days
            ],
            years=[{"year": new.year, "provisional": new.provisional, "source": new.source} for new in years],
            status="proposed",
            proposed_by_id=actor.person,
            proposed_at=now,
        )
        session.add(row)
        session.flush()
        payload = {"days": row.days, "years": row.years, "reason": row.reason}
        record(
            session,
            actor,
            "calendar.change_proposed",
            object_kind="calendar_change",
            object_id=row.id,
            payload=payload,
            now=now,
        )
    return row


def _check(
    session: Session, calendar_key: str, days: Sequence[NewDay], years: Sequence[NewYear], reason: str
) -> None:
    if calendar_key not in calendar_keys(session):
        raise Refusal("calendar_unknown", "没有这个工作日历，请重新选择。", 422)
    if not days and not years:
        raise Refusal("change_empty", "没有写明要修改的日期或年份。", 422)
    if not reason.strip():
        raise Refusal("change_reason", "请写明修改的依据或原因；它会印在每个受影响期限的说明里。", 422)
    if len(reason) > 500 or len(days) > MOST_DAYS or any(len(new.note) > 200 for new in days):
        raise Refusal(
            "change_long", f"一次最多修改{MOST_DAYS}天；原因不超过500字，每日说明不超过200字。", 422
        )
    twice = {new.day for new in days if [other.day for other in days].count(new.day) > 1}
    if twice:
        raise Refusal("day_twice", f"{min(twice).isoformat()}写了两次，请只留一次。", 422)
    for new in days:
        if new.kind is DayKind.MAKEUP and new.day.weekday() < 5:
            raise Refusal("makeup_weekday", f"{new.day.isoformat()}本来就是工作日，不能作调休上班日。", 422)
    held = {row.year for row in years_of(session, calendar_key)} | {new.year for new in years}
    missing = sorted({new.day.year for new in days} - held)
    if missing:
        raise Refusal("year_missing", f"日历还没有{missing[0]}年，请在同一次变更中登记该年是否已公布。", 422)
    for year in years:
        if not 2000 <= year.year <= 2199 or (not year.provisional and not year.source.strip()):
            raise Refusal("year_source", "年份应在2000至2199之间；列为已公布的，须写明公布的文件。", 422)


def outlook(session: Session, change: CalendarChange, *, now: datetime) -> Outlook:
    """Every clock that the change touches, counted both ways; nothing is written. Raises Refusal."""
    found: dict[str, list[Move]] = {"moved": [], "reworded": [], "passed": [], "uncounted": []}
    for campaign in _campaigns(session, change.calendar_key):
        before = work_calendar(session, campaign)
        after = _after(session, change, before)
        rows = session.execute(_clocks(campaign, now)).scalars().all()
        for row in rows:
            kind, move = _judged(row, after, now)
            if kind:
                found[kind].append(move)
    ordered = {
        kind: tuple(sorted(moves, key=lambda move: (move.row.due_at, move.row.id)))
        for kind, moves in found.items()
    }
    return Outlook(**ordered)


def _judged(row: Deadline, after: WorkCalendar, now: datetime) -> tuple[str, Move]:
    try:
        due = counted_anew(row, after, now=now)
    except CalendarTooShort as short:
        raise Refusal(short.code, f"{row.case.number}：{short.sentence}。", 422) from short
    move = Move(row, row.case, due)
    if row.status == "fired":
        return ("passed" if due is not None and due.due_at > row.due_at else ""), move
    if due is None:
        return "uncounted", move
    if move.moves:
        return "moved", move
    same = due.explanation == row.explanation and due.provisional == row.provisional
    return ("" if same else "reworded"), move


def _campaigns(session: Session, calendar_key: str) -> list[Campaign]:
    rows = session.execute(select(Campaign).order_by(Campaign.id)).scalars()
    return [row for row in rows if row.settings["calendar"]["key"] == calendar_key]


def _clocks(campaign: Campaign, now: datetime) -> Select[Deadline]:
    going = Deadline.status == "running"
    passed = (Deadline.status == "fired") & (Deadline.due_at > now - _LOOK_BACK) & Case.ended_at.is_(None)
    return (
        select(Deadline)
        .join(Case, Case.id == Deadline.case_id)
        .where(Case.campaign_id == campaign.id, going | passed)
        .options(joinedload(Deadline.case).joinedload(Case.target).joinedload(Target.unit))
        .order_by(Deadline.id)
    )


def _after(session: Session, change: CalendarChange, before: WorkCalendar) -> WorkCalendar:
    days = {
        date.fromisoformat(new["day"]): DayKind(new["kind"]) if new["kind"] else None for new in change.days
    }
    years = {int(new["year"]): bool(new["provisional"]) for new in change.years}
    touched = {day.year for day in days} | set(years)
    editions = {row.year: row.edition for row in years_of(session, change.calendar_key)}
    raised = editions | {year: editions.get(year, 0) + 1 for year in touched}
    return changed_calendar(before, edition_words(change.calendar_key, raised), days, years)


def approve_change(
    session: Session, actor: Actor, change_id: int, *, seen: str, now: datetime
) -> CalendarChange:
    """Make a proposed change: days, years and every running deadline, in one act. By another person.

    seen: digest of the outlook that the approver had before the eyes; where it is another now, nothing is done.
    """
    actor.require(*APPROVERS, to="批准修改工作日历")
    with transaction(session):
        change = _open_change(session, change_id)
        if change.proposed_by_id == actor.person:
            raise forbidden("批准自己提出的日历变更；须由另一人批准")
        ahead = outlook(session, change, now=now)
        if ahead.digest != seen:
            raise Refusal(
                "outlook_moved", "在您查看之后，受影响的期限有了变化。没有批准，请核对最新清单后再批准。"
            )
        _write(session, change)
        session.flush()
        cause = Cause("calendar", change.id, f"工作日历变更：{change.reason}")
        calendars = {c.id: work_calendar(session, c) for c in _campaigns(session, change.calendar_key)}
        for move in (*ahead.moved, *ahead.reworded):
            if move.due is not None:
                calendar = calendars[move.case.campaign_id]
                move_by_act(session, actor, move.case, move.row, move.due, cause, calendar=calendar, now=now)
        _decide(change, actor, "approved", "", now)
        payload = {"moved": len(ahead.moved), "reworded": len(ahead.reworded), "digest": seen}
        record(
            session,
            actor,
            "calendar.changed",
            object_kind="calendar_change",
            object_id=change.id,
            payload=payload,
            now=now,
        )
    return change


def refuse_change(
    session: Session, actor: Actor, change_id: int, *, why: str, now: datetime
) -> CalendarChange:
    """Do not make it; who proposed it may withdraw it, anyone else who approves may refuse it with a reason."""
    actor.require(*PROPOSERS, *APPROVERS, to="退回日历变更")
    with transaction(session):
        change = _open_change(session, change_id)
        own = change.proposed_by_id == actor.person
        if not own:
            actor.require(*APPROVERS, to="退回日历变更")
            if not why.strip():
                raise Refusal("refusal_reason", "请写明不同意的理由。", 422)
        _decide(change, actor, "withdrawn" if own else "refused", why.strip()[:500], now)
        record(
            session, actor, f"calendar.change_{change.status}", object_kind="calendar_change", object_id=change.id,
            payload={"why": change.decision}, now=now,
        )  # fmt: skip
    return change


def _open_change(session: Session, change_id: int) -> CalendarChange:
    change = session.get(CalendarChange, change_id, with_for_update=True, populate_existing=True)
    if change is None:
        raise not_found("日历变更")
    if change.status != "proposed":
        raise Refusal("change_decided", "这项日历变更已经处理过，请刷新页面查看结果。")
    return change


def _decide(change: CalendarChange, actor: Actor, status: str, why: str, now: datetime) -> None:
    change.status, change.decision = status, why
    change.decided_by_id, change.decided_at = actor.person, now


def _write(session: Session, change: CalendarChange) -> None:
    """Days and years as proposed; each year touched rises an edition."""
    key = change.calendar_key
    touched = {date.fromisoformat(new["day"]).year for new in change.days} | {
        int(new["year"]) for new in change.years
    }
    named = {int(new["year"]): new for new in change.years}
    held = {row.year: row for row in years_of(session, key)}
    for number in sorted(touched):
        row = held.get(number)
        if row is None:
            row = CalendarYear(calendar_key=key, year=number, provisional=True, source="", edition=0)
            session.add(row)
        row.edition += 1
        if number in named:
            row.provisional, row.source = bool(named[number]["provisional"]), str(named[number]["source"])
    for new in change.days:
        _write_day(session, key, date.fromisoformat(new["day"]), new["kind"], new["note"])


def _write_day(session: Session, key: str, day: date, kind: str | None, note: str) -> None:
    row = session.execute(
        select(CalendarDay).where(CalendarDay.calendar_key == key, CalendarDay.day == day)
    ).scalar_one_or_none()
    if kind is None:
        if row is not None:
            session.delete(row)
    elif row is None:
        session.add(CalendarDay(calendar_key=key, day=day, kind=DayKind(kind), note=note))
    else:
        row.kind, row.note = DayKind(kind), note


def moves_made(session: Session, change: CalendarChange) -> list[DeadlineMove]:
    """The deadlines that an approved change moved, as it moved them."""
    return list(
        session.execute(
            select(DeadlineMove)
            .where(DeadlineMove.cause == "calendar", DeadlineMove.cause_id == change.id)
            .options(joinedload(DeadlineMove.case).joinedload(Case.target).joinedload(Target.unit))
            .order_by(DeadlineMove.new_due_at, DeadlineMove.id)
        ).scalars()
    )

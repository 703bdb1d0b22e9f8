"""日历订阅: a person's own deadlines for calendar programs, under an address that only the person knows."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event, Timezone
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models.case import Case, Deadline
from models.outgoing import CalendarFeed
from models.people import User
from models.roster import Target
from services.actor import Actor, actor_of
from services.case_access import visible_cases
from services.definitions import workflow_of
from services.history import record
from services.transaction import transaction

LOCAL = ZoneInfo("Asia/Shanghai")
#: So many deadlines at most; nobody reads more in a calendar.
MOST = 500


def feed_of(session: Session, actor: Actor) -> CalendarFeed | None:
    """The person's feed; None while there is none."""
    query = select(CalendarFeed).where(CalendarFeed.user_id == actor.person)
    return session.execute(query).scalar_one_or_none()


def open_feed(session: Session, actor: Actor, *, now: datetime) -> str:
    """A new address for the person's feed, told once; an earlier one ends with it."""
    token = secrets.token_urlsafe(32)
    with transaction(session):
        row = feed_of(session, actor)
        if row is None:
            row = CalendarFeed(user_id=actor.person)
            session.add(row)
        row.token_sha256, row.created_at = _hash(token), now
        record(session, actor, "feed.opened", object_kind="user", object_id=actor.person, payload={}, now=now)
    return token


def close_feed(session: Session, actor: Actor, *, now: datetime) -> None:
    """The address ends; nothing is told by it any more."""
    with transaction(session):
        row = feed_of(session, actor)
        if row is not None:
            session.delete(row)
            record(
                session, actor, "feed.closed", object_kind="user", object_id=actor.person, payload={}, now=now
            )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def feed(session: Session, token: str, *, address: str, now: datetime) -> bytes | None:
    """The feed behind a token as an iCalendar file (RFC 5545); None for one that nobody has.

    address: of the site, for links. Only running deadlines of cases that the account may see now are in it, and of
    a case only its number, title and target: never who reported it.
    """
    user = session.execute(
        select(User)
        .join(CalendarFeed, CalendarFeed.user_id == User.id)
        .where(CalendarFeed.token_sha256 == _hash(token), User.active)
    ).scalar_one_or_none()
    if user is None:
        return None
    found = Calendar()
    found.add("prodid", "-//Pingdu//Deadlines//ZH")
    found.add("version", "2.0")
    found.add("method", "PUBLISH")
    found.add("x-wr-calname", "评督期限")
    found.add("x-wr-timezone", "Asia/Shanghai")
    found.add("refresh-interval;value=duration", "PT1H")
    found.add_component(Timezone.from_tzinfo(LOCAL))
    for row, case in _deadlines(session, actor_of(user)):
        found.add_component(_event(session, row, case, address, now, own=user.target_id or user.unit_id))
    return bytes(found.to_ical())


def _deadlines(session: Session, actor: Actor) -> list[tuple[Deadline, Case]]:
    mine = visible_cases(actor).where(Case.ended_at.is_(None)).with_only_columns(Case.id)
    query = (
        select(Deadline)
        .where(Deadline.status == "running", Deadline.case_id.in_(mine))
        .options(joinedload(Deadline.case).joinedload(Case.target).joinedload(Target.unit))
        .order_by(Deadline.due_at, Deadline.id)
        .limit(MOST)
    )
    if actor.target_id is not None or actor.unit_id is not None:
        query = query.where(Deadline.then != "")  # the office's own reminders are not the rated's business
    return [(row, row.case) for row in session.execute(query).scalars()]


def _event(
    session: Session, row: Deadline, case: Case, address: str, now: datetime, *, own: int | None
) -> Event:
    workflow = workflow_of(session, case.workflow_id)
    clocks = [clock for state in workflow.states for clock in state.clocks]
    clocks += [clock for pending in workflow.suspensions for clock in pending.clocks]
    label = next((clock.label for clock in clocks if clock.name == row.name), row.name)
    due = row.due_at.astimezone(LOCAL)
    provisional = "（暂定）" if row.provisional else ""
    event = Event()
    # The same deadline keeps its name when its date moves, so that programs move it too.
    event.add("uid", f"deadline-{row.id}@pingdu")
    event.add("dtstamp", now)
    event.add("dtstart", due - timedelta(minutes=30))
    event.add("dtend", due)
    event.add("summary", f"{label}期限{provisional}：{case.title}")
    event.add("description", f"{case.number}　{case.target.unit.name}　{case.target.name}\n{row.explanation}")
    event.add("url", f"{address}/{'t' if own else 'desk'}/cases/{case.id}")
    event.add("transp", "TRANSPARENT")
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", f"{label}期限{provisional}：{case.title}")
    alarm.add("trigger", timedelta(days=-1))
    event.add_component(alarm)
    return event

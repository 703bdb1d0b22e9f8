"""Cases for other systems: what the account's own page would show, in plain values.

The office and its overseers read a case whole, but for who reported it; a rated target reads what it was told of. An
account that only reports reads none: its word is asked on its own page.
Source: 方案第五条第一款.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models.campaign import Campaign
from models.case import Case, Deduction
from models.notice import Notice
from services.actor import Actor
from services.campaign_choice import present_campaign
from services.case_access import OVERSEERS, REPORTERS, case_for, history_of, visible_cases
from services.case_file import ClockLine, StepLine, case_file
from services.case_lists import LOCAL, CaseFilter, CaseRow, cases_after, rows_of
from services.case_rights import hidden_from, shown_case
from services.refusal import not_found
from services.step_right import offers_to
from services.target_access import as_target, own_case, own_cases
from services.target_case import Told, case_sheet
from services.target_pages import Clock, OwnCase, own_rows
from services.target_steps import asks_of_target
from workflow.definition import Ask
from workflow.engine import Offer
from workflow.vocabulary import AskType

#: Under which name a step of someone who reported stands; who it was is told to no system.
REPORTER = "反映人"


def listed(
    session: Session,
    actor: Actor,
    which: CaseFilter,
    *,
    campaign_id: int | None,
    after: int | None,
    size: int,
    now: datetime,
) -> dict[str, Any]:
    """A page of the cases this account sees, newest first. after: `next` of the page before.

    campaign_id: None for the newest campaign. Refusal for an account that sees no cases.
    """
    whole = actor.has(*OVERSEERS)
    reader = actor if whole else as_target(actor)
    campaign = _campaign(session, campaign_id)
    if campaign is None:
        return {"items": [], "next": None}
    seen = visible_cases(reader) if whole else own_cases(session, reader)
    cases = cases_after(session, reader, seen, campaign, which, after=after, size=size + 1, now=now)
    more, cases = len(cases) > size, cases[:size]
    if whole:
        rows = rows_of(session, reader, campaign, cases, now)
        items = [
            _line(shown_case(case, hidden_from(session, reader, case)), row)
            for case, row in zip(cases, rows, strict=True)
        ]
    else:
        items = [
            _own_line(row, shown_case(row.case, hidden_from(session, reader, row.case)))
            for row in own_rows(session, reader, campaign, cases, now=now)
        ]
    return {"items": items, "next": cases[-1].id if more else None}


def _campaign(session: Session, campaign_id: int | None) -> Campaign | None:
    if campaign_id is None:
        return present_campaign(session)
    campaign = session.get(Campaign, campaign_id)
    if campaign is None:
        raise not_found("测评活动")
    return campaign


def described(session: Session, actor: Actor, case_id: int, *, now: datetime) -> dict[str, Any]:
    """One case with its clocks, its history, its deductions and its notices."""
    if not actor.has(*OVERSEERS):
        return _told(session, as_target(actor), case_id, now)
    file = case_file(session, actor, case_id, now=now)
    row = rows_of(session, actor, file.case.campaign, [file.case], now)[0]
    reported = {row.position for row in history_of(session, case_id) if not REPORTERS.isdisjoint(row.roles)}
    return {
        **_line(file.case, row),
        "facts": file.case.facts,
        "requirement": file.case.requirement,
        "basis": file.case.basis,
        "clocks": [_clock(line) for line in file.clocks],
        "history": [_step(line, hidden=line.position in reported) for line in file.steps],
        **_papers(file.case, file.entries, file.notices),
    }


def _told(session: Session, actor: Actor, case_id: int, now: datetime) -> dict[str, Any]:
    case = own_case(session, actor, case_id)
    sheet = case_sheet(session, actor, case, ranking=None, now=now)
    return {
        **_own_line(sheet.row, sheet.case),
        "facts": None,
        "requirement": None,
        "basis": None,
        "clocks": [_own_clock(sheet.row.clock)] if sheet.row.clock else [],
        "history": [_own_step(line) for line in reversed(sheet.history)],
        **_papers(case, sheet.deductions, sheet.notices),
    }


def steps_of(session: Session, actor: Actor, case_id: int, *, now: datetime) -> dict[str, Any]:
    """The steps that lead on from where the case stands, with what each asks, and why one is not open now."""
    case, offers = offers_in(session, actor, case_id, now=now)
    return {"version": case.row_version, "items": [_offer(case, offer, asks) for offer, asks in offers]}


def offers_in(
    session: Session, actor: Actor, case_id: int, *, now: datetime
) -> tuple[Case, list[tuple[Offer, tuple[Ask, ...]]]]:
    """The case, and the steps of this account in it with the questions it is asked. Refusal when it is not theirs."""
    if actor.has(*OVERSEERS):
        case = case_for(session, actor, case_id)
        return case, [(offer, offer.asks) for offer in offers_to(session, actor, case, now=now)]
    me = as_target(actor)
    case = own_case(session, me, case_id)
    row = own_rows(session, me, case.campaign, [case], now=now)[0]
    return case, [(offer, asks_of_target(offer)) for offer in row.steps]


def _offer(case: Case, offer: Offer, asks: Iterable[Ask]) -> dict[str, Any]:
    return {
        "trigger": offer.trigger,
        "name": offer.name,
        "allowed": offer.allowed,
        "reason": offer.reason or None,
        "acting_for": offer.acting_for or None,
        "asks": [_ask(case, ask) for ask in asks],
    }


def _ask(case: Case, ask: Ask) -> dict[str, Any]:
    options = [{"key": option.key, "label": option.label} for option in ask.options]
    if ask.type is AskType.GRADE:
        options = [
            {"key": grade["key"], "label": grade["name"]} for grade in case.campaign.settings["grades"]
        ]
    return {
        "field": ask.field,
        "label": ask.label,
        "type": ask.type.value,
        "required": ask.required,
        "options": options,
        "at_least": ask.at_least,
        "at_most": ask.at_most,
        "hint": ask.hint,
    }


def _named(case: Case) -> dict[str, Any]:
    """What every reader of a case is told of it."""
    return {
        "id": case.id,
        "number": case.number,
        "version": case.row_version,
        "title": case.title,
        "target": case.target.key,
        "target_name": case.target.full_name,
        "unit": case.target.unit.key,
        "category": case.target.unit.category.key,
        "channel": case.channel,
        "problem": case.problem,
        "state": case.state,
        "ended": case.ended_at is not None,
    }


def _line(case: Case, row: CaseRow) -> dict[str, Any]:
    return {
        **_named(case),
        "grave": case.grave,
        "state_name": row.state_name,
        "suspension": row.suspension,
        "due_at": row.due_at,
        "working_days_left": row.remaining,
        "provisional": row.provisional,
        "points": row.points,
        "found_on": case.found_on,
        "opened_at": case.opened_at,
    }


def _own_line(row: OwnCase, case: Case) -> dict[str, Any]:
    """The hour of registration, and the day of what a rating reported, would help to guess who reported."""
    clock = row.clock if row.clock and row.clock.kept_days is None else None
    return {
        **_named(case),
        "grave": None,
        "state_name": row.state,
        "suspension": row.suspension,
        "due_at": clock.due_at if clock else None,
        "working_days_left": clock.remaining if clock else None,
        "provisional": bool(clock and clock.provisional),
        "points": row.points,
        "found_on": None if row.case.rating_id is not None else case.found_on,
        "opened_at": None,
    }


def _clock(line: ClockLine) -> dict[str, Any]:
    row = line.row
    return {
        "label": line.label,
        "status": row.status,
        "starts_at": row.starts_at,
        "due_at": None if row.status == "stopped" else row.due_at,
        "working_days_left": row.remaining_working_days if row.status == "stopped" else line.remaining,
        "explanation": row.explanation,
        "provisional": row.provisional,
        "consequence": line.consequence,
    }


def _own_clock(clock: Clock) -> dict[str, Any]:
    stopped = clock.kept_days is not None
    return {
        "label": clock.label,
        "status": "stopped" if stopped else "running",
        "starts_at": None,
        "due_at": None if stopped else clock.due_at,
        "working_days_left": clock.kept_days if stopped else clock.remaining,
        "explanation": clock.explanation,
        "provisional": clock.provisional,
        "consequence": clock.leads_to,
    }


def _step(line: StepLine, *, hidden: bool) -> dict[str, Any]:
    return {
        "position": line.position,
        "name": line.name,
        "who": REPORTER if hidden else line.who,
        "at": line.effective_at,
        "on": line.effective_at.astimezone(LOCAL).date(),
        "recorded_at": line.recorded_at,
        "from_state": line.from_state,
        "to_state": line.to_state,
        "answers": _pairs(line.answers),
        "files": [file.file_name for file in line.files],
        "source": line.source,
    }


def _own_step(line: Told) -> dict[str, Any]:
    return {
        "position": None,
        "name": line.name,
        "who": line.who,
        "at": None if line.day_only else line.at,
        "on": line.at.astimezone(LOCAL).date(),
        "recorded_at": None,
        "from_state": None,
        "to_state": line.state,
        "answers": _pairs(line.said),
        "files": [file.file_name for file in line.files],
        "source": None,
    }


def _pairs(answers: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"label": label, "words": words} for label, words in answers]


def _papers(case: Case, entries: Iterable[Deduction], notices: Iterable[Notice]) -> dict[str, Any]:
    public = case.campaign.settings["public_url"]
    return {
        "deductions": [
            {
                "tier": entry.tier,
                "kind": entry.kind,
                "points": entry.points,
                "reason": entry.reason,
                "source": entry.source,
                "booked_at": entry.booked_at,
            }
            for entry in entries
        ],
        "notices": [
            {
                "number": notice.number,
                "kind": notice.kind,
                "title": notice.title,
                "issued_on": notice.issued_on,
                "status": "superseded" if notice.superseded else notice.status,
                "address": f"{public}/notices/verify/{notice.verify_code}",
            }
            for notice in notices
        ],
    }

"""What a form that was sent out shows: prefilled, as it was left, or as it was just sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from forms.answers import reopen_form
from forms.builder import PREFIX, AnswerForm
from models.case import Case
from models.collection import Answer, AnswerDraft, Collection
from models.people import User
from services.actor import Actor
from services.answer_desk import Desk
from services.answer_drafts import (
    find_draft,
    typed_with_files,
)
from services.answers import refuse_unless_taking
from services.case_access import case_for
from services.prefills import Known, impose, opened, prefilled, show_fixed
from services.refusal import Refusal
from services.reports import month_due

_ID = re.compile(r"[0-9]{1,9}")


def empty_form(session: Session, desk: Desk, *, link: Mapping[str, str], now: datetime) -> AnswerForm:
    """The form before anything was typed, prefilled as its fields say."""
    refuse_unless_taking(desk.held, now=now)
    known = with_case(session, desk.actor, _known(session, desk, now), link)
    answers = prefilled(desk.form, link=link, known=known, choices=desk.choices, now=now)
    return opened(desk.form, answers, desk.fixed, choices=desk.choices, now=now)


def draft_form(session: Session, desk: Desk, draft: AnswerDraft, *, now: datetime) -> AnswerForm:
    """The form as it was left."""
    refuse_unless_taking(desk.held, now=now, late=True)
    return _shown(desk, MultiDict(typed_with_files(session, draft)), now)


def typed_form_again(
    session: Session, desk: Desk, typed: MultiDict[str, str], *, now: datetime
) -> AnswerForm:
    """The form as it was sent, without faults being named; files are those of the draft."""
    draft = draft_at(session, desk, now=now)
    shown = MultiDict((name, value) for name, value in typed.items(multi=True) if not name.endswith("-kept"))
    if draft is not None:
        for name, value in typed_with_files(session, draft):
            if name.endswith("-kept"):
                shown.add(name, value)
    return _shown(desk, shown, now)


def _shown(desk: Desk, typed: MultiDict[str, str], now: datetime) -> AnswerForm:
    form = reopen_form(desk.form, impose(typed, desk.fixed), choices=desk.choices, now=now)
    return show_fixed(form, desk.fixed)


def draft_at(session: Session, desk: Desk, *, now: datetime) -> AnswerDraft | None:
    """What this person has begun."""
    return find_draft(session, desk.place, now=now) if desk.place is not None else None


def _known(session: Session, desk: Desk, now: datetime) -> Known:
    campaign = desk.held.campaign
    known = Known(month=month_due(campaign, now=now))
    if desk.code is not None:
        monitor = desk.code.monitor
        return replace(
            known,
            person=desk.code.label,
            monitor=monitor.key if monitor else "",
            target=desk.code.target.key if desk.code.target else "",
        )
    if desk.actor.user_id is None:
        return known
    user = session.get_one(User, desk.actor.user_id)
    return known_of(user, known, last=_last(session, desk))


def known_of(user: User, known: Known, *, last: Mapping[str, Any] | None) -> Known:
    """What is known of an account."""
    unit = user.unit or (user.target.unit if user.target else None)
    return replace(
        known,
        person=user.name,
        phone=user.phone,
        unit=unit.key if unit else "",
        monitor=user.monitor.key if user.monitor else "",
        target=user.target.key if user.target else "",
        last=last,
    )


def with_case(session: Session, actor: Actor, known: Known, link: Mapping[str, str]) -> Known:
    """With the case that a link names, `?case=` its number or the number of its page; only if the person may see it."""
    asked = link.get("case", "").strip()
    if not asked or actor.user_id is None:
        return known
    which = Case.id == int(asked) if _ID.fullmatch(asked) else Case.number == asked
    case_id = session.execute(select(Case.id).where(which)).scalar_one_or_none()
    try:
        case = case_for(session, actor, case_id or 0)
    except Refusal:
        return known
    return replace(known, case=case.number, case_title=case.title)


def other_case(session: Session, desk: Desk, draft: AnswerDraft, link: Mapping[str, str]) -> str:
    """The case that a draft names where the link names another one; empty when they agree or either names none.

    One person keeps one draft of a collection, and may be asked about several cases.
    """
    known = with_case(session, desk.actor, Known(), link)
    fields = {f"{PREFIX}{field.key}" for field in desk.form.fields if field.prefill == "case"}
    typed = next((str(value).strip() for name, value in draft.typed if name in fields), "")
    return typed if known.case and typed not in ("", known.case) else ""


def _last(session: Session, desk: Desk) -> dict[str, Any] | None:
    """What this account answered with this form the time before."""
    return session.execute(
        select(Answer.answers)
        .join(Answer.collection)
        .where(
            Answer.respondent_id == desk.actor.user_id,
            Answer.withdrawn_at.is_(None),
            Collection.form_key == desk.held.form_key,
        )
        .order_by(Answer.id.desc())
        .limit(1)
    ).scalar_one_or_none()

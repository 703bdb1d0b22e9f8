"""换用新版: a draft typed in an older version of its form is shown what changed, lifted, and put back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.choices import ChoiceSource
from forms.context import Context
from forms.lifting import Lift, Unfit, lift
from models.campaign import Definition
from models.collection import AnswerDraft
from services.answer_drafts import Place, typed_with_files
from services.definitions import form_of
from services.refusal import Refusal, not_found
from services.transaction import transaction


@dataclass(frozen=True)
class Waiting:
    """A draft before it is lifted: its own version, the one that is given out now, and what the change means."""

    old: Definition
    new: Definition
    lift: Lift


def waiting_lift(
    session: Session, draft: AnswerDraft, form_id: int, *, choices: ChoiceSource, now: datetime
) -> Waiting | None:
    """What lifting this draft to `form_id` would do; None where its questions are the same in both."""
    if draft.form_id == form_id or form_of(session, draft.form_id).fields == form_of(session, form_id).fields:
        return None
    old, new = session.get_one(Definition, draft.form_id), session.get_one(Definition, form_id)
    return Waiting(old, new, _lift(session, draft, form_id, choices, now))


def left_aside(draft: AnswerDraft) -> list[Unfit]:
    """What lies aside in a draft, because it fitted no question when it was lifted."""
    return [Unfit.read(stored) for stored in draft.aside]


def lift_draft(
    session: Session, place: Place, *, form_id: int, choices: ChoiceSource, now: datetime
) -> AnswerDraft:
    """Move a draft to the version that is given out now. What does not fit is kept aside in it."""
    with transaction(session):
        draft = _locked(session, place, now)
        if draft.form_id != form_id:
            before = draft.form_id
            _move(session, draft, form_id, choices, now)
            draft.lifted_from_id = before
    return draft


def put_back_draft(session: Session, place: Place, *, choices: ChoiceSource, now: datetime) -> AnswerDraft:
    """Move a lifted draft back to the version it was typed in, until it is handed in."""
    with transaction(session):
        draft = _locked(session, place, now)
        if draft.lifted_from_id is None:
            raise Refusal("not_lifted", "这份草稿没有换过版本，不用换回。")
        _move(session, draft, draft.lifted_from_id, choices, now)
        draft.lifted_from_id = None
    return draft


def _locked(session: Session, place: Place, now: datetime) -> AnswerDraft:
    row = session.execute(
        select(AnswerDraft).where(AnswerDraft.place == place.key).with_for_update()
    ).scalar_one_or_none()
    if row is None or row.expires_at <= now:
        raise not_found("这份草稿；它可能已经提交或者过期")
    return row


def _move(session: Session, draft: AnswerDraft, form_id: int, choices: ChoiceSource, now: datetime) -> None:
    made = _lift(session, draft, form_id, choices, now)
    draft.typed = [list(pair) for pair in made.typed]
    draft.aside = [item.stored() for item in made.unfit]
    draft.form_id = form_id
    draft.seen += 1
    session.flush()


def _lift(session: Session, draft: AnswerDraft, form_id: int, choices: ChoiceSource, now: datetime) -> Lift:
    # A rating's files are named by what was typed; those of a collection belong to the draft itself.
    typed = [(str(n), str(v)) for n, v in draft.typed] if draft.method else typed_with_files(session, draft)
    old, new = form_of(session, draft.form_id), form_of(session, form_id)
    return lift(old, new, typed, Context(choices, None, now), aside=left_aside(draft))

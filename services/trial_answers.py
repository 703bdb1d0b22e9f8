"""试填答卷: what was filled into a draft form over its link, for the designer alone; never among real answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models.collection import TrialAnswer
from services.actor import Actor
from services.definition_versions import Draft, may_design
from services.form_versions import FORM
from services.transaction import transaction

#: The link is open to anyone: older ones make room.
MOST_TRIALS = 100


def keep_trial(
    session: Session, draft: Draft, answers: dict[str, Any], printed: list[tuple[str, str]], *, now: datetime
) -> None:
    """Keep one filled draft; files and drawn signatures are named, not kept."""
    shown = [[label, "（手写签名）" if text.startswith("data:") else text[:2000]] for label, text in printed]
    plain = {key: value for key, value in answers.items() if not _is_drawn(value)}
    with transaction(session):
        session.add(TrialAnswer(definition_id=draft.id, answers=plain, printed=shown, at=now))
        session.flush()
        old = (
            select(TrialAnswer.id)
            .where(TrialAnswer.definition_id == draft.id)
            .order_by(TrialAnswer.id.desc())
            .offset(MOST_TRIALS)
        )
        ids = session.execute(old).scalars().all()
        if ids:
            session.execute(delete(TrialAnswer).where(TrialAnswer.id.in_(ids)))


def _is_drawn(value: Any) -> bool:
    return isinstance(value, dict) and "drawn" in value


def trials_of(session: Session, actor: Actor, draft: Draft) -> list[TrialAnswer]:
    """What was tried so far, newest first; for the designer."""
    may_design(actor, FORM)
    return list(
        session.execute(
            select(TrialAnswer).where(TrialAnswer.definition_id == draft.id).order_by(TrialAnswer.id.desc())
        ).scalars()
    )


def clear_trials(session: Session, actor: Actor, draft: Draft) -> None:
    """The designer has seen enough."""
    may_design(actor, FORM)
    with transaction(session):
        forget_trials(session, draft.id)


def forget_trials(session: Session, definition_id: int) -> None:
    """The draft was published or thrown away: what was tried with it goes too. Within that act."""
    session.execute(delete(TrialAnswer).where(TrialAnswer.definition_id == definition_id))

"""What a kind being made looks like: with sample values, or with those of a notice that was really issued."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.case import CaseStep
from models.notice import Notice
from notices.completeness import missing_values, sample_of
from notices.definition import NoticeKind, Value
from notices.refusal import NoticeRefused
from notices.unfinished import Unfinished
from packs.provision import Issuer
from services.actor import Actor
from services.definition_versions import may_design
from services.dossier import Dossier
from services.kind_versions import KIND
from services.notice_images import Pages, draft_pages
from services.notice_values import case_values
from services.notices import standing_values
from services.refusal import Refusal

#: So many issued notices are offered to be looked at.
_OFFERED = 12


@dataclass(frozen=True)
class Preview:
    """The page images of a draft. refusal: why there are none. missing: Chinese names of values that are marked."""

    pages: Pages | None
    refusal: str
    missing: tuple[str, ...]


def real_notices(session: Session, actor: Actor, key: str) -> list[Notice]:
    """Issued notices of a kind whose values a preview can take, newest first."""
    may_design(actor, KIND)
    return list(
        session.execute(
            select(Notice).where(Notice.kind == key).order_by(Notice.id.desc()).limit(_OFFERED)
        ).scalars()
    )


def preview(
    session: Session,
    actor: Actor,
    state: Unfinished,
    issuers: tuple[Issuer, ...],
    *,
    real: int | None,
    now: datetime,
) -> Preview:
    """Draw the draft. real: id of a notice whose case gives the values; None: sample values.

    A sample value that no step which issues the kind can give is left out, so that the gap is seen.
    """
    may_design(actor, KIND)
    values = _sample(state.shown, issuers) if real is None else _real(session, state.shown, real, now)
    # Whatever was read is read: drawing takes a moment and shall hold no lock.
    session.rollback()
    try:
        missing = tuple(words for _name, words in missing_values(state.shown, values))
        return Preview(draft_pages(state.shown, values), "", missing)
    except NoticeRefused as refused:
        return Preview(None, refused.sentence, ())
    except Refusal as refusal:
        return Preview(None, refusal.sentence, ())


def _sample(kind: NoticeKind, issuers: tuple[Issuer, ...]) -> dict[str, Value]:
    values: dict[str, Value] = sample_of(kind)
    if issuers:
        known = frozenset().union(*(issuer.names for issuer in issuers)) | kind.sample.keys()
        values = {name: value for name, value in values.items() if name in known}
    return values


def _real(session: Session, kind: NoticeKind, notice_id: int, now: datetime) -> dict[str, Value]:
    """What was frozen then; what the kind did not print yet, as the case has it now."""
    row = session.get(Notice, notice_id)
    if row is None:
        raise Refusal("no_notice", "这份文书已找不到，请另选一份。", 404)
    found: dict[str, Any] = {}
    if row.case is not None and row.step_id is not None:
        step = session.get_one(CaseStep, row.step_id)
        campaign = row.case.campaign
        found = {
            **standing_values(campaign, kind, now),
            **case_values(Dossier(session, row.case), step, kind, at=now, given={}),
        }
    frozen = {name: value for name, value in row.frozen.items() if value}
    return {**found, **frozen}

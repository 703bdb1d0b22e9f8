"""重发: a new notice in the place of one that was voided or has to be put right, linked both ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from models.notice import Notice
from models.people import Role
from notices.definition import NoticeKind, Value, placeholders
from notices.vocabulary import VOCABULARY
from services.actor import OFFICE, Actor
from services.definitions import notice_kind_of_campaign
from services.history import record
from services.notices import Occasion, issue_notices, notice_for
from services.refusal import Refusal
from services.transaction import transaction

#: Values that a person once worded; figures, dates and names of the record are never retyped.
_WORDED = frozenset(
    (
        "case_title", "problem", "facts", "basis", "requirement", "shortfall", "reason", "refusal_facts",
        "conclusion", "plea", "appeal_words", "service_note", "cc",
    )
)  # fmt: skip
_NEW_EACH_TIME = frozenset({"number", "issued_on", "verify_url"})
_LONGEST = 20_000


@dataclass(frozen=True)
class Correction:
    """A value that a re-issue may word anew."""

    name: str
    meaning: str
    text: str


def corrections(session: Session, actor: Actor, notice_id: int) -> tuple[Notice, tuple[Correction, ...]]:
    """The notice to be issued anew, and its worded values as they stood."""
    actor.require(*OFFICE, to="重发文书")
    row = notice_for(session, actor, notice_id)
    kind = notice_kind_of_campaign(session, row.campaign, row.kind)[1]
    return row, tuple(
        Correction(name, VOCABULARY[name].meaning, str(row.frozen.get(name, "")))
        for name in sorted(placeholders(kind) & _WORDED, key=list(VOCABULARY).index)
    )


def reissue_notice(
    session: Session,
    actor: Actor,
    notice_id: int,
    corrected: Mapping[str, str],
    *,
    reason: str,
    now: datetime,
) -> Notice:
    """Issue a notice anew with a new number; the old one keeps its own and points to the new one.

    corrected: worded values by name; others stay as they were frozen. A voided notice may be issued anew by the
    office; one that is in force is superseded by the head alone, and not by whoever issued it.
    Deadlines and deductions that the old one brought stay: they belong to the case. Raises Refusal.
    """
    actor.require(*OFFICE, to="重发文书")
    words = reason.strip()
    if not words:
        raise Refusal("reason_missing", "请写明重发的理由。", 422)
    with transaction(session):
        notice_for(session, actor, notice_id)
        old = session.get_one(Notice, notice_id, with_for_update=True, populate_existing=True)
        _refuse_unfit(actor, old)
        kept = {name: value for name, value in old.frozen.items() if name not in _NEW_EACH_TIME}
        anew = {
            name: text.strip()[:_LONGEST]
            for name, text in corrected.items()
            if name in _WORDED and name in kept
        }

        def values(_kind: NoticeKind) -> dict[str, Value]:
            return {**kept, **anew}

        occasion = Occasion(now, case=old.case, target=old.target)
        [new] = issue_notices(session, actor, old.campaign, [(old.kind, values)], occasion)
        old.replaced_by_id = new.id
        session.flush()
        changed = sorted(name for name, text in anew.items() if text != old.frozen.get(name))
        for row, act, other in ((old, "notice.superseded", new), (new, "notice.reissued", old)):
            payload = {"number": row.number, "other": other.number, "reason": words, "changed": changed}
            record(session, actor, act, object_kind="notice", object_id=row.id, payload=payload, now=now)
    return new


def _refuse_unfit(actor: Actor, old: Notice) -> None:
    if old.replaced_by_id is not None:
        raise Refusal("already_reissued", f"{old.number}已经重发过，请从新的那一份重发。")
    if old.status == "voided":
        return
    if not actor.has(Role.HEAD):
        raise Refusal("reissue_by_head", f"{old.number}还有效：请先作废，或者请负责人直接重发。", 403)
    if old.issued_by_id == actor.user_id and old.issued_by_id is not None:
        raise Refusal("reissue_two_persons", "重发有效的文书须由另一人办理：这份是您自己印发的。", 403)

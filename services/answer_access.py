"""Which answers there are to read, and who may; of anonymous ones nobody before the close."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.campaign import Campaign
from models.collection import Answer, AnswerDraft, Collection
from models.people import Role
from services.actor import OFFICE, Actor
from services.mixing import smallest_group
from services.refusal import Refusal, not_found


def refuse_second(session: Session, actor: Actor, held: Collection) -> None:
    """Tell somebody who has answered already before the form is filled in once more."""
    if held.one_each and actor.user_id is not None and own_answer(session, actor, held) is not None:
        raise Refusal("already", f"您已经填过“{held.title}”，每人只收一份。")


def own_answer(session: Session, actor: Actor, held: Collection) -> Answer | None:
    """The newest standing answer of this account; None when there is none."""
    return session.execute(
        select(Answer)
        .where(
            Answer.collection_id == held.id,
            Answer.respondent_id == actor.person,
            Answer.withdrawn_at.is_(None),
        )
        .order_by(Answer.id.desc())
        .limit(1)
    ).scalar_one_or_none()


def answer_by_receipt(session: Session, held: Collection, receipt: str) -> Answer:
    """The answer behind the number on a receipt."""
    row = session.execute(
        select(Answer).where(Answer.collection_id == held.id, Answer.receipt == receipt)
    ).scalar_one_or_none()
    if row is None:
        raise not_found("这份回执")
    return row


def answer_by_number(session: Session, actor: Actor, held: Collection, typed: str) -> Answer:
    """An answer by what its receipt says: the number in the collection, or the receipt's own; for the office."""
    actor.require(*OFFICE, Role.ADMIN, Role.AUDITOR, to="查看答卷")
    may_read(session, held)
    plain = "".join(sign for sign in typed.upper() if sign.isascii() and sign.isalnum())
    which = Answer.position == int(plain) if plain.isdigit() and len(plain) < 9 else Answer.receipt == plain
    row = session.execute(select(Answer).where(Answer.collection_id == held.id, which)).scalar_one_or_none()
    if row is None or not plain:
        raise not_found("这份答卷；请核对回执编号或第几份")
    return row


def answer_for(session: Session, actor: Actor, answer_id: int) -> Answer:
    """One answer, for the office or for whoever gave it; see `may_read` for anonymous ones."""
    row = session.get(Answer, answer_id)
    own = row is not None and row.respondent_id is not None and row.respondent_id == actor.user_id
    if row is None or not (own or actor.has(*OFFICE, Role.ADMIN, Role.AUDITOR)):
        raise not_found("这份答卷")
    if not own:
        may_read(session, row.collection)
    return row


def may_read(session: Session, held: Collection) -> None:
    """Refuse while the answers of an anonymous collection may not be seen, by nobody, not even as a figure.

    Every list, figure and export of answers asks this first.
    """
    if not held.anonymous:
        return
    if held.closed_at is None:
        raise Refusal("sealed", "匿名收集在结束之前，谁也不能看答卷和统计；结束后打乱顺序再看。")
    least = smallest_group(session.get_one(Campaign, held.campaign_id))
    if held.standing < least:
        raise Refusal(
            "too_few", f"匿名收集只收到{held.standing}份，不足{least}份，为免认出是谁，不显示答卷和统计。"
        )


def counts_by_group(session: Session, actor: Actor, held: Collection) -> dict[str, int]:
    """Standing answers by the group on their cards. Anonymous ones only after the close, small groups as ''."""
    actor.require(Role.ADMIN, Role.AUDITOR, *OFFICE, to="查看收集情况")
    may_read(session, held)
    rows = session.execute(
        select(Answer.group, func.count())
        .where(Answer.collection_id == held.id, Answer.withdrawn_at.is_(None))
        .group_by(Answer.group)
        .order_by(Answer.group)
    )
    return {row[0]: row[1] for row in rows}


def drafts_of(session: Session, held: Collection) -> int:
    """How many are being filled in."""
    counted = select(func.count()).select_from(AnswerDraft).where(AnswerDraft.collection_id == held.id)
    return int(session.execute(counted).scalar_one())


@dataclass(frozen=True)
class Asked:
    """A form that a person is asked to fill in. answer, draft: what is here of theirs. open: may be filled in now."""

    held: Collection
    answer: Answer | None
    draft: AnswerDraft | None
    open: bool


def asked_of(session: Session, actor: Actor, *, now: datetime) -> list[Asked]:
    """Collections for accounts that this person may answer or has answered, those that run first."""
    rows = session.execute(
        select(Collection)
        .where(Collection.access == "account", Collection.opens_at <= now)
        .order_by(Collection.id.desc())
    ).scalars()
    given: dict[int, Answer] = {}
    for answer in session.execute(
        select(Answer)
        .where(Answer.respondent_id == actor.person, Answer.withdrawn_at.is_(None))
        .order_by(Answer.id)
    ).scalars():
        given[answer.collection_id] = answer
    begun = {
        row.collection_id: row
        for row in session.execute(
            select(AnswerDraft).where(AnswerDraft.user_id == actor.person, AnswerDraft.expires_at > now)
        ).scalars()
    }
    found = []
    for held in rows:
        late = held.closed_at is not None or (held.closes_at is not None and now > held.closes_at)
        full = held.quota is not None and held.standing >= held.quota
        runs = not (late or full)
        if held.id in given or (runs and actor.roles & set(held.roles)):
            found.append(Asked(held, given.get(held.id), begun.get(held.id), runs))
    return sorted(found, key=lambda item: not item.open)

"""The end of an anonymous collection: codes destroyed, answers mixed, small groups hidden; then they count."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from forms.answers import proposes_case
from models.base import table_of
from models.campaign import Campaign
from models.collection import Answer, Collection, CollectionCode
from services.actor import Actor
from services.definitions import form_of
from services.mixing import forget_deleted, shuffled, small_groups, smallest_group
from services.rating_forms import rated_by
from services.ratings import record_answer
from services.refusal import Refusal
from services.retention import plan_purge
from services.transaction import afterwards

LOCAL = ZoneInfo("Asia/Shanghai")


def close_and_count(session: Session, actor: Actor, held: Collection, *, now: datetime) -> int:
    """What closing a collection does to its answers, nothing where they are not anonymous.

    Gives how many ratings they are now.
    """
    if not held.anonymous:
        return 0
    campaign = session.get_one(Campaign, held.campaign_id)
    day = datetime.combine(now.astimezone(LOCAL).date(), time(12), LOCAL).astimezone(UTC)
    session.execute(delete(CollectionCode).where(CollectionCode.collection_id == held.id))
    rows = _taken_out(session, held, campaign, day)
    for row in rows:
        row["rating_id"] = _rated(session, actor, campaign, row, day, now)
    if rows:
        session.execute(insert(table_of(Answer)), rows)
        plan_purge(session, held, day)
    afterwards(session, lambda done: forget_deleted(done, "collection_code", "answer"))
    return sum(row["rating_id"] is not None for row in rows)


def _taken_out(session: Session, held: Collection, campaign: Campaign, day: datetime) -> list[dict[str, Any]]:
    """All answers, shuffled, without number, page or day of their own; the old rows are gone."""
    table = table_of(Answer)
    found = [
        dict(row) for row in session.execute(select(table).where(table.c.collection_id == held.id)).mappings()
    ]
    counts = Counter(str(row["group_name"]) for row in found)
    small = small_groups(counts, least=smallest_group(campaign))
    session.execute(delete(Answer).where(Answer.collection_id == held.id))
    for row in found:
        del row["id"]
        row |= {"token_hash": None, "submitted_at": day}
        if row["group_name"] in small:
            row["group_name"] = ""
    return shuffled(found)


def _rated(
    session: Session, actor: Actor, campaign: Campaign, row: dict[str, Any], day: datetime, now: datetime
) -> int | None:
    """The rating an answer is from now on: nobody could see a figure move while somebody answered.

    None where the campaign cannot count it, since the target is gone or the day outside; the answer stays to be read.
    """
    form = form_of(session, row["form_id"])
    if form.binding is None or row["withdrawn_at"] is not None:
        return None
    rater = Actor(user_id=None, name="填写人（不记名）", roles=actor.roles)
    try:
        rated = rated_by(session, campaign, form.binding.method, form, row["answers"], now=now)
    except Refusal:
        return None
    return record_answer(
        session,
        rater,
        campaign,
        form.binding.method,
        rated,
        given={
            "form_id": row["form_id"],
            "answers": row["answers"],
            "monitor_id": None,
            "rater_id": None,
            "submitted_at": day,
        },
        proposes=proposes_case(form, row["answers"]),
        now=now,
    )

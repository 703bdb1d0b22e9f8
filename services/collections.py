"""收集: a published form sent out to people under rules, by the office.

Whoever gives out a form says who may answer, until when, how many, and whether anybody may be known by it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.definition import FormDefinition
from models.campaign import Campaign, Definition, DefinitionKind, DefinitionStatus
from models.collection import Collection
from models.people import Role
from services.actor import OFFICE, Actor
from services.collection_close import close_and_count
from services.collection_rules import Rules, checked_rules, rules_of, unsendable
from services.definitions import form_of, ids_in_force
from services.history import record
from services.mixing import overwrite_what_is_deleted
from services.refusal import Refusal, not_found
from services.retention import plan_purges
from services.transaction import transaction


def may_collect(actor: Actor) -> None:
    """Administrators and case officers send forms out."""
    actor.require(Role.ADMIN, Role.OFFICER, to="组织表单收集")


def forms_to_send(session: Session, actor: Actor, campaign: Campaign) -> list[tuple[str, FormDefinition]]:
    """(key, form in force) of every form of the campaign's pack that can be sent out, by name."""
    may_collect(actor)
    found = []
    for key, form_id in ids_in_force(session, campaign.pack_key, DefinitionKind.FORM).items():
        form = form_of(session, form_id)
        if unsendable(campaign, form) is None:
            found.append((key, form))
    return sorted(found, key=lambda pair: pair[1].name)


def create_collection(
    session: Session, actor: Actor, campaign: Campaign, form_key: str, rules: Rules, *, now: datetime
) -> Collection:
    """Send out the version in force of a form."""
    may_collect(actor)
    with transaction(session):
        form_id = ids_in_force(session, campaign.pack_key, DefinitionKind.FORM).get(form_key)
        if form_id is None:
            raise not_found("这个表单；它可能还没有发布")
        form = form_of(session, form_id)
        held = Collection(
            campaign_id=campaign.id,
            form_key=form_key,
            form_id=form_id,
            slug=secrets.token_urlsafe(12),
            created_by_id=actor.user_id,
            created_at=now,
            demonstration=campaign.demonstration,
            **checked_rules(session, campaign, form, rules, now=now),
        )
        session.add(held)
        session.flush()
        _note(session, actor, held, "collection.opened", _told(held), now)
    return held


def change_collection(
    session: Session, actor: Actor, collection_id: int, rules: Rules, *, seen: int, now: datetime
) -> Collection:
    """Change the rules of a collection that is not closed: extend it, raise its quota, mend its words.

    Who may answer, and whether it is anonymous, stay as they were once an answer or a code is out.
    seen: the `row_version` the page showed.
    """
    may_collect(actor)
    with transaction(session):
        held = locked_collection(session, collection_id)
        refuse_closed(held)
        if held.row_version != seen:
            raise Refusal("collection_changed", "别人刚刚改过这个收集，请刷新页面核对后再改。")
        campaign = session.get_one(Campaign, held.campaign_id)
        values = checked_rules(
            session, campaign, form_of(session, held.form_id), rules, now=now, earlier=held
        )
        if held.taken or held.issued:
            _refuse_other_promise(held, values)
        if values["quota"] is not None and values["quota"] < held.standing:
            raise Refusal("quota_low", f"已经收到{held.standing}份，份数上限不能比这少。", 422)
        before = _told(held)
        for name, value in values.items():
            setattr(held, name, value)
        session.flush()
        changed = {name: value for name, value in _told(held).items() if before[name] != value}
        if changed:
            _note(session, actor, held, "collection.changed", changed, now)
        plan_purges(session, held)
    return held


def _refuse_other_promise(held: Collection, values: Mapping[str, Any]) -> None:
    for name in ("access", "anonymous"):
        if getattr(held, name) != values[name]:
            raise Refusal(
                "promise_given",
                "已经收到答卷或者印出代码卡，不能再改谁能填、是否匿名。请结束这个收集，另建一个。",
            )


def adopt_newer_form(
    session: Session, actor: Actor, collection_id: int, *, form_id: int, now: datetime
) -> Collection:
    """Give out the version in force from now on; answers that came keep theirs. form_id: what the page offered."""
    may_collect(actor)
    with transaction(session):
        held = locked_collection(session, collection_id)
        refuse_closed(held)
        newest = newer_form(session, held)
        if newest is None or newest.id != form_id:
            raise Refusal("no_newer_form", "表单没有更新的版本，或者刚刚又发布了一版，请刷新后核对。")
        campaign = session.get_one(Campaign, held.campaign_id)
        form = form_of(session, newest.id)
        typed = {key: str(value) for key, value in held.prefill.items()}
        held.prefill = checked_rules(session, campaign, form, rules_of(held, typed), now=now, earlier=held)[
            "prefill"
        ]
        held.form_id = newest.id
        session.flush()
        _note(session, actor, held, "collection.form_changed", {"version": newest.version}, now)
    return held


def newer_form(session: Session, held: Collection) -> Definition | None:
    """The version in force where it is newer than the one given out."""
    own = session.get_one(Definition, held.form_id)
    row = session.execute(
        select(Definition).where(
            Definition.pack_key == own.pack_key,
            Definition.kind == DefinitionKind.FORM,
            Definition.key == held.form_key,
            Definition.status == DefinitionStatus.PUBLISHED,
        )
    ).scalar_one_or_none()
    return row if row is not None and row.version > own.version else None


def close_collection(session: Session, actor: Actor, collection_id: int, *, now: datetime) -> Collection:
    """End a collection. Anonymous answers are mixed, their codes destroyed, small groups hidden; then they count."""
    may_collect(actor)
    with transaction(session):
        held = locked_collection(session, collection_id)
        refuse_closed(held)
        if held.anonymous:
            overwrite_what_is_deleted(session)
        held.closed_at = now
        session.flush()
        ratings = close_and_count(session, actor, held, now=now)
        payload = {"issued": held.issued, "taken": held.taken, "ratings": ratings}
        _note(session, actor, held, "collection.closed", payload, now)
    return held


def reopen_collection(
    session: Session, actor: Actor, collection_id: int, *, closes_at: datetime | None, now: datetime
) -> Collection:
    """Take answers again. Not of an anonymous one: what was mixed and read cannot be added to unseen."""
    may_collect(actor)
    with transaction(session):
        held = locked_collection(session, collection_id)
        if held.closed_at is None:
            raise Refusal("collection_open", "这个收集没有结束，不用重新开放；要延长请改截止时间。")
        if held.anonymous:
            raise Refusal(
                "anonymous_closed", "匿名收集结束时已打乱答卷、销毁代码，不能重新开放；请另建一个。"
            )
        if closes_at is not None and closes_at <= now:
            raise Refusal("times", "新的截止时间要晚于现在，或者留空。", 422)
        held.closed_at, held.closes_at = None, closes_at
        session.flush()
        until = closes_at.isoformat() if closes_at else None
        _note(session, actor, held, "collection.reopened", {"closes_at": until}, now)
    return held


def collections_of(session: Session, actor: Actor, campaign_id: int) -> list[Collection]:
    """All collections of a campaign, those that run first, then newest first."""
    actor.require(Role.ADMIN, Role.AUDITOR, *OFFICE, to="查看表单收集")
    rows = session.execute(
        select(Collection).where(Collection.campaign_id == campaign_id).order_by(Collection.id.desc())
    ).scalars()
    return sorted(rows, key=lambda held: held.closed_at is not None)


def collection_for(session: Session, actor: Actor, collection_id: int) -> Collection:
    """One collection, for the office."""
    actor.require(Role.ADMIN, Role.AUDITOR, *OFFICE, to="查看表单收集")
    held = session.get(Collection, collection_id)
    if held is None:
        raise not_found("这个收集")
    return held


def locked_collection(session: Session, collection_id: int) -> Collection:
    """The collection as it is now, nobody else's to change until the act ends."""
    held = session.get(Collection, collection_id, with_for_update=True, populate_existing=True)
    if held is None:
        raise not_found("这个收集")
    return held


def refuse_closed(held: Collection) -> None:
    """Nothing of a closed collection is changed."""
    if held.closed_at is not None:
        raise Refusal("collection_closed", "这个收集已经结束，不能再改。")


def closes_for_good(held: Collection) -> datetime | None:
    """Until when an answer is taken, the grace included."""
    return held.closes_at + timedelta(minutes=held.grace_minutes) if held.closes_at else None


def _told(held: Collection) -> dict[str, Any]:
    """What the log knows of the rules."""
    return {
        "title": held.title,
        "form": held.form_key,
        "access": held.access,
        "anonymous": held.anonymous,
        "roles": list(held.roles),
        "opens_at": held.opens_at.isoformat(),
        "closes_at": held.closes_at.isoformat() if held.closes_at else None,
        "grace_minutes": held.grace_minutes,
        "quota": held.quota,
        "one_each": held.one_each,
        "fixed": sorted(held.prefill),
        "retention_days": held.retention_days,
    }


def _note(
    session: Session, actor: Actor, held: Collection, act: str, payload: dict[str, Any], now: datetime
) -> None:
    record(session, actor, act, object_kind="collection", object_id=held.id, payload=payload, now=now)

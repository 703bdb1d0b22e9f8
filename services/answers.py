"""答卷: filled forms received through a collection, each once, each in the version it was given in.

Every way in (page, paper, import, interface) ends in `take_answer`: it alone knows the quota, who may answer once,
which code is spent, and that an answer of a bound form is a rating.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from definitions.canonical import sha256_of
from forms.answers import proposes_case
from forms.definition import FormDefinition
from models.base import table_of
from models.campaign import Campaign
from models.collection import Answer, Collection, CollectionCode
from models.people import Role
from services.actor import Actor
from services.answer_access import answer_for
from services.attachments import Checked, FileStore, attach
from services.card_fixed import code_spent, stands_for_an_answer
from services.collections import closes_for_good, locked_collection
from services.definitions import form_of
from services.history import record
from services.one_time_codes import new_code
from services.rating_forms import rated_by
from services.ratings import record_answer
from services.refusal import Refusal
from services.retention import plan_purge
from services.transaction import transaction

LOCAL = ZoneInfo("Asia/Shanghai")
#: 78 bits, short enough to be read out.
RECEIPT_LENGTH = 16
#: Whoever answers without an account acts under these names; the log knows no more.
VISITOR = Actor(user_id=None, name="填写人（未登录）", roles=frozenset({"respondent"}))
CARDHOLDER = Actor(user_id=None, name="填写人（凭代码）", roles=frozenset({"respondent"}))


@dataclass(frozen=True)
class Filled:
    """A form filled without fault. answers: plain JSON, files as `{name, bytes}`. files: (field, file)."""

    form_id: int
    form: FormDefinition
    answers: dict[str, Any]
    files: Sequence[tuple[str, Checked]] = ()


@dataclass(frozen=True)
class Way:
    """How an answer came in. source: `web`, `paper`, `excel` or `api`. code_id: the code it was given with."""

    source: str = "web"
    code_id: int | None = None
    batch_id: int | None = None

    @property
    def entered(self) -> bool:
        """Whether the office typed it in or imported it, as against whoever answers."""
        return self.source in ("paper", "excel")


WEB = Way()


@dataclass(frozen=True)
class Taken:
    """An answer that was received. receipt: empty when anonymous. again: it was here already."""

    answer_id: int
    receipt: str
    rating_id: int | None = None
    again: bool = False


def take_answer(
    session: Session,
    actor: Actor,
    collection_id: int,
    filled: Filled,
    *,
    token: str,
    store: FileStore,
    now: datetime,
    way: Way = WEB,
) -> Taken:
    """Receive one answer, wholly or not at all.

    actor: who answers; of paper and imports, the officer who enters them. token: of the page; the same again gives
    the same answer. What the office enters is taken also after the closing time, until the collection is ended.
    Raises Refusal: `not_yet`, `closed`, `full`, `already`, `code_spent`, `token_reused`, …
    """
    try:
        with transaction(session):
            held = locked_collection(session, collection_id)
            earlier = _earlier(session, held, token, filled)
            if earlier is not None:
                return earlier
            if way.entered:
                actor.require(Role.ADMIN, Role.OFFICER, to="录入答卷")
            refuse_unless_taking(held, now=now, late=True, entered=way.entered)
            code = _spend(session, held, way)
            return _take(session, actor, held, filled, way, code, token=token, store=store, now=now)
    except IntegrityError as error:
        raise _doubled(session, collection_id) from error


def _take(
    session: Session,
    actor: Actor,
    held: Collection,
    filled: Filled,
    way: Way,
    code: CollectionCode | None,
    *,
    token: str,
    store: FileStore,
    now: datetime,
) -> Taken:
    values: dict[str, Any] = {
        "collection_id": held.id,
        "form_id": filled.form_id,
        "answers": filled.answers,
        "source": way.source,
        "batch_id": way.batch_id,
        "group": code.group if code else "",
        "token_hash": token_hash(held, token),
        "withdrawn_reason": "",
        "submitted_at": day_of(now),
    }
    if not held.anonymous:
        values |= _named(held, actor, way, code, now)
        values["rating_id"] = _rate(session, actor, held, filled, way, code, now)
    answer_id = int(session.execute(insert(Answer).values(**values).returning(Answer.id)).scalar_one())
    count_answer(session, held)
    rating_id = values.get("rating_id")
    owner, owner_id = ("rating", rating_id) if rating_id else ("answer", answer_id)
    attach(session, actor, store, list(filled.files), owner_kind=owner, owner_id=owner_id, now=now)
    if not held.anonymous:
        payload = {"collection": held.id, "position": values["position"], "source": way.source}
        _note(session, actor, "answer.received", answer_id, payload, now)
    plan_purge(session, held, values["submitted_at"])
    return Taken(answer_id, values.get("receipt", ""), rating_id)


def _named(
    held: Collection, actor: Actor, way: Way, code: CollectionCode | None, now: datetime
) -> dict[str, Any]:
    """What an answer that is not anonymous keeps of who gave it, and when."""
    person = None if way.entered else actor.user_id
    return {
        "submitted_at": now,
        "position": held.taken + 1,
        "receipt": new_code(RECEIPT_LENGTH),
        "respondent_id": person,
        "code_id": code.id if code else None,
        "respondent_key": _respondent_key(held, person, code),
        "entered_by_id": actor.user_id if way.entered else None,
    }


def day_of(now: datetime) -> datetime:
    """Noon of the office's day: all that an anonymous answer knows of its time."""
    return datetime.combine(now.astimezone(LOCAL).date(), time(12), LOCAL).astimezone(UTC)


def refuse_unless_taking(
    held: Collection, *, now: datetime, late: bool = False, entered: bool = False
) -> None:
    """Refuse, with the reason, unless the collection takes answers now.

    late: for what is sent, as against what is begun: the grace after the closing time counts. entered: by the office.
    """
    if held.closed_at is not None:
        raise Refusal("closed", f"“{held.title}”已经结束，不再接收填写。")
    if not entered:
        if now < held.opens_at:
            raise Refusal("not_yet", f"“{held.title}”{_said(held.opens_at)}开始填写，现在还没有开始。")
        end = closes_for_good(held) if late else held.closes_at
        if end is not None and now > end:
            raise Refusal("closed", f"“{held.title}”已于{_said(held.closes_at or end)}截止，不再接收填写。")
    if held.quota is not None and held.standing >= held.quota:
        raise Refusal("full", f"“{held.title}”只收{held.quota}份，已经收满，不再接收填写。感谢您的参与。")


def _said(moment: datetime) -> str:
    local = moment.astimezone(LOCAL)
    return f"{local.year}年{local.month}月{local.day}日{local:%H:%M}"


def _spend(session: Session, held: Collection, way: Way) -> CollectionCode | None:
    """Use the code up. Of a form that the office takes in, it is good again once what came with it counts no more."""
    if way.code_id is None:
        if way.entered and held.access == "code":
            raise Refusal("code_missing", f"“{held.title}”凭代码卡填写，请录入表上或所附卡片上的代码。", 422)
        return None
    code = session.get(CollectionCode, way.code_id, with_for_update=True, populate_existing=True)
    if code is None or code.collection_id != held.id:
        raise Refusal("code_unknown", "代码不对，请核对卡片上的代码，横线可以不输。", 404)
    if code.spent and (not way.entered or stands_for_an_answer(session, code)):
        raise code_spent()
    if code.spent:
        # What was voided as a rating keeps its answer; the paper that comes anew takes its place.
        table = table_of(Answer)
        session.execute(update(table).where(table.c.code_id == code.id).values(respondent_key=None))
    code.spent = True
    session.flush()
    return code


def _respondent_key(held: Collection, person: int | None, code: CollectionCode | None) -> str | None:
    """What makes it one answer per person; None where any number may come."""
    if not held.one_each:
        return None
    if code is not None:
        return f"code:{code.id}"
    return f"account:{person}" if person is not None else None


def _rate(
    session: Session,
    actor: Actor,
    held: Collection,
    filled: Filled,
    way: Way,
    code: CollectionCode | None,
    now: datetime,
) -> int | None:
    """The rating that the answer of a bound form is."""
    if filled.form.binding is None:
        return None
    method = filled.form.binding.method
    campaign = session.get_one(Campaign, held.campaign_id)
    rated = rated_by(session, campaign, method, filled.form, filled.answers, now=now)
    own_monitor = None if way.entered else actor.monitor_id
    given = {
        "form_id": filled.form_id,
        "answers": filled.answers,
        "monitor_id": code.monitor_id if code else own_monitor,
        "rater_id": None if way.entered else actor.user_id,
        "submitted_at": now,
    }
    proposes = proposes_case(filled.form, filled.answers)
    return record_answer(session, actor, campaign, method, rated, given=given, proposes=proposes, now=now)


def count_answer(session: Session, held: Collection, *, column: str = "taken") -> None:
    """One more taken or withdrawn. On the table, so that an answer that arrives disturbs no one who edits the rules."""
    table = table_of(Collection)
    session.execute(update(table).where(table.c.id == held.id).values({column: table.c[column] + 1}))
    session.expire(held)


def token_hash(held: Collection, token: str) -> str | None:
    """How the token of a page is kept; None for none."""
    return hashlib.sha256(f"{held.id}|{token}".encode()).hexdigest() if token else None


def _earlier(session: Session, held: Collection, token: str, filled: Filled) -> Taken | None:
    """The answer that the same page sent before; refused when it said something else."""
    if not token:
        return None
    row = session.execute(
        select(Answer).where(Answer.token_hash == token_hash(held, token))
    ).scalar_one_or_none()
    if row is None:
        return None
    if sha256_of(_content(row.form_id, row.answers)) != sha256_of(_content(filled.form_id, filled.answers)):
        raise Refusal("token_reused", "这张表已经提交过，内容与这次不同；已收到的是先提交的一份。", 422)
    return Taken(row.id, row.receipt or "", row.rating_id, again=True)


def _content(form_id: int, answers: dict[str, Any]) -> dict[str, Any]:
    return {"form": form_id, "answers": answers}


def _doubled(session: Session, collection_id: int) -> Refusal:
    held = session.get_one(Collection, collection_id)
    if form_of(session, held.form_id).binding is not None:
        return Refusal(
            "already", "这一份已经报过，没有重复记录；每月每个对象报一次的，请在“我的填报”中更正。"
        )
    return Refusal("already", f"您已经填过“{held.title}”，每人只收一份，没有重复记录。")


def withdraw_answer(session: Session, actor: Actor, answer_id: int, *, reason: str, now: datetime) -> Answer:
    """Take an answer out of the count, with the reason; it stays to be read, and its place is free again.

    An answer that is a rating is voided as one, by two persons.
    """
    actor.require(Role.ADMIN, Role.OFFICER, to="作废答卷")
    if not reason.strip():
        raise Refusal("reason_missing", "请写明作废这份答卷的理由。", 422)
    with transaction(session):
        row = answer_for(session, actor, answer_id)
        held = locked_collection(session, row.collection_id)
        session.refresh(row)
        if row.withdrawn_at is not None:
            raise Refusal("answer_withdrawn", "这份答卷已经作废。")
        if row.rating_id is not None:
            raise Refusal(
                "answer_is_rating",
                f"这份答卷已计为第{row.rating_id}号测评，请在“测评记录”里提出作废，由两人办理。",
            )
        row.withdrawn_at, row.withdrawn_by_id, row.withdrawn_reason = now, actor.person, reason.strip()
        session.flush()
        count_answer(session, held, column="withdrawn")
        payload = {"collection": held.id, "reason": reason.strip()}
        _note(session, actor, "answer.withdrawn", row.id, payload, now)
    return row


def _note(
    session: Session, actor: Actor, act: str, answer_id: int, payload: dict[str, Any], now: datetime
) -> None:
    record(session, actor, act, object_kind="answer", object_id=answer_id, payload=payload, now=now)

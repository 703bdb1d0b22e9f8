"""集中测评: rounds of secret ballots by one-time code.

Nothing ties a ballot to a code or a person: only hashes of codes are kept, a ballot has no time finer than the
round's day, and at the close all ballots of a round are written anew in random order.
Source: 方案第五条第（四）项.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from forms.answers import bind, ratings
from forms.choices import Entry, FixedChoices
from forms.definition import FormDefinition
from models.campaign import Campaign, CampaignStatus
from models.people import LoginAttempt, Role
from models.rating import BallotCode, BallotRound, Rating
from models.roster import Target, Unit
from services.accounts import WINDOW
from services.actor import OFFICE, Actor
from services.choices import StoredChoices
from services.definitions import form_of, form_of_campaign
from services.history import record
from services.ratings import FormRefused, method_of
from services.refusal import Refusal, not_found
from services.tallies import count_in
from services.transaction import transaction

LOCAL = ZoneInfo("Asia/Shanghai")
#: No letters that are mistaken for digits; 28 of them are 140 bits.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 28
MOST_CODES = 5_000
WRONG_CODES_PER_ROUND = 200

#: Whoever votes acts under this name; the log knows no more.
VOTER = Actor(user_id=None, name="代表（不记名）", roles=frozenset({"delegate"}))


@dataclass(frozen=True)
class OpenBallot:
    """A round that the holder of a code may vote in now."""

    round: BallotRound
    form: FormDefinition
    choices: FixedChoices


def open_round(
    session: Session,
    actor: Actor,
    campaign: Campaign,
    *,
    method_key: str,
    title: str,
    target_ids: list[int],
    held_on: date,
    opens_at: datetime,
    closes_at: datetime,
    now: datetime,
) -> BallotRound:
    """Set up a round over the targets named, in their order."""
    actor.require(Role.ADMIN, Role.OFFICER, to="组织集中测评")
    method = method_of(campaign, method_key)
    if not method["secret"]:
        raise Refusal("not_secret", f"“{method['name']}”不是用一次性代码填写的测评方式。", 422)
    if campaign.status is not CampaignStatus.OPEN:
        raise Refusal("campaign_not_open", f"活动“{campaign.name}”尚未启动或已截止，不能组织集中测评。")
    if not title.strip() or not target_ids or closes_at <= opens_at:
        raise Refusal("round_incomplete", "请填写名称，至少选一个测评对象，结束时间要晚于开始时间。", 422)
    form_id, _ = form_of_campaign(session, campaign, method["form"])
    with transaction(session):
        known = set(
            session.execute(select(Target.id).where(Target.id.in_(target_ids), Target.active)).scalars()
        )
        if set(target_ids) - known:
            raise Refusal("target_unknown", "所选测评对象中有的不存在或已停用，请重新选择。", 422)
        held = BallotRound(
            campaign_id=campaign.id,
            title=title.strip(),
            form_id=form_id,
            target_ids=list(dict.fromkeys(target_ids)),
            held_on=held_on,
            opens_at=opens_at,
            closes_at=closes_at,
        )
        session.add(held)
        session.flush()
        _note(
            session,
            actor,
            held,
            "ballot_round.opened",
            {"title": held.title, "targets": len(target_ids)},
            now,
        )
    return held


def issue_codes(
    session: Session, actor: Actor, round_id: int, groups: dict[str, int], *, now: datetime
) -> list[tuple[str, str]]:
    """New codes as (delegate group, code), shuffled, to be printed on cards at once: they are kept nowhere.

    groups: delegate group key to how many cards.
    """
    actor.require(Role.ADMIN, Role.OFFICER, to="印发测评代码")
    wanted = [group for group, count in groups.items() for _ in range(count)]
    with transaction(session):
        held = _round(session, round_id, lock=True)
        _refuse_closed(held)
        if not wanted or min(groups.values()) < 0 or held.issued + len(wanted) > MOST_CODES:
            raise Refusal("codes_count", f"每轮印发1至{MOST_CODES}张；已印{held.issued}张。", 422)
        codes = [(group, "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))) for group in wanted]
        secrets.SystemRandom().shuffle(codes)
        session.execute(
            insert(BallotCode),
            [
                {"round_id": round_id, "code_hash": _hash(code), "delegate_group": group, "spent": False}
                for group, code in sorted(codes, key=lambda item: _hash(item[1]))
            ],
        )
        held.issued += len(codes)
        _note(session, actor, held, "ballot_round.codes_issued", {"groups": groups}, now)
    return [(group, spelt(code)) for group, code in codes]


def spelt(code: str) -> str:
    """A code in groups of four, as printed.

    >>> spelt("23456789ABCD")
    '2345-6789-ABCD'
    """
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def _hash(code: str) -> str:
    plain = (
        "".join(code.upper().split()).replace("-", "").replace("O", "0").replace("I", "1").replace("L", "1")
    )
    return hashlib.sha256(plain.encode()).hexdigest()


def enter_ballot(session: Session, code: str, *, now: datetime) -> OpenBallot:
    """The ballot this code opens. The same refusal for every code that does not."""
    row = _code(session, code, now=now)
    held = _round(session, row.round_id)
    return OpenBallot(held, form_of(session, held.form_id), _choices(session, held))


def _code(session: Session, code: str, *, now: datetime, lock: bool = False) -> BallotCode:
    query = select(BallotCode).where(BallotCode.code_hash == _hash(code))
    row = session.execute(query.with_for_update() if lock else query).scalar_one_or_none()
    if row is None:
        if not lock:
            _count_wrong(session, now)
        raise Refusal(
            "code_unknown", "代码不对，或者本轮测评已经结束。请核对卡片上的代码，横线可以不输。", 404
        )
    if row.spent:
        raise Refusal(
            "code_spent", "这张卡的代码已经用过，选票已计入，不能再投。如非本人所投，请告知现场工作人员。"
        )
    held = _round(session, row.round_id)
    _refuse_closed(held)
    if not held.opens_at <= now <= held.closes_at:
        opens = held.opens_at.astimezone(LOCAL)
        closes = held.closes_at.astimezone(LOCAL)
        raise Refusal(
            "round_not_open",
            f"本轮测评的投票时间是{opens.month}月{opens.day}日{opens:%H:%M}至{closes.month}月{closes.day}日"
            f"{closes:%H:%M}，现在不能投票。",
        )
    return row


def _count_wrong(session: Session, now: datetime) -> None:
    """Guessing is slowed down for everyone together: no address of a voter is kept."""
    with transaction(session):
        count = session.execute(
            select(func.count())
            .select_from(LoginAttempt)
            .where(LoginAttempt.key == "code:wrong", LoginAttempt.at > now - WINDOW)
        ).scalar_one()
        if count < WRONG_CODES_PER_ROUND:
            session.add(LoginAttempt(key="code:wrong", at=now))
    if count >= WRONG_CODES_PER_ROUND:
        raise Refusal("throttled", "短时间内错误的代码太多，请过一刻钟再试，或请现场工作人员协助。", 429)


def _choices(session: Session, held: BallotRound) -> FixedChoices:
    """The ballot's own targets in its order; every other list as it is stored."""
    rows = {
        target_id: Entry(key, name, unit)
        for target_id, key, name, unit in session.execute(
            select(Target.id, Target.key, Target.name, Unit.name)
            .join(Target.unit)
            .where(Target.id.in_(held.target_ids))
        )
    }
    stored = StoredChoices(session)
    return FixedChoices(
        {
            "target": tuple(rows[target_id] for target_id in held.target_ids if target_id in rows),
            "dictionary:delegate_groups": stored.entries("dictionary:delegate_groups"),
        }
    )


def cast_ballot(session: Session, code: str, *, formdata: Any, now: datetime) -> int:
    """Spend the code and count its ballot, in one transaction; gives how many targets were rated.

    A target left blank is not rated. Raises FormRefused with the ballot as it was filled, or Refusal.
    """
    ballot = enter_ballot(session, code, now=now)
    bound = bind(ballot.form, formdata, choices=ballot.choices, now=now)
    if bound.answers is None:
        raise FormRefused(bound)
    chosen = ratings(ballot.form, bound.answers)
    if not chosen:
        raise Refusal("ballot_empty", "还没有给任何测评对象打分，请至少评一个再提交。", 422)
    kept = {key: value for key, value in bound.answers.items() if key != _grade_field(ballot.form)}
    with transaction(session):
        row = _code(session, code, now=now, lock=True)
        held = _round(session, row.round_id, lock=True)
        targets = _ids(session, [key for key, _ in chosen])
        method = _method(session, held)
        values = [
            {
                "campaign_id": held.campaign_id,
                "target_id": targets[key],
                "method": method,
                "grade": grade,
                "form_id": held.form_id,
                "answers": kept if position == 0 else {},
                "round_id": held.id,
                "delegate_group": row.delegate_group,
                "period": "",
                "happened_on": held.held_on,
                "submitted_at": _day_of(held),
                "revision": 1,
                "counted": True,
            }
            for position, (key, grade) in enumerate(chosen)
        ]
        session.execute(insert(Rating), values)
        for key, grade in chosen:
            count_in(
                session, campaign_id=held.campaign_id, target_id=targets[key], method=method, grade=grade
            )
        row.spent = True
        held.returned += 1
    return len(chosen)


def _grade_field(form: FormDefinition) -> str:
    return form.binding.grade if form.binding else ""


def _method(session: Session, held: BallotRound) -> str:
    binding = form_of(session, held.form_id).binding
    if binding is None:
        raise Refusal("form_unbound", "本轮所用的表单没有绑定测评方式，请管理员检查方案包。")
    return str(binding.method)


def _day_of(held: BallotRound) -> datetime:
    return datetime.combine(held.held_on, time(12), LOCAL).astimezone(UTC)


def _ids(session: Session, keys: list[str]) -> dict[str, int]:
    return {
        key: target_id
        for target_id, key in session.execute(select(Target.id, Target.key).where(Target.key.in_(keys)))
    }


def close_round(session: Session, actor: Actor, round_id: int, *, now: datetime) -> BallotRound:
    """End a round: its codes are destroyed and its ballots written anew in random order.

    Afterwards not even the order of rows can tell who cast which ballot.
    """
    actor.require(Role.ADMIN, Role.OFFICER, to="结束集中测评")
    with transaction(session):
        held = _round(session, round_id, lock=True)
        _refuse_closed(held)
        session.execute(delete(BallotCode).where(BallotCode.round_id == round_id))
        table = Rating.__table__
        rows = [
            {key: value for key, value in row.items() if key != "id"}
            for row in session.execute(select(table).where(table.c.round_id == round_id)).mappings()
        ]
        secrets.SystemRandom().shuffle(rows)
        session.execute(delete(Rating).where(Rating.round_id == round_id))
        if rows:
            session.execute(insert(Rating), rows)
        session.execute(update(BallotRound).where(BallotRound.id == round_id).values(closed_at=now))
        _note(
            session,
            actor,
            held,
            "ballot_round.closed",
            {"issued": held.issued, "returned": held.returned},
            now,
        )
    session.refresh(held)
    return held


def rounds(session: Session, actor: Actor, campaign_id: int) -> list[BallotRound]:
    """All rounds of a campaign, newest first, for the office."""
    actor.require(Role.ADMIN, Role.AUDITOR, *OFFICE, to="查看集中测评")
    return list(
        session.execute(
            select(BallotRound).where(BallotRound.campaign_id == campaign_id).order_by(BallotRound.id.desc())
        ).scalars()
    )


def _round(session: Session, round_id: int, *, lock: bool = False) -> BallotRound:
    held = session.get(BallotRound, round_id, with_for_update=lock, populate_existing=lock)
    if held is None:
        raise not_found("集中测评轮次")
    return held


def _refuse_closed(held: BallotRound) -> None:
    if held.closed_at is not None:
        raise Refusal("round_closed", "本轮集中测评已经结束。")


def _note(
    session: Session, actor: Actor, held: BallotRound, act: str, payload: dict[str, Any], now: datetime
) -> None:
    record(session, actor, act, object_kind="ballot_round", object_id=held.id, payload=payload, now=now)

"""集中测评: rounds of secret ballots by one-time code.

Nothing ties a ballot to a code or a person: only hashes of codes are kept, a ballot has no time finer than the
round's day, and at the close all ballots of a round are written anew in random order. Until then they are
sealed: none counts, so that nobody can watch a figure move while somebody votes.
Source: 方案第五条第（四）项.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from forms.answers import bind, ratings
from forms.choices import Entry, FixedChoices
from forms.definition import FormDefinition
from models.campaign import Campaign, CampaignStatus
from models.people import Role
from models.rating import BallotCode, BallotRound, Rating, Submission
from models.roster import Target, Unit
from services.actor import OFFICE, Actor
from services.ballot_mix import mix
from services.choices import StoredChoices
from services.definitions import form_of, form_of_campaign
from services.history import record
from services.mixing import forget_deleted, overwrite_what_is_deleted, shuffled, smallest_group
from services.one_time_codes import MOST_CODES, code_hash, count_wrong, new_code, spelt
from services.rating_forms import FormRefused, method_of
from services.refusal import Refusal, not_found
from services.transaction import afterwards, transaction

LOCAL = ZoneInfo("Asia/Shanghai")
LONGEST_TITLE = 200

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
    _refuse_round(campaign, title, target_ids, opens_at, closes_at, now=now)
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


def _refuse_round(
    campaign: Campaign,
    title: str,
    target_ids: list[int],
    opens_at: datetime,
    closes_at: datetime,
    *,
    now: datetime,
) -> None:
    if not title.strip() or len(title.strip()) > LONGEST_TITLE or not target_ids:
        raise Refusal("round_incomplete", f"请填写名称（不超过{LONGEST_TITLE}字），至少选一个测评对象。", 422)
    if closes_at <= opens_at or closes_at <= now:
        raise Refusal("round_times", "投票结束时间要晚于开始时间，也要晚于现在。", 422)
    days = campaign.settings.get("ballot_code_valid_days")
    if days and closes_at - opens_at > timedelta(days=int(days)):
        raise Refusal("round_long", f"一轮投票最长{days}天，请缩短开始到结束的时间。", 422)


def issue_codes(
    session: Session,
    actor: Actor,
    round_id: int,
    groups: dict[str, int],
    *,
    now: datetime,
    token: str = "",
) -> list[tuple[str, str]]:
    """New codes as (delegate group, code), shuffled, to be printed on cards at once: they are kept nowhere.

    groups: delegate group key to how many cards. token: of the page; sent again, it makes no second batch.
    """
    actor.require(Role.ADMIN, Role.OFFICER, to="印发测评代码")
    known = {entry.key for entry in StoredChoices(session).entries("dictionary:delegate_groups")}
    if set(groups) - known:
        raise Refusal("group_unknown", "代表类别中有的不在字典里，请重新打开本页填写。", 422)
    with transaction(session):
        held = _round(session, round_id, lock=True)
        _refuse_closed(held)
        count = sum(groups.values())
        if count < 1 or min(groups.values()) < 0 or held.issued + count > MOST_CODES:
            raise Refusal("codes_count", f"每轮印发1至{MOST_CODES}张；已印{held.issued}张。", 422)
        _refuse_second_batch(session, token, round_id, now=now)
        wanted = [group for group, cards in groups.items() for _ in range(cards)]
        codes = shuffled([(group, new_code()) for group in wanted])
        session.execute(
            insert(BallotCode),
            [
                {"round_id": round_id, "code_hash": code_hash(code), "delegate_group": group, "spent": False}
                for group, code in sorted(codes, key=lambda item: code_hash(item[1]))
            ],
        )
        held.issued += len(codes)
        _note(session, actor, held, "ballot_round.codes_issued", {"groups": groups}, now)
    return [(group, spelt(code)) for group, code in codes]


def _refuse_second_batch(session: Session, token: str, round_id: int, *, now: datetime) -> None:
    if not token:
        return
    if session.get(Submission, token) is not None:
        raise Refusal(
            "cards_shown_once",
            "这批代码卡刚才已经印发并显示过一次，系统没有保存，不能再次显示。"
            "如没有打印成功，请重新打开本轮页面补印，并销毁印坏的卡片。",
        )
    session.execute(insert(Submission).values(token=token, made=f"round:{round_id}", digest="", at=now))


def enter_ballot(session: Session, code: str, *, now: datetime, paper_of: int | None = None) -> OpenBallot:
    """The ballot this code opens. The same refusal for every code that does not.

    paper_of: the round whose papers the office types in (`services.ballot_typing`); those count until it is ended.
    """
    row = _code(session, code, now=now, paper_of=paper_of)
    held = _round(session, row.round_id)
    return OpenBallot(held, form_of(session, held.form_id), ballot_choices(session, held))


def _code(
    session: Session, code: str, *, now: datetime, lock: bool = False, paper_of: int | None = None
) -> BallotCode:
    query = select(BallotCode).where(BallotCode.code_hash == code_hash(code))
    if lock:
        # What was read before the turn to write came may be stale.
        query = query.with_for_update().execution_options(populate_existing=True)
    row = session.execute(query).scalar_one_or_none()
    if row is None:
        if not lock and paper_of is None:
            count_wrong(session, now)
        raise Refusal(
            "code_unknown", "代码不对，或者本轮测评已经结束。请核对卡片上的代码，横线可以不输。", 404
        )
    if paper_of not in (None, row.round_id):
        raise Refusal("other_round", "这张票是另一轮集中测评的，请到那一轮的页面录入。", 422)
    if row.spent:
        raise Refusal(
            "code_spent", "这张卡的代码已经用过，选票已计入，不能再投。如非本人所投，请告知现场工作人员。"
        )
    held = _round(session, row.round_id)
    _refuse_closed(held)
    if session.get_one(Campaign, held.campaign_id).status is not CampaignStatus.OPEN:
        raise Refusal("campaign_not_open", "本次测评活动已经截止，不再接收选票。请告知现场工作人员。")
    if now < held.opens_at or (now > held.closes_at and paper_of is None):
        opens = held.opens_at.astimezone(LOCAL)
        closes = held.closes_at.astimezone(LOCAL)
        raise Refusal(
            "round_not_open",
            f"本轮测评的投票时间是{opens.month}月{opens.day}日{opens:%H:%M}至{closes.month}月{closes.day}日"
            f"{closes:%H:%M}，现在不能投票。",
        )
    return row


def ballot_choices(session: Session, held: BallotRound) -> FixedChoices:
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


def cast_ballot(
    session: Session, code: str, *, formdata: Any, now: datetime, paper_of: int | None = None
) -> int:
    """Spend the code and keep its ballot, in one transaction; gives how many targets were rated.

    A target left blank is not rated. The ballot counts when the round is closed. Raises FormRefused with the
    ballot as it was filled, or Refusal. paper_of: as in `enter_ballot`.
    """
    ballot = enter_ballot(session, code, now=now, paper_of=paper_of)
    bound = bind(ballot.form, formdata, choices=ballot.choices, now=now)
    if bound.answers is None:
        raise FormRefused(bound)
    chosen = ratings(ballot.form, bound.answers)
    if not chosen:
        why = Refusal("ballot_empty", "还没有给任何测评对象打分，请至少评一个再提交。", 422)
        raise FormRefused(bound, why)
    kept = {key: value for key, value in bound.answers.items() if key != _grade_field(ballot.form)}
    with transaction(session):
        row = _code(session, code, now=now, lock=True, paper_of=paper_of)
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
                "counted": False,
            }
            for position, (key, grade) in enumerate(chosen)
        ]
        session.execute(insert(Rating), values)
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
    """End a round: its codes are destroyed, its ballots written anew in random order, and now they count.

    Afterwards not even the order of rows can tell who cast which ballot.
    """
    actor.require(Role.ADMIN, Role.OFFICER, to="结束集中测评")
    with transaction(session):
        overwrite_what_is_deleted(session)
        held = _round(session, round_id, lock=True)
        _refuse_closed(held)
        mix(session, round_id, least=smallest_group(session.get_one(Campaign, held.campaign_id)))
        held.closed_at = now
        _note(
            session,
            actor,
            held,
            "ballot_round.closed",
            {"issued": held.issued, "returned": held.returned},
            now,
        )
        afterwards(session, lambda done: forget_deleted(done, "ballot_code", "rating"))
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

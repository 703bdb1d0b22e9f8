"""Secret ballots: one code, one ballot, and nothing that leads from a ballot to a person."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.datastructures import MultiDict

from models.base import Base
from models.campaign import CampaignStatus
from models.history import HistoryEntry
from models.people import LoginAttempt
from models.rating import BallotCode, BallotRound, Rating
from models.roster import Target
from services import one_time_codes
from services.ballots import (
    cast_ballot,
    close_round,
    enter_ballot,
    issue_codes,
    open_round,
    rounds,
)
from services.packs import set_campaign_status
from services.rating_forms import FormRefused
from services.refusal import Refusal
from services.tallies import recount, tallies
from tests.integration.office import START, Office, days

VOTED = START + timedelta(hours=3, minutes=7, seconds=11)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """As the application opens its sessions: what was read stays read."""
    with Session(engine, expire_on_commit=False) as opened:
        yield opened


@pytest.fixture
def held(session: Session, office: Office) -> BallotRound:
    """A round over six targets, open today."""
    ids = session.execute(select(Target.id).order_by(Target.id).limit(6)).scalars()
    return opened(session, office, list(ids))


def opened(session: Session, office: Office, target_ids: list[int], **changes: Any) -> BallotRound:
    values: dict[str, Any] = {
        "method_key": "concentrated",
        "title": "年中集中测评",
        "target_ids": target_ids,
        "held_on": START.date(),
        "opens_at": START,
        "closes_at": START + days(1),
        "now": START,
    } | changes
    return open_round(session, office.officer, office.campaign, **values)


def deal(session: Session, office: Office, held: BallotRound, **groups: int) -> list[tuple[str, str]]:
    return issue_codes(session, office.officer, held.id, groups or {"service_users": 1}, now=START)


def ballot(session: Session, held: BallotRound, *grades: str, opinion: str = "") -> MultiDict[str, str]:
    keys = [session.get_one(Target, target_id).key for target_id in held.target_ids]
    ticks = {f"f_grades-{key}": grade for key, grade in zip(keys, grades, strict=False)}
    return MultiDict(ticks | {"f_opinion": opinion})


def refusal_of(session: Session, code: str, *, now: datetime = VOTED) -> str:
    with pytest.raises(Refusal) as refused:
        enter_ballot(session, code, now=now)
    return refused.value.code


def every_value(session: Session) -> str:
    """Every row of every table as text, as someone with the database in hand would read it."""
    session.commit()
    tables = Base.metadata.sorted_tables
    rows = [tuple(row) for table in tables for row in session.execute(select(table))]
    session.commit()
    return json.dumps(rows, default=str, ensure_ascii=False)


def test_a_ballot_is_sealed_until_the_round_is_closed(
    session: Session, office: Office, held: BallotRound
) -> None:
    [(group, code)] = deal(session, office, held)
    assert group == "service_users"
    entered = enter_ballot(session, code, now=VOTED)
    assert len(entered.choices.entries("target")) == 6
    assert cast_ballot(session, code, formdata=ballot(session, held, "good", "bad", "-"), now=VOTED) == 2
    assert tallies(session, office.campaign.id) == {}, "no figure moves while people vote"
    assert (held.issued, held.returned) == (1, 1)
    close_round(session, office.officer, held.id, now=VOTED)
    kept = tallies(session, office.campaign.id)
    assert kept == recount(session, office.campaign.id)
    first, second = held.target_ids[:2]
    assert kept == {(first, "concentrated", "good"): 1, (second, "concentrated", "bad"): 1}


@pytest.mark.parametrize(
    "typed", [str.lower, lambda code: code.replace("-", " "), lambda code: f"  {code}\n"]
)
def test_a_code_opens_however_it_is_typed(
    session: Session, office: Office, held: BallotRound, typed: Any
) -> None:
    [(_, code)] = deal(session, office, held)
    assert enter_ballot(session, typed(code), now=VOTED).round.id == held.id


def test_a_code_typed_in_full_width_opens_too(session: Session, office: Office, held: BallotRound) -> None:
    [(_, code)] = deal(session, office, held)
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in code)
    assert enter_ballot(session, wide, now=VOTED).round.id == held.id


@pytest.mark.parametrize("code", ["", "-", "2345", "\x00", "Ω" * 28, "2" * 28, "x" * 100_000])
def test_a_wrong_code_opens_nothing(session: Session, held: BallotRound, code: str) -> None:
    assert refusal_of(session, code) == "code_unknown"


def test_a_spent_code_is_refused(session: Session, office: Office, held: BallotRound) -> None:
    [(_, code)] = deal(session, office, held)
    cast_ballot(session, code, formdata=ballot(session, held, "good"), now=VOTED)
    assert refusal_of(session, code) == "code_spent"
    with pytest.raises(Refusal) as refused:
        cast_ballot(session, code, formdata=ballot(session, held, "bad"), now=VOTED)
    assert refused.value.code == "code_spent"


def test_a_round_is_open_only_between_its_times(session: Session, office: Office, held: BallotRound) -> None:
    [(_, code)] = deal(session, office, held)
    assert refusal_of(session, code, now=START - timedelta(seconds=1)) == "round_not_open"
    assert refusal_of(session, code, now=START + days(1) + timedelta(seconds=1)) == "round_not_open"


def test_a_closed_round_takes_no_ballot_and_knows_no_code(
    session: Session, office: Office, held: BallotRound
) -> None:
    [(_, code)] = deal(session, office, held)
    close_round(session, office.officer, held.id, now=VOTED)
    assert refusal_of(session, code) == "code_unknown"
    with pytest.raises(Refusal, match="已经结束"):
        close_round(session, office.officer, held.id, now=VOTED)
    with pytest.raises(Refusal, match="已经结束"):
        deal(session, office, held)


def test_a_closed_campaign_takes_no_ballot(session: Session, office: Office, held: BallotRound) -> None:
    [(_, code)] = deal(session, office, held)
    set_campaign_status(session, office.admin, office.campaign.id, CampaignStatus.CLOSED, now=START)
    session.expire_all()
    assert refusal_of(session, code) == "campaign_not_open"


def test_twenty_casts_of_one_code_are_one_ballot(
    engine: Engine, session: Session, office: Office, held: BallotRound
) -> None:
    [(_, code)] = deal(session, office, held)
    body = ballot(session, held, "good", "fair")
    session.commit()
    sessions = sessionmaker(engine, expire_on_commit=False)

    def vote(_number: int) -> str:
        with sessions() as own:
            try:
                cast_ballot(own, code, formdata=body, now=VOTED)
            except Refusal as refused:
                return refused.code
            return "kept"

    with ThreadPoolExecutor(20) as pool:
        outcomes = Counter(pool.map(vote, range(20)))
    assert outcomes == {"kept": 1, "code_spent": 19}
    close_round(session, office.officer, held.id, now=VOTED)
    assert sum(tallies(session, office.campaign.id).values()) == 2
    assert session.get_one(BallotRound, held.id, populate_existing=True).returned == 1


def test_voters_at_the_same_moment_are_all_counted(
    engine: Engine, session: Session, office: Office, held: BallotRound
) -> None:
    codes = [code for _, code in deal(session, office, held, service_users=12)]
    body = ballot(session, held, *["good"] * 6)
    session.commit()
    sessions = sessionmaker(engine, expire_on_commit=False)

    def vote(code: str) -> int:
        with sessions() as own:
            return cast_ballot(own, code, formdata=body, now=VOTED)

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(vote, codes)) == [6] * 12
    close_round(session, office.officer, held.id, now=VOTED)
    assert set(tallies(session, office.campaign.id).values()) == {12}


def test_an_empty_or_foreign_ballot_spends_no_code(
    session: Session, office: Office, held: BallotRound
) -> None:
    [(_, code)] = deal(session, office, held)
    outside = session.execute(select(Target.key).order_by(Target.id.desc()).limit(1)).scalar_one()
    for body in (
        MultiDict(),
        ballot(session, held, "-", "-"),
        ballot(session, held, "superb"),
        MultiDict({f"f_grades-{outside}": "bad"}),
    ):
        with pytest.raises(FormRefused):
            cast_ballot(session, code, formdata=body, now=VOTED)
    assert enter_ballot(session, code, now=VOTED).round.id == held.id


def test_a_refused_ballot_keeps_its_ticks(session: Session, office: Office, held: BallotRound) -> None:
    [(_, code)] = deal(session, office, held)
    with pytest.raises(FormRefused) as refused:
        cast_ballot(session, code, formdata=ballot(session, held, "good", opinion="长" * 501), now=VOTED)
    key = session.get_one(Target, held.target_ids[0]).key
    assert refused.value.bound.form["f_grades"].ticked("good", key)
    assert refused.value.bound.faults[0][0] == "意见建议"


def test_no_row_tells_code_time_or_person_of_a_ballot(
    session: Session, office: Office, held: BallotRound
) -> None:
    codes = [code for _, code in deal(session, office, held, service_users=6)]
    before = session.execute(select(func.count()).select_from(HistoryEntry)).scalar_one()
    for code in codes:
        cast_ballot(session, code, formdata=ballot(session, held, "good", "fair"), now=VOTED)
    for moment in ("open", "closed"):
        written = every_value(session)
        for code in codes:
            plain = code.replace("-", "")
            assert code not in written
            assert plain not in written
            if moment == "closed":
                assert hashlib.sha256(plain.encode()).hexdigest() not in written
        assert f"{VOTED:%H:%M:%S}" not in written, "nothing tells when it was cast"
        ratings = session.execute(select(Rating)).scalars().all()
        assert {(rating.rater_id, rating.monitor_id) for rating in ratings} == {(None, None)}
        assert len({rating.submitted_at for rating in ratings}) == 1
        if moment == "open":
            acts = session.execute(select(func.count()).select_from(HistoryEntry)).scalar_one()
            assert acts == before, "casting leaves no entry in the log"
            close_round(session, office.officer, held.id, now=START + days(1))
            session.expire_all()
    assert session.execute(select(func.count()).select_from(BallotCode)).scalar_one() == 0


def test_the_file_itself_forgets_the_codes(
    session: Session, office: Office, held: BallotRound, engine: Engine
) -> None:
    codes = [code for _, code in deal(session, office, held, service_users=8)]
    close_round(session, office.officer, held.id, now=VOTED)
    if engine.dialect.name == "postgresql":
        dead = text("SELECT count(*) FROM ballot_code")
        assert session.execute(dead).scalar_one() == 0
        return
    path = Path(str(engine.url.database))
    content = path.read_bytes() + b"".join(
        extra.read_bytes() for extra in path.parent.glob(f"{path.name}-wal")
    )
    for code in codes:
        assert hashlib.sha256(code.replace("-", "").encode()).hexdigest().encode() not in content


def test_closing_gives_the_ballots_a_random_order(
    session: Session, office: Office, held: BallotRound, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = [code for _, code in deal(session, office, held, service_users=10)]
    for number, code in enumerate(codes):
        body = ballot(session, held, *["good"] * 6, opinion=f"意见{number}")
        cast_ballot(session, code, formdata=body, now=VOTED)
    ordered = select(Rating.target_id, Rating.answers).order_by(Rating.id)
    before = [(target, answers.get("opinion")) for target, answers in session.execute(ordered)]
    close_round(session, office.officer, held.id, now=VOTED)
    after = [(target, answers.get("opinion")) for target, answers in session.execute(ordered)]
    assert sorted(before, key=str) == sorted(after, key=str)
    assert before != after


@pytest.mark.parametrize(
    ("cast", "kept"),
    [
        ({"service_users": 6, "key_projects": 6}, {"service_users": 6, "key_projects": 6}),
        ({"service_users": 9, "key_projects": 6, "industrial_park": 2}, {"service_users": 9, "": 8}),
        ({"service_users": 7, "key_projects": 3, "industrial_park": 2}, {"service_users": 7, "": 5}),
        ({"service_users": 6, "key_projects": 1}, {"": 7}),
    ],
)
def test_small_groups_are_not_told_apart(
    session: Session, office: Office, held: BallotRound, cast: dict[str, int], kept: dict[str, int]
) -> None:
    for _, code in deal(session, office, held, **cast):
        cast_ballot(session, code, formdata=ballot(session, held, "good"), now=VOTED)
    close_round(session, office.officer, held.id, now=VOTED)
    groups = session.execute(select(Rating.delegate_group, func.count()).group_by(Rating.delegate_group))
    assert {row[0]: row[1] for row in groups} == kept


def test_guessing_is_stopped_for_wrong_codes_alone(
    session: Session, office: Office, held: BallotRound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_time_codes, "MOST_WRONG", 3)
    [(_, code)] = deal(session, office, held)
    assert [refusal_of(session, f"22{number}") for number in range(5)] == ["code_unknown"] * 3 + [
        "throttled"
    ] * 2
    assert enter_ballot(session, code, now=VOTED).round.id == held.id
    assert set(session.execute(select(LoginAttempt.key)).scalars()) == {"code:wrong"}


def test_cards_are_for_known_groups_and_in_numbers_that_can_be(
    session: Session, office: Office, held: BallotRound
) -> None:
    for groups in ({"strangers": 5}, {"service_users": 0}, {"service_users": -1, "key_projects": 9}):
        with pytest.raises(Refusal):
            deal(session, office, held, **groups)
    with pytest.raises(Refusal, match="5000"):
        deal(session, office, held, service_users=10**12)
    assert session.get_one(BallotRound, held.id, populate_existing=True).issued == 0


def test_one_page_prints_one_batch_of_cards(session: Session, office: Office, held: BallotRound) -> None:
    issue_codes(session, office.officer, held.id, {"service_users": 3}, now=START, token="page")
    with pytest.raises(Refusal) as refused:
        issue_codes(session, office.officer, held.id, {"service_users": 3}, now=START, token="page")
    assert refused.value.code == "cards_shown_once"
    assert session.get_one(BallotRound, held.id, populate_existing=True).issued == 3


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": " "}, "round_incomplete"),
        ({"title": "长" * 201}, "round_incomplete"),
        ({"target_ids": []}, "round_incomplete"),
        ({"target_ids": [10**9]}, "target_unknown"),
        ({"closes_at": START}, "round_times"),
        ({"now": START + days(2)}, "round_times"),
        ({"closes_at": START + days(15)}, "round_long"),
        ({"method_key": "instant"}, "not_secret"),
        ({"method_key": "unheard-of"}, "not_found"),
    ],
)
def test_a_round_that_cannot_be_is_refused(
    session: Session, office: Office, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        opened(session, office, **({"target_ids": [office.target.id]} | changes))
    assert refused.value.code == code
    assert rounds(session, office.officer, office.campaign.id) == []


@pytest.mark.parametrize("who", ["monitor", "inspector", "owner", "leader", "reviewer", "auditor"])
def test_only_the_office_holds_rounds(session: Session, office: Office, held: BallotRound, who: str) -> None:
    actor = office.people[who]
    for act in (
        lambda: issue_codes(session, actor, held.id, {"service_users": 1}, now=START),
        lambda: close_round(session, actor, held.id, now=START),
    ):
        with pytest.raises(Refusal) as refused:
            act()
        assert refused.value.status == 403

"""Forms that are sent out: who may answer, how often, until when, and what is kept of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from models.collection import Answer, Collection, CollectionCode
from models.history import HistoryEntry
from models.rating import Rating
from services.answer_access import answer_for, counts_by_group
from services.answers import take_answer, withdraw_answer
from services.attachments import FileStore
from services.collection_codes import Wanted, blank_cards, cards_for_monitors, issue_cards
from services.collection_rules import Rules
from services.collections import (
    adopt_newer_form,
    change_collection,
    close_collection,
    create_collection,
    reopen_collection,
)
from services.jobs import tick
from services.refusal import Refusal
from services.retention import retention_works
from services.verification import verify
from tests.integration.office import START, Office
from tests.integration.sent_forms import OPEN_UNTIL, QUESTIONNAIRE, answer, publish_form, send_out

NOW = START + timedelta(hours=2)


@pytest.fixture(autouse=True)
def form(session: Session, office: Office) -> int:
    """The questionnaire, in force."""
    return publish_form(session, QUESTIONNAIRE)


def code_of(refused: pytest.ExceptionInfo[Refusal]) -> str:
    return refused.value.code


def rules_of(held: Collection, **changed: Any) -> Rules:
    values: dict[str, Any] = {
        "title": held.title,
        "access": held.access,
        "opens_at": held.opens_at,
        "closes_at": held.closes_at,
        "anonymous": held.anonymous,
        "roles": tuple(held.roles),
        "quota": held.quota,
        "one_each": held.one_each,
        "fixed": held.prefill,
        "retention_days": held.retention_days,
    }
    return Rules(**(values | changed))


def at_once(engine: Engine, acts: list[Callable[[Session], Any]]) -> list[Any]:
    """Run all acts in threads of their own, begun together; gives results or the refusals' codes."""
    start = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(number: int) -> None:
        with Session(engine) as own:
            start.wait()
            try:
                results[number] = acts[number](own)
            except Refusal as refusal:
                results[number] = refusal.code

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_an_answer_by_link_is_kept_with_a_receipt(session: Session, office: Office, tmp_path: Path) -> None:
    held = send_out(session, office)
    taken = answer(session, held, tmp_path, now=NOW, feel="bad", why="排队太久")
    row = session.get_one(Answer, taken.answer_id)
    assert (row.position, row.answers, row.source) == (1, {"feel": "bad", "why": "排队太久"}, "web")
    assert row.submitted_at == NOW
    assert row.respondent_id is None
    assert len(taken.receipt) == 16
    assert verify(session) == []


def test_the_time_is_kept_with_its_grace(session: Session, office: Office, tmp_path: Path) -> None:
    held = send_out(session, office, opens_at=NOW, grace_minutes=10)
    with pytest.raises(Refusal) as early:
        answer(session, held, tmp_path, now=NOW - timedelta(minutes=1))
    assert code_of(early) == "not_yet"
    answer(session, held, tmp_path, now=OPEN_UNTIL + timedelta(minutes=9))
    with pytest.raises(Refusal, match="截止") as late:
        answer(session, held, tmp_path, now=OPEN_UNTIL + timedelta(minutes=11))
    assert code_of(late) == "closed"
    close_collection(session, office.officer, held.id, now=NOW)
    with pytest.raises(Refusal, match="已经结束"):
        answer(session, held, tmp_path, now=NOW)


def test_the_quota_is_exact_under_parallel_sends(
    session: Session, office: Office, engine: Engine, tmp_path: Path
) -> None:
    held = send_out(session, office, quota=7)
    number = held.id

    def send(own: Session) -> str:
        answer(own, own.get_one(Collection, number), tmp_path, now=NOW)
        return "taken"

    results = at_once(engine, [send] * 20)
    assert sorted(results) == ["full"] * 13 + ["taken"] * 7
    session.commit()
    assert held.standing == 7
    positions = select(Answer.position).order_by(Answer.position)
    assert session.execute(positions).scalars().all() == [1, 2, 3, 4, 5, 6, 7]
    assert verify(session) == []


def test_one_answer_each_under_parallel_sends(
    session: Session, office: Office, engine: Engine, tmp_path: Path
) -> None:
    held = send_out(session, office, access="account", roles=("leader",), one_each=True)
    number, person = held.id, office.people["leader"]

    def send(own: Session) -> str:
        answer(own, own.get_one(Collection, number), tmp_path, now=NOW, actor=person)
        return "taken"

    results = at_once(engine, [send] * 10)
    assert sorted(results) == ["already"] * 9 + ["taken"]
    session.commit()
    assert session.execute(select(func.count()).select_from(Answer)).scalar_one() == 1
    with pytest.raises(Refusal, match="已经填过"):
        answer(session, held, tmp_path, now=NOW, actor=person)
    assert verify(session) == []


def test_a_code_is_good_for_one_answer_also_at_once(
    session: Session, office: Office, engine: Engine, tmp_path: Path
) -> None:
    held = send_out(session, office, access="code")
    [card] = issue_cards(session, office.officer, held.id, [Wanted(label="某某商行")], token="", now=NOW)
    number = held.id

    def send(own: Session) -> str:
        answer(own, own.get_one(Collection, number), tmp_path, now=NOW, code=card.code)
        return "taken"

    assert sorted(at_once(engine, [send] * 8)) == ["code_spent"] * 7 + ["taken"]
    session.commit()
    row = session.execute(select(Answer)).scalar_one()
    assert row.code is not None
    assert row.code.label == "某某商行"


def test_the_same_page_sent_twice_is_one_answer(
    session: Session, office: Office, engine: Engine, tmp_path: Path
) -> None:
    held = send_out(session, office)
    number = held.id

    def send(own: Session) -> int:
        return answer(own, own.get_one(Collection, number), tmp_path, now=NOW, token="p" * 32).answer_id

    assert len(set(at_once(engine, [send] * 6))) == 1
    with pytest.raises(Refusal) as other:
        answer(session, held, tmp_path, now=NOW, token="p" * 32, feel="bad", why="别的内容")
    assert code_of(other) == "token_reused"
    session.commit()
    assert held.taken == 1


def test_what_cannot_be_kept_is_not_promised(session: Session, office: Office) -> None:
    for rules, code in (
        ({"access": "open", "one_each": True}, "one_each_open"),
        ({"access": "account", "roles": ("leader",), "anonymous": True}, "anonymous_account"),
        ({"access": "open", "anonymous": True, "closes_at": None}, "anonymous_open_end"),
        ({"access": "account"}, "roles"),
        ({"access": "open", "quota": 0}, "quota"),
        ({"access": "open", "title": " "}, "title_missing"),
        ({"access": "open", "closes_at": START - timedelta(hours=1)}, "times"),
        ({"access": "open", "fixed": {"target": "无此对象"}}, "fixed_refused"),
        ({"access": "open", "fixed": {"why_not": "x"}}, "fixed_unknown"),
        ({"access": "open", "retention_days": 0}, "retention"),
    ):
        with pytest.raises(Refusal) as refused:
            send_out(session, office, **rules)
        assert code_of(refused) == code


def test_only_those_who_rate_by_a_method_can_be_asked_for_its_form(session: Session, office: Office) -> None:
    for form_key, rules, code in (
        ("instant", {"access": "open"}, "raters_open"),
        ("instant", {"access": "account", "roles": ("leader",)}, "raters"),
        ("inspection", {"access": "code"}, "raters_code"),
        ("concentrated", {"access": "open"}, "form_for_rounds"),
        ("instant", {"access": "code", "retention_days": 30}, "retention_rating"),
        ("inspection", {"access": "code", "anonymous": True}, "anonymous_naming"),
    ):
        with pytest.raises(Refusal) as refused:
            send_out(session, office, form=form_key, **rules)
        assert code_of(refused) == code, form_key


def test_an_answer_of_a_bound_form_is_a_rating(session: Session, office: Office, tmp_path: Path) -> None:
    held = send_out(session, office, access="code", form="instant")
    with pytest.raises(Refusal, match="监测点"):
        issue_cards(session, office.officer, held.id, [Wanted(label="张三")], token="", now=NOW)
    cards = issue_cards(session, office.officer, held.id, cards_for_monitors(session), token="", now=NOW)
    taken = answer(
        session,
        held,
        tmp_path,
        now=NOW,
        code=cards[0].code,
        feel="",
        target=office.target.key,
        occurred_at="2026-04-09T09:30",
        matter_kind="errand",
        matter="办理许可",
        grade="good",
    )
    rating = session.get_one(Rating, taken.rating_id)
    assert rating.monitor is not None
    assert (rating.grade, rating.counted, rating.monitor.name) == ("good", True, cards[0].label)
    assert rating.rater_id is None
    assert verify(session) == []


def test_fixed_answers_stand_whatever_is_sent(session: Session, office: Office, tmp_path: Path) -> None:
    held = send_out(session, office, fixed={"target": office.target.key, "visits": "3"})
    taken = answer(session, held, tmp_path, now=NOW, target=office.other_target.key, visits="99")
    kept = session.get_one(Answer, taken.answer_id).answers
    assert (kept["target"], kept["visits"]) == (office.target.key, 3)


def test_withdrawn_answers_stay_and_give_their_place_back(
    session: Session, office: Office, tmp_path: Path
) -> None:
    held = send_out(session, office, quota=1)
    taken = answer(session, held, tmp_path, now=NOW)
    with pytest.raises(Refusal, match="收满"):
        answer(session, held, tmp_path, now=NOW)
    with pytest.raises(Refusal, match="理由"):
        withdraw_answer(session, office.officer, taken.answer_id, reason=" ", now=NOW)
    with pytest.raises(Refusal, match="无权"):
        withdraw_answer(session, office.leader, taken.answer_id, reason="重复", now=NOW)
    withdraw_answer(session, office.officer, taken.answer_id, reason="同一人重复填写", now=NOW)
    answer(session, held, tmp_path, now=NOW)
    assert answer_for(session, office.officer, taken.answer_id).withdrawn_reason == "同一人重复填写"
    assert verify(session) == []


def test_rules_are_changed_by_one_hand_at_a_time(session: Session, office: Office, tmp_path: Path) -> None:
    held = send_out(session, office)
    seen = held.row_version
    answer(session, held, tmp_path, now=NOW)
    later = OPEN_UNTIL + timedelta(days=5)
    change_collection(
        session, office.admin, held.id, rules_of(held, closes_at=later, quota=5), seen=seen, now=NOW
    )
    with pytest.raises(Refusal) as raced:
        change_collection(session, office.officer, held.id, rules_of(held, quota=9), seen=seen, now=NOW)
    assert code_of(raced) == "collection_changed"
    changed = rules_of(held, anonymous=True)
    with pytest.raises(Refusal) as promised:
        change_collection(session, office.officer, held.id, changed, seen=held.row_version, now=NOW)
    assert code_of(promised) == "promise_given"
    answer(session, held, tmp_path, now=OPEN_UNTIL + timedelta(days=1))
    payloads = session.execute(select(HistoryEntry.payload).where(HistoryEntry.act == "collection.changed"))
    assert payloads.scalar_one() == {"closes_at": later.isoformat(), "quota": 5}


def test_closed_ones_open_again_but_not_anonymous_ones(
    session: Session, office: Office, tmp_path: Path
) -> None:
    held = send_out(session, office)
    close_collection(session, office.officer, held.id, now=NOW)
    reopen_collection(session, office.officer, held.id, closes_at=OPEN_UNTIL, now=NOW)
    answer(session, held, tmp_path, now=NOW)
    secret = send_out(session, office, access="code", anonymous=True)
    close_collection(session, office.officer, secret.id, now=NOW)
    with pytest.raises(Refusal, match="不能重新开放"):
        reopen_collection(session, office.officer, secret.id, closes_at=None, now=NOW)


def test_a_newer_form_is_taken_on_purpose_and_old_answers_keep_theirs(
    session: Session, office: Office, tmp_path: Path, form: int
) -> None:
    held = send_out(session, office, fixed={"target": office.target.key})
    first = answer(session, held, tmp_path, now=NOW)
    session.commit()
    newer = publish_form(session, {**QUESTIONNAIRE, "name": "办事群众问卷（改）"}, version=2)
    second = answer(session, held, tmp_path, now=NOW)
    adopt_newer_form(session, office.officer, held.id, form_id=newer, now=NOW)
    third = answer(session, held, tmp_path, now=NOW)
    forms = [session.get_one(Answer, taken.answer_id).form_id for taken in (first, second, third)]
    assert forms == [form, form, newer]


def test_nobody_but_the_office_sends_forms_out(session: Session, office: Office) -> None:
    rules = Rules(title="问卷", access="open", opens_at=START)
    for login in ("monitor", "leader", "reviewer", "auditor", "owner"):
        with pytest.raises(Refusal, match="无权"):
            create_collection(session, office.people[login], office.campaign, "citizens", rules, now=NOW)


def test_what_the_office_enters_is_taken_after_the_time(
    session: Session, office: Office, tmp_path: Path, form: int
) -> None:
    from services.answers import Filled, Way
    from services.definitions import form_of

    held = send_out(session, office)
    filled = Filled(form, form_of(session, form), {"feel": "good"})
    late = OPEN_UNTIL + timedelta(days=1)
    store = FileStore(tmp_path)
    taken = take_answer(
        session, office.officer, held.id, filled, token="", store=store, now=late, way=Way("paper")
    )
    row = session.get_one(Answer, taken.answer_id)
    assert (row.source, row.entered_by_id, row.respondent_id) == ("paper", office.officer.user_id, None)
    with pytest.raises(Refusal, match="无权"):
        take_answer(
            session, office.leader, held.id, filled, token="", store=store, now=late, way=Way("paper")
        )


def test_answers_go_when_their_time_is_over(
    session: Session, office: Office, engine: Engine, tmp_path: Path
) -> None:
    from sqlalchemy.orm import sessionmaker

    held = send_out(session, office, retention_days=30, closes_at=None)
    answer(session, held, tmp_path, now=NOW, why="张三的电话")
    later = answer(session, held, tmp_path, now=NOW + timedelta(days=20))
    works = retention_works(FileStore(tmp_path))
    sessions = sessionmaker(engine)
    tick(sessions, works, clock=lambda: NOW + timedelta(days=29))
    session.commit()
    assert held.purged == 0
    tick(sessions, works, clock=lambda: NOW + timedelta(days=32))
    session.commit()
    assert session.execute(select(Answer.id)).scalars().all() == [later.answer_id]
    assert (held.taken, held.purged) == (2, 1)
    entry = session.execute(select(HistoryEntry).where(HistoryEntry.act == "answers.purged")).scalar_one()
    assert entry.payload == {"count": 1, "until": "2026-04-09"}
    assert verify(session) == []


def test_verify_names_an_answer_that_vanished(session: Session, office: Office, tmp_path: Path) -> None:
    from models.engine import writing

    held = send_out(session, office)
    answer(session, held, tmp_path, now=NOW)
    session.commit()
    with writing():
        session.execute(delete(Answer))
        session.commit()
    assert [found.kind for found in verify(session)] == ["collection"]


def test_groups_are_counted_by_their_cards(session: Session, office: Office, tmp_path: Path) -> None:
    held = send_out(session, office, access="code")
    cards = issue_cards(
        session, office.officer, held.id, blank_cards([("商户", 2), ("代表", 1)]), token="", now=NOW
    )
    for card in cards:
        answer(session, held, tmp_path, now=NOW, code=card.code)
    assert counts_by_group(session, office.officer, held) == {"商户": 2, "代表": 1}
    assert session.execute(select(func.count()).where(CollectionCode.spent)).scalar_one() == 3

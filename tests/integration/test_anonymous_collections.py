"""An anonymous collection: no row, no log and no order tells who answered, when, or with which code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from models.base import Base
from models.collection import Answer, Collection, CollectionCode
from models.history import HistoryEntry
from models.rating import Rating
from services.answer_access import answer_for, counts_by_group, may_read
from services.answer_desk import desk_for_visitor
from services.answer_filling import keep_draft
from services.answers import day_of
from services.attachments import FileStore
from services.collection_codes import Card, Wanted, blank_cards, issue_cards
from services.collections import close_collection
from services.mixing import small_groups
from services.one_time_codes import code_hash
from services.refusal import Refusal
from services.tallies import recount, tallies
from services.verification import verify
from tests.integration.office import START, Office
from tests.integration.sent_forms import QUESTIONNAIRE, answer, publish_form, send_out

#: A moment that occurs nowhere else.
ANSWERED = START + timedelta(hours=3, minutes=17, seconds=41)
CLOSED = START + timedelta(days=3)
RATED: dict[str, Any] = {
    "key": "street",
    "name": "街头测评",
    "version": 1,
    "source": "实施口径",
    "binding": {"method": "instant", "target": "target", "grade": "grade"},
    "fields": [
        {"key": "target", "type": "picker", "of": "target", "label": "对象", "required": True},
        {
            "key": "grade",
            "type": "grade",
            "label": "评价",
            "required": True,
            "options": [
                {"key": key, "name": name}
                for key, name in zip(
                    ("excellent", "good", "fair", "poor", "bad"),
                    ("优", "良", "一般", "较差", "差"),
                    strict=True,
                )
            ],
        },
    ],
}


@pytest.fixture(autouse=True)
def form(session: Session, office: Office) -> int:
    """The questionnaire, in force."""
    return publish_form(session, QUESTIONNAIRE)


def dealt(session: Session, office: Office, **groups: int) -> tuple[Collection, list[Card]]:
    """An anonymous collection with cards."""
    held = send_out(session, office, access="code", anonymous=True)
    wanted = blank_cards(list(groups.items()))
    return held, issue_cards(session, office.officer, held.id, wanted, token="", now=START)


def everything(session: Session) -> Iterator[str]:
    """Every value of every row of every table, as text."""
    session.commit()
    for table in Base.metadata.sorted_tables:
        for row in session.execute(select(table)):
            for value in row:
                yield (
                    value.isoformat()
                    if isinstance(value, datetime)
                    else json.dumps(value, ensure_ascii=False, default=str)
                )


def test_no_row_holds_a_code_or_the_moment(session: Session, office: Office, tmp_path: Path) -> None:
    held, cards = dealt(session, office, 商户=7)
    for card in cards:
        answer(session, held, tmp_path, now=ANSWERED, code=card.code, token="t" * 30 + card.code[:2])
    for stage in ("open", "closed"):
        found = "\n".join(everything(session))
        moment = ANSWERED.strftime("%H:%M:%S")
        assert moment not in found, stage
        for card in cards:
            assert card.code not in found
            assert card.code.replace("-", "") not in found
        if stage == "closed":
            assert not any(code_hash(card.code) in found for card in cards)
        else:
            close_collection(session, office.officer, held.id, now=CLOSED)
    rows = session.execute(select(Answer)).scalars().all()
    assert {row.submitted_at for row in rows} == {day_of(CLOSED)}
    assert {(row.token_hash, row.receipt, row.position, row.code_id, row.respondent_key) for row in rows} == {
        (None, None, None, None, None)
    }
    assert session.execute(select(func.count()).select_from(CollectionCode)).scalar_one() == 0
    acts = session.execute(select(HistoryEntry.act).where(HistoryEntry.object_kind == "answer")).scalars()
    assert acts.all() == []
    assert verify(session) == []


def test_the_file_holds_no_code_after_the_close(
    session: Session, office: Office, engine: Engine, tmp_path: Path
) -> None:
    if engine.dialect.name != "sqlite":
        return
    held, cards = dealt(session, office, 商户=5)
    for card in cards:
        answer(session, held, tmp_path, now=ANSWERED, code=card.code)
    close_collection(session, office.officer, held.id, now=CLOSED)
    session.commit()
    session.close()
    stored = b"".join(Path(str(engine.url.database) + end).read_bytes() for end in ("", "-wal"))
    assert not any(code_hash(card.code).encode() in stored for card in cards)


def test_order_is_lost(session: Session, office: Office, tmp_path: Path) -> None:
    held, cards = dealt(session, office, 商户=30)
    for number, card in enumerate(cards):
        answer(session, held, tmp_path, now=ANSWERED, code=card.code, window=f"第{number}个")
    before = [row.answers["window"] for row in session.execute(select(Answer).order_by(Answer.id)).scalars()]
    close_collection(session, office.officer, held.id, now=CLOSED)
    after = [row.answers["window"] for row in session.execute(select(Answer).order_by(Answer.id)).scalars()]
    assert sorted(before) == sorted(after)
    assert before != after


def test_nobody_sees_anything_before_the_close(session: Session, office: Office, tmp_path: Path) -> None:
    held, cards = dealt(session, office, 商户=6)
    taken = [answer(session, held, tmp_path, now=ANSWERED, code=card.code) for card in cards]
    assert all(item.receipt == "" for item in taken)
    for login in ("admin", "officer", "head", "auditor"):
        with pytest.raises(Refusal, match="结束之前"):
            answer_for(session, office.people[login], taken[0].answer_id)
        with pytest.raises(Refusal, match="结束之前"):
            counts_by_group(session, office.people[login], held)
    close_collection(session, office.officer, held.id, now=CLOSED)
    assert counts_by_group(session, office.officer, held) == {"商户": 6}


def test_small_groups_and_few_answers_are_not_shown(session: Session, office: Office, tmp_path: Path) -> None:
    held, cards = dealt(session, office, 商户=8, 代表=6, 委员=2)
    for card in cards:
        answer(session, held, tmp_path, now=ANSWERED, code=card.code)
    close_collection(session, office.officer, held.id, now=CLOSED)
    assert counts_by_group(session, office.officer, held) == {"": 8, "商户": 8}
    few, [card, *_] = dealt(session, office, 商户=6)
    answer(session, few, tmp_path, now=ANSWERED, code=card.code)
    close_collection(session, office.officer, few.id, now=CLOSED)
    with pytest.raises(Refusal, match="不足5份"):
        may_read(session, few)
    session.commit()
    from models.engine import writing

    with writing():
        campaign = few.campaign
        campaign.settings = {**campaign.settings, "smallest_group": 9}
        session.commit()
    with pytest.raises(Refusal, match="不足9份"):
        may_read(session, few)


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ({}, set()),
        ({"甲": 5}, set()),
        ({"甲": 4}, {"甲"}),
        ({"甲": 9, "乙": 1}, {"甲", "乙"}),
        ({"甲": 9, "乙": 3, "丙": 2}, {"乙", "丙"}),
        ({"甲": 9, "乙": 7, "丙": 2}, {"乙", "丙"}),
    ],
)
def test_what_is_hidden_cannot_be_reckoned(counts: dict[str, int], hidden: set[str]) -> None:
    assert small_groups(counts) == hidden


def test_anonymous_cards_name_nobody_and_drafts_are_not_kept(
    session: Session, office: Office, tmp_path: Path
) -> None:
    held = send_out(session, office, access="code", anonymous=True)
    with pytest.raises(Refusal, match="不能写名字"):
        issue_cards(session, office.officer, held.id, [Wanted(label="张三")], token="", now=START)
    link = send_out(session, office, anonymous=True)
    from werkzeug.datastructures import MultiDict

    with pytest.raises(Refusal, match="不存草稿"):
        keep_draft(
            session,
            desk_for_visitor(session, link),
            formdata=MultiDict({"f_feel": "good"}),
            files=None,
            token="",
            seen=None,
            store=FileStore(tmp_path),
            now=ANSWERED,
        )


def test_anonymous_ratings_count_at_the_close_alone(session: Session, office: Office, tmp_path: Path) -> None:
    from models.engine import writing

    publish_form(session, RATED)
    with writing():
        methods = [{**method, "open": True} for method in office.campaign.settings["methods"]]
        office.campaign.settings = {**office.campaign.settings, "methods": methods}
        session.commit()
    held = send_out(session, office, form="street", anonymous=True)
    for grade in ("good", "good", "bad", "fair", "good"):
        answer(session, held, tmp_path, now=ANSWERED, feel="", target=office.target.key, grade=grade)
    assert session.execute(select(func.count()).select_from(Rating)).scalar_one() == 0
    close_collection(session, office.officer, held.id, now=CLOSED)
    counted = recount(session, office.campaign.id)
    assert counted == tallies(session, office.campaign.id)
    assert counted[(office.target.id, "instant", "good")] == 3
    assert {row.rater_id for row in session.execute(select(Rating)).scalars()} == {None}
    assert "\n".join(everything(session)).count(ANSWERED.strftime("%H:%M:%S")) == 0
    assert verify(session) == []

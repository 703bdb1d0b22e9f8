"""Paper of a collection: what the office fixed stands, and the code of a card is asked for and used up, each once."""

from __future__ import annotations

from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from forms.context import Context
from models.batch import BatchLine
from models.collection import Answer, Collection, CollectionCode
from models.rating import Rating, RatingVoid
from packs.answer_sheets import cells_of
from packs.answer_workbook import write_book
from services import answer_import, batch_undo
from services.attachments import FileStore
from services.batch_intake import intake_by_key
from services.batch_taking import enter_form
from services.choices import StoredChoices
from services.collection_codes import Wanted, blank_cards, cards_for_monitors, issue_cards
from services.rating_forms import FormRefused
from services.ratings import approve_void
from tests.integration.office import START, Office, build_office
from tests.integration.sent_forms import QUESTIONNAIRE, answer, publish_form, send_out
from tests.integration.test_batches import paper_of, put
from tests.integration.test_ratings import instant

GOOD = {"f_feel": "good"}


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


@pytest.fixture
def session(engine: Engine) -> Any:
    with Session(engine, expire_on_commit=False) as opened:
        yield opened


@pytest.fixture
def office(session: Session) -> Office:
    made = build_office(session)
    publish_form(session, QUESTIONNAIRE)
    return made


def cards(session: Session, office: Office, held: Collection, wanted: list[Wanted]) -> list[str]:
    return [card.code for card in issue_cards(session, office.officer, held.id, wanted, token="", now=START)]


def code_of(refused: pytest.ExceptionInfo[FormRefused]) -> str:
    return refused.value.code


def test_what_the_office_fixed_stands_on_paper_and_in_a_workbook(
    session: Session, office: Office, store: FileStore
) -> None:
    held = send_out(session, office, fixed={"window": "三号窗口", "feel": "good"})
    batch = paper_of(session, office, held)
    line = put(session, office, store, batch, "1", MultiDict({"f_feel": "bad", "f_window": "九号"}))
    assert session.get_one(Answer, line.answer_id).answers == {"feel": "good", "window": "三号窗口"}
    intake = intake_by_key(session, office.campaign, f"collection-{held.id}")
    book = answer_import.book_for(session, intake)
    lines = {sheet.name: [[column.heading for column in sheet.columns]] for sheet in book.sheets}
    context = Context(StoredChoices(session), None, START)
    lines["答卷"] += cells_of(book, "2", {"window": "九号"}, context, {})["答卷"]
    run = answer_import.dry_run(
        session,
        office.officer,
        office.campaign,
        intake,
        write_book(book, lines=lines),
        received_on=START.date(),
        now=START,
    )
    assert run.result.faults == ()
    assert run.result.good[0].answers == {"feel": "good", "window": "三号窗口"}


def test_the_code_on_the_paper_is_asked_for_and_used_up(
    session: Session, office: Office, store: FileStore, tmp_path: Path
) -> None:
    held = send_out(session, office, access="code")
    one, other, web = cards(session, office, held, blank_cards([("甲", 3)]))
    batch = paper_of(session, office, held)
    for code, said in (("", "code_missing"), ("2222-3333", "code_unknown")):
        with pytest.raises(FormRefused) as refused:
            put(session, office, store, batch, "1", MultiDict(GOOD), code=code)
        assert code_of(refused) == said
        assert refused.value.bound.form["f_feel"].data == "good"
    line = put(session, office, store, batch, "1", MultiDict(GOOD), code=one.lower().replace("-", ""))
    row = session.get_one(Answer, line.answer_id)
    assert (row.source, row.group, row.respondent_id) == ("paper", "甲", None)
    with pytest.raises(FormRefused) as spent:
        put(session, office, store, batch, "2", MultiDict(GOOD), code=one)
    assert code_of(spent) == "code_spent"
    put(session, office, store, batch, "2", MultiDict(GOOD), code=other)
    # On the web and on paper a card is good for one answer, whichever comes first.
    answer(session, held, tmp_path, now=START, code=web)
    with pytest.raises(FormRefused) as late:
        put(session, office, store, batch, "3", MultiDict(GOOD), code=web)
    assert code_of(late) == "code_spent"
    # What was typed wrong is withdrawn, and the paper typed anew with its own card.
    batch_undo.withdraw_line(session, office.officer, batch.id, line.id, reason="录错", now=START)
    put(session, office, store, batch, "1", MultiDict(GOOD), code=one)
    assert session.get_one(Collection, held.id, populate_existing=True).standing == 3


def test_a_card_says_whom_the_paper_is_about_and_who_reported(
    session: Session, office: Office, store: FileStore
) -> None:
    held = send_out(session, office, access="code", form="instant")
    (code,) = cards(session, office, held, cards_for_monitors(session)[:1])
    wanted = session.execute(select(CollectionCode.monitor_id)).scalar_one()
    batch = paper_of(session, office, held)
    line = put(session, office, store, batch, "1", instant(office.target), code=code)
    rating = session.get_one(Rating, line.rating_id)
    assert (rating.monitor_id, rating.rater_id) == (wanted, None)
    batch_undo.withdraw_line(session, office.officer, batch.id, line.id, reason="录错", now=START)
    with pytest.raises(FormRefused):
        put(session, office, store, batch, "2", instant(office.target), code=code)
    void = session.execute(select(RatingVoid)).scalar_one()
    approve_void(session, office.head, void.id, now=START)
    again = put(session, office, store, batch, "1", instant(office.target, grade="good"), code=code)
    assert session.get_one(Rating, again.rating_id).grade == "good"


def test_one_code_typed_by_two_clerks_at_once_is_one_answer(
    engine: Engine, session: Session, office: Office, store: FileStore
) -> None:
    held = send_out(session, office, access="code")
    (code,) = cards(session, office, held, blank_cards([("甲", 1)]))
    batch = paper_of(session, office, held).id
    came: list[str] = []
    together = Barrier(4)

    def send(serial: str) -> None:
        with Session(engine, expire_on_commit=False) as own:
            together.wait(30)
            try:
                enter_form(
                    own,
                    office.officer if serial in "13" else office.officer2,
                    batch,
                    serial=serial,
                    monitor="",
                    code=code,
                    formdata=MultiDict(GOOD),
                    files=None,
                    store=store,
                    now=START,
                )
                came.append("taken")
            except FormRefused as refused:
                came.append(refused.code)

    threads = [Thread(target=send, args=(serial,)) for serial in "1234"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(came) == ["code_spent"] * 3 + ["taken"]
    session.expire_all()
    assert len(session.execute(select(Answer.id)).all()) == 1
    assert len(session.execute(select(BatchLine.id)).all()) == 1


def test_a_workbook_asks_for_the_code_of_each_line(
    session: Session, office: Office, store: FileStore
) -> None:
    held = send_out(session, office, access="code")
    one, other = cards(session, office, held, blank_cards([("甲", 2)]))
    intake = intake_by_key(session, office.campaign, f"collection-{held.id}")
    book = answer_import.book_for(session, intake)
    lines = {sheet.name: [[column.heading for column in sheet.columns]] for sheet in book.sheets}
    context = Context(StoredChoices(session), None, START)
    for serial, code in (("1", one), ("2", one), ("3", "2222-2222"), ("4", ""), ("5", other)):
        lines["答卷"] += cells_of(book, serial, {"feel": "good"}, context, {"code": code})["答卷"]
    data = write_book(book, lines=lines)
    given: dict[str, Any] = {"received_on": START.date(), "now": START}
    run = answer_import.dry_run(session, office.officer, office.campaign, intake, data, **given)
    said = {fault.row: fault.wrong for fault in run.result.faults}
    assert "一张卡只收一份" in said[3]
    assert "代码不对" in said[4]
    assert "不能为空" in said[5]
    answer_import.apply(
        session,
        office.officer,
        office.campaign,
        intake,
        data,
        file_name="卡.xlsx",
        good_only=True,
        fingerprint=run.fingerprint,
        store=store,
        **given,
    )
    assert [row.spent for row in session.execute(select(CollectionCode)).scalars()] == [True, True]
    assert run.result.good[0].serial == "1"

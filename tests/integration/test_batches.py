"""Forms on paper and in workbooks become ratings once each; a batch is checked, and taken back by two persons."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any

import pypdf
import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from forms.context import Context
from models.batch import Batch, BatchLine
from models.collection import Answer, Collection
from models.history import HistoryEntry
from models.notice import Attachment
from models.rating import Rating, RatingVoid, Tally
from models.roster import Monitor
from packs.answer_sheets import cells_of
from packs.answer_workbook import write_book
from services import answer_import, batch_checking, batch_undo, batches
from services.actor import Actor
from services.attachments import FileStore
from services.batch_intake import intake_by_key, method_intake
from services.batch_taking import enter_form
from services.choices import StoredChoices
from services.form_paper import filled_answer
from services.rating_forms import FormRefused
from services.refusal import Refusal
from services.verification import verify
from tests.integration.office import START, Office, build_office, days
from tests.integration.sent_forms import QUESTIONNAIRE, publish_form, send_out
from tests.integration.test_ratings import inspection, instant, monthly, picture


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


@pytest.fixture
def session(engine: Engine) -> Any:
    with Session(engine, expire_on_commit=False) as opened:
        yield opened


@pytest.fixture
def office(session: Session) -> Office:
    return build_office(session)


def stack(session: Session, office: Office, method: str = "instant", **more: Any) -> Batch:
    intake = method_intake(session, office.campaign, method)
    values: dict[str, Any] = {
        "source": "paper",
        "title": "四月的纸质表",
        "received_on": START.date(),
        "now": START,
    }
    return batches.open_batch(session, office.officer, office.campaign, intake, **{**values, **more})


def key_of(session: Session, office: Office) -> str:
    return session.get_one(Monitor, office.monitor.monitor_id).key


def put(
    session: Session,
    office: Office,
    store: FileStore,
    batch: Batch,
    serial: str,
    form: MultiDict[str, str] | None = None,
    *,
    actor: Actor | None = None,
    files: Any = None,
    **more: Any,
) -> BatchLine:
    values: dict[str, Any] = {"monitor": key_of(session, office), "now": START} | more
    return enter_form(
        session,
        actor or office.officer,
        batch.id,
        serial=serial,
        formdata=form if form is not None else instant(office.target),
        files=files,
        store=store,
        **values,
    )


def tallied(session: Session) -> int:
    return int(session.execute(select(func.coalesce(func.sum(Tally.count), 0))).scalar_one())


def test_a_paper_becomes_a_rating_of_its_monitor_and_never_of_who_typed_it(
    session: Session, office: Office, store: FileStore
) -> None:
    line = put(session, office, store, stack(session, office), "A-001")
    rating = session.get_one(Rating, line.rating_id)
    assert (rating.monitor_id, rating.rater_id) == (office.monitor.monitor_id, None)
    assert tallied(session) == 1
    entry = session.execute(select(HistoryEntry).where(HistoryEntry.act == "batch.form_taken")).scalar_one()
    assert entry.actor_id == office.officer.user_id
    assert entry.payload == {"batch": line.batch_id, "serial": "A-001", "source": "paper"}
    assert verify(session) == []


def test_the_same_number_is_taken_once_until_it_counts_no_more(
    session: Session, office: Office, store: FileStore
) -> None:
    batch = stack(session, office)
    line = put(session, office, store, batch, "A-001")
    with pytest.raises(FormRefused, match="已经录入过"):
        put(session, office, store, stack(session, office), "A-001")
    batch_undo.withdraw_line(session, office.officer, batch.id, line.id, reason="录错", now=START)
    with pytest.raises(FormRefused, match="已经录入过"):
        put(session, office, store, batch, "A-001")
    from services.ratings import approve_void

    void = session.execute(select(RatingVoid)).scalar_one()
    approve_void(session, office.head, void.id, now=START)
    put(session, office, store, batch, "A-001", instant(office.target, grade="good"))
    assert tallied(session) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"serial": " "}, "请写纸上的编号"),
        ({"serial": "1" * 41}, "不超过40字"),
        ({"monitor": "nobody"}, "请选择填这张表的监测点"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_stored(
    session: Session, office: Office, store: FileStore, change: dict[str, str], said: str
) -> None:
    batch = stack(session, office)
    values: dict[str, Any] = {"serial": "1", **change}
    with pytest.raises(FormRefused, match=said) as refused:
        put(session, office, store, batch, **values)
    assert refused.value.bound.form["f_matter"].shown() == "办理食品经营许可变更"
    assert tallied(session) == 0


def test_paper_is_in_time_by_the_day_it_came(session: Session, office: Office, store: FileStore) -> None:
    later = START + days(30)
    form = instant(office.target)
    in_time = stack(session, office, received_on=START.date(), now=later)
    put(session, office, store, in_time, "1", form, now=later)
    late = stack(session, office, received_on=later.date(), now=later)
    with pytest.raises(FormRefused, match="不能再补报"):
        put(session, office, store, late, "2", form, now=later)
    with pytest.raises(Refusal, match="不能晚于今天"):
        stack(session, office, received_on=later.date())


def test_photos_that_came_with_the_paper_are_kept(session: Session, office: Office, store: FileStore) -> None:
    form = inspection(office.target, open_case="yes", problem="")
    form.setlist("f_problem", [next(iter(StoredChoices(session).entries("dictionary:problems"))).key])
    files: MultiDict[str, Any] = MultiDict([("f_photos", picture())])
    line = put(session, office, store, stack(session, office, "inspection"), "1", form, files=files)
    kept = session.execute(select(Attachment)).scalar_one()
    assert (kept.owner_kind, kept.owner_id, kept.field) == ("rating", line.rating_id, "photos")
    assert session.get_one(Rating, line.rating_id).monitor_id is None


@pytest.mark.parametrize("who", ["reviewer", "head", "monitor", "owner", "leader", "auditor"])
def test_only_officers_and_administrators_type(
    session: Session, office: Office, store: FileStore, who: str
) -> None:
    batch = stack(session, office)
    with pytest.raises(Refusal) as refused:
        put(session, office, store, batch, "1", actor=office.people[who])
    assert refused.value.status == 403


def test_a_second_typing_by_another_person_finds_what_differs(
    session: Session, office: Office, store: FileStore
) -> None:
    batch = stack(session, office, check_percent=100)
    line = put(session, office, store, batch, "1")
    assert batch_checking.next_to_check(session, office.officer, batch) is None
    assert batch_checking.next_to_check(session, office.officer2, batch) == line
    given: dict[str, Any] = {"monitor": key_of(session, office), "now": START}
    with pytest.raises(FormRefused, match="自己录入的不能由自己复核"):
        batch_checking.check_line(
            session, office.officer, batch.id, line.id, formdata=instant(office.target), **given
        )
    found = batch_checking.check_line(
        session,
        office.officer2,
        batch.id,
        line.id,
        formdata=instant(office.target, grade="poor", situation="慢", problem=_problem(session)),
        **given,
    )
    assert ("评价", "优", "较差") in found
    assert [list(difference) for difference in found] == session.get_one(BatchLine, line.id).differences
    assert tallied(session) == 1
    same = put(session, office, store, batch, "2")
    assert (
        batch_checking.check_line(
            session, office.officer2, batch.id, same.id, formdata=instant(office.target), **given
        )
        == []
    )


def _problem(session: Session) -> str:
    return next(iter(StoredChoices(session).entries("dictionary:problems"))).key


def test_a_whole_batch_is_taken_back_by_two_persons(
    session: Session, office: Office, store: FileStore
) -> None:
    batch = stack(session, office)
    for serial in "123":
        put(session, office, store, batch, serial)
    assert batch_undo.undo_batch(session, office.head, batch.id, reason="录错活动", now=START) == 3
    assert tallied(session) == 3
    with pytest.raises(Refusal, match="不能自己批准"):
        batch_undo.approve_undo(session, office.head, batch.id, now=START)
    with pytest.raises(FormRefused, match="已经撤销"):
        put(session, office, store, batch, "4")
    assert batch_undo.approve_undo(session, office.reviewer, batch.id, now=START) == 3
    assert tallied(session) == 0
    assert verify(session) == []
    put(session, office, store, stack(session, office), "1")


# -- workbooks -----------------------------------------------------------------------------------------------


def workbook(session: Session, office: Office, method: str, *forms: tuple[str, dict[str, Any]]) -> bytes:
    """A workbook with these (serial, answers)."""
    intake = method_intake(session, office.campaign, method)
    book = answer_import.book_for(session, intake)
    context = Context(StoredChoices(session), None, START)
    name = session.get_one(Monitor, office.monitor.monitor_id).name
    lines = {sheet.name: [[column.heading for column in sheet.columns]] for sheet in book.sheets}
    for serial, answers in forms:
        for sheet, rows in cells_of(book, serial, answers, context, {"monitor": name}).items():
            lines[sheet] += rows
    return write_book(book, lines=lines)


def month_answers(office: Office, **change: Any) -> dict[str, Any]:
    return {
        "month": "2026-03",
        "target": office.target.key,
        "grade": "good",
        "signature": {"typed": "演示"},
    } | change


def bring(session: Session, office: Office, data: bytes, *, good_only: bool = False) -> Batch:
    intake = method_intake(session, office.campaign, "comprehensive")
    day = date(2026, 4, 9)
    run = answer_import.dry_run(
        session, office.officer, office.campaign, intake, data, received_on=day, now=START
    )
    return answer_import.apply(
        session,
        office.officer,
        office.campaign,
        intake,
        data,
        file_name="三月.xlsx",
        received_on=day,
        good_only=good_only,
        fingerprint=run.fingerprint,
        store=FileStore(Path("unused")),
        now=START,
    )


def test_a_workbook_is_taken_whole_and_undone_whole(session: Session, office: Office) -> None:
    data = workbook(
        session,
        office,
        "comprehensive",
        ("1", month_answers(office)),
        ("2", month_answers(office, target=office.other_target.key)),
    )
    batch = bring(session, office, data)
    assert tallied(session) == 2
    assert {line.serial for line in batches.last_lines(session, batch)} == {"1", "2"}
    batch_undo.undo_batch(session, office.officer, batch.id, reason="导错月份", now=START)
    batch_undo.approve_undo(session, office.head, batch.id, now=START)
    assert tallied(session) == 0
    assert verify(session) == []
    bring(session, office, data)
    assert tallied(session) == 2


def test_what_only_the_office_knows_is_found_in_the_dry_run(
    session: Session, office: Office, store: FileStore
) -> None:
    put(session, office, store, stack(session, office, "comprehensive"), "P-1", monthly(office.target))
    data = workbook(
        session,
        office,
        "comprehensive",
        ("P-1", month_answers(office, month="2026-02")),
        ("2", month_answers(office)),
        ("3", month_answers(office, month="2025-03")),
        ("4", month_answers(office, target=office.other_target.key)),
        ("5", month_answers(office, target=office.other_target.key)),
    )
    intake = method_intake(session, office.campaign, "comprehensive")
    run = answer_import.dry_run(
        session,
        office.officer,
        office.campaign,
        intake,
        data,
        received_on=START.date(),
        now=START,
    )
    said = {fault.row: fault.wrong for fault in run.result.faults}
    assert "已经录入过" in said[2]
    assert "已经报过" in said[3]
    assert "只收" in said[4]
    assert "已经报过" in said[6]
    assert [answer.serial for answer in run.result.good] == ["4"]
    with pytest.raises(Refusal, match="还有错误"):
        bring(session, office, data)
    assert tallied(session) == 1
    bring(session, office, data, good_only=True)
    assert tallied(session) == 2


def test_an_import_is_refused_when_the_office_moved_on(
    session: Session, office: Office, store: FileStore
) -> None:
    data = workbook(session, office, "comprehensive", ("1", month_answers(office)))
    intake = method_intake(session, office.campaign, "comprehensive")
    given: dict[str, Any] = {"received_on": START.date(), "now": START}
    run = answer_import.dry_run(session, office.officer, office.campaign, intake, data, **given)
    put(session, office, store, stack(session, office, "comprehensive"), "1", monthly(office.other_target))
    with pytest.raises(Refusal, match="有变化"):
        answer_import.apply(
            session,
            office.officer,
            office.campaign,
            intake,
            data,
            file_name="x",
            good_only=True,
            fingerprint=run.fingerprint,
            store=store,
            **given,
        )


def test_secret_ballots_come_by_no_batch(session: Session, office: Office) -> None:
    with pytest.raises(Refusal, match="凭代码投票"):
        method_intake(session, office.campaign, "concentrated")


# -- collections ---------------------------------------------------------------------------------------------


@pytest.fixture
def held(session: Session, office: Office) -> Collection:
    publish_form(session, QUESTIONNAIRE)
    return send_out(session, office)


def paper_of(session: Session, office: Office, held: Collection, **more: Any) -> Batch:
    intake = intake_by_key(session, office.campaign, f"collection-{held.id}")
    values: dict[str, Any] = {"source": "paper", "title": "问卷", "received_on": START.date(), "now": START}
    return batches.open_batch(session, office.officer, office.campaign, intake, **{**values, **more})


def test_a_paper_of_a_collection_is_an_answer_typed_by_the_office(
    session: Session, office: Office, held: Collection, store: FileStore
) -> None:
    batch = paper_of(session, office, held, check_percent=100)
    line = put(session, office, store, batch, "W-1", MultiDict({"f_feel": "good", "f_visits": "3"}))
    row = session.get_one(Answer, line.answer_id)
    assert (row.source, row.batch_id, row.entered_by_id) == ("paper", batch.id, office.officer.user_id)
    assert row.respondent_id is None
    assert row.answers == {"feel": "good", "visits": 3}
    with pytest.raises(FormRefused, match="已经录入过"):
        put(session, office, store, batch, "W-1", MultiDict({"f_feel": "bad", "f_why": "慢"}))
    with pytest.raises(FormRefused, match="哪里不满意"):
        put(session, office, store, batch, "W-2", MultiDict({"f_feel": "bad"}))
    found = batch_checking.check_line(
        session,
        office.officer2,
        batch.id,
        line.id,
        monitor="",
        formdata=MultiDict({"f_feel": "good", "f_visits": "8"}),
        now=START,
    )
    assert found == [("今年来过几次", "3", "8")]
    batch_undo.withdraw_line(session, office.officer, batch.id, line.id, reason="录错", now=START)
    assert session.get_one(Answer, line.answer_id).withdrawn_at is not None
    put(session, office, store, batch, "W-1", MultiDict({"f_feel": "good", "f_visits": "8"}))
    assert session.get_one(Collection, held.id, populate_existing=True).standing == 1
    assert verify(session) == []


def test_a_workbook_of_a_collection_is_undone_at_once(
    session: Session, office: Office, held: Collection, store: FileStore
) -> None:
    intake = intake_by_key(session, office.campaign, f"collection-{held.id}")
    book = answer_import.book_for(session, intake)
    context = Context(StoredChoices(session), None, START)
    lines = {sheet.name: [[column.heading for column in sheet.columns]] for sheet in book.sheets}
    for serial in "123":
        lines["答卷"] += cells_of(book, serial, {"feel": "good"}, context, {})["答卷"]
    data = write_book(book, lines=lines)
    given: dict[str, Any] = {"received_on": START.date(), "now": START}
    run = answer_import.dry_run(session, office.officer, office.campaign, intake, data, **given)
    batch = answer_import.apply(
        session,
        office.officer,
        office.campaign,
        intake,
        data,
        file_name="问卷.xlsx",
        good_only=False,
        fingerprint=run.fingerprint,
        store=store,
        **given,
    )
    assert session.get_one(Collection, held.id, populate_existing=True).standing == 3
    assert batch_undo.undo_batch(session, office.officer, batch.id, reason="导错", now=START) == 3
    assert session.get_one(Collection, held.id, populate_existing=True).standing == 0
    assert session.get_one(Batch, batch.id).undo_approved_at == START
    assert verify(session) == []


def test_numbers_would_name_the_unnamed(session: Session, office: Office) -> None:
    publish_form(session, QUESTIONNAIRE)
    held = send_out(session, office, anonymous=True)
    with pytest.raises(Refusal, match="编号会把答卷和纸张联系起来"):
        paper_of(session, office, held)


def test_an_answer_is_printed_for_the_office_alone(
    session: Session, office: Office, held: Collection, store: FileStore
) -> None:
    line = put(session, office, store, paper_of(session, office, held), "W-1", MultiDict({"f_feel": "good"}))
    pdf = filled_answer(session, office.reviewer, line.answer_id or 0, store=store)
    text = pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    assert "办事群众问卷" in text
    with pytest.raises(Refusal):
        filled_answer(session, office.owner, line.answer_id or 0, store=store)

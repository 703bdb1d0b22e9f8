"""Two typings that differ: who did not type the first says which is right, and what was wrong is corrected once."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from models.batch import Batch, BatchLine, BatchSettlement
from models.collection import Answer, Collection
from models.engine import writing
from models.history import HistoryEntry
from models.notice import Attachment
from models.rating import Rating, Tally
from services import batch_checking, batch_undo
from services.actor import Actor
from services.attachments import FileStore
from services.batch_settling import error_rate, next_to_settle, settle_line, to_settle
from services.refusal import Refusal
from services.retention import purge_answers
from services.transaction import transaction
from services.verification import verify
from tests.integration.office import START, Office, build_office
from tests.integration.sent_forms import QUESTIONNAIRE, publish_form, send_out
from tests.integration.test_batches import _problem, key_of, paper_of, put, stack
from tests.integration.test_ratings import instant, monthly, picture

REASON = "对照纸质表，第一遍看错一行"


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


def again(session: Session, office: Office, line: BatchLine, form: MultiDict[str, str], **more: Any) -> None:
    """Type it a second time, as another person."""
    given: dict[str, Any] = {"monitor": key_of(session, office), "now": START} | more
    batch_checking.check_line(session, office.officer2, line.batch_id, line.id, formdata=form, **given)


def settle(
    session: Session,
    office: Office,
    line: BatchLine,
    chosen: dict[str, str],
    who: Actor | None = None,
    *,
    reason: str = REASON,
) -> BatchSettlement:
    return settle_line(
        session, who or office.officer2, line.batch_id, line.id, chosen=chosen, reason=reason, now=START
    )


def differing_rating(session: Session, office: Office, store: FileStore) -> tuple[Batch, BatchLine]:
    """Typed as excellent with a photo's matter one way, then as poor with another."""
    batch = stack(session, office, check_percent=100)
    line = put(session, office, store, batch, "1")
    second = instant(
        office.target, grade="poor", situation="慢", problem=_problem(session), matter="办理执照"
    )
    again(session, office, line, second)
    return batch, line


def test_a_rating_typed_wrong_is_corrected_by_a_revision(
    session: Session, office: Office, store: FileStore
) -> None:
    batch, line = differing_rating(session, office, store)
    first = line.rating_id or 0
    assert next_to_settle(session, office.officer, batch) is None
    assert next_to_settle(session, office.officer2, batch) == line
    _line, found = to_settle(session, office.officer2, batch.id, line.id)
    assert (found[0].key, found[0].second) == ("grade", "较差")
    choices = {"grade": "second", "problem": "second", "situation": "second", "matter": "first"}
    assert settle(session, office, line, choices).wrong == 3
    old, new = session.get_one(Rating, first), session.get_one(Rating, line.rating_id)
    assert (old.counted, new.counted, new.revises_id, new.revision) == (False, True, first, 2)
    assert (new.answers["grade"], new.answers["matter"]) == ("poor", "办理食品经营许可变更")
    assert (new.monitor_id, new.rater_id) == (office.monitor.monitor_id, None)
    assert {row.grade: row.count for row in session.execute(select(Tally)).scalars() if row.count} == {
        "poor": 1
    }
    acts = session.execute(select(HistoryEntry).where(HistoryEntry.act == "batch.form_settled")).scalar_one()
    assert (acts.actor_id, acts.payload["reason"]) == (office.officer2.user_id, REASON)
    assert verify(session) == []
    # The corrected one is what the batch holds now: taken back like any other.
    batch_undo.withdraw_line(session, office.officer, batch.id, line.id, reason="错", now=START)


def test_the_first_may_have_been_right(session: Session, office: Office, store: FileStore) -> None:
    batch, line = differing_rating(session, office, store)
    kept = line.rating_id
    chosen = dict.fromkeys(("grade", "problem", "situation", "matter"), "first")
    assert settle(session, office, line, chosen, reason="").wrong == 0
    assert (line.rating_id, session.get_one(Rating, kept).counted) == (kept, True)
    checked = batch_checking.checked_lines(session, batch)
    rate = error_rate(session, batch, checked)
    assert (rate.checked, rate.faulty, rate.wrong, rate.rate) == (1, 0, 0, Fraction(0))


@pytest.mark.parametrize(
    ("who", "chosen", "code"),
    [
        ("officer", {}, "same_person"),
        ("monitor", {}, "forbidden"),
        ("officer2", {"grade": "second"}, "not_all_chosen"),
        ("officer2", {}, "reason_missing"),
        # The grade of the one with the reasons of the other is no form.
        ("officer2", {"problem": "first"}, "choice_unfit"),
    ],
)
def test_what_cannot_be_settled_is_said_and_nothing_changes(
    session: Session, office: Office, store: FileStore, who: str, chosen: dict[str, str], code: str
) -> None:
    _batch, line = differing_rating(session, office, store)
    whole = dict.fromkeys(("grade", "problem", "situation", "matter"), "second") | chosen
    if code == "not_all_chosen":
        whole = chosen
    reason = " " if code == "reason_missing" else REASON
    with pytest.raises(Refusal) as refused:
        settle(session, office, line, whole, office.people[who], reason=reason)
    assert refused.value.code == code
    assert session.execute(select(Rating.counted)).scalars().all() == [True]
    assert session.execute(select(BatchSettlement.id)).first() is None


def test_it_is_settled_once_and_never_edited(session: Session, office: Office, store: FileStore) -> None:
    _batch, line = differing_rating(session, office, store)
    whole = dict.fromkeys(("grade", "problem", "situation", "matter"), "second")
    settle(session, office, line, whole)
    with pytest.raises(Refusal, match="已经核定过"):
        settle(session, office, line, whole, office.people["admin"])
    with pytest.raises(DBAPIError), writing():
        session.execute(update(BatchSettlement).values(reason="别的"))
    session.rollback()


def test_another_monitor_is_a_difference_too_and_a_month_stays_one(
    session: Session, office: Office, store: FileStore
) -> None:
    batch = stack(session, office, "comprehensive", check_percent=100)
    put(session, office, store, batch, "1", monthly(office.target))
    line = put(session, office, store, batch, "2", monthly(office.other_target))
    again(session, office, line, monthly(office.target))
    with pytest.raises(Refusal) as refused:
        settle(session, office, line, {"target": "second"})
    assert refused.value.code == "monthly_already"
    assert session.execute(select(Rating.counted)).scalars().all() == [True, True]
    assert verify(session) == []


def test_an_answer_of_a_collection_is_put_in_the_place_of_the_first(
    session: Session, office: Office, store: FileStore
) -> None:
    publish_form(session, QUESTIONNAIRE)
    held = send_out(session, office, quota=1, fixed={"window": "三号"})
    batch = paper_of(session, office, held, check_percent=100)
    line = put(session, office, store, batch, "1", MultiDict({"f_feel": "good", "f_visits": "3"}))
    first = line.answer_id
    again(session, office, line, MultiDict({"f_feel": "good", "f_visits": "8"}), monitor="")
    assert line.differences == [["今年来过几次", "3", "8"]]
    settle(session, office, line, {"visits": "second"}, office.people["admin"])
    new = session.get_one(Answer, line.answer_id)
    old = session.get_one(Answer, first, populate_existing=True)
    assert (new.answers, new.source, new.position) == (
        {"feel": "good", "visits": 8, "window": "三号"},
        "paper",
        2,
    )
    assert (old.withdrawn_reason, old.withdrawn_by_id) == (REASON, office.people["admin"].person)
    assert session.get_one(Collection, held.id, populate_existing=True).standing == 1
    assert verify(session) == []
    same = batch_checking.checked_lines(session, batch)
    assert error_rate(session, batch, same).rate == Fraction(1, 3)


def test_the_files_go_along_with_the_correction(session: Session, office: Office, store: FileStore) -> None:
    batch = stack(session, office, check_percent=100)
    form = instant(office.target, grade="poor", situation="慢", problem=_problem(session))
    files: MultiDict[str, Any] = MultiDict([("f_evidence", picture())])
    line = put(session, office, store, batch, "1", form, files=files)
    first = line.rating_id
    other = instant(office.target, grade="poor", situation="很慢", problem=_problem(session))
    again(session, office, line, other)
    settle(session, office, line, {"situation": "second"})
    owners = session.execute(
        select(Attachment.owner_id).where(Attachment.field == "evidence").order_by(Attachment.id)
    )
    assert list(owners.scalars()) == [first, line.rating_id]
    assert "evidence" in session.get_one(Rating, line.rating_id).answers


def test_typed_answers_go_when_their_time_is_over(session: Session, office: Office, store: FileStore) -> None:
    publish_form(session, QUESTIONNAIRE)
    held = send_out(session, office, retention_days=30)
    batch = paper_of(session, office, held, check_percent=100)
    line = put(session, office, store, batch, "1", MultiDict({"f_feel": "good", "f_window": "张三的电话"}))
    again(session, office, line, MultiDict({"f_feel": "good", "f_window": "李四的电话"}), monitor="")
    with transaction(session):
        assert purge_answers(session, held.id, store=store, now=START + timedelta(days=32)) == 1
    session.refresh(line)
    assert (line.answer_id, line.differences, line.second) == (None, [], None)
    assert verify(session) == []

"""Ratings: taken once, corrected, voided, with their tallies, on both databases."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.datastructures import FileStorage, MultiDict

from forms.answers import open_form
from models.campaign import Campaign, CampaignStatus
from models.job import Message
from models.notice import Attachment
from models.rating import Rating
from models.roster import Target
from services.actor import Actor
from services.attachments import FileStore, attachments_of
from services.choices import StoredChoices
from services.definitions import form_of
from services.packs import set_campaign_status
from services.rating_forms import FormRefused, answers_to_correct, rating_form
from services.ratings import (
    Submitted,
    approve_void,
    own_rating,
    propose_void,
    revise_rating,
    submit_rating,
)
from services.refusal import Refusal
from services.reports import due_day, month_counts, month_lines, months_of, own_reports
from services.tallies import recount, tallies
from tests.integration.office import START, Office, days


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


@pytest.fixture
def session(engine: Engine) -> Any:
    """As the application opens its sessions: what was read stays read."""
    with Session(engine, expire_on_commit=False) as opened:
        yield opened


def instant(rated: Target, **changes: str) -> MultiDict[str, str]:
    values = {
        "target": rated.key,
        "grade": "excellent",
        "occurred_at": "2026-04-09T08:30",
        "matter_kind": "errand",
        "matter": "办理食品经营许可变更",
    } | changes
    return MultiDict({f"f_{key}": value for key, value in values.items()})


def monthly(rated: Target, **changes: str) -> MultiDict[str, str]:
    values = {"month": "2026-03", "target": rated.key, "grade": "good", "signature": "演示"} | changes
    return MultiDict({f"f_{key}": value for key, value in values.items()})


def inspection(rated: Target, **changes: str) -> MultiDict[str, str]:
    values = {
        "target": rated.key,
        "way": "telephone",
        "visited_at": "2026-04-09T08:00",
        "inspectors-0-name": "演示甲",
        "inspectors-1-name": "演示乙",
        "findings": "电话两次无人接听",
        "grade": "poor",
        "open_case": "no",
        "handling": "提醒",
    } | changes
    return MultiDict({f"f_{key}": value for key, value in values.items()})


def picture(colour: str = "red") -> FileStorage:
    kept = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(kept, "JPEG")
    kept.seek(0)
    return FileStorage(kept, filename=f"{colour}.jpg")


def send(
    session: Session,
    office: Office,
    store: FileStore,
    formdata: MultiDict[str, str],
    *,
    method: str = "instant",
    actor: Actor | None = None,
    token: str = "page-1",  # noqa: S107 - of a page, no secret
    files: MultiDict[str, FileStorage] | None = None,
) -> Submitted:
    campaign = session.get_one(Campaign, office.campaign.id)
    return submit_rating(
        session,
        actor or office.monitor,
        campaign,
        method,
        formdata=formdata,
        files=files,
        token=token,
        store=store,
        now=START,
    )


def counted(session: Session, office: Office) -> dict[tuple[int, str, str], int]:
    """The tallies, after seeing that they equal the ratings."""
    session.commit()
    kept = tallies(session, office.campaign.id)
    assert kept == recount(session, office.campaign.id)
    return kept


def test_a_form_becomes_one_rating_and_its_tally_moves(
    session: Session, office: Office, store: FileStore
) -> None:
    taken = send(session, office, store, instant(office.target))
    rating = session.get_one(Rating, taken.rating_id)
    assert (rating.monitor_id, rating.rater_id) == (office.monitor.monitor_id, office.monitor.user_id)
    assert rating.happened_on.isoformat() == "2026-04-09"
    assert not taken.again
    assert counted(session, office) == {(office.target.id, "instant", "excellent"): 1}


def test_the_same_page_sent_again_gives_the_same_rating(
    session: Session, office: Office, store: FileStore
) -> None:
    first = send(session, office, store, instant(office.target))
    again = send(session, office, store, instant(office.target))
    assert (again.rating_id, again.again) == (first.rating_id, True)
    assert sum(counted(session, office).values()) == 1


def test_the_same_page_with_other_content_is_refused_and_kept(
    session: Session, office: Office, store: FileStore
) -> None:
    send(session, office, store, instant(office.target))
    with pytest.raises(FormRefused) as refused:
        send(session, office, store, instant(office.target, matter="另一件事"))
    assert refused.value.code == "token_reused"
    assert refused.value.bound.form["f_matter"].shown() == "另一件事"
    assert sum(counted(session, office).values()) == 1


def test_eight_presses_at_once_are_one_rating(
    engine: Engine, session: Session, office: Office, store: FileStore
) -> None:
    formdata = instant(office.target)
    session.commit()
    sessions = sessionmaker(engine, expire_on_commit=False)

    def press(_number: int) -> int:
        with sessions() as own:
            return send(own, office, store, formdata).rating_id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(press, range(8)))) == 1
    assert sum(counted(session, office).values()) == 1


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({"grade": "poor"}, "问题类别"),
        ({"grade": "superb"}, "评价"),
        ({"target": "nobody"}, "测评对象"),
        ({"target": ""}, "测评对象"),
        ({"occurred_at": "2026-04-10T08:30"}, "监测时间"),
        ({"occurred_at": "昨天上午"}, "监测时间"),
        ({"matter": "长" * 101}, "事项"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(
    session: Session, office: Office, store: FileStore, changes: dict[str, str], label: str
) -> None:
    with pytest.raises(FormRefused) as refused:
        send(session, office, store, instant(office.target, **changes))
    assert label in {name for name, _ in refused.value.bound.faults}
    assert counted(session, office) == {}


@pytest.mark.parametrize(
    ("day", "code"),
    [("2026-04-01T10:00", "too_late"), ("2025-12-31T10:00", "outside_campaign")],
)
def test_what_is_long_past_is_not_taken(
    session: Session, office: Office, store: FileStore, day: str, code: str
) -> None:
    with pytest.raises(FormRefused) as refused:
        send(session, office, store, instant(office.target, occurred_at=day))
    assert refused.value.code == code


def test_a_closed_campaign_takes_nothing_and_what_was_typed_stays(
    session: Session, office: Office, store: FileStore
) -> None:
    set_campaign_status(session, office.admin, office.campaign.id, CampaignStatus.CLOSED, now=START)
    session.expire_all()
    with pytest.raises(FormRefused) as refused:
        send(session, office, store, instant(office.target, matter="写了很久的一件事"))
    assert refused.value.code == "campaign_not_open"
    assert refused.value.bound.form["f_matter"].shown() == "写了很久的一件事"


@pytest.mark.parametrize("who", ["officer", "owner", "leader", "inspector", "admin"])
def test_only_monitors_report_instantly(session: Session, office: Office, store: FileStore, who: str) -> None:
    with pytest.raises(Refusal) as refused:
        send(session, office, store, instant(office.target), actor=office.people[who])
    assert refused.value.status == 403


def test_an_account_of_no_monitor_cannot_report(session: Session, office: Office, store: FileStore) -> None:
    lost = Actor(office.monitor.user_id, "演示", office.monitor.roles)
    with pytest.raises(Refusal) as refused:
        send(session, office, store, instant(office.target), actor=lost)
    assert refused.value.code == "monitor_missing"


def test_a_month_and_target_is_summed_up_once_by_each_monitor(
    session: Session, office: Office, store: FileStore
) -> None:
    first = send(session, office, store, monthly(office.target), method="comprehensive", token="a")
    assert session.get_one(Rating, first.rating_id).period == "2026-03"
    with pytest.raises(FormRefused) as refused:
        send(session, office, store, monthly(office.target, grade="fair"), method="comprehensive", token="b")
    assert refused.value.code == "monthly_already"
    send(session, office, store, monthly(office.other_target), method="comprehensive", token="c")
    send(session, office, store, monthly(office.target, month="2026-02"), method="comprehensive", token="d")
    send(
        session,
        office,
        store,
        monthly(office.target),
        method="comprehensive",
        token="e",
        actor=office.monitor2,
    )
    assert sum(counted(session, office).values()) == 4


def test_a_monthly_form_cannot_be_corrected_into_one_that_is_there(
    session: Session, office: Office, store: FileStore
) -> None:
    send(session, office, store, monthly(office.target), method="comprehensive", token="a")
    other = send(session, office, store, monthly(office.other_target), method="comprehensive", token="b")
    with pytest.raises(FormRefused) as refused:
        revise(session, office, store, other.rating_id, monthly(office.target), token="c")
    assert refused.value.code == "monthly_already"
    assert session.get_one(Rating, other.rating_id, populate_existing=True).counted
    assert len(counted(session, office)) == 2


def revise(
    session: Session,
    office: Office,
    store: FileStore,
    rating_id: int,
    formdata: MultiDict[str, str],
    *,
    actor: Actor | None = None,
    token: str = "page-2",  # noqa: S107 - of a page, no secret
    files: MultiDict[str, FileStorage] | None = None,
) -> Submitted:
    return revise_rating(
        session,
        actor or office.monitor,
        rating_id,
        formdata=formdata,
        files=files,
        token=token,
        store=store,
        now=START + days(20),
    )


def test_a_correction_is_a_new_revision_that_counts_instead(
    session: Session, office: Office, store: FileStore
) -> None:
    first = send(session, office, store, instant(office.target))
    second = revise(session, office, store, first.rating_id, instant(office.other_target, grade="good"))
    assert counted(session, office) == {(office.other_target.id, "instant", "good"): 1}
    rating = session.get_one(Rating, second.rating_id)
    assert (rating.revision, rating.revises_id) == (2, first.rating_id)
    states = [(report.rating.id, report.state) for report in listed(session, office)]
    assert states == [(second.rating_id, "counted"), (first.rating_id, "revised")]
    assert revise(
        session, office, store, first.rating_id, instant(office.other_target, grade="good")
    ).again, "the same page sent again"
    with pytest.raises(FormRefused) as refused:
        revise(session, office, store, first.rating_id, instant(office.target), token="late")
    assert refused.value.code == "rating_not_counted"


def listed(session: Session, office: Office) -> list[Any]:
    return own_reports(session, office.monitor, office.campaign.id)[0]


def test_two_corrections_at_once_leave_one(
    engine: Engine, session: Session, office: Office, store: FileStore
) -> None:
    first = send(session, office, store, instant(office.target))
    bodies = [instant(office.target, grade=grade) for grade in ("good", "fair", "good", "fair")]
    session.commit()
    sessions = sessionmaker(engine, expire_on_commit=False)

    def correct(number: int) -> str:
        with sessions() as own:
            try:
                revise(own, office, store, first.rating_id, bodies[number], token=f"t{number}")
            except Refusal as refused:
                return refused.code
            return "taken"

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(correct, range(4)))
    assert outcomes == ["rating_not_counted"] * 3 + ["taken"]
    assert sum(counted(session, office).values()) == 1


def test_nobody_opens_or_corrects_the_report_of_another(
    session: Session, office: Office, store: FileStore
) -> None:
    taken = send(session, office, store, instant(office.target))
    for stranger in (office.monitor2, office.owner, office.inspector):
        with pytest.raises(Refusal) as refused:
            own_rating(session, stranger, taken.rating_id)
        assert refused.value.status == 404
        with pytest.raises(Refusal):
            revise(session, office, store, taken.rating_id, instant(office.target), actor=stranger)
    assert own_reports(session, office.monitor2, office.campaign.id) == ([], 0)


def test_voiding_takes_a_reason_and_two_persons(session: Session, office: Office, store: FileStore) -> None:
    taken = send(session, office, store, instant(office.target))
    with pytest.raises(Refusal, match="理由"):
        propose_void(session, office.officer, taken.rating_id, reason=" ", now=START)
    with pytest.raises(Refusal) as refused:
        propose_void(session, office.monitor, taken.rating_id, reason="虚假", now=START)
    assert refused.value.status == 403
    proposed = propose_void(session, office.reviewer, taken.rating_id, reason="查实为虚假测评", now=START)
    assert sum(counted(session, office).values()) == 1, "it counts until approved"
    with pytest.raises(Refusal) as refused:
        propose_void(session, office.officer, taken.rating_id, reason="再提一次", now=START)
    assert refused.value.code == "void_proposed"
    with pytest.raises(Refusal) as refused:
        approve_void(session, office.reviewer, proposed.id, now=START)
    assert refused.value.code == "same_person"
    with pytest.raises(Refusal) as refused:
        approve_void(session, office.officer2, proposed.id, now=START)
    assert refused.value.status == 403
    approve_void(session, office.head, proposed.id, now=START)
    assert counted(session, office) == {}
    assert [report.state for report in listed(session, office)] == ["voided"]
    with pytest.raises(Refusal) as refused:
        approve_void(session, office.head, proposed.id, now=START)
    assert refused.value.code == "void_approved"
    with pytest.raises(FormRefused) as refused:
        revise(session, office, store, taken.rating_id, instant(office.target, grade="good"))
    assert refused.value.code == "rating_not_counted"


def test_a_proposal_to_void_falls_with_a_correction(
    session: Session, office: Office, store: FileStore
) -> None:
    taken = send(session, office, store, instant(office.target))
    proposed = propose_void(session, office.officer, taken.rating_id, reason="有误", now=START)
    revise(session, office, store, taken.rating_id, instant(office.target, grade="good"))
    with pytest.raises(Refusal) as refused:
        approve_void(session, office.head, proposed.id, now=START)
    assert refused.value.code == "rating_not_counted"
    assert sum(counted(session, office).values()) == 1


def test_photos_are_kept_without_their_metadata_and_follow_a_correction(
    session: Session, office: Office, store: FileStore
) -> None:
    problem = StoredChoices(session).entries("dictionary:problems")[0].key
    body = inspection(office.target, open_case="yes", problem=problem)
    taken = send(
        session,
        office,
        store,
        body,
        method="inspection",
        actor=office.inspector,
        files=MultiDict([("f_photos", picture("red")), ("f_photos", picture("blue"))]),
    )
    rows = attachments_of(session, "rating", taken.rating_id)
    assert [row.file_name for row in rows] == ["red.jpg", "blue.jpg"]
    rating = session.get_one(Rating, taken.rating_id)
    assert rating.monitor_id is None, "an inspection is not a monitor's"
    shown = answers_to_correct(session, form_of(session, rating.form_id), rating)
    form = open_form(
        form_of(session, rating.form_id), choices=StoredChoices(session), answers=shown, now=START
    )
    kept = form["f_photos"].posted["kept"]
    assert len(kept) == 2
    body.setlist("f_photos-kept", kept[1:])
    again = revise(session, office, store, taken.rating_id, body, actor=office.inspector)
    assert [row.file_name for row in attachments_of(session, "rating", again.rating_id)] == ["blue.jpg"]
    assert len(attachments_of(session, "rating", taken.rating_id)) == 2


def test_a_refused_form_keeps_its_photos(session: Session, office: Office, store: FileStore) -> None:
    body = instant(office.target, grade="fair", matter="")
    with pytest.raises(FormRefused) as refused:
        send(session, office, store, body, files=MultiDict([("f_evidence", picture())]))
    kept = refused.value.bound.form["f_evidence"].posted["kept"]
    assert len(kept) == 1
    body["f_matter"] = "补上的事项"
    body.setlist("f_evidence-kept", kept)
    taken = send(session, office, store, body)
    assert [row.file_name for row in attachments_of(session, "rating", taken.rating_id)] == ["red.jpg"]
    foreign = instant(office.target, grade="fair")
    foreign.setlist("f_evidence-kept", kept)
    with pytest.raises(FormRefused) as refused:
        send(session, office, store, foreign, actor=office.monitor2, token="other")
    assert refused.value.code == "file_gone"
    owners = session.execute(select(Attachment.owner_id).where(Attachment.owner_kind == "held")).scalars()
    assert set(owners) == {office.monitor.user_id}


def test_a_photo_that_is_none_is_refused_and_the_good_one_kept(
    session: Session, office: Office, store: FileStore
) -> None:
    broken = FileStorage(io.BytesIO(b"\xff\xd8\xff not a picture"), filename="broken.jpg")
    files = MultiDict([("f_evidence", picture()), ("f_evidence", broken)])
    with pytest.raises(FormRefused) as refused:
        send(session, office, store, instant(office.target, grade="fair"), files=files)
    assert refused.value.code == "file_kind"
    assert len(refused.value.bound.form["f_evidence"].posted["kept"]) == 1


def test_officers_are_told_of_a_proposed_case_but_not_by_whom(
    session: Session, office: Office, store: FileStore
) -> None:
    problem = StoredChoices(session).entries("dictionary:problems")[0].key
    bad = {"grade": "bad", "problem": problem, "situation": "窗口无人"}
    taken = send(session, office, store, instant(office.target, **bad))
    assert taken.proposes_case
    messages = session.execute(select(Message)).scalars().all()
    assert {message.user_id for message in messages} == {office.officer.user_id, office.officer2.user_id}
    assert office.target.name in messages[0].text
    assert office.monitor.name not in messages[0].text
    send(session, office, store, instant(office.target, **bad))
    revise(session, office, store, taken.rating_id, instant(office.target, **bad | {"situation": "补充"}))
    assert session.execute(select(func.count()).select_from(Message)).scalar_one() == 2


def test_a_month_shows_instant_counts_and_what_is_missing(
    session: Session, office: Office, store: FileStore
) -> None:
    for number, grade in enumerate(("excellent", "excellent", "fair")):
        send(session, office, store, instant(office.target, grade=grade), token=f"i{number}")
    send(session, office, store, instant(office.target), token="other", actor=office.monitor2)
    send(
        session,
        office,
        store,
        monthly(office.other_target, month="2026-04"),
        method="comprehensive",
        token="m",
    )
    assert month_counts(session, office.monitor, office.campaign.id, "2026-04") == {
        office.target.key: {"excellent": 2, "fair": 1}
    }
    lines = month_lines(session, office.monitor, office.campaign.id, "2026-04")
    assert [(line.target.id, line.total, line.comprehensive_grade) for line in lines] == [
        (office.target.id, 3, None),
        (office.other_target.id, 0, "good"),
    ]
    assert month_lines(session, office.monitor, office.campaign.id, "2026-03") == []
    campaign = session.get_one(Campaign, office.campaign.id)
    due = due_day(campaign, "2026-12")
    assert due is not None
    assert due.isoformat() == "2027-01-05"
    assert months_of(campaign, now=START) == ["2026-04", "2026-03", "2026-02", "2026-01"]


def test_the_form_is_offered_to_its_raters_while_the_campaign_is_open(
    session: Session, office: Office
) -> None:
    campaign = session.get_one(Campaign, office.campaign.id)
    assert rating_form(session, office.inspector, campaign, "inspection")[1].key == "inspection"
    with pytest.raises(Refusal):
        rating_form(session, office.monitor, campaign, "concentrated")
    with pytest.raises(Refusal):
        rating_form(session, office.monitor, campaign, "unheard-of")

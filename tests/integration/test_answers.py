"""Looking at filled forms: over versions, page by page, summed exactly, and secret ones only when nobody is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.campaign import Campaign, Definition, DefinitionKind, DefinitionStatus
from models.collection import Answer, Collection
from models.engine import writing
from models.people import Role
from models.rating import BallotRound, Rating
from models.roster import Target
from services.answer_filters import AnswerFilter, issued_versions
from services.answer_lines import Line
from services.answer_lists import answer_page, answer_sheet, columns_of, every_line, forms_with_answers
from services.answer_summaries import overview
from services.cross_tables import LINES, CrossTable, cross_tables
from services.guarded_answers import guarded_figures, sittings
from services.refusal import Refusal
from tests.integration.office import START, Office, days

GRADES = ("excellent", "good", "fair", "poor", "bad")


def _form(session: Session, key: str) -> Definition:
    return session.execute(
        select(Definition).where(
            Definition.kind == DefinitionKind.FORM,
            Definition.key == key,
            Definition.status == DefinitionStatus.PUBLISHED,
        )
    ).scalar_one()


def _rate(session: Session, office: Office, number: int, form_id: int, **more: Any) -> Rating:
    grade = GRADES[number % 5]
    target = office.target if number % 3 else office.other_target
    answers = {"target": target.key, "grade": grade, "matter": f"第{number}件事", "situation": "窗口排队太久"}
    values: dict[str, Any] = {
        "campaign_id": office.campaign.id,
        "target_id": target.id,
        "method": "instant",
        "grade": grade,
        "form_id": form_id,
        "answers": answers,
        "monitor_id": 1,
        "happened_on": date(2026, 3 + number % 2, 5),
        "submitted_at": START + timedelta(seconds=number // 2),
    }
    row = Rating(**values | more)
    session.add(row)
    return row


def _newer_version(session: Session, form: Definition) -> Definition:
    """A second version that asks something new and no more for the matter."""
    fields = [field for field in form.body["fields"] if field["key"] != "matter"]
    fields.append({"key": "waited", "type": "number", "label": "等候分钟"})
    binding = {**form.body["binding"], "case_fields": ["problem", "situation", "evidence"]}
    form.status = DefinitionStatus.RETIRED
    newer = Definition(
        pack_key=form.pack_key,
        kind=form.kind,
        key=form.key,
        version=2,
        name=form.name,
        status=DefinitionStatus.PUBLISHED,
        body={**form.body, "version": 2, "fields": fields, "binding": binding},
        sha256="-",
        created_at=START,
        published_at=START,
    )
    session.add(newer)
    session.flush()
    return newer


@pytest.fixture
def rated(session: Session, office: Office) -> tuple[Definition, Definition]:
    """Forty ratings with the first version, twenty with the second."""
    with writing():
        old = _form(session, "instant")
        for number in range(40):
            _rate(session, office, number, old.id)
        newer = _newer_version(session, old)
        for number in range(40, 60):
            row = _rate(session, office, number, newer.id)
            row.answers = {**{k: v for k, v in row.answers.items() if k != "matter"}, "waited": number}
        session.commit()
    return old, newer


def test_pages_by_place_hold_every_filled_form_once_in_one_order(
    session: Session, office: Office, rated: tuple[Definition, Definition]
) -> None:
    seen: list[Line] = []
    after = ""
    while True:
        page = answer_page(session, office.officer, "instant", AnswerFilter(), after=after, size=7)
        assert page.total == 60
        seen += page.lines
        after = page.after
        if not after:
            break
    assert len(seen) == len({line.id for line in seen}) == 60
    assert seen == sorted(seen, key=lambda line: (line.at, line.id), reverse=True)
    assert list(every_line(session, office.officer, "instant", AnswerFilter())) == seen


def test_columns_of_all_versions_stay_and_old_ones_are_marked(
    session: Session, office: Office, rated: tuple[Definition, Definition]
) -> None:
    columns = {column.key: column.old for column in columns_of(session, issued_versions(session, "instant"))}
    assert columns["waited"] is False
    assert columns["matter"] is True


@pytest.mark.parametrize(
    ("which", "count"),
    [
        (AnswerFilter(month="2026-03"), 30),
        (AnswerFilter(grade="bad"), 12),
        (AnswerFilter(version="2"), 20),
        (AnswerFilter(grade="bad", month="2026-04"), 6),
        (AnswerFilter(source="web"), 60),
        (AnswerFilter(source="paper"), 0),
        (AnswerFilter(state="not_counted"), 0),
        (AnswerFilter(month="2026-13"), 0),
        (AnswerFilter(target="nobody"), 0),
        (AnswerFilter(collection="x"), 0),
    ],
)
def test_filters(
    session: Session, office: Office, rated: tuple[Definition, Definition], which: AnswerFilter, count: int
) -> None:
    assert answer_page(session, office.officer, "instant", which).total == count
    assert len(list(every_line(session, office.officer, "instant", which))) == count
    assert overview(session, office.officer, "instant", which, now=START).forms == count


def test_a_word_is_found_in_what_is_printed(
    session: Session, office: Office, rated: tuple[Definition, Definition]
) -> None:
    page = answer_page(session, office.officer, "instant", AnswerFilter(word="第39件"))
    assert [line.answers["matter"] for line in page.lines] == ["第39件事"]
    assert page.total is None
    assert page.searched == 60


def test_one_filled_form_opens_in_its_own_version(
    session: Session, office: Office, rated: tuple[Definition, Definition]
) -> None:
    old, _ = rated
    number = session.execute(select(Rating.id).where(Rating.form_id == old.id).limit(1)).scalar_one()
    sheet = answer_sheet(session, office.auditor, "instant", "rating", number)
    assert (sheet.line.version, sheet.newest) == (1, 2)
    assert ("事项", sheet.line.answers["matter"], True) in sheet.answers
    assert not any(label == "等候分钟" for label, _, _ in sheet.answers)
    with pytest.raises(Refusal, match="找不到"):
        answer_sheet(session, office.officer, "comprehensive", "rating", number)


def test_summary_follows_what_comes_and_what_is_taken_away(
    session: Session, office: Office, rated: tuple[Definition, Definition]
) -> None:
    def told() -> tuple[int, dict[str, int], dict[str, str]]:
        found = overview(session, office.officer, "instant", AnswerFilter(), now=START)
        by_key = {question.field.key: question.summary for question in found.questions}
        return found.forms, dict(by_key["grade"].counts), dict(by_key["waited"].figures)

    forms, grades, waited = told()
    assert forms == 60
    assert grades == {"优": 12, "良": 12, "一般": 12, "较差": 12, "差": 12}
    assert (waited["平均"], waited["中位数"], waited["下四分位"]) == ("49.50", "49.50", "44.75")
    with writing():
        row = _rate(session, office, 61, rated[1].id, submitted_at=START + days(1))
        session.commit()
    assert told()[0] == 61
    with writing():
        row.counted = False
        session.commit()
    assert told()[:2] == (60, grades)
    session.rollback()


def _crossed(session: Session, office: Office, *questions: str, by: str = "") -> tuple[CrossTable, ...]:
    found = cross_tables(session, office.head, "instant", questions, by, AnswerFilter(), now=START)
    assert found is not None
    return found.tables


def test_cross_table_adds_up_to_the_summary(
    session: Session, office: Office, rated: tuple[Definition, Definition]
) -> None:
    (found,) = _crossed(session, office)
    assert found.answers == ("优", "良", "一般", "较差", "差")
    assert sum(found.totals) == 60
    assert {month for (_category, month), _ in found.lines} == {"2026-03", "2026-04"}
    march = sum(sum(counts) for (_category, month), counts in found.lines if month == "2026-03")
    assert march == 30


def test_several_questions_stand_side_by_side_by_the_same_lines(
    session: Session, office: Office, rated: tuple[Definition, Definition]
) -> None:
    with writing():
        for number in range(3):
            row = _rate(session, office, number, rated[1].id, happened_on=date(2026, 4, 30))
            row.answers = {**row.answers, "call_back": number == 0}
        session.commit()
    tables = {
        by: {table.question.key: table for table in _crossed(session, office, "call_back", "grade", by=by)}
        for by in LINES
    }
    for found in tables.values():
        assert list(found) == ["grade", "call_back"]
        assert (sum(found["grade"].totals), found["call_back"].totals) == (63, (1, 2))
        for table in found.values():
            assert table.totals == tuple(map(sum, zip(*(counts for _, counts in table.lines), strict=True)))
    words = {by: [line for line, _ in found["grade"].lines] for by, found in tables.items()}
    assert words["month"] == [("2026-03",), ("2026-04",)]
    assert words["source"] == [("web",)]
    assert sorted(words["target"]) == sorted(
        (target.unit.name, target.name) for target in (office.target, office.other_target)
    )
    assert [line[0] for line in words["category_month"]] == [
        name for (name,) in words["category"] for _month in "34"
    ]
    of_target = dict(tables["target"]["grade"].lines)
    assert sum(of_target[office.other_target.unit.name, office.other_target.name]) == 21


@pytest.mark.parametrize("who", ["owner", "monitor", "inspector", "leader"])
def test_others_look_at_nothing(session: Session, office: Office, who: str) -> None:
    actor = office.people[who]
    for look in (
        lambda: forms_with_answers(session, actor),
        lambda: answer_page(session, actor, "instant", AnswerFilter()),
        lambda: answer_sheet(session, actor, "instant", "rating", 1),
        lambda: overview(session, actor, "instant", AnswerFilter(), now=START),
        lambda: cross_tables(session, actor, "instant", (), "", AnswerFilter(), now=START),
        lambda: sittings(session, actor, "concentrated"),
        lambda: guarded_figures(session, actor, "concentrated", "round", 1),
        lambda: list(every_line(session, actor, "instant", AnswerFilter())),
    ):
        with pytest.raises(Refusal, match="无权"):
            look()


def _round(session: Session, office: Office, ballots: int) -> BallotRound:
    form = _form(session, "concentrated")
    held = BallotRound(
        campaign_id=office.campaign.id, title="集中测评", form_id=form.id, target_ids=[], held_on=START.date(),
        opens_at=START, closes_at=START + days(1), issued=ballots, returned=ballots,
    )  # fmt: skip
    session.add(held)
    session.flush()
    for number in range(ballots):
        for position, target in enumerate((office.target, office.other_target)):
            grade = "bad" if number == 0 and not position else ("excellent" if number % 2 else "good")
            session.add(
                Rating(
                    campaign_id=office.campaign.id,
                    target_id=target.id,
                    method="concentrated",
                    grade=grade,
                    form_id=form.id,
                    answers={"opinion": f"意见{number}"} if position == 0 else {},
                    round_id=held.id,
                    happened_on=START.date(),
                    submitted_at=START,
                )
            )
    return held


def test_secret_ballots_are_on_no_list_and_told_only_after_the_close(
    session: Session, office: Office
) -> None:
    with writing():
        held = _round(session, office, 24)
        session.commit()
    key = "concentrated"
    assert answer_page(session, office.officer, key, AnswerFilter()).lines == ()
    assert overview(session, office.officer, key, AnswerFilter(), now=START).forms == 0
    assert list(every_line(session, office.officer, key, AnswerFilter())) == []
    sitting, questions = guarded_figures(session, office.officer, key, "round", held.id)
    assert (sitting.told, questions) == (False, ())
    with writing():
        held.closed_at = START
        session.commit()
    sitting, questions = guarded_figures(session, office.officer, key, "round", held.id)
    grades, opinion = questions
    # One delegate alone said 差: neither that line nor the only other one may show how its grades fell.
    assert set(grades.counts.rows.values()) == {None} or all(
        row is None for row in grades.counts.rows.values()
    )
    assert grades.counts.together is None
    assert set(grades.counts.totals.values()) == {24}
    assert opinion.texts is not None
    assert len(opinion.texts) == 24
    assert opinion.texts == tuple(sorted(opinion.texts))


def test_a_round_of_few_is_never_told(session: Session, office: Office) -> None:
    with writing():
        held = _round(session, office, 4)
        held.closed_at = START
        session.commit()
    assert guarded_figures(session, office.head, "concentrated", "round", held.id)[1] == ()


def _collection(session: Session, campaign: Campaign, form: Definition, *, anonymous: bool) -> Collection:
    row = Collection(
        campaign_id=campaign.id, form_key=form.key, form_id=form.id, title="问卷", access="open",
        anonymous=anonymous, slug=f"s{anonymous}", opens_at=START, created_at=START, taken=12,
        closes_at=START + days(3),
    )  # fmt: skip
    session.add(row)
    session.flush()
    for number in range(12):
        session.add(
            Answer(
                collection_id=row.id,
                form_id=form.id,
                answers={"matter": f"事{number}", "call_back": number < 6},
                position=None if anonymous else number + 1,
                submitted_at=START,
            )
        )
    return row


def test_answers_of_collections_stand_beside_ratings_and_anonymous_ones_do_not(
    session: Session, office: Office, rated: tuple[Definition, Definition]
) -> None:
    with writing():
        _collection(session, office.campaign, rated[0], anonymous=False)
        hidden = _collection(session, office.campaign, rated[0], anonymous=True)
        session.commit()
    page = answer_page(session, office.officer, "instant", AnswerFilter(), size=100)
    assert page.total == 72
    assert {line.kind for line in page.lines} == {"rating", "answer"}
    found = overview(session, office.officer, "instant", AnswerFilter(), now=START)
    assert found.forms == 72
    for by in LINES:
        assert _crossed(session, office, "call_back", by=by)[0].totals == (6, 6)
    number = session.execute(select(Answer.id).where(Answer.collection_id == hidden.id).limit(1)).scalar_one()
    with pytest.raises(Refusal, match="找不到"):
        answer_sheet(session, office.officer, "instant", "answer", number)
    assert guarded_figures(session, office.officer, "instant", "collection", hidden.id)[1] == ()
    with writing():
        hidden.closed_at = START
        session.commit()
    _, questions = guarded_figures(session, office.officer, "instant", "collection", hidden.id)
    by_key = {question.field.key: question for question in questions}
    assert by_key["call_back"].counts.rows == {"是否要求回访": {"是": 6, "否": 6, "未填": 0}}
    assert by_key["matter"].texts is not None
    for which in (AnswerFilter(collection=str(hidden.id)), replace(AnswerFilter(), version="1", word="事3")):
        lines = list(every_line(session, office.officer, "instant", which))
        assert all(line.collection != "问卷" or line.answers for line in lines)
        assert not [line for line in lines if which.collection]


def test_the_list_of_forms_counts_what_is_read_one_by_one(
    session: Session, office: Office, rated: tuple[Definition, Definition]
) -> None:
    lines = {line.key: line for line in forms_with_answers(session, office.admin)}
    assert (lines["instant"].answers, lines["instant"].versions) == (60, 2)
    assert lines["concentrated"].secret
    assert Role.ADMIN in office.admin.roles
    assert session.get(Target, office.target.id) is not None


def test_the_campaign_says_how_few_are_too_few(session: Session, office: Office) -> None:
    with writing():
        held = _round(session, office, 24)
        held.closed_at = START
        campaign = session.get_one(Campaign, office.campaign.id)
        campaign.settings = {**campaign.settings, "smallest_group": 25}
        session.commit()
    sitting, questions = guarded_figures(session, office.officer, "concentrated", "round", held.id)
    assert (sitting.smallest, sitting.told, questions) == (25, False, ())
    with writing():
        campaign.settings = {**campaign.settings, "smallest_group": 24}
        session.commit()
    sitting, (grades, _opinion) = guarded_figures(session, office.officer, "concentrated", "round", held.id)
    assert sitting.told
    assert grades.counts.together is None
    assert set(grades.counts.rows.values()) == {None}

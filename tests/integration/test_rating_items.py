"""Several findings of one visit become one case or one each, and none of them two."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.case import Case, CaseItem
from models.engine import writing
from models.rating import Rating
from services.attachments import FileStore
from services.case_lists import running_cases
from services.case_opening import evidence_carried, evidence_offered, open_case_once, proposal_from
from services.cases import Problem, open_case
from services.rating_items import items_of
from services.rating_register import rating_sheet
from services.refusal import Refusal
from tests.integration.office import START, Office
from tests.integration.visits import visit


def _sheet(session: Session, office: Office, rating: Rating, *items: str) -> Problem:
    proposal = proposal_from(session, office.officer, rating.id, items)
    return Problem(
        rating.target_id,
        proposal.channel,
        proposal.title,
        proposal.facts,
        proposal.found_on,
        rating_id=rating.id,
        items=items,
    )


def _open(session: Session, office: Office, rating: Rating, *items: str) -> Case:
    sheet = _sheet(session, office, rating, *items)
    return open_case(session, office.officer, office.campaign.id, sheet, now=START)


def test_a_visit_has_its_lines_and_what_was_not_met_as_items(session: Session, office: Office) -> None:
    rating = visit(session, office)
    assert [(item.key, item.text) for item in items_of(session, rating)] == [
        ("checklist:on_duty", "在岗履职、遵守工作纪律：不符合"),
        ("problems:1", "问题：收费标准没有公示；部位：大厅入口"),
        ("problems:2", "问题：三号窗口无人在岗；部位：二楼"),
        ("problems:3", "问题：没有一次性告知；部位：五号窗口"),
    ]


def test_chosen_items_are_merged_into_one_case_with_their_words_and_photos(
    session: Session, office: Office, tmp_path: Path
) -> None:
    rating = visit(session, office, tmp_path)
    items = ("problems:1", "checklist:on_duty", "problems:3")
    sheet = _sheet(session, office, rating, *items)
    assert sheet.title == f"{office.target.name}：在岗履职、遵守工作纪律：不符合等3项问题"
    assert sheet.facts.splitlines() == [
        "1．在岗履职、遵守工作纪律：不符合",
        "2．问题：收费标准没有公示；部位：大厅入口",
        "3．问题：没有一次性告知；部位：五号窗口",
        "发现情况：上午九时到现场",
    ]
    store = FileStore(tmp_path)
    chosen = {row.id for row in evidence_offered(session, office.officer, rating.id)}
    case, fresh = open_case_once(
        session,
        office.officer,
        office.campaign.id,
        sheet,
        token="visit-token-1",
        now=START,
        files=evidence_carried(session, office.officer, store, rating.id, chosen),
        store=store,
    )
    assert fresh
    assert len(chosen) == 1
    kept = {item.key: item for item in items_of(session, rating)}
    assert {key for key, item in kept.items() if item.running == case} == set(items)
    assert kept["problems:2"].cases == ()
    assert rating_sheet(session, office.officer, rating.id).running == ()
    another = open_case(
        session, office.officer, office.campaign.id, replace(sheet, items=(), rating_id=None), now=START
    )
    assert rating_sheet(session, office.officer, rating.id).running == (another,)


def test_split_items_are_cases_of_their_own(session: Session, office: Office) -> None:
    rating = visit(session, office)
    first = _open(session, office, rating, "problems:1")
    second = _open(session, office, rating, "problems:2")
    assert first.title == f"{office.target.name}：问题：收费标准没有公示；部位：大厅入口"
    assert "三号窗口" not in first.facts
    assert second.facts.splitlines()[0] == "问题：三号窗口无人在岗；部位：二楼"
    assert running_cases(session, office.officer, office.campaign.id, office.target.id) == (second, first)
    assert running_cases(session, office.people["inspector"], office.campaign.id, office.target.id) == ()


def test_an_item_with_a_running_case_is_not_taken_up_again(session: Session, office: Office) -> None:
    rating = visit(session, office)
    first = _open(session, office, rating, "problems:1", "problems:2")
    with pytest.raises(Refusal, match="没有重复立案") as refused:
        _open(session, office, rating, "problems:2", "problems:3")
    assert first.number in refused.value.sentence
    assert session.execute(select(func.count()).select_from(Case)).scalar_one() == 1
    assert session.execute(select(func.count()).select_from(CaseItem)).scalar_one() == 2
    with pytest.raises(Refusal, match="不在这份测评里"):
        _open(session, office, rating, "problems:9")
    with writing():
        first.ended_at = START
        session.commit()
    assert _open(session, office, rating, "problems:2").number != first.number

"""The life of a notice on both databases: checked by a second person, voided by two, issued anew, registered."""

from __future__ import annotations

import copy
import io
from typing import Any

import pdfplumber
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from models.campaign import Campaign, Definition, DefinitionKind, DefinitionStatus
from models.engine import writing
from models.history import HistoryEntry
from models.notice import Notice, NoticeDraft
from models.people import Role
from services.cases import Problem, open_case, step_case
from services.definitions import notice_kind_of
from services.kind_drafts import KindHand, change_settings, open_draft, publish_draft
from services.notice_drafts import check_draft, open_drafts, submit_draft
from services.notice_life import life_of
from services.notice_lists import NoticeFilter, list_notices, series_checks, whole_register
from services.notice_reissue import corrections, reissue_notice
from services.notice_service import record_service
from services.notice_voiding import decide_void, void_notice, waiting_voidings
from services.notices import Occasion, issue_notices, pdf_of, shown_pdf, verify_by_code
from services.refusal import Refusal
from services.transaction import transaction
from tests.integration.office import START, Office, days, person
from tests.integration.test_notice_numbers import issue


def opened(session: Session, office: Office, title: str = "窗口无人在岗") -> int:
    sheet = Problem(
        target_id=office.target.id, channel="inspection", title=title,
        facts="三号窗口无人在岗。", found_on=START.date(),
    )  # fmt: skip
    return open_case(session, office.officer, office.campaign.id, sheet, now=START).id


def issued(session: Session, office: Office, **asked: Any) -> Notice:
    case = opened(session, office)
    step_case(session, office.officer, case, "issue", asked=asked, now=START)
    return session.execute(select(Notice).where(Notice.case_id == case)).scalar_one()


def refused(code: str, act: Any, *args: Any, **more: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        act(*args, **more)
    assert caught.value.code == code, caught.value.sentence
    return caught.value


def acts_on(session: Session, notice: Notice) -> list[str]:
    rows = session.execute(
        select(HistoryEntry.act)
        .where(HistoryEntry.object_kind == "notice", HistoryEntry.object_id == str(notice.id))
        .order_by(HistoryEntry.id)
    )
    return list(rows.scalars())


# -- voiding -------------------------------------------------------------------------------------------------


def test_two_persons_void_a_notice_and_its_number_is_never_used_again(
    session: Session, office: Office
) -> None:
    row = issued(session, office)
    voiding = void_notice(session, office.officer, office.campaign, row.id, reason="主送写错", now=START)
    assert row.status == "issued"
    assert [item.id for item in waiting_voidings(session, office.head, office.campaign)] == [voiding.id]
    refused(
        "void_proposed",
        void_notice,
        session,
        office.officer2,
        office.campaign,
        row.id,
        reason="又",
        now=START,
    )
    assert (
        refused("forbidden", decide_void, session, office.officer, voiding.id, approve=True, now=START).status
        == 403
    )
    decide_void(session, office.head, voiding.id, approve=True, now=START)
    session.refresh(row)
    assert (row.status, row.void_reason) == ("voided", "主送写错")
    refused(
        "notice_voided", void_notice, session, office.officer, office.campaign, row.id, reason="又", now=START
    )
    assert issued(session, office).position == row.position + 1
    assert acts_on(session, row) == ["notice.issued", "notice.void_proposed", "notice.voided"]
    found = verify_by_code(session, row.verify_code)
    assert found is not None
    assert found.status == "voided"


def test_who_proposes_never_approves_and_a_refusal_has_its_reason(session: Session, office: Office) -> None:
    row = issued(session, office)
    voiding = void_notice(session, office.head, office.campaign, row.id, reason="写错", now=START)
    assert (
        refused("forbidden", decide_void, session, office.head, voiding.id, approve=True, now=START).status
        == 403
    )
    with writing():
        other = person(session, "head2", Role.HEAD)
        session.commit()
    refused("reason_missing", decide_void, session, other, voiding.id, approve=False, now=START)
    decide_void(session, other, voiding.id, approve=False, remark="没有写错", now=START)
    assert row.status == "issued"
    refused("void_decided", decide_void, session, other, voiding.id, approve=True, now=START)
    void_notice(session, office.officer, office.campaign, row.id, reason="再提", now=START)


def test_one_person_suffices_where_the_office_says_so(session: Session, office: Office) -> None:
    row = issued(session, office)
    with writing():
        campaign = session.get_one(Campaign, office.campaign.id)
        campaign.settings = {**campaign.settings, "void_notice_needs_two_persons": False}
        session.commit()
    assert refused(
        "forbidden", void_notice, session, office.officer, campaign, row.id, reason="错", now=START
    )
    assert void_notice(session, office.head, campaign, row.id, reason="错", now=START).approved
    session.refresh(row)
    assert row.status == "voided"


@pytest.mark.parametrize("login", ["owner", "monitor", "leader", "auditor", "admin"])
def test_outsiders_neither_void_nor_reissue(session: Session, office: Office, login: str) -> None:
    row, actor = issued(session, office), office.people[login]
    for act in (
        lambda: void_notice(session, actor, office.campaign, row.id, reason="错", now=START),
        lambda: reissue_notice(session, actor, row.id, {}, reason="错", now=START),
        lambda: corrections(session, actor, row.id),
    ):
        assert refused("forbidden", act).status == 403


def test_a_voided_pdf_says_so_and_the_file_that_was_issued_stays(session: Session, office: Office) -> None:
    row = issued(session, office)
    before = shown_pdf(session, row, original=False, now=START)
    voiding = void_notice(session, office.officer, office.campaign, row.id, reason="错", now=START)
    decide_void(session, office.head, voiding.id, approve=True, now=START)
    session.refresh(row)
    assert shown_pdf(session, row, original=True, now=START) == before
    assert shown_pdf(session, row, original=False, now=START) != before


# -- re-issue ------------------------------------------------------------------------------------------------


def test_a_voided_notice_is_issued_anew_and_both_name_each_other(session: Session, office: Office) -> None:
    row = issued(session, office)
    voiding = void_notice(session, office.officer, office.campaign, row.id, reason="事实写错", now=START)
    decide_void(session, office.head, voiding.id, approve=True, now=START)
    new = reissue_notice(
        session, office.officer, row.id, {"facts": "一号窗口无人在岗。"}, reason="改正", now=START
    )
    session.refresh(row)
    assert (row.status, row.replaced_by_id) == ("voided", new.id)
    assert new.replaces is not None
    assert new.replaces.id == row.id
    assert (new.frozen["facts"], row.frozen["facts"]) == ("一号窗口无人在岗。", "三号窗口无人在岗。")
    assert new.number != row.number
    assert new.verify_code != row.verify_code
    assert new.frozen["number"] == new.number
    refused("already_reissued", reissue_notice, session, office.officer, row.id, {}, reason="又", now=START)
    assert [line.act for line in life_of(session, office.officer, new.id)] == [
        "notice.issued",
        "notice.reissued",
    ]


def test_a_notice_in_force_is_superseded_by_the_head_alone(session: Session, office: Office) -> None:
    row = issued(session, office)
    refused("reissue_by_head", reissue_notice, session, office.officer, row.id, {}, reason="改", now=START)
    new = reissue_notice(session, office.head, row.id, {}, reason="改", now=START)
    session.refresh(row)
    assert row.superseded
    assert not row.waits
    assert new.waits
    refused(
        "notice_superseded",
        record_service,
        session,
        office.officer,
        row.id,
        way="direct",
        receiver="甲",
        now=START,
    )
    assert row.case is not None
    step_case(
        session,
        office.officer,
        row.case.id,
        "serve",
        asked={"service_way": "direct", "receiver": "甲"},
        now=START,
    )
    session.refresh(new)
    session.refresh(row)
    assert (new.status, row.status) == ("served", "issued")
    refused("reissue_two_persons", reissue_notice, session, office.head, new.id, {}, reason="改", now=START)


def test_figures_and_names_are_never_retyped(session: Session, office: Office) -> None:
    row = issued(session, office)
    _notice, worded = corrections(session, office.head, row.id)
    assert {"facts", "requirement"} <= {item.name for item in worded}
    assert not {"points_next", "unit", "org", "number"} & {item.name for item in worded}
    new = reissue_notice(
        session, office.head, row.id, {"unit": "别的单位", "points_next": "0"}, reason="改", now=START
    )
    assert (new.frozen["unit"], new.frozen["points_next"]) == (row.frozen["unit"], row.frozen["points_next"])


# -- checking ------------------------------------------------------------------------------------------------


def wants_check(session: Session, office: Office) -> None:
    """From now on somebody else checks a 整改通知书 first."""
    draft = open_draft(session, office.admin, "rectification_notice", now=START)
    hand = KindHand(session, office.admin, "rectification_notice", draft.seen, START)
    draft = change_settings(hand, {"checked": True}, "核稿", absent={"checked": False})
    publish_draft(
        session, office.admin, "rectification_notice", seen=draft.seen, adopt=[office.campaign.id], now=START
    )


def test_a_notice_that_has_to_be_checked_is_issued_as_it_was_checked(
    session: Session, office: Office
) -> None:
    wants_check(session, office)
    case, asked = opened(session, office), {"requirement": "立即恢复窗口值守"}

    def take(**told: str) -> None:
        step_case(session, office.officer, case, "issue", asked=told, now=START)

    assert "送核" in refused("not_checked", take, **asked).sentence
    draft = submit_draft(session, office.officer, case, "issue", "rectification_notice", asked, now=START)
    refused("not_checked", take, **asked)
    assert (
        refused("forbidden", check_draft, session, office.officer, draft.id, approve=True, now=START).status
        == 403
    )
    refused("reason_missing", check_draft, session, office.reviewer, draft.id, approve=False, now=START)
    check_draft(session, office.reviewer, draft.id, approve=False, remark="要求太笼统", now=START)
    assert "要求太笼统" in refused("not_checked", take, **asked).sentence
    asked = {"requirement": "三日内恢复窗口值守"}
    draft = submit_draft(session, office.officer, case, "issue", "rectification_notice", asked, now=START)
    check_draft(session, office.reviewer, draft.id, approve=True, now=START)
    assert "整改要求" in refused("changed_since_check", take, requirement="别的").sentence
    take(**asked)
    row = session.execute(select(Notice).where(Notice.case_id == case)).scalar_one()
    session.refresh(draft)
    assert (draft.status, draft.notice_id) == ("issued", row.id)
    assert row.position == 1  # what was refused took no number
    assert [line.act for line in life_of(session, office.officer, row.id)] == [
        "notice.submitted_for_check", "notice.checked", "notice.issued",
    ]  # fmt: skip
    assert open_drafts(session, office.officer, office.campaign) == []


def test_an_unfinished_step_is_not_put_before_anybody(session: Session, office: Office) -> None:
    case = opened(session, office)
    refused(
        "draft_incomplete", submit_draft, session, office.officer, case, "issue", "rectification_notice",
        {"answer_working_days": 500}, now=START,
    )  # fmt: skip
    assert session.execute(select(NoticeDraft)).first() is None


# -- the register --------------------------------------------------------------------------------------------


def test_the_register_is_sorted_by_number_and_paged_by_key(session: Session, office: Office) -> None:
    for _turn in range(5):
        issue(session, office)
    issue(session, office, kind="supervision_notice")
    issue(session, office, now=START + days(300))
    first = list_notices(session, office.officer, office.campaign, NoticeFilter(), size=3)
    assert [row.number for row in first.rows] == [
        "效整改〔2027〕1号",
        "效整改〔2026〕5号",
        "效整改〔2026〕4号",
    ]
    assert (first.total, first.before) == (7, "")
    issue(session, office)  # pushes nothing onto the next page
    second = list_notices(session, office.officer, office.campaign, NoticeFilter(), after=first.after, size=3)
    assert [row.position for row in second.rows] == [3, 2, 1]
    third = list_notices(session, office.officer, office.campaign, NoticeFilter(), after=second.after, size=3)
    assert [row.number for row in third.rows] == ["效督〔2026〕1号"]
    assert third.after == ""
    back = list_notices(session, office.officer, office.campaign, NoticeFilter(), before=third.before, size=3)
    assert [row.id for row in back.rows] == [row.id for row in second.rows]
    odd = list_notices(session, office.officer, office.campaign, NoticeFilter(), after="'; drop", size=3)
    assert odd.rows[0].number == "效整改〔2027〕1号"


def test_the_register_is_narrowed(session: Session, office: Office) -> None:
    row = issued(session, office)
    other = issue(session, office, kind="supervision_notice", now=START + days(2))

    def found(**words: str) -> list[int]:
        return [item.id for item in whole_register(
            session, office.officer, office.campaign, NoticeFilter(**words), most=100).rows]  # fmt: skip

    assert row.case is not None
    assert found(case=row.case.number[-4:]) == [row.id]
    assert found(since=(START + days(1)).date().isoformat()) == [other.id]
    assert found(until=START.date().isoformat()) == [row.id]
    assert found(unit=office.target.unit.key) == [row.id]
    assert found(status="waiting", kind="rectification_notice") == [row.id]
    assert len(found(since="不是日期")) == 2


def test_a_target_reads_its_own_notices_alone(session: Session, office: Office) -> None:
    row = issued(session, office)
    assert [
        item.id for item in list_notices(session, office.owner, office.campaign, NoticeFilter()).rows
    ] == [row.id]
    assert list_notices(session, office.stranger, office.campaign, NoticeFilter()).rows == ()
    refused("forbidden", list_notices, session, office.monitor, office.campaign, NoticeFilter())
    refused("forbidden", series_checks, session, office.owner, office.campaign)


def test_a_missing_number_is_shown(session: Session, office: Office) -> None:
    issue(session, office)
    with writing():
        session.execute(text("UPDATE number_series SET last = 3 WHERE series = '效整改'"))
        session.commit()
    issue(session, office)
    [check] = series_checks(session, office.officer, office.campaign)
    assert (check.last, check.count, check.missing) == (4, 2, (2, 3))


def test_what_was_frozen_stays_frozen(session: Session, office: Office) -> None:
    row = issue(session, office)
    for column, value in (("number", "'效整改〔2026〕9号'"), ("position", "9"), ("frozen_values", "'{}'")):
        with pytest.raises(DBAPIError), writing():
            session.execute(text(f"UPDATE notice SET {column} = {value} WHERE id = {row.id}"))  # noqa: S608
        session.rollback()
    with pytest.raises(DBAPIError), writing():
        session.execute(text("DELETE FROM notice"))
    session.rollback()


def test_a_published_wording_holds_for_the_next_notice_alone(session: Session, office: Office) -> None:
    row = issued(session, office)
    wants_check(session, office)
    old = notice_kind_of(session, row.kind_id)
    assert not old.checked
    live = session.execute(
        select(Definition).where(
            Definition.kind == DefinitionKind.NOTICE_KIND,
            Definition.key == "rectification_notice",
            Definition.status == DefinitionStatus.PUBLISHED,
        )
    ).scalar_one()
    assert live.version == 2
    assert row.kind_id != live.id
    with transaction(session):
        wanted = [("rectification_notice", lambda _kind: dict(row.frozen))]
        campaign = session.get_one(Campaign, office.campaign.id)
        [new] = issue_notices(session, office.officer, campaign, wanted, Occasion(START))
    assert new.kind_id == live.id


def test_what_a_step_newly_asks_is_frozen_under_its_label(session: Session, office: Office) -> None:
    with writing():
        rows = {row.key: row for row in session.execute(select(Definition)).scalars()}
        flow = copy.deepcopy(dict(rows["rectification"].body))
        step = next(trigger for trigger in flow["triggers"] if trigger["key"] == "issue")
        step["asks"] = [
            *step["asks"],
            {"field": "witness", "label": "见证人", "type": "text"},
            {"field": "look_on", "label": "复查日期", "type": "date"},
            {"field": "windows", "label": "窗口数", "type": "number"},
            {
                "field": "manner", "label": "复查方式", "type": "choice",
                "options": [{"key": "visit", "label": "现场复查"}, {"key": "paper", "label": "书面复查"}],
            },
        ]  # fmt: skip
        rows["rectification"].body = flow
        note = "{填报·见证人}见证；{填报·复查日期}{填报·复查方式}{填报·窗口数}个窗口"
        rows["rectification_notice"].body = {**rows["rectification_notice"].body, "note": note}
        session.commit()
    case = opened(session, office)
    refused("notice_incomplete", step_case, session, office.officer, case, "issue", asked={}, now=START)
    said = {"witness": "王某{unit}", "look_on": "2026-05-06", "windows": 12, "manner": "visit"}
    step_case(session, office.officer, case, "issue", asked=said, now=START)
    row = session.execute(select(Notice).where(Notice.kind == "rectification_notice")).scalar_one()
    assert {name: value for name, value in row.frozen.items() if name.startswith("填报·")} == {
        "填报·见证人": "王某{unit}", "填报·复查日期": "2026-05-06", "填报·窗口数": "12", "填报·复查方式": "现场复查",
    }  # fmt: skip
    with pdfplumber.open(io.BytesIO(pdf_of(session, row, now=START))) as pages:
        text = "".join("".join(page.extract_text().split()) for page in pages.pages)
    assert "王某{unit}见证；2026年5月6日现场复查12个窗口" in text

"""字段权限 on the pages: what a state hides is in no answer of the service, what it demands is refused without."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from models.campaign import Definition, DefinitionKind, DefinitionStatus
from models.case import Case, CaseStep
from models.engine import writing
from models.history import HistoryEntry
from models.notice import Attachment
from models.rating import Rating
from services.api_cases import described, listed
from services.attachments import FileStore, Upload, check
from services.case_archive import pack_case
from services.case_file import case_file
from services.case_lists import CaseFilter
from services.case_sheet import change_sheet
from services.cases import Problem, open_case, step_case
from services.refusal import Refusal
from services.reporter_cases import asked_back
from services.target_case import case_sheet
from services.verification import verify
from tests.integration.changed_procedure import publish_changed, state
from tests.integration.office import START, Office, build_office
from tests.integration.test_reporter_cases import answered_case
from tests.web.conftest import CarefulClient
from tests.web.desk_office import Desk, hidden, take

MEASURES = "已安排轮流值守"


def right(role: str, field: str, may: str) -> dict[str, str]:
    return {"role": role, "field": field, "may": may}


def restricted(data: dict[str, Any]) -> None:
    """A procedure that hides, closes and demands in the states of an answered case."""
    state(data, "registered")["rights"] = [
        right("officer", "answer_working_days", "must"),
        right("officer", "facts", "edit"),
        right("reviewer", "facts", "edit"),
    ]
    state(data, "issued")["rights"] = [
        right("target", "facts", "hidden"),
        right("target", "channel", "hidden"),
        right("target", "responsible", "must"),
        right("target", "mechanism", "read"),
        right("officer", "evidence", "hidden"),
    ]
    state(data, "withdrawn")["rights"] = [
        right("auditor", "channel", "hidden"),
        right("auditor", "facts", "hidden"),
    ]
    state(data, "answered")["rights"] = [
        right("officer", "rating", "hidden"),
        right("officer", "channel", "hidden"),
        right("officer", "found_on", "hidden"),
        right("officer", "measures", "hidden"),
        right("leader", "facts", "hidden"),
        right("monitor", "measures", "hidden"),
        right("monitor", "opinion", "must"),
    ]


@pytest.fixture
def desk(app: Flask) -> Desk:
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        office = build_office(session)
        use(session, office, restricted)
        return Desk(app, office)


def use(session: Session, office: Office, change: Callable[[dict[str, Any]], None]) -> None:
    """Let new cases follow a changed procedure."""
    row = publish_changed(session, change)
    with writing():
        office.campaign.workflow_id = row.id
        session.add(office.campaign)
        session.commit()


def with_basis(data: dict[str, Any]) -> None:
    """The same, and the office wants to know what was broken before it goes on."""
    restricted(data)
    data["version"] += 1
    state(data, "registered")["rights"].append(right("officer", "basis", "must"))


@pytest.fixture
def store(app: Flask) -> FileStore:
    return FileStore(Path(app.config["PINGDU_DATA"]) / "files")


def issued(desk: Desk, *, days: int = 10) -> int:
    number = desk.case()
    desk.step("officer", number, "issue", answer_working_days=days)
    desk.step("owner", number, "serve", service_way="electronic", receiver="值班人员")
    return number


def test_the_target_does_not_read_what_the_state_hides_from_it(desk: Desk) -> None:
    number = issued(desk)
    target = desk.enter("owner")
    for path in (f"/t/cases/{number}", f"/t/cases/{number}/print", f"/t/cases/{number}/answer"):
        page = target.get(path).text
        assert "三号窗口" not in page, path
        assert "明察暗访" not in page, path
    assert "三号窗口" in desk.enter("officer").get(f"/desk/cases/{number}").text
    with desk.session() as session:
        case = session.get_one(Case, number)
        sheet = case_sheet(session, desk.office.owner, case, ranking=None, now=START)
        assert "三号窗口" not in sheet.case.facts
        assert sheet.channel == ""
        assert "三号窗口" in case.facts, "only what is shown is changed"


def test_what_must_be_filled_is_refused_by_the_service_and_asked_for_on_the_page(desk: Desk) -> None:
    number = issued(desk)
    with desk.session() as session:
        for asked, field in (
            ({"measures": MEASURES}, "responsible"),
            ({"measures": MEASURES, "responsible": "张三", "mechanism": "制度"}, "mechanism"),
        ):
            with pytest.raises(Refusal) as refused:
                step_case(session, desk.office.owner, number, "answer", asked=asked, now=START)
            assert (refused.value.status, refused.value.field) == (422, field)
    target = desk.enter("owner")
    page = target.get(f"/t/cases/{number}/answer").text
    assert 'name="a_responsible"' in page
    assert 'name="a_mechanism"' not in page
    data = {"csrf_token": hidden(page, "csrf_token"), "seen": hidden(page, "seen"), "a_measures": MEASURES}
    assert target.post(f"/t/cases/{number}/answer", data=data).status_code == 422
    done = target.post(f"/t/cases/{number}/answer", data={**data, "a_responsible": "张三"})
    assert done.status_code == 302
    with desk.session() as session:
        assert verify(session) == []


def test_the_office_is_asked_too(desk: Desk) -> None:
    number = desk.case()
    officer = desk.enter("officer")
    refused = take(officer, number, "issue", procedure=_procedure(desk, number))
    assert refused.status_code == 422
    assert "请填写“整改期限（工作日）”" in refused.text
    taken = take(officer, number, "issue", f_answer_working_days="12", procedure=_procedure(desk, number))
    assert taken.status_code == 302


def _procedure(desk: Desk, number: int) -> str:
    with desk.session() as session:
        return str(session.get_one(Case, number).workflow_id)


def test_the_sheet_is_changed_where_the_state_says_so_and_by_whom(desk: Desk) -> None:
    with desk.session() as session:
        use(session, desk.office, with_basis)
    number = desk.case()
    officer, path = desk.enter("officer"), f"/desk/cases/{number}/sheet"
    assert path in officer.get(f"/desk/cases/{number}").text
    assert desk.enter("head").get(path).status_code == 403
    stuck = take(officer, number, "issue", f_answer_working_days="12", procedure=_procedure(desk, number))
    assert stuck.status_code == 422
    assert "请先在事项里填写“依据”" in stuck.text
    page = officer.get(path).text
    assert 'name="requirement"' not in page
    assert "（选填）" not in page, "both are wanted"
    sent = {"csrf_token": hidden(page, "csrf_token"), "seen_version": hidden(page, "seen_version")}
    refused = officer.post(path, data={**sent, "facts": "改过的事实", "basis": " "})
    assert refused.status_code == 422
    assert "请填写“依据”" in refused.text
    assert "改过的事实" in refused.text
    done = officer.post(
        path, data={**sent, "facts": "改过的事实", "basis": "首问负责制", "requirement": "不该改"}
    )
    assert done.status_code == 302
    again = officer.post(path, data={**sent, "facts": "又改", "basis": "首问负责制"})
    assert again.status_code == 409
    with desk.session() as session:
        case = session.get_one(Case, number)
        assert (case.facts, case.basis, case.requirement) == ("改过的事实", "首问负责制", "")
        entry = session.execute(select(HistoryEntry).where(HistoryEntry.act == "case.changed")).scalar_one()
        assert entry.payload["after"] == {"facts": "改过的事实", "basis": "首问负责制"}
        with pytest.raises(Refusal) as other:
            change_sheet(
                session,
                desk.office.reviewer,
                number,
                {"basis": "x"},
                seen_version=case.row_version,
                now=START,
            )
        assert other.value.status == 403
        session.rollback()
        assert verify(session) == []
    desk.step("officer", number, "issue", answer_working_days=10)
    assert officer.get(path).status_code == 403


def test_officer_leader_and_monitor_read_a_case_each_in_its_way(desk: Desk) -> None:
    number = _answered(desk)
    with desk.session() as session:
        rating = session.get_one(Case, number).rating_id
        assert rating is not None
        files = {
            login: case_file(session, desk.office.people[login], number, now=START)
            for login in ("officer", "reviewer", "leader")
        }
        assert files["officer"].case.rating_id is None
        assert files["officer"].channel == ""
        assert files["officer"].case.found_on is None
        assert files["reviewer"].case.rating_id == rating
        assert "事实" not in files["leader"].case.facts
        assert MEASURES not in str([line.answers for line in files["officer"].steps])
        assert MEASURES in str([line.answers for line in files["reviewer"].steps])
    _with_form(desk, rating)
    officer, reviewer = desk.enter("officer"), desk.enter("reviewer")
    for path in (f"/desk/cases/{number}", f"/desk/cases/{number}/print"):
        assert MEASURES not in officer.get(path).text
        assert MEASURES in reviewer.get(path).text
    assert f"/desk/ratings/{rating}" not in officer.get(f"/desk/cases/{number}").text
    assert f"/desk/ratings/{rating}" in reviewer.get(f"/desk/cases/{number}").text
    assert f"/desk/cases/{number}" not in officer.get(f"/desk/ratings/{rating}").text
    assert f"/desk/cases/{number}" in reviewer.get(f"/desk/ratings/{rating}").text
    assert "（演示）事实" not in desk.enter("leader").get(f"/desk/cases/{number}").text
    sheets = [_row(client.get("/desk/cases.xlsx").data) for client in (officer, reviewer)]
    assert "测评结果" not in sheets[0]
    assert len(sheets[0]) == len(sheets[1]) - 2, "neither where it came from nor when it was found"
    for client, found in ((officer, False), (reviewer, True)):
        listed_page = client.get("/desk/cases?channel=rating").text
        assert (f"/desk/cases/{number}" in listed_page) is found, "a search tells no more than the list"
    monitor = desk.enter("monitor")
    page = monitor.get(f"/m/cases/{number}/re_evaluate").text
    assert MEASURES not in page
    data = {"csrf_token": hidden(page, "csrf_token"), "seen": hidden(page, "seen"), "a_regrade": "good"}
    assert monitor.post(f"/m/cases/{number}/re_evaluate", data=data).status_code == 422
    with desk.session() as session:
        waiting = asked_back(session, desk.office.monitor, now=START)
        assert [item.answers for item in waiting] == [(("责任人", "张三"),)]
    taken = monitor.post(f"/m/cases/{number}/re_evaluate", data={**data, "a_opinion": "有人值守"})
    assert taken.status_code == 302


def _row(content: bytes) -> list[Any]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    found = [[cell.value for cell in line if cell.value not in (None, "")] for line in sheet.iter_rows()]
    return found[-1]


def _answered(desk: Desk) -> int:
    with desk.session() as session:
        return answered_case(
            session,
            desk.office,
            desk.office.monitor,
            issue={"answer_working_days": 10},
            answer={"responsible": "张三"},
        ).id


def _with_form(desk: Desk, rating_id: int) -> None:
    """Let the rating have been made with a form of the pack, as every rating is."""
    with desk.session() as session, writing():
        form = select(Definition.id).where(
            Definition.kind == DefinitionKind.FORM, Definition.key == "instant"
        )
        session.get_one(Rating, rating_id).form_id = session.execute(form).scalar_one()
        session.commit()


def test_other_systems_read_no_more_than_the_page(desk: Desk) -> None:
    number, people = _answered(desk), desk.office.people
    with desk.session() as session:
        for login, channel in (("officer", ""), ("reviewer", "rating")):
            told = described(session, people[login], number, now=START)
            page = listed(
                session, people[login], CaseFilter(), campaign_id=None, after=None, size=5, now=START
            )
            for item in (told, *page["items"]):
                assert item["channel"] == channel
                assert (item["found_on"] is None) is (channel == "")
            assert (MEASURES in str(told["history"])) is (channel != "")
    own_case = issued(desk)
    with desk.session() as session:
        own = described(session, desk.office.owner, own_case, now=START)
        assert own["channel"] == ""


def test_the_tables_of_evidence_and_the_archive_hide_it_too(desk: Desk, store: FileStore) -> None:
    number = desk.case()
    desk.step("head", number, "withdraw", reason="立案有误")
    auditor, head = desk.enter("auditor"), desk.enter("head")
    for path in ("/admin/cases/", f"/admin/cases/details/?id={number}", "/admin/cases/export/xlsx/"):
        for client, words in ((auditor, "不显示"), (head, "三号窗口")):
            page = client.get(path)
            assert page.status_code == 200, path
            assert ("明察暗访" in _text(page)) is (client is head), path
            if "details" in path:
                assert words in page.text
    with desk.session() as session:
        for login, channel in (("auditor", ""), ("head", "明察暗访")):
            package = pack_case(session, desk.office.people[login], number, store=store, now=START)
            index = json.loads(zipfile.ZipFile(io.BytesIO(package.content)).read("index.json"))
            assert channel in index["case"]["channel"]
            opened = next(entry for entry in index["log"] if entry["act"] == "case.opened")
            assert ("channel" in opened["payload"]) is bool(channel)
            assert bool(opened["salt"]) is bool(channel)


def _text(page: TestResponse) -> str:
    if page.mimetype == "text/html":
        return page.text
    sheet = openpyxl.load_workbook(io.BytesIO(page.data)).active
    assert sheet is not None
    return str([cell.value for line in sheet.iter_rows() for cell in line])


def test_a_file_of_a_hidden_field_is_not_served(desk: Desk, store: FileStore) -> None:
    with desk.session() as session:
        sheet = Problem(desk.office.target.id, "inspection", "窗口无人", "事实", START.date())
        files = [("evidence", check(Upload("proof.pdf", b"%PDF-1.4\n%%EOF")))]
        number = open_case(
            session, desk.office.officer, desk.office.campaign.id, sheet, now=START, files=files, store=store
        ).id
        opened = select(CaseStep.id).where(CaseStep.case_id == number)
        row = session.execute(select(Attachment.id).where(Attachment.owner_id.in_(opened))).scalar_one()
    officer, reviewer = desk.enter("officer"), desk.enter("reviewer")
    assert _status(officer, f"/files/{row}") == 200
    desk.step("officer", number, "issue", answer_working_days=10)
    assert _status(officer, f"/files/{row}") == 404
    assert "proof.pdf" not in officer.get(f"/desk/cases/{number}").text
    assert _status(reviewer, f"/files/{row}") == 200
    assert "proof.pdf" in reviewer.get(f"/desk/cases/{number}").text


def _status(client: CarefulClient, path: str) -> int:
    with client.get(path) as answer:
        return answer.status_code


def test_the_table_is_edited_without_script(desk: Desk) -> None:
    admin = desk.enter("admin")
    assert admin.submit("/procedures/rectification/draft", page="/procedures").status_code == 302
    path = "/procedures/rectification/draft/states/issued/rights"
    page = admin.get(path).text
    assert re.search(r'name="right-facts-target"[^>]*>.*?value="hidden" selected', page)
    assert 'name="right-rating-target"' not in page, "never shown, so there is nothing to choose"
    assert 'value="must"' not in page.split('name="right-facts-target"')[1].split("</select>")[0]
    assert 'value="edit"' in page.split('name="right-facts-officer"')[1].split("</select>")[0]
    data = {name: hidden(page, name) for name in ("csrf_token", "seen")}
    sent = admin.post(
        path,
        data={**data, "right-facts-target": "", "right-cause-target": "must", "right-channel-head": "must"},
    )
    assert sent.status_code == 302
    kept = _rights(desk, "issued")
    assert ("target", "facts") not in kept, "as ever again"
    assert kept["target", "cause"] == "must"
    assert ("head", "channel") not in kept, "not offered, not taken"
    assert kept["target", "responsible"] == "must", "what was not sent stays"
    assert "有字段权限" in admin.get("/procedures/rectification/draft").text
    shown = admin.get("/procedures/rectification/draft/states/issued").text
    assert "测评对象不得查看“发现渠道”，可以查看、不得填写“建章立制情况”，办理时必须填写" in shown
    assert admin.get("/procedures/rectification/draft/states/nowhere/rights").status_code == 404
    stale = admin.post(path, data={**data, "right-cause-target": "hidden"})
    assert stale.status_code == 409
    assert "right-cause-target" in stale.text


def _rights(desk: Desk, key: str) -> dict[tuple[str, str], str]:
    with desk.session() as session:
        query = select(Definition.body).where(
            Definition.kind == DefinitionKind.WORKFLOW, Definition.status == DefinitionStatus.DRAFT
        )
        document = session.execute(query).scalar_one()["document"]
    return {(one["role"], one["field"]): one["may"] for one in state(document, key)["rights"]}

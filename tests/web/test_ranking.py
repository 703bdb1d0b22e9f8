"""The ranking and its explanations: figures, rights, hostile words, the workbook."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date

import pytest
from openpyxl import load_workbook

from models.people import Role
from models.roster import Target, Unit
from services.due_work import WORKS
from services.jobs import tick
from services.transaction import transaction
from tests.integration.office import START, days
from tests.web.conftest import CarefulClient
from tests.web.desk_office import Desk
from tests.web.scored_office import desk as desk  # noqa: PLC0414 - a fixture is found by its name
from tests.web.scored_office import rate, rate_worked_example

INSIDERS = ("officer", "reviewer", "head", "leader", "auditor", "admin")
#: When the ratings of START have become visible to the rated.
NEXT_MONTH = START + days(30)
PAGES = ("/ranking", "/ranking/outcomes", "/ranking/editions", "/ranking/export.xlsx")


def test_the_worked_example_stands_in_the_ranking(desk: Desk) -> None:
    rate_worked_example(desk, desk.office.target.id)
    page = desk.enter("officer").get("/ranking").text
    for figure in ("0.8500", "0.8889", "0.8333", "0.9133", "0.887778", "91.02"):
        assert figure in page


def test_what_is_missing_is_said_by_sign_and_words(desk: Desk) -> None:
    rate(desk, desk.office.target.id, "instant", good=6)
    page = desk.enter("officer").get("/ranking").text
    assert "△ 暂定，缺" in page
    assert "暂缺" in page


@pytest.mark.parametrize("path", PAGES)
def test_only_the_inside_sees_everything(desk: Desk, path: str) -> None:
    for login in INSIDERS:
        if login in desk.office.people:
            assert desk.enter(login).get(path).status_code == 200, login
    for login in ("owner", "monitor", "inspector"):
        assert desk.enter(login).get(path).status_code == 403, login


def test_a_target_opens_its_own_explanation_only(desk: Desk) -> None:
    rate_worked_example(desk, desk.office.target.id)
    desk.turn_clock(NEXT_MONTH)
    own = desk.enter("owner")
    assert own.get("/ranking/own").location == f"/ranking/{desk.office.target.id}"
    page = own.get(f"/ranking/{desk.office.target.id}").text
    assert "91.02" in page
    assert "名次前后" not in page
    assert own.get(f"/ranking/{desk.office.other_target.id}").status_code == 404
    assert own.get(f"/ranking/{desk.office.other_target.id}/instant").status_code == 404
    assert own.get("/ranking/99999").status_code == 404


def test_the_rated_cannot_tell_single_ratings_from_figures(desk: Desk) -> None:
    target = desk.office.target.id
    rate(desk, target, "instant", bad=1, good=2)
    desk.turn_clock(NEXT_MONTH)
    own = desk.enter("owner").get(f"/ranking/{target}").text
    assert "测评次数不足5次" in own
    assert "0.6667" not in own
    assert "66.67" not in own
    inside = desk.enter("officer").get(f"/ranking/{target}").text
    assert "0.6667" in inside


def test_the_rated_see_no_cell_below_five(desk: Desk) -> None:
    target = desk.office.target.id
    rate(desk, target, "instant", excellent=9, bad=1)
    desk.turn_clock(NEXT_MONTH)
    page = desk.enter("owner").get(f"/ranking/{target}/instant").text
    assert page.count("不显示</td>") == 5
    assert "共10次" in page
    assert "逐次测评" not in page
    explained = desk.enter("owner").get(f"/ranking/{target}").text
    assert "9×90" not in explained


def test_the_rated_see_ratings_by_month_and_the_office_at_once(desk: Desk) -> None:
    target = desk.office.target.id
    rate(desk, target, "instant", excellent=10)
    desk.turn_clock(START)
    own, office = desk.enter("owner"), desk.enter("officer")
    assert "测评按月更新" not in office.get(f"/ranking/{target}").text
    for path in ("/t", "/t/score", f"/ranking/{target}", f"/ranking/{target}/instant"):
        page = own.get(path).text
        assert "截至3月31日的测评；扣分为即时" in page, path
        assert "10×90" not in page, path
    desk.turn_clock(NEXT_MONTH)
    page = own.get("/t/score").text
    assert "截至4月30日的测评" in page
    assert "10×90" in page


def test_the_office_reads_ratings_by_day_without_names(desk: Desk) -> None:
    target = desk.office.target.id
    rate(desk, target, "instant", on=date(2026, 4, 7), good=2)
    rate(desk, target, "concentrated", on=date(2026, 4, 8), fair=3)
    page = desk.enter("officer").get(f"/ranking/{target}/instant").text
    assert page.count("2026年4月7日") == 2
    secret = desk.enter("officer").get(f"/ranking/{target}/concentrated").text
    assert secret.count("2026年4月8日") == 1
    assert desk.enter("officer").get(f"/ranking/{target}/instant?grade=bad").status_code == 200
    assert desk.enter("officer").get(f"/ranking/{target}/telepathy").status_code == 404


def test_a_deduction_leads_to_its_case(desk: Desk) -> None:
    case_id = desk.served_case()
    late = START + days(60)
    sessions = desk.app.extensions["sessions"]
    works = {kind: work for kind, work in WORKS.items() if kind != "draw_notice"}
    tick(sessions, works, clock=lambda: late)
    desk.turn_clock(late)
    page = desk.enter("officer").get(f"/ranking/{desk.office.target.id}").text
    assert "整改情况＝20－3" in page
    assert f'href="/desk/cases/{case_id}"' in page
    assert "扣3分" in page
    board = desk.enter("leader").get("/leader").text
    assert "逾期或整改不到位" in board.partition("黄色事项</h2>")[0]


def test_an_earlier_day_shows_what_counted_then(desk: Desk) -> None:
    rate(desk, desk.office.target.id, "instant", good=6)
    client = desk.enter("officer")
    assert "86.67" in client.get("/ranking?as_of=2026-04-09").text
    assert "86.67" not in client.get("/ranking?as_of=2026-04-08").text
    assert client.get("/ranking?as_of=gestern").status_code == 422
    assert client.get("/ranking?as_of=2026-02-31").status_code == 422


@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=999999999", "page=x", "category=nope", "word=%00%27"]
)
def test_odd_addresses_are_answered(desk: Desk, query: str) -> None:
    assert desk.enter("officer").get(f"/ranking?{query}").status_code == 200


def test_hostile_names_stay_words_on_pages_and_in_cells(desk: Desk) -> None:
    with desk.session() as session, transaction(session):
        session.get_one(Target, desk.office.target.id).name = "=HYPERLINK(1)<script>x</script>"
        session.get_one(Unit, desk.office.target.unit_id).name = "+公安\x0b"
    client = desk.enter("officer")
    assert "<script>x" not in client.get("/ranking").text
    answer = client.get("/ranking/export.xlsx")
    assert (answer.mimetype or "").endswith("spreadsheetml.sheet")
    assert "attachment" in answer.headers["Content-Disposition"]
    book = load_workbook(io.BytesIO(answer.data))
    cells = [cell for sheet in book for row in sheet for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert "=HYPERLINK(1)<script>x</script>" in {cell.value for cell in cells}


def test_the_workbook_holds_exact_text_for_each_category(desk: Desk) -> None:
    rate_worked_example(desk, desk.office.target.id)
    book = load_workbook(io.BytesIO(desk.enter("leader").get("/ranking/export.xlsx").data))
    assert book.sheetnames == ["行政执法类", "综合管理类"]
    values = {cell.value for row in book["行政执法类"] for cell in row}
    assert {"91.02", "4096/45"} <= values


def test_outcomes_say_why_and_what_is_issued(desk: Desk) -> None:
    rate(desk, desk.office.target.id, "instant", bad=6)
    page = desk.enter("head").get("/ranking/outcomes").text
    assert "得分低于 70 分" in page
    assert "限期整改通知书" in page
    assert "得分 46.67" in page


def test_an_installation_without_campaign_says_so(signed_in: Callable[..., CarefulClient]) -> None:
    answer = signed_in(Role.OFFICER).get("/ranking")
    assert answer.status_code == 404
    assert "还没有测评活动" in answer.text

"""The rated target's pages: signing, answering, what it may see, and what it must never learn."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from models.campaign import Campaign
from models.case import Case, CaseStep
from models.engine import make_engine, writing
from models.notice import Attachment, Notice, ServiceRecord
from models.people import Role
from models.rating import Rating
from models.roster import Target
from services.attachments import FileStore, Upload, check
from services.cases import Problem, open_case, step_case
from services.tallies import count_in
from tests.conftest import TODAY, sqlite_copy
from tests.integration.office import Office, build_office, find_office
from tests.web.conftest import CarefulClient

LONG_AFTER = TODAY + timedelta(days=60)


@pytest.fixture(scope="module")
def office_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with an office in it, to be copied."""
    folder = tmp_path_factory.mktemp("department")
    engine = make_engine(sqlite_copy(sqlite_template, folder))
    with Session(engine, expire_on_commit=False) as session:
        build_office(session)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return folder / "pingdu.db"


@pytest.fixture
def sqlite_url(office_file: Path, tmp_path: Path) -> str:
    return sqlite_copy(office_file, tmp_path)


@pytest.fixture
def office(app: Flask) -> Office:
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        return find_office(session)


@pytest.fixture
def at(app: Flask) -> Callable[[datetime], None]:
    def set_clock(moment: datetime) -> None:
        app.extensions["clock"] = lambda: moment

    return set_clock


@pytest.fixture
def act(app: Flask, office: Office) -> Callable[..., int]:
    """Take a step as someone of the office: `act(case, "supervise", by="officer", requirement="…")`."""

    def take(case_id: int, trigger: str, by: str = "officer", now: datetime = TODAY, **asked: object) -> int:
        with Session(app.extensions["engine"]) as session:
            step_case(session, office.people[by], case_id, trigger, asked=asked, now=now)
        return case_id

    return take


def register(app: Flask, office: Office, target: Target, **more: object) -> int:
    sheet = Problem(
        target_id=target.id,
        channel=str(more.pop("channel", "complaint")),
        title=str(more.pop("title", "窗口无人值守")),
        facts="上班时间窗口无人。",
        found_on=TODAY.date(),
        requirement="落实值守制度",
        **more,  # type: ignore[arg-type]  # the rest of the sheet, by name
    )
    with Session(app.extensions["engine"]) as session:
        return open_case(session, office.officer, office.campaign.id, sheet, now=TODAY).id


@pytest.fixture
def issued(app: Flask, office: Office, act: Callable[..., int]) -> Callable[..., int]:
    """A case of the owner (or of `target`) whose notice waits to be signed for."""

    def make(target: Target | None = None, **more: object) -> int:
        return act(register(app, office, target or office.target, **more), "issue")

    return make


@pytest.fixture
def owner(office: Office, signed_in: Callable[..., CarefulClient]) -> CarefulClient:
    return signed_in(Role.TARGET, login="clerk", name="演示经办人", target_id=office.target.id)


@pytest.fixture
def stranger(office: Office, signed_in: Callable[..., CarefulClient]) -> CarefulClient:
    return signed_in(Role.TARGET, login="other-clerk", name="演示外单位", target_id=office.other_target.id)


def take(
    client: CarefulClient, case_id: int, trigger: str, *, seen: int | None = None, **said: Any
) -> TestResponse:
    """Open the page of a step, fill it in, send it."""
    path = f"/t/cases/{case_id}/{trigger}"
    page = client.get(path).text
    found = re.search(r'name="seen"[^>]*value="(\d+)"', page)
    assert found, page
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    data = {"csrf_token": token.group(1), "seen": str(seen or found.group(1)), **said}
    return client.post(path, data=data, content_type="multipart/form-data")


def sign(client: CarefulClient, case_id: int) -> None:
    answer = take(client, case_id, "serve", a_receiver="演示经办人", confirmed="yes")
    assert answer.status_code == 302, answer.text


def steps_of(app: Flask, case_id: int) -> list[str]:
    with Session(app.extensions["engine"]) as session:
        rows = select(CaseStep.trigger).where(CaseStep.case_id == case_id).order_by(CaseStep.position)
        return list(session.execute(rows).scalars())


def test_a_notice_is_read_signed_for_and_answered_with_evidence(
    app: Flask, owner: CarefulClient, issued: Callable[..., int]
) -> None:
    case = issued()
    assert "有文书待签收" in owner.get("/t").text
    assert "演示经办人" in owner.get(f"/t/cases/{case}/serve").text  # the receiver is filled in
    sign(owner, case)
    with Session(app.extensions["engine"]) as session:
        record = session.execute(select(ServiceRecord)).scalars().first()
        assert record is not None
        assert (record.way, record.receiver, record.served_at) == ("electronic", "演示经办人", TODAY)
    home = owner.get("/t").text
    assert "4月9日送达，15个工作日" in home
    assert "再扣3分" in home
    evidence = [(io.BytesIO(b"%PDF-1.4 one"), "值班表.pdf"), (io.BytesIO(b"%PDF-1.4 two"), "照片.pdf")]
    done = take(
        owner, case, "answer", a_measures="已落实值守", a_responsible="演示责任人", a_evidence=evidence
    )
    assert done.status_code == 302, done.text
    page = owner.get(f"/t/cases/{case}").text
    for words in ("已落实值守", "演示责任人", "值班表.pdf", "照片.pdf", "已反馈待复核"):
        assert words in page
    with Session(app.extensions["engine"]) as session:
        files = session.execute(select(Attachment)).scalars().all()
    assert len(files) == 2
    with owner.get(f"/files/{files[0].id}") as given:
        assert given.data == b"%PDF-1.4 one"


def test_signing_needs_the_word_that_it_was_read(
    app: Flask, owner: CarefulClient, issued: Callable[..., int]
) -> None:
    case = issued()
    refused = take(owner, case, "serve", a_receiver="演示代收人")
    assert refused.status_code == 422
    assert "请先阅读文书" in refused.text
    assert "演示代收人" in refused.text
    assert steps_of(app, case) == ["register", "issue"]


def test_a_target_dates_nothing_and_chooses_no_other_way_of_service(
    app: Flask, owner: CarefulClient, issued: Callable[..., int]
) -> None:
    case = issued()
    forged: dict[str, Any] = {"a_served_on": "2026-04-01", "a_service_way": "left", "confirmed": "yes"}
    assert take(owner, case, "serve", a_receiver="演示经办人", **forged).status_code == 302
    with Session(app.extensions["engine"]) as session:
        record = session.execute(select(ServiceRecord)).scalars().first()
        assert record is not None
        assert (record.way, record.served_at) == ("electronic", TODAY)


def test_what_was_typed_survives_a_refusal(owner: CarefulClient, issued: Callable[..., int]) -> None:
    case = issued()
    sign(owner, case)
    hostile = "<script>alert(1)</script>整改了一半"
    refused = take(owner, case, "answer", a_measures="  ", a_cause=hostile)
    assert refused.status_code == 422
    assert "请填写此项" in refused.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;整改了一半" in refused.text
    bad = take(owner, case, "answer", a_measures=hostile, a_evidence=(io.BytesIO(b"MZ"), "病毒.exe"))
    assert bad.status_code == 422
    assert "无法识别文件" in bad.text
    assert "整改了一半" in bad.text
    assert "请重新选择附件" in bad.text


@pytest.mark.parametrize("days", ["十五", "0", "99999999999999999999", "1.5", "-3", "16"])
def test_a_wrong_number_of_days_is_told_at_its_field(
    owner: CarefulClient, issued: Callable[..., int], days: str
) -> None:
    case = issued()
    sign(owner, case)
    refused = take(owner, case, "request_extension", a_extension_working_days=days, a_reason="施工未完")
    assert refused.status_code == 422
    assert "施工未完" in refused.text


def test_an_extension_stops_the_clock_and_is_shown_as_pending(
    owner: CarefulClient, issued: Callable[..., int]
) -> None:
    case = issued()
    sign(owner, case)
    asked = take(owner, case, "request_extension", a_extension_working_days="5", a_reason="施工未完")
    assert asked.status_code == 302, asked.text
    page = owner.get(f"/t/cases/{case}").text
    assert "停止计算" in page
    assert "延期申请待答复" in page
    assert "延期申请尚未答复，期间不能办理“反馈整改情况”" in page


def test_a_miss_costs_points_and_an_appeal_is_offered(
    app: Flask,
    owner: CarefulClient,
    issued: Callable[..., int],
    act: Callable[..., int],
    at: Callable[[datetime], None],
) -> None:
    case = issued()
    sign(owner, case)
    at(LONG_AFTER)
    assert "逾期" in owner.get("/t").text
    late = take(owner, case, "request_extension", a_extension_working_days="5", a_reason="忘了")
    assert late.status_code == 409
    assert "忘了" in late.text
    late = take(owner, case, "answer", a_measures="迟到的整改")
    assert late.status_code == 409
    assert "系统计时在您打开页面之后办理了“期限届满未反馈”" in late.text
    assert "迟到的整改" in late.text
    page = owner.get(f"/t/cases/{case}").text
    assert "扣3分" in page
    assert "提出申诉" in page
    said = take(
        owner, case, "appeal", a_appeal_words="事实不符", a_evidence=(io.BytesIO(b"%PDF-1"), "证.pdf")
    )
    assert said.status_code == 302, said.text
    assert "申诉待答复" in owner.get(f"/t/cases/{case}").text
    assert "20－3" in owner.get("/t/score").text


def test_a_plea_is_heard_before_a_refusal_is_confirmed(
    owner: CarefulClient, issued: Callable[..., int], act: Callable[..., int]
) -> None:
    case = issued()
    sign(owner, case)
    act(case, "allege_refusal", refusal_facts="拒绝接收")
    sign(owner, case)
    assert take(owner, case, "plead", a_plea="窗口正在施工").status_code == 302
    assert "窗口正在施工" in owner.get(f"/t/cases/{case}").text


def test_a_second_click_is_no_second_record(
    app: Flask, owner: CarefulClient, issued: Callable[..., int]
) -> None:
    case = issued()
    sign(owner, case)
    page = owner.get(f"/t/cases/{case}/request_extension").text
    fields = dict(re.findall(r'name="(csrf_token|seen)"[^>]*value="([^"]+)"', page))
    data = {**fields, "a_extension_working_days": "5", "a_reason": "施工"}
    first = owner.post(f"/t/cases/{case}/request_extension", data=data)
    second = owner.post(f"/t/cases/{case}/request_extension", data=data)
    assert (first.status_code, second.status_code) == (302, 302)
    assert "无需重复提交" in owner.get(second.location).text
    assert steps_of(app, case).count("request_extension") == 1


def test_a_page_of_yesterday_is_refused_without_a_name_of_the_office(
    app: Flask, owner: CarefulClient, issued: Callable[..., int], act: Callable[..., int]
) -> None:
    case = issued()
    sign(owner, case)
    with Session(app.extensions["engine"]) as session:
        seen = session.get_one(Case, case).row_version
    act(case, "remind")
    stale = take(owner, case, "answer", seen=seen, a_measures="已整改")
    assert stale.status_code == 409
    assert "区效能办在您打开页面之后办理了“催办”" in stale.text
    assert "演示officer" not in stale.text
    assert "已整改" in stale.text
    again = re.search(r'name="seen"[^>]*value="(\d+)"', stale.text)
    assert again
    assert take(owner, case, "answer", a_measures="已整改").status_code == 302


def test_the_rated_never_learns_who_reported_or_who_opened(
    app: Flask, office: Office, owner: CarefulClient, issued: Callable[..., int], act: Callable[..., int]
) -> None:
    with Session(app.extensions["engine"]) as session, writing():
        rating = Rating(
            campaign_id=office.campaign.id,
            target_id=office.target.id,
            method="instant",
            grade="bad",
            form_id=office.campaign.scheme_id,
            answers={},
            monitor_id=office.monitor.monitor_id,
            rater_id=office.monitor.user_id,
            happened_on=TODAY.date(),
            submitted_at=TODAY,
        )
        session.add(rating)
        session.commit()
        rating_id = rating.id
    case = issued(rating_id=rating_id, channel="rating")
    sign(owner, case)
    take(owner, case, "answer", a_measures="已整改")
    act(case, "re_evaluate", by="officer2", regrade="good", opinion="监测点的意见")
    act(case, "reject", by="reviewer", shortfall="制度未上墙")
    for path in ("/t", "/t/cases?which=all", f"/t/cases/{case}", f"/t/cases/{case}/print", "/t/score"):
        text = owner.get(path).text
        for name in ("演示officer", "演示monitor", "演示reviewer", "监测点的意见", "再评价"):
            assert name not in text, (path, name)
    page = owner.get(f"/t/cases/{case}").text
    assert "制度未上墙" in page
    assert "为保护反映人，不列日期" in page


def test_a_case_the_target_was_not_told_of_is_not_there(
    app: Flask, office: Office, owner: CarefulClient
) -> None:
    case = register(app, office, office.target)
    unknown = owner.get("/t/cases/99999")
    for path in (f"/t/cases/{case}", f"/t/cases/{case}/print", f"/t/cases/{case}/appeal"):
        hidden = owner.get(path)
        assert hidden.status_code == 404
        assert _without_tokens(hidden.text, path) == _without_tokens(unknown.text, "/t/cases/99999")
    assert "窗口无人值守" not in owner.get("/t/cases?which=all").text


def _without_tokens(text: str, path: str) -> str:
    return re.sub(r'value="[^"]*"', "", text.replace(path, ""))


def test_no_address_of_another_target_opens(
    app: Flask, office: Office, owner: CarefulClient, stranger: CarefulClient, issued: Callable[..., int]
) -> None:
    case = issued()
    sign(owner, case)
    take(owner, case, "answer", a_measures="已整改", a_evidence=(io.BytesIO(b"%PDF-1"), "证.pdf"))
    with Session(app.extensions["engine"]) as session:
        notices = list(session.execute(select(Notice.id)).scalars())
        files = list(session.execute(select(Attachment.id)).scalars())
    values = {"case_id": case, "target_id": office.target.id, "trigger": "answer"}
    paths = [f"/files/{file}" for file in files] + [f"/t/notices/{notice}.pdf" for notice in notices]
    addresses = app.url_map.bind("localhost")
    paths += [
        addresses.build(rule.endpoint, {name: values[name] for name in rule.arguments})
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("department.") and rule.arguments and "notice_id" not in rule.arguments
    ]
    assert len(paths) >= 6
    for path in paths:
        with owner.get(path) as own:
            assert own.status_code in {200, 404}  # 404: a step that this state does not have
        foreign = stranger.get(path)
        assert foreign.status_code == 404, path
        unknown = stranger.get(re.sub(r"\d+", "999999", path))
        assert _without_tokens(foreign.text, path) == _without_tokens(
            unknown.text, re.sub(r"\d+", "999999", path)
        )
    assert "窗口无人值守" not in stranger.get("/t/cases?which=all").text
    token = stranger.token("/t/cases")
    posted = stranger.post(
        f"/t/cases/{case}/answer", data={"csrf_token": token, "seen": "1", "a_measures": "x"}
    )
    assert posted.status_code == 404


def test_the_head_of_the_unit_sees_all_its_targets_and_no_other(
    app: Flask, office: Office, signed_in: Callable[..., CarefulClient], issued: Callable[..., int]
) -> None:
    head = signed_in(Role.TARGET, login="unit-head", unit_id=office.target.unit_id)
    case = issued()
    assert head.get(f"/t/cases/{case}").status_code == 200
    assert office.target.name in head.get("/t").text
    with Session(app.extensions["engine"]) as session:
        own = session.execute(select(Target).where(Target.unit_id == office.target.unit_id)).scalars().all()
        foreign = (
            session.execute(select(Target).where(Target.unit_id != office.target.unit_id)).scalars().first()
        )
    assert foreign is not None
    listed = head.get("/t/score").text
    for target in own:
        assert f"/t/score/{target.id}" in listed
        assert head.get(f"/t/score/{target.id}").status_code == 200
    assert head.get(f"/t/score/{foreign.id}").status_code == 404


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.TARGET])
def test_other_roles_have_no_business_here(
    signed_in: Callable[..., CarefulClient], office: Office, role: Role
) -> None:
    client = signed_in(role, login="someone-else")
    for path in ("/t", "/t/cases", "/t/score", "/t/cases/1", "/t/notices/1.pdf"):
        assert client.get(path).status_code == 403


def test_an_account_tied_to_nothing_is_told_whom_to_ask(
    signed_in: Callable[..., CarefulClient], office: Office
) -> None:
    lost = signed_in(Role.TARGET, login="lost").get("/t")
    assert lost.status_code == 403
    assert "请与效能办管理员联系" in lost.text


@pytest.mark.parametrize(
    "trigger", ["close", "accept", "to_closed", "__class__", "expire", "withdraw", "register"]
)
def test_only_steps_of_the_target_can_be_taken(
    app: Flask, owner: CarefulClient, issued: Callable[..., int], trigger: str
) -> None:
    case = issued()
    token = owner.token("/t/cases")
    answer = owner.post(f"/t/cases/{case}/{trigger}", data={"csrf_token": token, "seen": "1"})
    assert answer.status_code == 404
    assert steps_of(app, case) == ["register", "issue"]


@pytest.mark.parametrize("page", ["0", "-1", "abc", "999", "9" * 40])
def test_any_page_number_shows_a_list(owner: CarefulClient, issued: Callable[..., int], page: str) -> None:
    issued()
    assert owner.get(f"/t/cases?which=all&page={page}").status_code == 200


def test_few_ratings_are_not_itemised(app: Flask, office: Office, owner: CarefulClient) -> None:
    def rate(grade: str, count: int) -> None:
        with Session(app.extensions["engine"]) as session, writing():
            count_in(
                session,
                campaign_id=office.campaign.id,
                target_id=office.target.id,
                method="instant",
                grade=grade,
                by=count,
            )
            session.commit()

    with Session(app.extensions["engine"]) as session, writing():
        campaign = session.get_one(Campaign, office.campaign.id)
        campaign.settings = {**campaign.settings, "rated_see": "live"}
        session.commit()
    rate("excellent", 3)
    few = owner.get("/t/score").text
    assert "得分暂不显示" in few
    assert "3×90" not in few
    rate("excellent", 7)
    rate("bad", 5)
    many = owner.get("/t/score").text
    assert "10×90" in many
    assert "得分暂不显示" not in many


def test_messages_are_marked_read(owner: CarefulClient, issued: Callable[..., int]) -> None:
    issued()
    home = owner.get("/t").text
    assert "整改通知书已下达，请签收。" in home
    newest = re.search(r'name="up_to" value="(\d+)"', home)
    assert newest
    owner.post("/t/messages/read", data={"csrf_token": owner.token("/t"), "up_to": newest.group(1)})
    assert "没有未读消息" in owner.get("/t").text


def test_a_notice_opens_as_pdf(app: Flask, owner: CarefulClient, issued: Callable[..., int]) -> None:
    issued()
    with Session(app.extensions["engine"]) as session:
        notice = session.execute(select(Notice)).scalars().first()
    assert notice is not None
    pdf = owner.get(f"/t/notices/{notice.id}.pdf")
    assert pdf.mimetype == "application/pdf"
    assert pdf.data.startswith(b"%PDF-")
    assert "attachment" in owner.get(f"/t/notices/{notice.id}.pdf?save").headers["Content-Disposition"]


def test_what_came_with_the_report_is_not_given_to_the_rated(
    app: Flask, office: Office, owner: CarefulClient, act: Callable[..., int]
) -> None:
    photo = check(Upload("监测点拍摄.pdf", b"%PDF-1.4 photo"))
    sheet = Problem(office.target.id, "complaint", "窗口无人", "无人值守。", TODAY.date())
    store = FileStore(Path(app.config["PINGDU_DATA"]) / "files")
    with Session(app.extensions["engine"]) as session:
        case = open_case(
            session,
            office.officer,
            office.campaign.id,
            sheet,
            now=TODAY,
            files=[("evidence", photo)],
            store=store,
        ).id
        file = session.execute(select(Attachment.id)).scalar_one()
    act(case, "issue")
    assert "监测点拍摄" not in owner.get(f"/t/cases/{case}").text
    assert owner.get(f"/files/{file}").status_code == 404


def test_a_receipt_of_service_waits_for_nobody(owner: CarefulClient, issued: Callable[..., int]) -> None:
    case = issued()
    sign(owner, case)
    page = owner.get(f"/t/cases/{case}").text
    assert "送达回证" in page.replace("　", "").replace(" ", "")
    assert "待签收" not in page
    assert "现在不能办理“签收文书”" in page


def test_the_register_shows_the_own_notices_with_who_signed(
    office: Office, owner: CarefulClient, stranger: CarefulClient, issued: Callable[..., int]
) -> None:
    first = issued()
    issued(office.other_target)
    assert "收到的文书" in owner.get("/t").text  # from the menu
    page = owner.get("/t/notices").text
    assert "效整改〔2026〕1号" in page
    assert "效整改〔2026〕2号" not in page
    assert "待签收" in page
    assert "/sign" in page
    assert "效整改〔2026〕2号" in stranger.get("/t/notices").text
    sign(owner, first)
    page = owner.get("/t/notices?status=served").text
    assert "演示经办人" in page
    assert re.search(r'href="(/t/notices/\d+\.pdf\?save=1)"', page)
    assert "没有符合条件的文书" in owner.get("/t/notices?status=waiting&word=效整改").text
    strange = "/t/notices?status=x&year=%00&word=%00&after=2026-%00-1&before=nowhere"
    assert owner.get(strange).status_code == 200


def test_a_long_register_goes_on_over_pages(
    owner: CarefulClient, issued: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _turn in range(3):
        issued()
    monkeypatch.setattr(
        "services.notice_lists.list_notices.__kwdefaults__", {"after": "", "before": "", "size": 2}
    )
    first = owner.get("/t/notices").text
    assert "3号" in first
    assert "〔2026〕1号" not in first
    following = re.search(r'href="([^"]+)" rel="next"', first)
    assert following is not None
    assert "〔2026〕1号" in owner.get(following.group(1).replace("&amp;", "&")).text

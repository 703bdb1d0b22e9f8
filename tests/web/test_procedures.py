"""The designer of procedures as the administrator uses it, with plain POSTs and no script."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import Any

import html5lib
import pytest
import yaml
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from models.campaign import Campaign, Definition, DefinitionKind, DefinitionStatus
from models.case import Case, CaseStep, Deduction
from models.people import Role
from services.cases import Problem, open_case, step_case
from tests.integration.office import START, Office, build_office, days
from tests.web.conftest import CarefulClient
from workflow.definition import Workflow, load_workflow
from workflow.diagram import mermaid

KEY = "rectification"
DRAFT = f"/procedures/{KEY}/draft"


@pytest.fixture
def office(app: Flask) -> Office:
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        return build_office(session)


@pytest.fixture
def db(app: Flask, office: Office) -> Iterator[Session]:
    with Session(app.extensions["engine"], expire_on_commit=False) as session:
        yield session


@pytest.fixture
def admin(office: Office, signed_in: Callable[..., CarefulClient]) -> CarefulClient:
    return signed_in(Role.ADMIN, login="designer")


@pytest.fixture
def draft(admin: CarefulClient) -> CarefulClient:
    """The administrator with an open draft of the procedure of rectification."""
    assert admin.submit(DRAFT, page="/procedures").status_code == 302
    return admin


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return html.unescape(found.group(1))


def act(client: CarefulClient, path: str, *, page: str = DRAFT, **data: Any) -> TestResponse:
    text = client.get(page).text
    return client.post(path, data={**{key: hidden(text, key) for key in ("csrf_token", "seen")}, **data})


def controls(page: str) -> dict[str, Any]:
    """What the settings form would post if it was sent as it stands."""
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    form = next(e for e in tree.iter("form") if "settings-form" in (e.get("class") or ""))
    found: dict[str, Any] = {}
    for element in form.iter():
        name = element.get("name")
        if not name or element.tag == "button":
            continue
        if element.tag == "textarea":
            found[name] = "".join(element.itertext()).removeprefix("\n")
        elif element.tag == "select":
            options = list(element.iter("option"))
            chosen = next((o for o in options if o.get("selected") is not None), options[0])
            found[name] = chosen.get("value")
        elif element.get("type") in ("checkbox", "radio"):
            if element.get("checked") is not None:
                found.setdefault(name, []).append(element.get("value"))
        else:
            found[name] = element.get("value", "")
    return found


def settings(client: CarefulClient, path: str, **changes: Any) -> TestResponse:
    """Save a settings page with some of it changed."""
    return client.post(path, data=controls(client.get(path).text) | changes)


def document(db: Session, key: str = KEY) -> dict[str, Any]:
    db.rollback()
    query = select(Definition.body).where(
        Definition.key == key,
        Definition.kind == DefinitionKind.WORKFLOW,
        Definition.status == DefinitionStatus.DRAFT,
    )
    body: dict[str, Any] = db.execute(query).scalar_one()["document"]
    return body


def entry(plain: dict[str, Any], part: str, key: str) -> dict[str, Any]:
    return next(found for found in plain[part] if found["key"] == key)


def test_only_the_administrator_designs_procedures(
    office: Office, signed_in: Callable[..., CarefulClient]
) -> None:
    officer = signed_in(Role.OFFICER, Role.HEAD, Role.REVIEWER)
    for path in ("/procedures", DRAFT, f"{DRAFT}/simulate", f"{DRAFT}/publish", f"/procedures/{KEY}/v1.yaml"):
        assert officer.get(path).status_code == 403, path


def test_every_settings_page_saves_back_what_it_shows(draft: CarefulClient, db: Session) -> None:
    """Opening and saving any page of the shipped procedure changes nothing: no setting is lost on the way."""
    before = document(db)
    for part in ("states", "triggers", "suspensions", "counts"):
        for found in before[part]:
            answer = settings(draft, f"{DRAFT}/{part}/{found['key']}")
            assert answer.status_code == 302, answer.text
            assert entry(document(db), part, found["key"]) == found
        for owner in before[part]:
            for clock in owner.get("clocks", ()):
                answer = settings(draft, f"{DRAFT}/{part}/{owner['key']}/clocks/{clock['name']}")
                assert answer.status_code == 302, answer.text
    assert document(db) == before


def test_a_deadline_is_changed_and_a_reminder_added(draft: CarefulClient, db: Session) -> None:
    path = f"{DRAFT}/states/issued/clocks/answer"
    changes = {"working_days": "10", "remind-1-days": "1", "remind-1-tell": ["target"]}
    assert settings(draft, path, **changes).status_code == 302
    clock = entry(document(db), "states", "issued")["clocks"][0]
    assert clock["working_days"] == {"field": "answer_working_days", "default": 10}
    assert [rule["working_days_before"] for rule in clock["remind"]] == [3, 1]
    assert "整改反馈：自文书送达之日10个工作日（可另设）" in draft.get(DRAFT).text


def test_a_deadline_is_counted_in_months(draft: CarefulClient, db: Session) -> None:
    path = f"{DRAFT}/states/issued/clocks/answer"
    refused = settings(draft, path, working_days="1", unit="months")
    assert refused.status_code == 422
    assert "按月计算的期限不能在办理时另设" in refused.text
    assert settings(draft, path, working_days="1", unit="months", field="").status_code == 302
    clock = entry(document(db), "states", "issued")["clocks"][0]
    assert (clock["months"], "working_days" in clock) == (1, False)
    assert "整改反馈：自文书送达之日1个月" in draft.get(DRAFT).text
    assert 'value="months" selected' in draft.get(path).text


def test_what_cannot_be_read_is_said_and_kept(draft: CarefulClient, db: Session) -> None:
    before = document(db)
    answer = settings(draft, f"{DRAFT}/states/issued/clocks/answer", working_days="许多")
    assert answer.status_code == 422
    assert "应为不小于1的整数" in answer.text
    answer = settings(draft, f"{DRAFT}/triggers/issue", **{"name": "", "guard-0-field": "supervisions"})
    assert answer.status_code == 422
    assert "请填写名称" in answer.text
    assert "后面还没有写值" in answer.text
    assert document(db) == before


def test_a_step_is_given_to_several_persons(draft: CarefulClient, db: Session) -> None:
    """会签 is set on the step's page, stands in the regulation, survives other changes, and can be taken away."""
    path = f"{DRAFT}/triggers/confirm_refusal"
    panel = {
        "panel-mode": "ratio",
        "panel-roles": ["reviewer", "officer"],
        "panel-at_least": "3",
        "panel-share": "",
    }
    refused = settings(draft, path, **panel)
    assert (refused.status_code, "按比例会签的要写比例" in refused.text) == (422, True)
    assert settings(draft, path, **panel | {"panel-share": "2/3"}).status_code == 302
    expected = {
        "mode": "ratio",
        "roles": ["officer", "reviewer"],
        "at_least": 3,
        "share": "2/3",
        "source": "实施口径",
    }
    assert entry(document(db), "triggers", "confirm_refusal")["panel"] == expected
    assert settings(draft, path, name="认定拒不整改（会签）").status_code == 302
    assert entry(document(db), "triggers", "confirm_refusal")["panel"] == expected
    said = draft.get(f"{DRAFT}/regulation").text
    assert "由督办专员和审核人会签，会签人不少于3人，不少于2/3的会签人同意后办理。（实施口径）" in said
    assert settings(draft, path, **{"panel-mode": ""}).status_code == 302
    assert "panel" not in entry(document(db), "triggers", "confirm_refusal")


def test_a_state_cut_off_is_told_with_its_place(draft: CarefulClient) -> None:
    assert settings(draft, f"{DRAFT}/triggers/close", **{"to-0-state": "same"}).status_code == 302
    page = draft.get(DRAFT).text
    assert "到不了状态“closed”" in page
    assert f'href="{DRAFT}/states/closed"' in page
    assert "flow-state--final is-wrong" in page
    assert act(draft, f"{DRAFT}/undo").status_code == 302
    assert "检查通过" in draft.get(DRAFT).text


def test_states_and_steps_are_added_renamed_copied_moved_and_deleted(
    draft: CarefulClient, db: Session
) -> None:
    assert act(draft, f"{DRAFT}/states", name="已公示").status_code == 302
    key = document(db)["states"][-1]["key"]
    assert settings(draft, f"{DRAFT}/states/{key}", key="announced").status_code == 302
    assert act(draft, f"{DRAFT}/states/announced/up").status_code == 302
    assert document(db)["states"][-2]["key"] == "announced"
    assert settings(draft, f"{DRAFT}/triggers/close", **{"to-0-state": "announced"}).status_code == 302
    refused = act(draft, f"{DRAFT}/states/announced/delete")
    assert refused.status_code == 409
    assert "步骤“销号归档”以它为去向" in refused.text
    assert settings(draft, f"{DRAFT}/triggers/close", **{"to-0-state": "closed"}).status_code == 302
    assert act(draft, f"{DRAFT}/states/announced/delete").status_code == 302
    assert act(draft, f"{DRAFT}/triggers/close/copy").status_code == 302
    assert [found["name"] for found in document(db)["triggers"]].count("销号归档（副本）") == 1


def test_renaming_rewrites_every_use(draft: CarefulClient, db: Session) -> None:
    for part, old, new in (
        ("states", "overdue", "late"),
        ("triggers", "re_evaluate", "rate_again"),
        ("suspensions", "appeal", "objection"),
        ("counts", "supervisions", "rounds"),
    ):
        assert settings(draft, f"{DRAFT}/{part}/{old}", key=new).status_code == 302
    plain = document(db)
    words = {"late", "overdue", "rate_again", "objection", "rounds"}
    assert words & set(re.findall(r"[a-z_]+", str(plain))) >= {"late", "rate_again", "objection", "rounds"}
    assert entry(plain, "triggers", "supervise")["from"] == ["late"]
    assert entry(plain, "triggers", "supervise")["guard"] == {"==": [{"var": "rounds"}, 0]}
    assert entry(plain, "triggers", "rate_again")["guard"] == {
        "!": {"in": ["rate_again", {"var": "done_here"}]}
    }
    assert entry(plain, "triggers", "uphold_appeal")["during"] == "objection"
    load_workflow(plain)


def test_a_second_designer_is_told(
    draft: CarefulClient, db: Session, signed_in: Callable[..., CarefulClient]
) -> None:
    path = f"{DRAFT}/states/issued"
    mine = controls(draft.get(path).text) | {"note": "我的说明"}
    other = signed_in(Role.ADMIN, login="second")
    assert settings(other, path, note="别人的说明").status_code == 302
    answer = draft.post(path, data=mine)
    assert answer.status_code == 409
    assert "改了这个流程" in answer.text
    assert "我的说明" in answer.text
    assert entry(document(db), "states", "issued")["note"] == "别人的说明"


def test_effects_conditions_and_questions_are_edited(draft: CarefulClient, db: Session) -> None:
    path = f"{DRAFT}/triggers/close"
    assert settings(draft, path, **{"effects-new": "tell"}).headers["Location"].endswith("saved=1")
    changes = {
        "effects-1-text": "事项已销号。",
        "effects-1-roles": ["target"],
        "effects-1-when-0-field": "grave",
        "effects-1-when-0-relation": "is",
        "effects-1-when-0-typed": "是",
        "asks-1-label": "去向",
        "asks-1-type": "choice",
        "asks-1-options": "归档、移交",
        "asks-1-required": "1",
        "guard-0-field": "answers",
        "guard-0-relation": "at_least",
        "guard-0-typed": "1",
        "refuse": "还没有反馈过",
    }
    assert settings(draft, path, **changes).status_code == 302
    step = entry(document(db), "triggers", "close")
    assert step["effects"][1] == {
        "do": "tell",
        "roles": ["target"],
        "text": "事项已销号。",
        "when": {"==": [{"var": "grave"}, True]},
    }
    assert step["asks"][1]["options"] == [
        {"key": "option_1", "label": "归档"},
        {"key": "option_2", "label": "移交"},
    ]
    assert step["guard"] == {">=": [{"var": "answers"}, 1]}
    assert "反馈次数 大于或等于 1" in draft.get(DRAFT).text


def test_new_procedures_begin_small_or_as_a_copy(admin: CarefulClient, db: Session) -> None:
    assert admin.submit("/procedures/new", page="/procedures", name="效能投诉").status_code == 302
    small = document(db, "procedure_1")
    assert [state["name"] for state in small["states"]] == ["已立案", "已办结"]
    assert admin.submit("/procedures/new", page="/procedures", name="又一个", copy_of=KEY).status_code == 302
    assert len(document(db, "procedure_2")["states"]) == 13
    assert admin.submit("/procedures/new", page="/procedures", name="").status_code == 422


@pytest.mark.parametrize("course", ["in_time", "never", "late", "rejected_twice"])
def test_the_usual_courses_are_told_day_by_day(draft: CarefulClient, course: str) -> None:
    page = draft.get(f"{DRAFT}/simulate?course={course}&on=2026-09-14").text
    assert "9月16日送达，15个工作日：17、18、20日（调休上班）" in page
    assert f"{DRAFT}/notices/rectification_notice.pdf" in page
    assert ("期限届满，系统办理" in page) is (course in ("never", "late"))


def test_own_steps_are_clicked_one_after_the_other(draft: CarefulClient) -> None:
    page = draft.get(f"{DRAFT}/simulate?course=own&on=2026-04-10").text
    for step, words in (("issue", "下达整改通知"), ("serve", "记录送达"), ("answer", "反馈整改情况")):
        data = {"csrf_token": hidden(page, "csrf_token"), "script": hidden(page, "script"), "do": step}
        answer = draft.post(f"{DRAFT}/simulate", data=data)
        assert answer.status_code == 200, answer.text
        page = answer.text
        assert words in page
    data = {"csrf_token": hidden(page, "csrf_token"), "script": hidden(page, "script"), "do": "close"}
    refused = draft.post(f"{DRAFT}/simulate", data=data).text
    assert "不能办理“销号归档”" in refused
    assert hidden(refused, "script") == hidden(page, "script")
    for broken in ("{", "[]", '{"steps": 1}'):
        data = {"csrf_token": hidden(page, "csrf_token"), "script": broken}
        assert draft.post(f"{DRAFT}/simulate", data=data).status_code == 422


def test_a_kept_story_must_pass_before_publishing(draft: CarefulClient, db: Session) -> None:
    simulated = f"{DRAFT}/simulate?course=never&on=2026-09-14"
    script = hidden(draft.get(simulated).text, "script")
    assert act(draft, f"{DRAFT}/stories", page=simulated, script=script, name="始终不反馈").status_code == 302
    story = document(db)["stories"][0]
    assert story["expect"]["tiers"] == ["overdue", "supervised_twice", "refused"]
    assert "通过" in draft.get(f"{DRAFT}/simulate").text
    assert settings(draft, f"{DRAFT}/states/issued/clocks/answer", working_days="10").status_code == 302
    page = draft.get(f"{DRAFT}/publish").text
    assert "没有按预期结束" in page
    assert "届满日应为 2026-10-13" in page
    assert act(draft, f"{DRAFT}/publish", page=f"{DRAFT}").status_code == 422
    script = hidden(draft.get(simulated).text, "script")
    assert act(draft, f"{DRAFT}/stories", page=simulated, script=script, name="始终不反馈").status_code == 302
    published = act(draft, f"{DRAFT}/publish", page=DRAFT, adopt=["1"])
    assert published.status_code == 302, published.text
    db.rollback()
    campaign = db.execute(select(Campaign)).scalar_one()
    assert campaign.workflow.version == 2
    assert campaign.workflow.body["stories"][0]["name"] == "始终不反馈"
    assert "自文书送达之日起10个工作日" in draft.get("/procedures/regulation").text


def test_publishing_leaves_running_cases_their_version(
    draft: CarefulClient, office: Office, db: Session
) -> None:
    sheet = Problem(office.target.id, "inspection", "窗口无人", "上午无人值守", START.date())
    case = open_case(db, office.officer, office.campaign.id, sheet, now=START)
    assert settings(draft, f"{DRAFT}/states/issued/clocks/answer", working_days="10").status_code == 302
    page = draft.get(f"{DRAFT}/publish").text
    assert "第1版有1起在办、共1起" in page
    assert "15 → 10" in page
    assert act(draft, f"{DRAFT}/publish", page=DRAFT, adopt=["1"]).status_code == 302
    db.expire_all()
    assert db.get_one(Case, case.id).workflow.version == 1
    later = open_case(db, office.officer, office.campaign.id, sheet, now=START)
    assert later.workflow.version == 2


def test_a_draft_with_faults_is_not_published(draft: CarefulClient, db: Session) -> None:
    assert settings(draft, f"{DRAFT}/triggers/grant_extension", four_eyes_with=[]).status_code == 302
    assert "可能由同一个人办理" in draft.get(DRAFT).text
    answer = act(draft, f"{DRAFT}/publish", page=DRAFT)
    assert answer.status_code == 422
    db.rollback()
    versions = select(func.max(Definition.version)).where(
        Definition.key == KEY, Definition.status == DefinitionStatus.PUBLISHED
    )
    assert db.execute(versions).scalar_one() == 1


def test_real_cases_are_replayed_and_nothing_is_written(
    draft: CarefulClient, office: Office, db: Session, app: Flask
) -> None:
    sheet = Problem(office.target.id, "inspection", "窗口无人", "上午无人值守", START.date())
    case = open_case(db, office.officer, office.campaign.id, sheet, now=START)
    step_case(db, office.officer, case.id, "issue", asked={}, now=START)
    served = {"service_way": "direct", "receiver": "收发室"}
    step_case(db, office.officer, case.id, "serve", asked=served, now=START)
    step_case(db, office.owner, case.id, "answer", asked={"measures": "已整改"}, now=START + days(12))
    app.extensions["clock"] = lambda: START + days(13)
    assert settings(draft, f"{DRAFT}/states/issued/clocks/answer", working_days="5").status_code == 302

    def counted() -> tuple[int, ...]:
        db.rollback()
        return tuple(
            db.execute(select(func.count()).select_from(noun)).scalar_one()
            for noun in (Case, CaseStep, Deduction)
        )

    before = counted()
    page = draft.get(f"{DRAFT}/replay?campaign={office.campaign.id}").text
    assert case.number in page
    assert "<del>0</del> → <strong>3</strong>" in page
    assert counted() == before


def test_a_made_up_year_is_the_same_for_the_same_seed(draft: CarefulClient) -> None:
    path = f"{DRAFT}/sandbox?run=1&cases=20&year=2026&seed=7"
    first = draft.get(path).text
    assert "国庆" in first
    assert "春节" in first
    assert re.sub(r'value="[^"]*"', "", first) == re.sub(r'value="[^"]*"', "", draft.get(path).text)
    assert draft.get(f"{DRAFT}/sandbox?run=1&cases=0").status_code == 422
    assert draft.get(f"{DRAFT}/sandbox?run=1&cases=5&year=2099").status_code == 422


def test_days_and_campaigns_that_are_not_there_are_no_errors(draft: CarefulClient, db: Session) -> None:
    for on in ("1900-01-01", "2031-05-04", "9999-12-31", "soon"):
        assert draft.get(f"{DRAFT}/simulate?course=never&on={on}").status_code == 200, on
    for query in ("story=0", "story=99", "course=other"):
        assert draft.get(f"{DRAFT}/simulate?{query}").status_code == 404
    assert settings(draft, f"{DRAFT}/states/issued/clocks/answer", working_days="9").status_code == 302
    for campaign in ("99", "9" * 40):
        assert act(draft, f"{DRAFT}/publish", page=DRAFT, adopt=[campaign]).status_code == 422
    assert document(db)["states"][1]["clocks"][0]["working_days"]["default"] == 9


def test_exports_can_be_read_again(draft: CarefulClient, db: Session) -> None:
    plain = document(db)
    assert yaml.safe_load(draft.get(f"{DRAFT}.yaml").data) == plain
    workflow = Workflow.read(plain)
    assert draft.get(f"{DRAFT}.mmd").text == mermaid(workflow)
    assert draft.get(f"/procedures/{KEY}/v1.scxml").text.startswith("<?xml")


def test_everyone_reads_the_regulation_in_force(office: Office, client: CarefulClient) -> None:
    page = client.get("/procedures/regulation")
    assert page.status_code == 200
    assert "第一条" in page.text
    pdf = client.get("/procedures/regulation.pdf")
    assert pdf.mimetype == "application/pdf"
    assert pdf.data.startswith(b"%PDF")


def test_repeat_offence_is_a_setting_of_the_procedure(draft: CarefulClient, db: Session) -> None:
    head = f"{DRAFT}/settings"
    page = draft.get(head).text
    assert "从更高一级起办理" in page
    sent: dict[str, Any] = {
        "name": "整改督办",
        "source": "方案第五条第一款",
        "initial": "registered",
        "repeat": "1",
    }
    refused = act(draft, head, page=head, **sent)
    assert refused.status_code == 422
    assert "请填写几个月内再次发生算屡查屡犯" in refused.text
    sent |= {"repeat-months": "12", "repeat-count-supervisions": "1", "repeat-not": ["withdrawn", "exempted"]}
    assert act(draft, head, page=head, **sent).status_code == 302
    assert document(db)["repeat_offence"] == {
        "within_months": 12,
        "counts": {"supervisions": 1},
        "not_counting": ["exempted", "withdrawn"],
        "source": "实施口径",
    }
    said = "同一测评对象在12个月内再次发生同一问题的，为屡查屡犯，新立事项的督办次数自1次起计。"
    assert said in draft.get(head).text
    assert said in draft.get(f"{DRAFT}/regulation").text
    assert f"屡查屡犯 （无） → “{said}" in draft.get(f"{DRAFT}/publish").text
    tried = draft.get(f"{DRAFT}/simulate?course=never&on=2026-04-09&before=2026-01-08&before=2020-01-08").text
    assert "12个月内同一问题已有1起（发现于2026年1月8日），督办次数自1起" in tried
    assert "督办次数自1起" not in draft.get(f"{DRAFT}/simulate?course=never&on=2026-04-09&before=x").text
    without = {name: value for name, value in sent.items() if not name.startswith("repeat")}
    assert act(draft, head, page=head, **without).status_code == 302
    assert "repeat_offence" not in document(db)

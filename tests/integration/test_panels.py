"""会签 and 外出代理 through the service, on both databases."""

from __future__ import annotations

import copy
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from definitions.canonical import sha256_of
from models.campaign import Definition, DefinitionKind, DefinitionStatus
from models.case import Case, CaseStep
from models.engine import writing
from models.job import Message
from models.panel import Panel, PanelEntry
from models.people import Role
from services.absences import end_absence, record_absence
from services.actor import Actor
from services.attachments import Checked, FileStore, attachments_of
from services.case_access import replayed
from services.cases import open_case, step_case
from services.panel_lists import panels_waiting
from services.panels import Proposal, Signature, act_on_panel, propose_step
from services.refusal import Refusal
from services.step_right import offers_to
from services.verification import verify
from tests.integration.office import START, Office, days, person
from tests.integration.test_cases import problem
from workflow.panel import PanelAct, panel_from
from workflow.situation import situation_from

REASON = {"reason": "（演示）经核实，理由成立。"}


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


def with_panel(session: Session, office: Office, trigger: str, **rule: Any) -> None:
    """A new version of the procedure in which a step is decided by a panel."""
    row = office.campaign.workflow
    body = copy.deepcopy(row.body)
    step = next(item for item in body["triggers"] if item["key"] == trigger)
    step["panel"] = {"mode": "all", "roles": ["officer", "reviewer"], "source": "实施口径", **rule}
    body["version"] = row.version + 1
    with writing():
        made = Definition(
            pack_key=row.pack_key,
            kind=DefinitionKind.WORKFLOW,
            key=row.key,
            version=row.version + 1,
            name=row.name,
            status=DefinitionStatus.PUBLISHED,
            body=body,
            sha256=sha256_of(body),
            created_at=START,
            published_at=START,
        )
        session.add(made)
        session.flush()
        office.campaign.workflow_id = made.id
        session.commit()


class Desk:
    """One case whose exemption wants a panel, and hands to act with."""

    def __init__(self, session: Session, office: Office, store: FileStore) -> None:
        self.session, self.office, self.store, self.now = session, office, store, START
        self.case_id = open_case(session, office.officer, office.campaign.id, problem(office), now=START).id
        step_case(session, office.officer, self.case_id, "issue", asked={}, now=START)

    @property
    def case(self) -> Case:
        return self.session.get_one(Case, self.case_id, populate_existing=True)

    @property
    def panel(self) -> Panel:
        query = select(Panel).order_by(Panel.id.desc()).limit(1).execution_options(populate_existing=True)
        return self.session.execute(query).scalar_one()

    def propose(self, *people: Actor, by: Actor | None = None, **more: Any) -> Panel:
        proposal = Proposal(
            case_id=self.case_id,
            trigger="exempt",
            asked=more.pop("asked", REASON),
            persons=tuple(actor.person for actor in people),
            seen_version=more.pop("seen", self.case.row_version),
            **more,
        )
        return propose_step(self.session, by or self.office.head, proposal, store=self.store, now=self.now)

    def sign(self, actor: Actor, what: str, **more: Any) -> str:
        panel = self.panel
        signature = Signature(
            panel.id,
            PanelAct(what),
            more.pop("seen", panel.row_version),
            words=more.pop("words", "（演示）意见"),
            **more,
        )
        return act_on_panel(self.session, actor, signature, store=self.store, now=self.now).status

    def told(self, actor: Actor) -> list[str]:
        rows = self.session.execute(
            select(Message.text).where(Message.user_id == actor.user_id).order_by(Message.id)
        ).scalars()
        return [words.partition("：")[2] for words in rows if "会签" in words]


@pytest.fixture
def desk(session: Session, office: Office, store: FileStore) -> Desk:
    with_panel(session, office, "exempt", at_least=2)
    return Desk(session, office, store)


def test_the_last_signature_takes_the_step(desk: Desk, session: Session, office: Office) -> None:
    evidence = Checked("核查.pdf", "application/pdf", b"%PDF-1.4 demo", "a" * 64)
    desk.propose(office.officer2, office.reviewer, files=(("evidence", evidence),))
    assert desk.case.state == "issued"
    assert desk.told(office.officer2) == ["“认定理由成立”请您会签。"]
    assert desk.sign(office.officer2, "agree") == "open"
    assert desk.case.state == "issued"
    assert desk.sign(office.reviewer, "agree") == "agreed"
    assert desk.case.state == "exempted"
    step = session.execute(select(CaseStep).order_by(CaseStep.id.desc()).limit(1)).scalar_one()
    assert step.actor_id == office.head.user_id
    assert step.asked == REASON
    assert sorted(step.cosigners) == sorted([str(office.officer2.user_id), str(office.reviewer.user_id)])
    assert [file.file_name for file in attachments_of(session, "step", step.id)] == ["核查.pdf"]
    assert replayed(session, desk.case) == situation_from(desk.case.situation)
    assert desk.told(office.head) == ["“认定理由成立”会签同意，已办理。"]
    assert list(verify(session)) == []


def test_nobody_takes_the_step_alone(desk: Desk, session: Session, office: Office) -> None:
    with pytest.raises(Refusal, match="须经会签") as refused:
        step_case(session, office.head, desk.case_id, "exempt", asked=REASON, now=START)
    assert refused.value.code == "step_panel"
    assert desk.case.state == "issued"


def test_a_refusal_leaves_the_case_where_it_was(desk: Desk, office: Office) -> None:
    desk.propose(office.officer2, office.reviewer)
    with pytest.raises(Refusal, match="请写明意见"):
        desk.sign(office.officer2, "refuse", words=" ")
    assert desk.sign(office.officer2, "refuse") == "refused"
    assert desk.case.state == "issued"
    assert desk.told(office.reviewer)[-1] == "“认定理由成立”会签未获同意，没有办理。"
    desk.propose(office.officer2, office.reviewer)


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"people": ["reviewer"]}, "至少要选2人"),
        ({"people": ["reviewer", "head"]}, "不能参加会签"),
        ({"people": ["reviewer", "reviewer"]}, "只能有一个会签席位"),
        ({"people": ["reviewer", "owner"]}, "不能会签这一步"),
        ({"people": ["officer2", "reviewer"], "asked": {}}, "请填写"),
        ({"people": ["officer2", "reviewer"], "seen": 1}, "已于"),
        ({"people": ["officer2", "reviewer"], "by": "officer"}, "不能办理"),
        ({"people": ["officer2", "reviewer"], "by": "stranger"}, "找不到"),
    ],
)
def test_a_proposal_that_cannot_be(desk: Desk, office: Office, wish: dict[str, Any], sentence: str) -> None:
    more = dict(wish)
    people = [office.people[name] for name in more.pop("people")]
    if "by" in more:
        more["by"] = office.people[more["by"]]
    with pytest.raises(Refusal, match=sentence):
        desk.propose(*people, **more)


def test_a_step_is_proposed_once_at_a_time(desk: Desk, office: Office) -> None:
    desk.propose(office.officer2, office.reviewer)
    with pytest.raises(Refusal, match="正在会签"):
        desk.propose(office.officer, office.reviewer)


def test_another_step_lets_the_panel_lapse(desk: Desk, session: Session, office: Office) -> None:
    desk.propose(office.officer2, office.reviewer)
    served = {"service_way": "electronic", "receiver": "值班人员"}
    step_case(session, office.officer, desk.case_id, "serve", asked=served, now=START)
    assert desk.panel.status == "lapsed"
    assert panels_waiting(session, office.reviewer, now=START) == []
    with pytest.raises(Refusal, match="已失效"):
        desk.sign(office.officer2, "agree")


def test_a_stale_page_is_told_who_acted(desk: Desk, office: Office) -> None:
    seen = desk.propose(office.officer2, office.reviewer).row_version
    desk.sign(office.officer2, "agree")
    with pytest.raises(Refusal, match="演示officer2刚刚"):
        desk.sign(office.reviewer, "agree", seen=seen)


def test_a_seat_goes_on_to_a_colleague_with_a_reason(desk: Desk, session: Session, office: Office) -> None:
    desk.propose(office.officer2, office.reviewer)
    desk.sign(office.officer2, "transfer", to=office.officer.user_id)
    assert [row.id for row in panels_waiting(session, office.officer, now=START)] == [desk.panel.id]
    assert panels_waiting(session, office.officer2, now=START) == []
    assert desk.told(office.officer) == ["“认定理由成立”请您会签。"]
    with pytest.raises(Refusal, match="岗位不能签署"):
        desk.sign(office.officer, "transfer", to=office.leader.user_id)


def test_strangers_neither_see_nor_sign(desk: Desk, office: Office) -> None:
    desk.propose(office.officer2, office.reviewer)
    with pytest.raises(Refusal, match="找不到"):
        desk.sign(office.stranger, "agree")
    with pytest.raises(Refusal, match="不在会签人员之中"):
        desk.sign(office.officer, "agree")
    with pytest.raises(Refusal, match="没有代理该同事"):
        desk.sign(office.officer, "agree", seat=office.reviewer.user_id)


def test_a_substitute_signs_and_the_record_says_for_whom(
    desk: Desk, session: Session, office: Office
) -> None:
    absence = record_absence(
        session,
        office.reviewer,
        person_id=office.reviewer.person,
        substitute_id=office.officer.person,
        first_day=START.date(),
        last_day=START.date(),
        reason="（演示）外出学习",
        now=START,
    )
    desk.propose(office.officer2, office.reviewer)
    assert [row.id for row in panels_waiting(session, office.officer, now=START)] == [desk.panel.id]
    desk.sign(office.officer, "agree", seat=office.reviewer.user_id)
    entry = session.execute(select(PanelEntry)).scalar_one()
    assert (entry.by_id, entry.seat_id, entry.absence_id) == (
        office.officer.user_id,
        office.reviewer.user_id,
        absence.id,
    )
    desk.sign(office.officer2, "agree")
    step = session.execute(select(CaseStep).order_by(CaseStep.id.desc()).limit(1)).scalar_one()
    assert set(step.cosigners) == {
        str(office.people[name].user_id) for name in ("officer", "officer2", "reviewer")
    }
    desk.now = START + days(1)
    assert panels_waiting(session, office.officer, now=desk.now) == []


def test_a_substitute_takes_a_step_in_the_place_of_the_absent(session: Session, office: Office) -> None:
    """The head is away; the reviewer takes a step that only the head may take, and both names stay."""
    case = open_case(session, office.officer, office.campaign.id, problem(office), now=START)
    with pytest.raises(Refusal, match="您的角色不能办理"):
        step_case(session, office.reviewer, case.id, "withdraw", asked=REASON, now=START)
    absence = record_absence(
        session,
        office.head,
        person_id=office.head.person,
        substitute_id=office.reviewer.person,
        first_day=START.date(),
        last_day=START.date() + days(3),
        reason="（演示）出差",
        now=START,
    )
    offered = {
        offer.trigger: offer.acting_for for offer in offers_to(session, office.reviewer, case, now=START)
    }
    assert offered["withdraw"] == "演示head"
    step_case(session, office.reviewer, case.id, "withdraw", asked=REASON, now=START)
    step = session.execute(select(CaseStep).order_by(CaseStep.id.desc()).limit(1)).scalar_one()
    assert step.actor_name == "演示reviewer（代演示head）"
    assert (step.acting_for_id, step.absence_id) == (office.head.user_id, absence.id)
    assert replayed(session, case) == situation_from(case.situation)
    assert list(verify(session)) == []


def test_four_eyes_look_at_the_substitute_and_the_absent(session: Session, office: Office) -> None:
    """Whoever alleged a refusal may not confirm it in the head's place either."""
    case = open_case(session, office.officer, office.campaign.id, problem(office), now=START)
    served = {"service_way": "electronic", "receiver": "值班人员"}
    for actor, trigger, asked in (
        (office.officer, "issue", {}),
        (office.owner, "serve", served),
        (office.reviewer, "allege_refusal", {"refusal_facts": "（演示）明确表示不改"}),
        (office.owner, "serve", served),
        (office.owner, "plead", {"plea": "（演示）申辩"}),
    ):
        step_case(session, actor, case.id, trigger, asked=asked, now=START)
    record_absence(
        session,
        office.head,
        person_id=office.head.person,
        substitute_id=office.reviewer.person,
        first_day=START.date(),
        last_day=START.date(),
        reason="（演示）出差",
        now=START,
    )
    assert "confirm_refusal" not in {
        offer.trigger for offer in offers_to(session, office.reviewer, case, now=START)
    }
    with pytest.raises(Refusal, match="另一人"):
        step_case(session, office.reviewer, case.id, "confirm_refusal", asked=REASON, now=START)


def test_an_ended_absence_gives_no_right(session: Session, office: Office) -> None:
    case = open_case(session, office.officer, office.campaign.id, problem(office), now=START)
    absence = record_absence(
        session,
        office.head,
        person_id=office.head.person,
        substitute_id=office.reviewer.person,
        first_day=START.date(),
        last_day=START.date() + days(3),
        reason="（演示）出差",
        now=START,
    )
    with pytest.raises(Refusal, match="找不到"):
        end_absence(session, office.officer, absence.id, now=START)
    end_absence(session, office.head, absence.id, now=START)
    with pytest.raises(Refusal):
        step_case(session, office.reviewer, case.id, "withdraw", asked=REASON, now=START)
    with pytest.raises(Refusal, match="已经结束"):
        end_absence(session, office.head, absence.id, now=START)


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"substitute": "head"}, "不能是本人"),
        ({"substitute": "owner"}, "在用的账号"),
        ({"first": 3, "last": 1}, "不能早于开始"),
        ({"first": -5, "last": -2}, "已经过去"),
        ({"last": 120}, "最长90天"),
        ({"reason": " "}, "请写明外出事由"),
        ({"by": "officer"}, "无权为他人登记"),
        ({"by": "owner"}, "无权登记外出代理"),
    ],
)
def test_an_absence_that_cannot_be(
    session: Session, office: Office, wish: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Refusal, match=sentence):
        record_absence(
            session,
            office.people[wish.get("by", "head")],
            person_id=office.head.person,
            substitute_id=office.people[wish.get("substitute", "reviewer")].person,
            first_day=START.date() + days(wish.get("first", 0)),
            last_day=START.date() + days(wish.get("last", 1)),
            reason=wish.get("reason", "（演示）出差"),
            now=START,
        )


def test_one_substitute_at_a_time_and_no_chain(session: Session, office: Office) -> None:
    def away(who: str, substitute: str) -> None:
        record_absence(
            session,
            office.head,
            person_id=office.people[who].person,
            substitute_id=office.people[substitute].person,
            first_day=START.date(),
            last_day=START.date() + days(5),
            reason="（演示）培训",
            now=START,
        )

    away("head", "reviewer")
    with pytest.raises(Refusal, match="已经登记过外出"):
        away("head", "officer")
    with pytest.raises(Refusal, match="也外出"):
        away("officer", "head")
    with pytest.raises(Refusal, match="正代理他人"):
        away("reviewer", "officer2")


def test_the_record_of_a_panel_is_only_added_to(desk: Desk, session: Session, office: Office) -> None:
    desk.propose(office.officer2, office.reviewer)
    desk.sign(office.officer2, "agree")
    for statement in ("UPDATE panel_entry SET words = ''", "DELETE FROM panel_entry"):
        with writing(), pytest.raises(DatabaseError, match="only added to"):
            session.execute(text(statement))
        session.rollback()


def both_at_once(
    engine: Engine, store: FileStore, panel_id: int, version: int, signers: list[Actor]
) -> list[str]:
    """Each signer agrees in an own session at the same instant; what each was answered."""
    outcomes: list[str] = []
    gate = threading.Barrier(len(signers))

    def sign(actor: Actor) -> None:
        with Session(engine, expire_on_commit=False) as own:
            gate.wait()
            try:
                signature = Signature(panel_id, PanelAct.AGREE, version)
                outcomes.append(act_on_panel(own, actor, signature, store=store, now=START).status)
            except Refusal as refusal:
                outcomes.append(refusal.code)

    threads = [threading.Thread(target=sign, args=(actor,)) for actor in signers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def test_two_signers_at_one_instant_take_the_step_once(
    engine: Engine, session: Session, office: Office, store: FileStore
) -> None:
    """或签: both agree at once; one decides, the other is told, and the step is taken once. Twelve rounds."""
    with_panel(session, office, "exempt", mode="any")
    signers = [office.officer2, office.reviewer]
    for _round in range(12):
        desk = Desk(session, office, store)
        panel = desk.propose(*signers)
        panel_id, version = panel.id, panel.row_version
        session.commit()
        assert both_at_once(engine, store, panel_id, version, signers) == ["agreed", "panel_moved"]
        session.expire_all()
        assert desk.case.state == "exempted"
        steps = select(func.count()).where(CaseStep.case_id == desk.case_id, CaseStep.trigger == "exempt")
        assert session.execute(steps).scalar_one() == 1
        session.commit()


def test_what_is_stored_equals_what_the_record_leads_to(desk: Desk, session: Session, office: Office) -> None:
    with writing():
        third = person(session, "officer3", Role.OFFICER)
        session.commit()
    desk.propose(office.officer2, office.reviewer)
    desk.sign(office.officer2, "add", to=third.user_id)
    desk.sign(third, "agree")
    desk.sign(third, "recall")
    desk.sign(office.reviewer, "delegate", to=office.officer.user_id)
    assert panel_from(desk.panel.standing).asked == (str(office.officer.user_id),)
    desk.sign(office.officer, "advise", words="（演示）建议同意")
    assert list(verify(session)) == []
    with writing():
        panel = desk.panel
        panel.standing = {**panel.standing, "seats": panel.standing["seats"][:1]}
        session.commit()
    assert [found.kind for found in verify(session)] == ["panel"]

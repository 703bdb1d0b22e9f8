"""Rows of the roster: what is taken, what is refused, what the log says."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.campaign import DictionaryEntry
from models.history import HistoryEntry
from models.people import Role, User
from models.roster import Category, Delegate, Monitor, Target, Unit
from services.account_changes import change_account
from services.refusal import Refusal
from services.roster_changes import remove, save
from tests.integration.office import START, Office


def acts(session: Session) -> list[str]:
    return list(session.execute(select(HistoryEntry.act).order_by(HistoryEntry.id)).scalars())


def entry(session: Session, act: str) -> HistoryEntry:
    return session.execute(select(HistoryEntry).where(HistoryEntry.act == act)).scalars().one()


def unit(session: Session) -> Unit:
    return session.execute(select(Unit).order_by(Unit.id).limit(1)).scalars().one()


def test_a_row_is_added_changed_and_removed_with_its_log(session: Session, office: Office) -> None:
    home = unit(session)
    values = {"key": "police_9", "name": " 巡逻大队 ", "unit_id": home.id, "position": 9}
    row = save(session, office.admin, Target, values, now=START)
    assert row.name == "巡逻大队"
    save(
        session,
        office.admin,
        Target,
        {"name": "巡特警大队"},
        row_id=row.id,
        row_version=row.row_version,
        now=START,
    )
    assert entry(session, "target.changed").payload == {
        "key": "police_9",
        "values": {"name": "巡特警大队"},
        "before": {"name": "巡逻大队"},
    }
    remove(session, office.admin, Target, row.id, row_version=row.row_version, now=START)
    assert session.get(Target, row.id) is None
    assert acts(session)[-3:] == ["target.added", "target.changed", "target.removed"]


def test_saving_what_is_there_writes_nothing(session: Session, office: Office) -> None:
    home, before = unit(session), len(acts(session))
    save(
        session,
        office.admin,
        Unit,
        {"name": home.name},
        row_id=home.id,
        row_version=home.row_version,
        now=START,
    )
    assert len(acts(session)) == before


def test_the_second_editor_is_told(session: Session, office: Office) -> None:
    home = unit(session)
    seen = home.row_version
    save(session, office.admin, Unit, {"position": 70}, row_id=home.id, row_version=seen, now=START)
    with pytest.raises(Refusal, match="已被他人修改") as refused:
        save(session, office.admin, Unit, {"position": 71}, row_id=home.id, row_version=seen, now=START)
    assert refused.value.status == 409
    session.refresh(home)
    assert home.position == 70


@pytest.mark.parametrize(
    ("kind", "values", "code"),
    [
        (Category, {"key": "x", "name": "行政执法类"}, "name_taken"),
        (Category, {"key": "enforcement", "name": "新类"}, "key_taken"),
        (Category, {"key": "Bad Key", "name": "新类"}, "key_form"),
        (Category, {"key": "x", "name": ""}, "name_missing"),
        (Category, {"key": "x", "name": "长" * 61}, "too_long"),
        (Category, {"key": "x", "name": "断\n行"}, "control"),
        (Category, {"key": "x", "name": "新类", "position": -1}, "position"),
        (Category, {"key": "x", "name": "新类", "position": 10**12}, "position"),
        (Unit, {"key": "x", "name": "新单位", "category_id": 999_999}, "category_missing"),
        (Unit, {"key": "x", "name": "新单位"}, "category_missing"),
        (Target, {"key": "x", "name": "新科室", "unit_id": None}, "unit_missing"),
        (Delegate, {"key": "x", "name": "某代表", "group": "no_such"}, "group_missing"),
        (DictionaryEntry, {"key": "x", "name": "条目", "dictionary_key": ""}, "dictionary_missing"),
        (
            DictionaryEntry,
            {"key": "x", "name": "条目", "dictionary_key": "channels", "parent": "none"},
            "parent_wrong",
        ),
    ],
)
def test_what_cannot_stand_in_the_roster_is_refused(
    session: Session, office: Office, kind: Any, values: dict[str, Any], code: str
) -> None:
    before = session.execute(select(func.count()).select_from(kind)).scalar_one()
    with pytest.raises(Refusal) as refused:
        save(session, office.admin, kind, values, now=START)
    assert refused.value.code == code
    assert session.execute(select(func.count()).select_from(kind)).scalar_one() == before


def test_a_row_in_use_is_closed_not_deleted(session: Session, office: Office) -> None:
    home = unit(session)
    with pytest.raises(Refusal, match=r"测评对象.*停用") as refused:
        remove(session, office.admin, Unit, home.id, row_version=None, now=START)
    assert refused.value.code == "row_in_use"
    save(session, office.admin, Unit, {"active": False}, row_id=home.id, now=START)
    assert not unit(session).active


def test_entries_in_use_are_closed_not_deleted(session: Session, office: Office) -> None:
    used = session.execute(
        select(DictionaryEntry).where(DictionaryEntry.dictionary_key == "delegate_groups").limit(1)
    ).scalar_one()
    session.execute(select(Delegate).where(Delegate.group == used.key).limit(1)).scalar_one()
    with pytest.raises(Refusal, match="代表"):
        remove(session, office.admin, DictionaryEntry, used.id, row_version=None, now=START)


def test_the_log_does_not_say_who_reports(session: Session, office: Office) -> None:
    save(session, office.admin, Monitor, {"key": "m_new", "name": "某企业", "contact": "某人"}, now=START)
    assert entry(session, "monitor.added").payload == {"key": "m_new", "fields": ["contact", "key", "name"]}


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_administrators_keep_the_roster(session: Session, office: Office, role: Role) -> None:
    actor = office.people[{"target": "owner"}.get(role.value, role.value)]
    home = unit(session)
    with pytest.raises(Refusal) as refused:
        save(session, actor, Unit, {"name": "别名"}, row_id=home.id, now=START)
    assert refused.value.status == 403
    with pytest.raises(Refusal):
        remove(session, actor, Unit, home.id, row_version=None, now=START)


def change(session: Session, office: Office, who: str, **given: object) -> User:
    user = session.get_one(User, office.people[who].user_id, populate_existing=True)
    values: dict[str, Any] = {
        "name": user.name,
        "phone": user.phone,
        "active": user.active,
        "roles": user.roles,
        "target_id": user.target_id,
        "unit_id": user.unit_id,
        "monitor_id": user.monitor_id,
        "row_version": user.row_version,
    }
    return change_account(session, office.admin, user.id, **{**values, **given}, now=START)


def test_an_account_is_closed_and_its_sessions_end(session: Session, office: Office) -> None:
    before = session.get_one(User, office.officer.user_id).session_epoch
    user = change(session, office, "officer", active=False)
    assert (user.active, user.session_epoch) == (False, before + 1)
    assert entry(session, "user.closed").payload == {"fields": ["active"]}


@pytest.mark.parametrize(
    ("who", "given", "code"),
    [
        ("admin", {"active": False}, "own_account"),
        ("admin", {"roles": frozenset({Role.HEAD})}, "own_roles"),
        ("officer", {"roles": frozenset({Role.TARGET})}, "place_missing"),
        ("officer", {"roles": frozenset({Role.MONITOR})}, "place_missing"),
        ("officer", {"name": " "}, "account_incomplete"),
        ("officer", {"target_id": 999_999}, "not_found"),
        ("officer", {"row_version": 0}, "row_moved"),
    ],
)
def test_what_cannot_be_done_to_an_account(
    session: Session, office: Office, who: str, given: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        change(session, office, who, **given)
    assert refused.value.code == code

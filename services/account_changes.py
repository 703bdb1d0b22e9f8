"""An account as an administrator changes it: name, what it answers for, roles, closed or open."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from models.people import Role, User
from models.roster import Monitor, Target, Unit
from services.accounts import Passwords, create_account, reset_password, set_roles
from services.actor import Actor
from services.history import record
from services.refusal import Refusal, not_found
from services.roster_changes import refuse_stale
from services.transaction import transaction


def open_account(
    session: Session,
    actor: Actor,
    *,
    login: str,
    name: str,
    phone: str,
    password: str,
    roles: frozenset[Role],
    target_id: int | None,
    unit_id: int | None,
    monitor_id: int | None,
    passwords: Passwords,
    now: datetime,
) -> User:
    """A new account with a first password that its owner must change. See `accounts.create_account`."""
    actor.require(Role.ADMIN, to="建立账号")
    _refuse_long(login=login, name=name, phone=phone)
    with transaction(session):
        check_place(session, roles, target_id=target_id, unit_id=unit_id, monitor_id=monitor_id)
        user = create_account(
            session,
            actor,
            login=login,
            name=name,
            password=password,
            roles=roles,
            passwords=passwords,
            now=now,
            target_id=target_id,
            unit_id=unit_id,
            monitor_id=monitor_id,
        )
        user.phone = phone.strip()
    return user


def _refuse_long(*, login: str, name: str, phone: str) -> None:
    if len(login.strip()) > 60 or len(name.strip()) > 60 or len(phone.strip()) > 30:
        raise Refusal("too_long", "登录名和姓名不超过60个字，电话不超过30个字。", 422)


def change_account(
    session: Session,
    actor: Actor,
    user_id: int,
    *,
    name: str,
    phone: str,
    active: bool,
    roles: frozenset[Role],
    target_id: int | None,
    unit_id: int | None,
    monitor_id: int | None,
    row_version: int | None,
    now: datetime,
    password: str = "",
    passwords: Passwords | None = None,
) -> User:
    """Change all of an account but its login name. Closing it ends its sessions.

    password: a new first password, with the way passwords are kept; empty leaves the one there is.
    Nobody changes the own roles or closes the own account. The log says which fields changed.
    """
    actor.require(Role.ADMIN, to="修改账号")
    name, phone = name.strip(), phone.strip()
    if not name:
        raise Refusal("account_incomplete", "请填写姓名。", 422)
    _refuse_long(login="", name=name, phone=phone)
    with transaction(session):
        user = session.get(User, user_id, with_for_update=True, populate_existing=True)
        if user is None:
            raise not_found("账号")
        refuse_stale(user, row_version, f"账号“{user.login}”")
        if user.id == actor.user_id and not active:
            raise Refusal("own_account", "不能停用自己的账号，请由另一名管理员办理。", 403)
        check_place(session, roles, target_id=target_id, unit_id=unit_id, monitor_id=monitor_id)
        if roles != user.roles:
            set_roles(session, actor, user_id, roles, now=now)
        if password and passwords is not None:
            reset_password(session, actor, user_id, password=password, passwords=passwords, now=now)
        after = {
            "name": name,
            "phone": phone,
            "active": active,
            "target_id": target_id,
            "unit_id": unit_id,
            "monitor_id": monitor_id,
        }
        changed = sorted(field for field, value in after.items() if getattr(user, field) != value)
        if not changed:
            return user
        if "active" in changed:
            user.session_epoch += 1
        for field in changed:
            setattr(user, field, after[field])
        session.flush()
        act = "user.changed" if "active" not in changed else "user.reopened" if active else "user.closed"
        record(
            session, actor, act, object_kind="user", object_id=user.id, payload={"fields": changed}, now=now
        )
    return user


def check_place(
    session: Session,
    roles: frozenset[Role],
    *,
    target_id: int | None,
    unit_id: int | None,
    monitor_id: int | None,
) -> None:
    """Refuse roles that need a place in the roster and have none, and places that do not exist."""
    if Role.TARGET in roles and target_id is None and unit_id is None:
        raise Refusal("place_missing", "岗位为“测评对象”的账号要选择所代表的测评对象或单位。", 422)
    if Role.MONITOR in roles and monitor_id is None:
        raise Refusal("place_missing", "岗位为“监测点”的账号要选择所代表的监测点。", 422)
    for kind, row_id, words in (
        (Target, target_id, "测评对象"),
        (Unit, unit_id, "单位"),
        (Monitor, monitor_id, "监测点"),
    ):
        if row_id is not None and session.get(kind, row_id) is None:
            raise not_found(words)

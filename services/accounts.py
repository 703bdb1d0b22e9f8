"""Accounts: entering, leaving, passwords, roles."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from models.people import ROLE_NAMES, LoginAttempt, Role, RoleGrant, User
from services.actor import Actor, actor_of
from services.history import record
from services.refusal import Refusal, not_found
from services.transaction import transaction

#: After so many failures within the window the name (or the address) must wait.
FAILURES_PER_LOGIN = 5
FAILURES_PER_ADDRESS = 30
WINDOW = timedelta(minutes=15)
SHORTEST_PASSWORD = 10
#: First guesses of anyone; more belongs to an office's own list.
_COMMON = frozenset({"1234567890", "0123456789", "password12", "qwertyuiop", "woaini1314", "admin12345"})


@lru_cache
def _hasher(memory_kib: int, rounds: int) -> PasswordHasher:
    return PasswordHasher(time_cost=rounds, memory_cost=memory_kib, parallelism=1)


class Passwords:
    """How passwords are kept: Argon2id, its cost a setting of the installation."""

    def __init__(self, *, memory_kib: int = 19_456, rounds: int = 2) -> None:
        self._hasher = _hasher(memory_kib, rounds)
        self._dummy = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """The text to store."""
        return self._hasher.hash(password)

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password is right; an unknown account takes as long as a known one."""
        try:
            return self._hasher.verify(stored or self._dummy, password) and stored is not None
        except (VerifyMismatchError, InvalidHashError):
            return False


def check_password_rule(password: str, login: str) -> None:
    """Refuse a password that is too easy, saying what would do."""
    if len(password) < SHORTEST_PASSWORD:
        raise Refusal("password_short", f"密码太短：至少{SHORTEST_PASSWORD}个字符，可以用一句好记的话。", 422)
    if len(password) > 200:
        raise Refusal("password_long", "密码太长：不超过200个字符。", 422)
    if login.lower() in password.lower() or password.lower() in _COMMON or len(set(password)) < 5:
        raise Refusal("password_easy", "密码太容易猜到：不要包含登录名，也不要用常见或重复的字符。", 422)


def enter(
    session: Session, *, login: str, password: str, address: str, passwords: Passwords, now: datetime
) -> User:
    """The account whose name and password these are, entered now.

    Failures are counted in the database per name and per address. The sentence never tells which of the
    two was wrong.
    """
    login = login.strip()
    _refuse_throttled(session, login, address, now)
    user = session.execute(select(User).where(func.lower(User.login) == login.lower())).scalar_one_or_none()
    # The hash is slow on purpose: it is computed before the write transaction begins.
    good = passwords.matches(user.password_hash if user else None, password)
    with transaction(session):
        if not good or user is None or not user.active:
            for key in _attempt_keys(login, address):
                session.add(LoginAttempt(key=key, at=now))
        else:
            session.execute(delete(LoginAttempt).where(LoginAttempt.key == f"login:{login.lower()}"[:120]))
            user.last_login_at = now
            record(
                session,
                actor_of(user),
                "user.entered",
                object_kind="user",
                object_id=user.id,
                payload={},
                now=now,
            )
    if not good or user is None or not user.active:
        raise Refusal("wrong_password", "登录名或密码不对，或者账号已停用。请核对后再试。", 403)
    return user


def _attempt_keys(login: str, address: str) -> tuple[str, str]:
    return f"login:{login.lower()}"[:120], f"from:{address}"[:120]


def _refuse_throttled(session: Session, login: str, address: str, now: datetime) -> None:
    by_login, by_address = _attempt_keys(login, address)
    failures = session.execute(
        select(LoginAttempt.key, func.count())
        .where(LoginAttempt.key.in_([by_login, by_address]), LoginAttempt.at > now - WINDOW)
        .group_by(LoginAttempt.key)
    )
    counts: dict[str, int] = dict(failures.all())
    if counts.get(by_login, 0) >= FAILURES_PER_LOGIN or counts.get(by_address, 0) >= FAILURES_PER_ADDRESS:
        minutes = int(WINDOW.total_seconds() // 60)
        raise Refusal("throttled", f"连续输错次数过多，请{minutes}分钟后再试，或请管理员重置密码。", 429)


def leave(session: Session, actor: Actor, *, now: datetime) -> None:
    """End every session of the account, wherever it is open."""
    with transaction(session):
        user = session.get_one(User, actor.person, with_for_update=True)
        user.session_epoch += 1
        record(session, actor, "user.left", object_kind="user", object_id=user.id, payload={}, now=now)


def change_password(
    session: Session, actor: Actor, *, old: str, new: str, passwords: Passwords, now: datetime
) -> User:
    """An own new password; ends all other sessions of the account."""
    user = session.get_one(User, actor.person)
    if not passwords.matches(user.password_hash, old):
        raise Refusal("wrong_password", "原密码不对，请重新输入。", 422)
    check_password_rule(new, user.login)
    if old == new:
        raise Refusal("password_same", "新密码与原密码相同，请换一个。", 422)
    hashed = passwords.hash(new)
    with transaction(session):
        user = session.get_one(User, actor.person, with_for_update=True)
        user.password_hash = hashed
        user.password_expired = False
        user.session_epoch += 1
        record(
            session,
            actor,
            "user.password_changed",
            object_kind="user",
            object_id=user.id,
            payload={},
            now=now,
        )
    return user


def create_account(
    session: Session,
    actor: Actor,
    *,
    login: str,
    name: str,
    password: str,
    roles: frozenset[Role],
    passwords: Passwords,
    now: datetime,
    target_id: int | None = None,
    unit_id: int | None = None,
    monitor_id: int | None = None,
    password_expired: bool = True,
) -> User:
    """A new account of one person. Only an administrator, and never with more than the roles named."""
    actor.require(Role.ADMIN, to="建立账号")
    login, name = login.strip(), name.strip()
    if not login or not name:
        raise Refusal("account_incomplete", "登录名和姓名都要填写。", 422)
    check_password_rule(password, login)
    hashed = passwords.hash(password)
    with transaction(session):
        if session.execute(select(User.id).where(func.lower(User.login) == login.lower())).first():
            raise Refusal("login_taken", f"登录名“{login}”已有人使用，请换一个。", 422)
        user = User(
            login=login,
            name=name,
            password_hash=hashed,
            password_expired=password_expired,
            target_id=target_id,
            unit_id=unit_id,
            monitor_id=monitor_id,
            created_at=now,
        )
        session.add(user)
        session.flush()
        record(
            session,
            actor,
            "user.created",
            object_kind="user",
            object_id=user.id,
            payload={"login": login, "roles": sorted(roles)},
            now=now,
        )
        for role in sorted(roles):
            _grant(session, actor, user, role, now)
    return user


def first_admin(session: Session, *, login: str, password: str, passwords: Passwords, now: datetime) -> User:
    """The first administrator of an empty installation; refused once any account exists."""
    with transaction(session):
        if session.execute(select(User.id).limit(1)).first():
            raise Refusal("not_empty", "已有账号，不能再建立首个管理员；请用管理员账号登录。")
        installer = Actor(user_id=None, name="安装程序", roles=frozenset({Role.ADMIN.value}))
        return create_account(
            session,
            installer,
            login=login,
            name="系统管理员",
            password=password,
            roles=frozenset({Role.ADMIN}),
            passwords=passwords,
            now=now,
            password_expired=False,
        )


def set_roles(session: Session, actor: Actor, user_id: int, roles: frozenset[Role], *, now: datetime) -> User:
    """Give and take roles; nobody changes the own ones."""
    actor.require(Role.ADMIN, to="调整岗位")
    if actor.user_id == user_id:
        raise Refusal("own_roles", "不能调整自己的岗位，请由另一名管理员办理。", 403)
    with transaction(session):
        user = session.get(User, user_id, with_for_update=True)
        if user is None:
            raise not_found("账号")
        for grant in list(user.grants):
            if grant.role not in roles:
                user.grants.remove(grant)
                _record_role(session, actor, user, grant.role, "role.taken", now)
        for role in sorted(roles - user.roles):
            _grant(session, actor, user, role, now)
        user.session_epoch += 1
    return user


def reset_password(
    session: Session, actor: Actor, user_id: int, *, password: str, passwords: Passwords, now: datetime
) -> User:
    """A new first password given by an administrator; its owner must change it at the next login."""
    actor.require(Role.ADMIN, to="重置密码")
    hashed = passwords.hash(password)
    with transaction(session):
        user = session.get(User, user_id, with_for_update=True)
        if user is None:
            raise not_found("账号")
        check_password_rule(password, user.login)
        user.password_hash = hashed
        user.password_expired = True
        user.session_epoch += 1
        record(
            session, actor, "user.password_reset", object_kind="user", object_id=user.id, payload={}, now=now
        )
    return user


def _grant(session: Session, actor: Actor, user: User, role: Role, now: datetime) -> None:
    user.grants.append(RoleGrant(role=role, granted_at=now, granted_by_id=actor.user_id))
    _record_role(session, actor, user, role, "role.granted", now)


def _record_role(session: Session, actor: Actor, user: User, role: Role, act: str, now: datetime) -> None:
    record(
        session,
        actor,
        act,
        object_kind="user",
        object_id=user.id,
        payload={"role": role.value, "name": ROLE_NAMES[role]},
        now=now,
    )

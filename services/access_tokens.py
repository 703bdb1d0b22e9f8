"""接口令牌: how another system enters with part of the rights of one account.

An administrator makes and revokes them; whoever the account belongs to is told. A token never gives a right that
the account has not, and of those it has only what its scopes name.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session, joinedload

from models.access_token import AccessToken
from models.job import Message
from models.people import LoginAttempt, Role, User
from services.actor import Actor, actor_of
from services.history import record
from services.refusal import Refusal, not_found
from services.transaction import transaction

#: Scope → what it allows, in words.
SCOPES = {
    "forms.read": "读取表单和它的版本",
    "answers.read": "读取答卷和测评",
    "answers.write": "提交答卷和测评",
    "cases.read": "查看整改事项",
    "cases.step": "办理整改事项的步骤",
}
LONGEST_DAYS = 366
LONGEST_NAME = 60
#: How tokens begin, so that one that leaked is recognised.
PREFIX = "pdt_"
#: After so many wrong tokens from one address within the window it must wait.
FAILURES = 30
WINDOW = timedelta(minutes=15)
_USED_GRAIN = timedelta(hours=1)


@dataclass(frozen=True)
class Entered:
    """Who asks: the account as an actor, through which token, with which scopes. system: the name of the token."""

    actor: Actor
    token_id: int
    scopes: frozenset[str]
    language: str
    system: str

    def require(self, scope: str) -> None:
        """Refuse unless the token was given this scope."""
        if scope not in self.scopes:
            raise Refusal(
                "scope_missing", f"这个令牌没有“{SCOPES[scope]}”的权限，请管理员另发一个令牌。", 403
            )


def tokens(session: Session, actor: Actor) -> list[AccessToken]:
    """All tokens there ever were, newest first."""
    actor.require(Role.ADMIN, to="管理接口令牌")
    return list(
        session.execute(
            select(AccessToken)
            .options(joinedload(AccessToken.user), joinedload(AccessToken.created_by))
            .order_by(AccessToken.id.desc())
        )
        .unique()
        .scalars()
    )


def accounts_for_tokens(session: Session, actor: Actor) -> list[User]:
    """The accounts a token can be made for."""
    actor.require(Role.ADMIN, to="管理接口令牌")
    return list(session.execute(select(User).where(User.active).order_by(User.name, User.id)).scalars())


def make_token(
    session: Session,
    actor: Actor,
    *,
    user_id: int,
    name: str,
    scopes: Sequence[str],
    days: int,
    now: datetime,
) -> tuple[AccessToken, str]:
    """A new token and its secret, which is told this once and kept nowhere."""
    actor.require(Role.ADMIN, to="管理接口令牌")
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise Refusal("token_name", f"请写明哪个系统使用这个令牌，不超过{LONGEST_NAME}个字。", 422)
    if not scopes or not set(scopes) <= set(SCOPES):
        raise Refusal("token_scopes", "请至少勾选一项权限。", 422)
    if not 1 <= days <= LONGEST_DAYS:
        raise Refusal("token_days", f"有效期应在1天和{LONGEST_DAYS}天之间。", 422)
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction(session):
        user = session.get(User, user_id)
        if user is None or not user.active:
            raise not_found("账号")
        row = AccessToken(
            user_id=user.id,
            name=name,
            token_hash=_hash(secret),
            ending=secret[-4:],
            scopes=[scope for scope in SCOPES if scope in scopes],
            created_at=now,
            created_by_id=actor.person,
            expires_at=now + timedelta(days=days),
        )
        session.add(row)
        session.flush()
        payload = {"user": user.id, "name": name, "scopes": row.scopes, "days": days}
        _log(session, actor, "token.made", row, payload, now)
        allowed = "、".join(SCOPES[scope] for scope in row.scopes)
        text = f"管理员{actor.name}为您的账号发了接口令牌“{name}”（{allowed}）。如非您所知，请与效能办联系。"
        session.execute(insert(Message), {"user_id": user.id, "text": text, "sent_at": now})
    return row, secret


def revoke_token(session: Session, actor: Actor, token_id: int, *, now: datetime) -> AccessToken:
    """End a token at once; it stays on the list."""
    actor.require(Role.ADMIN, to="管理接口令牌")
    with transaction(session):
        row = session.get(AccessToken, token_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise not_found("令牌")
        if row.revoked_at is not None:
            raise Refusal("token_revoked", "这个令牌已经停用。")
        row.revoked_at, row.revoked_by_id = now, actor.person
        _log(session, actor, "token.revoked", row, {"name": row.name, "user": row.user_id}, now)
    return row


def enter_with_token(session: Session, secret: str, *, address: str, now: datetime) -> Entered:
    """Who shows this token. One sentence for every token that is not good, whatever is wrong with it."""
    attempts = f"token:{address}"[:120]
    failed = session.execute(
        select(func.count())
        .select_from(LoginAttempt)
        .where(LoginAttempt.key == attempts, LoginAttempt.at > now - WINDOW)
    ).scalar_one()
    if failed >= FAILURES:
        raise Refusal("throttled", "令牌连续出错过多，请15分钟后再试。", 429)
    row = (
        session.execute(
            select(AccessToken)
            .options(joinedload(AccessToken.user).joinedload(User.grants))
            .where(AccessToken.token_hash == _hash(secret))
        )
        .unique()
        .scalar_one_or_none()
    )
    if row is None or row.revoked_at is not None or row.expires_at <= now or not row.user.active:
        with transaction(session):
            session.add(LoginAttempt(key=attempts, at=now))
        raise Refusal("token_wrong", "令牌不对、已过期或已停用，请向管理员另取。", 401)
    if row.last_used_at is None or now - row.last_used_at > _USED_GRAIN:
        with transaction(session):
            session.execute(update(AccessToken).where(AccessToken.id == row.id).values(last_used_at=now))
            session.execute(delete(LoginAttempt).where(LoginAttempt.key == attempts))
    actor = actor_of(row.user)
    named = replace(actor, name=f"{actor.name}（接口：{row.name}）"[:60])
    return Entered(named, row.id, frozenset(row.scopes), row.user.locale, row.name)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _log(
    session: Session, actor: Actor, act: str, row: AccessToken, payload: dict[str, object], now: datetime
) -> None:
    record(session, actor, act, object_kind="access_token", object_id=row.id, payload=payload, now=now)

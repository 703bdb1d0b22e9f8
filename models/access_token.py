"""接口令牌: what another system shows instead of a password, and the steps it sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Json, UtcDateTime
from models.people import User


class AccessToken(Base):
    """A token of one account, with part of that account's rights. Only its hash is kept; revoked, never deleted."""

    __tablename__ = "access_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    #: Which system uses it.
    name: Mapped[str] = mapped_column(String(60))
    #: SHA-256 of the token; it is long and random, so nothing slower is needed.
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    #: Its last signs, by which people tell tokens apart.
    ending: Mapped[str] = mapped_column(String(8))
    #: What it may be used for, of `services.access_tokens.SCOPES`; denied unless named.
    scopes: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: To the hour.
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    user: Mapped[User] = relationship(foreign_keys=[user_id])
    created_by: Mapped[User] = relationship(foreign_keys=[created_by_id])
    revoked_by: Mapped[User | None] = relationship(foreign_keys=[revoked_by_id])


class SentStep(Base):
    """A step of a case that another system sent: sent again under the same key it is the same step. Only added to."""

    __tablename__ = "sent_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: SHA-256 of token and Idempotency-Key.
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    #: SHA-256 of case, step and all that was sent with them.
    body_hash: Mapped[str] = mapped_column(String(64))
    token_id: Mapped[int] = mapped_column(ForeignKey("access_token.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("rectification_case.id"))
    #: Of the step in the case's history, and the version of the case after it.
    position: Mapped[int]
    version: Mapped[int]
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)

"""What leaves the office for other systems: connections, what was delivered by them, and feeds of deadlines."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Json, JsonObject, UtcDateTime
from models.people import User


class OutgoingConnection(Base):
    """对外连接: where acts of the office are told to, from a point of the sealed log on."""

    __tablename__ = "outgoing_connection"
    __table_args__ = (CheckConstraint("kind IN ('webhook', 'wecom', 'dingtalk', 'email')", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(20))
    #: An https address; for e-mail `smtp://host:port`.
    address: Mapped[str] = mapped_column(Text)
    #: For e-mail: from, to, user. Else empty.
    options: Mapped[JsonObject] = mapped_column(Json)
    #: The key messages are signed with (webhook, 钉钉), or the mail account's password; shown once.
    secret: Mapped[str] = mapped_column(String(200))
    #: Acts of the log that are told.
    acts: Mapped[list[str]] = mapped_column(Json)
    #: Whether it may lead into the office's own network.
    allow_private: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    #: Position of the sealed log up to which everything was told.
    told_up_to: Mapped[int] = mapped_column(default=0)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    row_version: Mapped[int] = mapped_column(default=1)

    created_by: Mapped[User] = relationship()

    __mapper_args__ = {"version_id_col": row_version}


class OutgoingDelivery(Base):
    """One message by one connection: sent at least once, always under the same key."""

    __tablename__ = "outgoing_delivery"
    __table_args__ = (UniqueConstraint("connection_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    connection_id: Mapped[int] = mapped_column(ForeignKey("outgoing_connection.id"))
    #: Of the sealed log; negative for a trial.
    position: Mapped[int]
    #: By which the receiver knows a message that comes twice.
    key: Mapped[str] = mapped_column(String(80), unique=True)
    act: Mapped[str] = mapped_column(String(60))
    body: Mapped[JsonObject] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[str] = mapped_column(String(200), default="")

    connection: Mapped[OutgoingConnection] = relationship()


class CalendarFeed(Base):
    """日历订阅: an address that tells one account's deadlines to a calendar program; only its hash is kept."""

    __tablename__ = "calendar_feed"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), unique=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

"""Work that is due: timers, messages and documents to make, as rows claimed by a worker."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Json, JsonObject, UtcDateTime
from models.people import User


class Job(Base):
    """One piece of work, written in the transaction that wants it done; its key makes it single."""

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_done_due", "done_at", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    unique_key: Mapped[str] = mapped_column(String(120), unique=True)
    payload: Mapped[JsonObject] = mapped_column(Json)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: What happened at the last failure; a job that fails too often is an incident, never lost.
    error: Mapped[str] = mapped_column(Text, default="")


class Message(Base):
    """站内消息: what a person is told about a case."""

    __tablename__ = "message"
    __table_args__ = (Index("ix_message_user_read", "user_id", "read_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("rectification_case.id"))
    text: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User] = relationship()

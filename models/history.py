"""The office's log: every act, who, when, what; only added to, sealed into a chain."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Json, JsonObject, UtcDateTime


class HistoryEntry(Base):
    """One act, written in the transaction of the act itself.

    Nothing here names the rater of a secret ballot, and `commitment` lets a payload be erased later
    without breaking the chain.
    """

    __tablename__ = "history_entry"
    __table_args__ = (Index("ix_history_entry_object", "object_kind", "object_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    actor_name: Mapped[str] = mapped_column(String(60))
    #: Past tense with parts: `rating.submitted`, `case.stepped`, `notice.issued`.
    act: Mapped[str] = mapped_column(String(60))
    object_kind: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[str] = mapped_column(String(60))
    payload: Mapped[JsonObject] = mapped_column(Json)
    #: SHA-256 of salt and canonical JSON of the entry.
    salt: Mapped[str] = mapped_column(String(32))
    commitment: Mapped[str] = mapped_column(String(64))


class HistorySeal(Base):
    """The chain over the log: one link an entry, in an order without gaps.

    Links are forged by one sealer right after the act, not in its transaction: a chain inside it would
    make every writer of the office wait for every other.
    """

    __tablename__ = "history_seal"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(ForeignKey("history_entry.id"), unique=True)
    previous: Mapped[str] = mapped_column(String(64))
    link: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime)

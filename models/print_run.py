"""批量打印: a selection of notices that somebody wants as one file."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Json, UtcDateTime
from models.people import User


class PrintRun(Base):
    """Which notices, in which order, for whom; how far it is follows from the files that are drawn."""

    __tablename__ = "print_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: Ids of notices in the order of printing.
    notices: Mapped[list[int]] = mapped_column(Json)
    #: Each notice begins on a sheet of its own when both sides are printed.
    duplex: Mapped[bool] = mapped_column(default=False)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    asked_by: Mapped[User] = relationship()

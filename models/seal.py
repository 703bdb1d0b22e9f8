"""印章图片: the image that the office had printed in the place of its seal; a picture, no electronic seal."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, UtcDateTime
from models.people import User


class Seal(Base):
    """One uploaded image; a new one takes its place, none is ever changed, for issued notices bear it."""

    __tablename__ = "seal"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    #: Blank for the office's own; of another organ of a joint issue, the name it signs with.
    organ: Mapped[str] = mapped_column(String(200), default="", server_default="")
    image: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    sha256: Mapped[str] = mapped_column(String(64))
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)

    uploaded_by: Mapped[User] = relationship()

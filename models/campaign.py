"""A campaign, the definitions it runs under, its calendar and its dictionaries."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Enum, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Json, JsonObject, UtcDateTime


def words(kind: type[StrEnum], name: str) -> Enum:
    """A column type for a closed list of words, checked by the database."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        name=name,
        length=20,
        values_callable=lambda members: [member.value for member in members],
    )


class DefinitionKind(StrEnum):
    """The six kinds of definition, and the pack's own sheet."""

    FORM = "form"
    WORKFLOW = "workflow"
    SCHEME = "scheme"
    NOTICE_KIND = "notice_kind"
    CALENDAR = "calendar"
    DICTIONARY = "dictionary"
    PACK = "pack"


class DefinitionStatus(StrEnum):
    """The life of a definition."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


class Definition(Base):
    """One version of one definition. Published ones are never edited, they get a new version."""

    __tablename__ = "definition"
    __table_args__ = (UniqueConstraint("pack_key", "kind", "key", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pack_key: Mapped[str] = mapped_column(String(60))
    kind: Mapped[DefinitionKind] = mapped_column(words(DefinitionKind, "definition_kind"))
    key: Mapped[str] = mapped_column(String(60))
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    status: Mapped[DefinitionStatus] = mapped_column(words(DefinitionStatus, "definition_status"))
    body: Mapped[JsonObject] = mapped_column(Json)
    #: Of the canonical JSON of `body`.
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __str__(self) -> str:
        return f"{self.name} 第{self.version}版"


class CampaignStatus(StrEnum):
    """The life of a campaign."""

    #: Being prepared: nothing counts yet.
    PREPARED = "prepared"
    #: 进行中: ratings and cases count.
    OPEN = "open"
    #: 已截止: no more ratings; cases still run.
    CLOSED = "closed"


class Campaign(Base):
    """测评活动: one year's evaluation under one published set of definitions."""

    __tablename__ = "campaign"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    year: Mapped[int]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    status: Mapped[CampaignStatus] = mapped_column(words(CampaignStatus, "campaign_status"))
    pack_key: Mapped[str] = mapped_column(String(60))
    scheme_id: Mapped[int] = mapped_column(ForeignKey("definition.id"))
    workflow_id: Mapped[int] = mapped_column(ForeignKey("definition.id"))
    #: The seal image in use (`seal`), None while the place is left empty.
    seal_id: Mapped[int | None]
    #: Those of the other organs of joint issues: name of the organ to its `seal`.
    joint_seals: Mapped[dict[str, int]] = mapped_column(Json, default=dict, server_default="{}")
    #: Organ names, series, contact: the pack's sheet, frozen for this campaign.
    #: Whether it rates and ranks; one that has only procedures (投诉, 复核) runs beside the one that does.
    ranks: Mapped[bool] = mapped_column(default=True)
    settings: Mapped[JsonObject] = mapped_column(Json)
    #: Simulated data: said on every page that shows it.
    demonstration: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    row_version: Mapped[int] = mapped_column(default=1)

    scheme: Mapped[Definition] = relationship(foreign_keys=[scheme_id])
    workflow: Mapped[Definition] = relationship(foreign_keys=[workflow_id])

    __mapper_args__ = {"version_id_col": row_version}

    def __str__(self) -> str:
        return self.name


class DayKind(StrEnum):
    """What the calendar says of a day that differs from its weekday."""

    #: 法定节假日.
    HOLIDAY = "holiday"
    #: 调休上班.
    MAKEUP = "makeup"
    #: 本地停止办公.
    CLOSURE = "closure"
    #: 半日办公.
    HALF_DAY = "half_day"


class CalendarYear(Base):
    """One year of a working calendar: without a published arrangement it is provisional."""

    __tablename__ = "calendar_year"
    __table_args__ = (UniqueConstraint("calendar_key", "year"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    calendar_key: Mapped[str] = mapped_column(String(60))
    year: Mapped[int]
    provisional: Mapped[bool]
    source: Mapped[str] = mapped_column(Text, default="")
    #: Raised with each change of the year or one of its days; deadlines keep the one they used.
    edition: Mapped[int] = mapped_column(default=1)
    row_version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": row_version}

    def __str__(self) -> str:
        return f"{self.year}年"


class CalendarDay(Base):
    """One day that differs from its weekday."""

    __tablename__ = "calendar_day"
    __table_args__ = (UniqueConstraint("calendar_key", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    calendar_key: Mapped[str] = mapped_column(String(60))
    day: Mapped[date]
    kind: Mapped[DayKind] = mapped_column(words(DayKind, "day_kind"))
    note: Mapped[str] = mapped_column(String(200), default="")
    row_version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": row_version}


class DictionaryEntry(Base):
    """One entry of a dictionary of up to two levels; entries in use are closed, not deleted."""

    __tablename__ = "dictionary_entry"
    __table_args__ = (UniqueConstraint("dictionary_key", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dictionary_key: Mapped[str] = mapped_column(String(60), index=True)
    key: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200))
    #: Key of the entry above, empty on the first level.
    parent: Mapped[str] = mapped_column(String(60), default="")
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    row_version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": row_version}

    def __str__(self) -> str:
        return self.name


def newest_first() -> tuple[Any, ...]:
    """The order in which campaigns are the office's present one: those that rank, the newest year, the newest."""
    return (Campaign.ranks.desc(), Campaign.year.desc(), Campaign.id.desc())

"""The roster: categories, units, targets, monitors, delegates."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base


class Category(Base):
    """类别: ranking is within a category."""

    __tablename__ = "category"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    position: Mapped[int] = mapped_column(default=0)
    row_version: Mapped[int] = mapped_column(default=1)

    units: Mapped[list[Unit]] = relationship(back_populates="category")

    __mapper_args__ = {"version_id_col": row_version}

    def __str__(self) -> str:
        return self.name


class Unit(Base):
    """单位: 公安, 民政 …; belongs to a category."""

    __tablename__ = "unit"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    row_version: Mapped[int] = mapped_column(default=1)

    category: Mapped[Category] = relationship(back_populates="units")
    targets: Mapped[list[Target]] = relationship(back_populates="unit")

    __mapper_args__ = {"version_id_col": row_version}

    def __str__(self) -> str:
        return self.name


class Target(Base):
    """测评对象: a section or subordinate body of a unit; what is rated and ranked."""

    __tablename__ = "target"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    #: 主要负责人; published only where policy allows it.
    person_in_charge: Mapped[str] = mapped_column(String(60), default="")
    in_charge_since: Mapped[date | None]
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    row_version: Mapped[int] = mapped_column(default=1)

    unit: Mapped[Unit] = relationship(back_populates="targets")

    __mapper_args__ = {"version_id_col": row_version}

    @property
    def full_name(self) -> str:
        """Unit and target, as a notice addresses it."""
        return f"{self.unit.name}{self.name}"

    def __str__(self) -> str:
        return self.name


class Monitor(Base):
    """监测点: an enterprise or place that reports; never named to the rated."""

    __tablename__ = "monitor"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(60), default="")
    contact: Mapped[str] = mapped_column(String(60), default="")
    phone: Mapped[str] = mapped_column(String(30), default="")
    active: Mapped[bool] = mapped_column(default=True)
    row_version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": row_version}

    def __str__(self) -> str:
        return self.name


class Delegate(Base):
    """代表: one of those among whom the ballots' codes are dealt; no ballot ever refers to a delegate."""

    __tablename__ = "delegate"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    #: 代表组别, an entry of the dictionary delegate_groups.
    group: Mapped[str] = mapped_column("delegate_group", String(60))
    organisation: Mapped[str] = mapped_column(String(120), default="")
    phone: Mapped[str] = mapped_column(String(30), default="")
    active: Mapped[bool] = mapped_column(default=True)
    row_version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": row_version}

    def __str__(self) -> str:
        return self.name

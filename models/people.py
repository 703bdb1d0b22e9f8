"""Who may do what: accounts, the roles granted to them, failed attempts to enter."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Enum, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, UtcDateTime
from models.roster import Monitor, Target, Unit


class Role(StrEnum):
    """What a person is to the office; rights hang on it, denied unless granted."""

    #: 效能办管理员: rosters, definitions, accounts.
    ADMIN = "admin"
    #: 督办专员: records problems, issues, supervises, verifies.
    OFFICER = "officer"
    #: 审核人: second pair of eyes, approves what an officer proposes.
    REVIEWER = "reviewer"
    #: 负责人: the grave steps and the publication of results.
    HEAD = "head"
    #: 明察暗访员、监督员.
    INSPECTOR = "inspector"
    #: 监测点.
    MONITOR = "monitor"
    #: 测评对象 (or, without a target, the whole unit).
    TARGET = "target"
    #: 领导小组成员: sees where things stand.
    LEADER = "leader"
    #: 审计员: reads the log, verifies.
    AUDITOR = "auditor"


ROLE_NAMES: dict[Role, str] = {
    Role.ADMIN: "效能办管理员",
    Role.OFFICER: "督办专员",
    Role.REVIEWER: "审核人",
    Role.HEAD: "负责人",
    Role.INSPECTOR: "明察暗访员",
    Role.MONITOR: "监测点",
    Role.TARGET: "测评对象",
    Role.LEADER: "领导小组",
    Role.AUDITOR: "审计员",
}


class User(Base):
    """An account of one natural person; never shared, never deleted, only closed."""

    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    password_hash: Mapped[str] = mapped_column(String(200))
    #: Must choose an own password at the next login.
    password_expired: Mapped[bool] = mapped_column(default=True)
    active: Mapped[bool] = mapped_column(default=True)
    phone: Mapped[str] = mapped_column(String(30), default="")
    #: For role target: what the account answers for; the unit's head has the unit only.
    target_id: Mapped[int | None] = mapped_column(ForeignKey("target.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    #: For role monitor: the place that reports.
    monitor_id: Mapped[int | None] = mapped_column(ForeignKey("monitor.id"))
    #: Raised at logout and password change: all older sessions of the account end.
    session_epoch: Mapped[int] = mapped_column(default=0)
    locale: Mapped[str] = mapped_column(String(10), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    row_version: Mapped[int] = mapped_column(default=1)

    target: Mapped[Target | None] = relationship()
    unit: Mapped[Unit | None] = relationship()
    monitor: Mapped[Monitor | None] = relationship()
    grants: Mapped[list[RoleGrant]] = relationship(
        back_populates="user", foreign_keys="RoleGrant.user_id", lazy="selectin", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": row_version}

    @property
    def roles(self) -> frozenset[Role]:
        """The roles granted at present."""
        return frozenset(grant.role for grant in self.grants)

    def __str__(self) -> str:
        return f"{self.name}（{self.login}）"


class RoleGrant(Base):
    """One role given to one account; who gave it and when stays in the history."""

    __tablename__ = "role_grant"
    __table_args__ = (UniqueConstraint("user_id", "role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    role: Mapped[Role] = mapped_column(
        Enum(
            Role,
            native_enum=False,
            create_constraint=True,
            name="role",
            length=20,
            values_callable=lambda kinds: [kind.value for kind in kinds],
        )
    )
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    user: Mapped[User] = relationship(back_populates="grants", foreign_keys=[user_id])

    def __str__(self) -> str:
        return ROLE_NAMES[self.role]


class LoginAttempt(Base):
    """A failed attempt to enter, counted per name and per address."""

    __tablename__ = "login_attempt"
    __table_args__ = (Index("ix_login_attempt_key_at", "key", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    #: `login:NAME`, `from:ADDRESS` or `code:ROUND`.
    key: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

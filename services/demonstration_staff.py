"""The accounts of a demonstration: at least one for every role, all with one password that everybody may know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.campaign import Campaign
from models.people import ROLE_NAMES, Role, RoleGrant, User
from models.roster import Monitor, Target, Unit
from services.accounts import Passwords, create_account
from services.actor import Actor, actor_of

#: Of every account of a demonstration, and of no other.
PASSWORD = "pingdu-2012"  # noqa: S105 - it is printed on the login page
_OFFICE: tuple[tuple[str, str, Role], ...] = (
    ("admin", "演示管理员", Role.ADMIN),
    ("officer1", "演示专员甲", Role.OFFICER),
    ("officer2", "演示专员乙", Role.OFFICER),
    ("reviewer", "演示审核人", Role.REVIEWER),
    ("head", "演示负责人", Role.HEAD),
    ("inspector1", "演示暗访员甲", Role.INSPECTOR),
    ("inspector2", "演示暗访员乙", Role.INSPECTOR),
    ("leader", "演示领导小组", Role.LEADER),
    ("auditor", "演示审计员", Role.AUDITOR),
)
#: How many accounts of one role are shown; there are more than anyone would try.
_SHOWN = 2


class _OnePassword(Passwords):
    """Hashes the one password once: it is no secret, and a hundred slow hashes would make the start wait."""

    def __init__(self, passwords: Passwords) -> None:
        self._hashed = passwords.hash(PASSWORD)

    def hash(self, password: str) -> str:
        """The one hash."""
        return self._hashed


class Staff:
    """The people of a demonstration, as actors."""

    def __init__(
        self, by_role: dict[str, list[Actor]], targets: dict[str, Actor], monitors: dict[str, Actor]
    ):
        self._by_role = by_role
        self._targets = targets
        self._monitors = monitors

    def one_of(self, role: str, number: int) -> Actor:
        """Someone of the role; the same number is always the same person."""
        people = self._by_role[role]
        return people[number % len(people)]

    def target(self, key: str) -> Actor:
        """Who answers for a target."""
        return self._targets[key]

    def monitor(self, key: str) -> Actor:
        """Who reports for a monitor."""
        return self._monitors[key]


def hire(session: Session, installer: Actor, *, passwords: Passwords, now: datetime) -> Staff:
    """An account for every role, every target, every unit's head and every monitor of the roster."""
    one = _OnePassword(passwords)

    def account(login: str, name: str, role: Role, **ties: int) -> Actor:
        user = create_account(
            session,
            installer,
            login=login,
            name=name[:60],
            password=PASSWORD,
            roles=frozenset({role}),
            passwords=one,
            now=now,
            password_expired=False,
            **ties,
        )
        return actor_of(user)

    by_role: dict[str, list[Actor]] = {}
    for login, name, role in _OFFICE:
        by_role.setdefault(role.value, []).append(account(login, name, role))
    targets = {
        key: account(key, f"演示{name}", Role.TARGET, target_id=row)
        for row, key, name in session.execute(
            select(Target.id, Target.key, Target.name).where(Target.active).order_by(Target.id)
        ).all()
    }
    for row, key, name in session.execute(select(Unit.id, Unit.key, Unit.name).where(Unit.active)).all():
        account(key, f"演示{name}负责人", Role.TARGET, unit_id=row)
    monitors = {
        key: account(key, f"演示{name}", Role.MONITOR, monitor_id=row)
        for row, key, name in session.execute(
            select(Monitor.id, Monitor.key, Monitor.name).where(Monitor.active).order_by(Monitor.id)
        ).all()
    }
    return Staff(by_role, targets, monitors)


@dataclass(frozen=True)
class DemoAccount:
    """A line of the list of demonstration accounts."""

    login: str
    name: str
    role: str


def demonstration_accounts(session: Session) -> list[DemoAccount]:
    """A few accounts of each role, for whoever wants to look around; empty where no campaign is a demonstration."""
    if not session.execute(select(Campaign.id).where(Campaign.demonstration).limit(1)).first():
        return []
    shown: list[DemoAccount] = []
    for role in Role:
        people = session.execute(
            select(User.login, User.name)
            .join(RoleGrant, RoleGrant.user_id == User.id)
            .where(RoleGrant.role == role, User.active)
            .order_by(User.unit_id.is_not(None).desc(), User.id)
            .limit(_SHOWN if role not in (Role.TARGET, Role.MONITOR) else _SHOWN + 1)
        ).all()
        shown += [DemoAccount(login, name, ROLE_NAMES[role]) for login, name in people]
    return shown

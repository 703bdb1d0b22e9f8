"""Who acts: always an argument, never looked up."""

from __future__ import annotations

from dataclasses import dataclass

from models.people import Role, User
from services.refusal import forbidden


@dataclass(frozen=True)
class Actor:
    """A person (or the system's timer) in the moment of an act."""

    user_id: int | None
    name: str
    roles: frozenset[str]
    target_id: int | None = None
    unit_id: int | None = None
    monitor_id: int | None = None

    def has(self, *roles: Role) -> bool:
        """Whether any of the roles was granted."""
        return any(role in self.roles for role in roles)

    def require(self, *roles: Role, to: str) -> None:
        """Refuse unless one of the roles was granted. to: the act in words, for the sentence."""
        if not self.has(*roles):
            raise forbidden(to)

    @property
    def person(self) -> int:
        """The account's id; an act of a person is not for timers."""
        if self.user_id is None:
            raise forbidden("以系统身份办理此事")
        return self.user_id


#: Timers act under this name.
SYSTEM = Actor(user_id=None, name="系统计时", roles=frozenset({"system"}))

#: Those who may see the office's own work.
OFFICE = (Role.OFFICER, Role.REVIEWER, Role.HEAD)


def actor_of(user: User) -> Actor:
    """The account as an actor, with the roles it has now."""
    return Actor(
        user_id=user.id,
        name=user.name,
        roles=frozenset(role.value for role in user.roles),
        target_id=user.target_id,
        unit_id=user.unit_id,
        monitor_id=user.monitor_id,
    )

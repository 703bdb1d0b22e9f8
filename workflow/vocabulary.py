"""The words a workflow may use: roles, facts for guards, kinds of asked fields, kinds of effects.

Everything here is closed: a word of a definition that is not in one of these tables, and that the definition
does not introduce itself (a count, an asked field), is a fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from definitions.expression import ValueType


class Role(StrEnum):
    """Who may be named as one who fires a trigger or is told of something."""

    #: 效能办管理员
    ADMIN = "admin"
    #: 督办专员
    OFFICER = "officer"
    #: 审核人
    REVIEWER = "reviewer"
    #: 效能办负责人
    HEAD = "head"
    #: 明察暗访员
    INSPECTOR = "inspector"
    #: 监测点
    MONITOR = "monitor"
    #: 测评对象
    TARGET = "target"
    #: 领导小组
    LEADER = "leader"
    #: 审计员
    AUDITOR = "auditor"
    #: 系统，到期自动办理
    SYSTEM = "system"


class Firing(StrEnum):
    """How a trigger is fired."""

    #: By somebody who holds one of its roles.
    PERSON = "person"
    #: By a clock that has run out.
    TIMER = "timer"


class ClockUnit(StrEnum):
    """What the length of a clock is counted in."""

    WORKING_DAYS = "working_days"
    #: Calendar months: until the same day of a later month. Source: 民法典第二百零二条.
    MONTHS = "months"


#: How a length is said: 5个工作日、1个月.
UNIT_WORDS: dict[ClockUnit, str] = {ClockUnit.WORKING_DAYS: "个工作日", ClockUnit.MONTHS: "个月"}


class ClockStart(StrEnum):
    """From when the length of a clock is counted."""

    #: 进入状态之日
    ENTERED = "entered"
    #: 文书送达之日
    SERVED = "served"


class AskType(StrEnum):
    """What a step may ask of the person who takes it."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    CHOICE = "choice"
    CHOICES = "choices"
    GRADE = "grade"
    #: Names of stored attachments.
    FILES = "files"


#: What a guard sees of an asked field.
ASKED_VALUE: dict[AskType, ValueType] = {
    AskType.TEXT: ValueType.TEXT,
    AskType.LONG_TEXT: ValueType.TEXT,
    AskType.NUMBER: ValueType.NUMBER,
    AskType.BOOLEAN: ValueType.BOOLEAN,
    AskType.DATE: ValueType.DATE,
    AskType.CHOICE: ValueType.CHOICE,
    AskType.CHOICES: ValueType.CHOICES,
    AskType.GRADE: ValueType.GRADE,
    AskType.FILES: ValueType.CHOICES,
}


@dataclass(frozen=True)
class Fact:
    """One thing a guard may look at.

    given: True where the caller tells it with every step; False where the engine knows it from the history.
    absent: what holds when the caller says nothing.
    """

    key: str
    type: ValueType
    label: str
    given: bool
    absent: Any = None


FACTS: dict[str, Fact] = {
    fact.key: fact
    for fact in (
        Fact("grave", ValueType.BOOLEAN, "情节严重", given=True, absent=False),
        Fact("channel", ValueType.CHOICE, "发现渠道", given=True, absent=""),
        Fact("category", ValueType.CHOICE, "类别", given=True, absent=""),
        Fact("deadline_passed", ValueType.BOOLEAN, "当前期限已过", given=True, absent=False),
        Fact("state", ValueType.CHOICE, "当前状态", given=False),
        Fact("previous", ValueType.CHOICE, "上一状态", given=False),
        Fact("visited", ValueType.CHOICES, "经过的状态", given=False),
        Fact("done_here", ValueType.CHOICES, "本状态内已办的步骤", given=False),
        Fact("tiers", ValueType.CHOICES, "已记且未撤回的扣分档", given=False),
        Fact("served", ValueType.BOOLEAN, "本状态的文书已送达", given=False),
    )
}

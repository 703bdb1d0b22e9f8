"""What one role may do with one field of a case while the case stands in a state. Data, closed words."""

from __future__ import annotations

from enum import StrEnum

from definitions.base import Definition, Key
from workflow.vocabulary import Role


class May(StrEnum):
    """What is said of a role and a field; where nothing is said, the field is seen and filled as ever."""

    #: Neither seen nor filled.
    HIDDEN = "hidden"
    #: Seen, not filled.
    READ = "read"
    #: Filled, or the step is not taken.
    MUST = "must"


#: The words of each choice, as they stand in the designer's table.
MAY_WORDS: dict[str, str] = {May.HIDDEN: "不可见", May.READ: "只读", May.MUST: "必填"}

#: What a case has besides what its steps ask; its number, title and target are known to whoever sees the case.
CASE_FIELDS: dict[str, str] = {
    "channel": "发现渠道",
    "problem": "问题类别",
    "found_on": "发现日期",
    "facts": "查明的事实",
    "basis": "依据",
    "requirement": "整改要求",
    "evidence": "附件",
    "rating": "来源测评和测评人",
}


class FieldRight(Definition):
    """One cell of the table role × field of a state. field: of `CASE_FIELDS`, or one that a step asks."""

    role: Role
    field: Key
    may: May

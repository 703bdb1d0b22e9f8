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
    #: Filled, or the step is not taken. Of the case's own: changed as with `edit`, and not empty when the case goes on.
    MUST = "must"
    #: Of the case's own words: changed after the case was registered.
    EDIT = "edit"


#: The words of each choice, as they stand in the designer's table.
MAY_WORDS: dict[str, str] = {May.HIDDEN: "不可见", May.READ: "只读", May.MUST: "必填", May.EDIT: "可改"}

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

#: Those of them that can be changed after the case was registered, by people of the office.
SHEET_FIELDS = ("facts", "basis", "requirement")
SHEET_ROLES = frozenset({Role.OFFICER, Role.REVIEWER, Role.HEAD})


class FieldRight(Definition):
    """One cell of the table role × field of a state. field: of `CASE_FIELDS`, or one that a step asks."""

    role: Role
    field: Key
    may: May

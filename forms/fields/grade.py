"""The grade itself: what a rating counts."""

from __future__ import annotations

from typing import ClassVar, Literal

from definitions.expression import ValueType
from forms.fields.ticked import OneOption


class Grade(OneOption):
    """One of the campaign's grades, best first; a form bound to a method names it as what is counted.

    Source: 方案第五条 (结果分为五档).
    """

    type: Literal["grade"] = "grade"
    words: ClassVar[str] = "档次"
    value_type: ClassVar[ValueType | None] = ValueType.GRADE

"""The kinds of fact that an expression can look at."""

from __future__ import annotations

from enum import StrEnum


class ValueType(StrEnum):
    """The type of one named fact; the browser designers show `words`."""

    #: An exact number.
    NUMBER = "number"
    #: Free text.
    TEXT = "text"
    #: Yes or no.
    BOOLEAN = "boolean"
    #: A day or a time, as ISO text, so that text order is time order.
    DATE = "date"
    #: One key out of a list.
    CHOICE = "choice"
    #: Several keys out of a list.
    CHOICES = "choices"
    #: One of the campaign's grades.
    GRADE = "grade"

    @property
    def words(self) -> str:
        """The name of the type in the office's words."""
        return _WORDS[self]


_WORDS: dict[ValueType, str] = {
    ValueType.NUMBER: "数字",
    ValueType.TEXT: "文字",
    ValueType.BOOLEAN: "是否",
    ValueType.DATE: "日期",
    ValueType.CHOICE: "单选",
    ValueType.CHOICES: "多选",
    ValueType.GRADE: "档次",
}

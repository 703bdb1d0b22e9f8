"""How lists are narrowed: one input a filter, on columns that the database finds quickly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from flask_admin.model.filters import BaseFilter
from flask_babel import gettext as _

from portal.clock import OFFICE_ZONE

Options = Callable[[], Sequence[tuple[str, str]]]


class Filter(BaseFilter):
    """One input above a list. `kind`: of the HTML input, or `select`."""

    kind = "search"

    def __init__(self, column: Any, name: Any) -> None:
        super().__init__(name)
        self.column = column

    def operation(self) -> str:
        """Flask-Admin asks; our page shows the name alone."""
        return ""

    def entries(self) -> Sequence[tuple[str, str]]:
        """What a select offers, asked anew for each page."""
        return ()


class Contains(Filter):
    """Text inside a column; for small tables only, since it reads all rows."""

    def apply(self, query: Any, value: str, _alias: Any = None) -> Any:
        """The query, narrowed."""
        return query.filter(self.column.icontains(value.strip()[:200], autoescape=True))


class Exactly(Filter):
    """The very text of an indexed column."""

    def apply(self, query: Any, value: str, _alias: Any = None) -> Any:
        """The query, narrowed."""
        return query.filter(self.column == value.strip()[:200])


class Number(Filter):
    """A whole number that fits the column."""

    kind = "number"

    def clean(self, value: str) -> int:
        """ValueError for anything else."""
        number = int(value)
        if not 0 <= number < 2**31:
            raise ValueError("out of range")
        return number

    def apply(self, query: Any, value: int, _alias: Any = None) -> Any:
        """The query, narrowed."""
        return query.filter(self.column == value)


class OneOf(Filter):
    """One of the entries of a select."""

    kind = "select"

    def __init__(self, column: Any, name: Any, options: Options) -> None:
        super().__init__(column, name)
        self._entries = options

    def entries(self) -> Sequence[tuple[str, str]]:
        """Pairs of value and label."""
        return self._entries()

    def clean(self, value: str) -> str:
        """ValueError for what was not offered."""
        if value not in {key for key, _label in self.entries()}:
            raise ValueError("not offered")
        return value

    def apply(self, query: Any, value: str, _alias: Any = None) -> Any:
        """The query, narrowed."""
        return query.filter(self.column == value)


class OneRow(OneOf):
    """One of the rows of another table."""

    def apply(self, query: Any, value: str, _alias: Any = None) -> Any:
        """The query, narrowed."""
        return query.filter(self.column == int(value))


class YesNo(OneOf):
    """A column of truth."""

    def __init__(self, column: Any, name: Any) -> None:
        super().__init__(column, name, lambda: (("1", _("是")), ("0", _("否"))))

    def apply(self, query: Any, value: str, _alias: Any = None) -> Any:
        """The query, narrowed."""
        return query.filter(self.column.is_(value == "1"))


class _Day(Filter):
    kind = "date"

    def clean(self, value: str) -> date:
        """ValueError for what is no day between 1970 and 2199."""
        day = date.fromisoformat(value)
        if not 1970 <= day.year < 2200:
            raise ValueError("out of range")
        return day


def starts_at(day: date) -> datetime:
    """The first instant of the day at the office's place."""
    return datetime.combine(day, time.min, tzinfo=OFFICE_ZONE)


class Since(_Day):
    """Instants of the day and after, by the office's clock."""

    def apply(self, query: Any, value: date, _alias: Any = None) -> Any:
        """The query, narrowed."""
        return query.filter(self.column >= starts_at(value))


class Until(_Day):
    """Instants of the day and before."""

    def apply(self, query: Any, value: date, _alias: Any = None) -> Any:
        """The query, narrowed."""
        return query.filter(self.column < starts_at(value + timedelta(days=1)))

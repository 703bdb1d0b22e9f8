"""What is typed of a calendar change: one line a day, or a stretch of days."""

from __future__ import annotations

import re
from datetime import date, timedelta

from flask_babel import gettext as _

from models.campaign import DayKind
from services.calendar_changes import MOST_DAYS, NewDay
from services.refusal import Refusal

#: What may stand for a kind, besides the word that the page offers.
KIND_WORDS: dict[str, DayKind | None] = {
    "放假": DayKind.HOLIDAY,
    "节假日": DayKind.HOLIDAY,
    "调休上班": DayKind.MAKEUP,
    "上班": DayKind.MAKEUP,
    "停办": DayKind.CLOSURE,
    "停止办公": DayKind.CLOSURE,
    "半日": DayKind.HALF_DAY,
    "半日办公": DayKind.HALF_DAY,
    "取消": None,
}
_DAY = r"(\d{4})[-年./](\d{1,2})[-月./](\d{1,2})日?"
_LINE = re.compile(rf"{_DAY}(?:\s*(?:至|到|—|~)\s*{_DAY})?\s+(\S+)(?:\s+(.*))?")


def read_days(text: str) -> list[NewDay]:
    """The days of all lines; Refusal with every line that cannot be read.

    A line: a day or a stretch 至, a kind, a note. `2027-02-06至2027-02-12 放假 春节`
    """
    found: list[NewDay] = []
    faults: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            found += _line(line.strip())
        except ValueError as error:
            faults.append(
                _("第%(number)s行“%(line)s”：%(what)s", number=number, line=line.strip()[:60], what=error)
            )
    if faults:
        raise Refusal("days_unreadable", _("；").join(faults[:10]), 422)
    return found


def _line(line: str) -> list[NewDay]:
    read = _LINE.fullmatch(line)
    if read is None:
        raise ValueError(_("请写成“2027-02-06 放假 春节”或“2027-02-06至2027-02-12 放假 春节”"))
    parts = read.groups()
    if parts[6] not in KIND_WORDS:
        raise ValueError(_("安排请写放假、调休上班、停办、半日或取消"))
    first = _day(parts[:3])
    last = _day(parts[3:6]) if parts[3] else first
    if not first <= last < first + timedelta(days=MOST_DAYS):
        raise ValueError(_("起止日期颠倒，或者相隔太远"))
    days = (last - first).days + 1
    return [
        NewDay(first + timedelta(days=n), KIND_WORDS[parts[6]], (parts[7] or "").strip()) for n in range(days)
    ]


def _day(parts: tuple[str | None, ...]) -> date:
    try:
        return date(*(int(part or 0) for part in parts))
    except ValueError as error:
        raise ValueError(_("没有这一天")) from error

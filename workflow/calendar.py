"""Working days: when a deadline falls, how many days remain, and the same said in Chinese.

Pure arithmetic on a calendar that is passed in; make-up working days (调休上班), holidays and closures are data
of the calendar. A year whose arrangement is not published is refused, or, where the calendar marks it as
provisional, counted by weekdays alone and said to be so. It is never guessed in silence.

Source: 实施口径（方案只说“时间节点”）; days by the yearly 国务院办公厅关于部分节假日安排的通知.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from workflow.vocabulary import UNIT_WORDS, ClockUnit

_ONE_DAY = timedelta(days=1)
#: Monday is 0; Saturday and Sunday rest unless the calendar says otherwise.
_FIRST_REST_DAY = 5


class DayKind(StrEnum):
    """Why a day is not what its weekday says."""

    #: 法定节假日放假
    HOLIDAY = "holiday"
    #: 调休上班
    MAKEUP = "makeup"
    #: 本地停办，如防汛、停电
    CLOSURE = "closure"
    #: 半日办公：计为工作日，但为最后一日的，于半日截止时刻届满
    HALF_DAY = "half_day"


class CalendarTooShort(Exception):
    """The calendar does not reach. first_uncovered: the first day that it does not know."""

    code = "calendar_too_short"

    def __init__(self, first_uncovered: date, calendar: str) -> None:
        self.first_uncovered = first_uncovered
        self.sentence = (
            f"工作日历“{calendar}”没有{first_uncovered.year}年的放假安排，算不出期限；"
            f"请先登记该年安排，或者把该年列为暂定年度"
        )
        super().__init__(self.sentence)


@dataclass(frozen=True)
class WorkCalendar:
    """Which days the office works, as far as that is published.

    version: kept with every deadline, says by which edition it was counted.
    days: only the days that differ from their weekday, and half days.
    published_years: complete by the official arrangement.  provisional_years: may be counted by weekdays.
    day_starts, day_ends: office hours by which reminders go out and deadlines end, local time.
    half_day_ends: when a deadline ends on a half day; must be set where there are half days.
    """

    key: str
    version: str
    days: Mapping[date, DayKind]
    published_years: frozenset[int]
    provisional_years: frozenset[int]
    day_ends: time
    timezone: str = "Asia/Shanghai"
    day_starts: time = time.min
    half_day_ends: time | None = None
    zone: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "zone", ZoneInfo(self.timezone))
        if DayKind.HALF_DAY in self.days.values() and self.half_day_ends is None:
            raise ValueError("half days need half_day_ends")

    def is_working_day(self, day: date) -> bool:
        """Whether the office works on a day. Raises CalendarTooShort for a year that is not covered."""
        if day.year not in self.published_years and day.year not in self.provisional_years:
            raise CalendarTooShort(day, self.key)
        kind = self.days.get(day)
        if kind is None:
            return day.weekday() < _FIRST_REST_DAY
        return kind in (DayKind.MAKEUP, DayKind.HALF_DAY)

    def is_provisional(self, day: date) -> bool:
        """Whether a day's kind is only inferred from its weekday."""
        return day.year not in self.published_years

    def local_day(self, moment: datetime) -> date:
        """The office's day at an instant. Raises ValueError for a naive one."""
        if moment.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return moment.astimezone(self.zone).date()

    def end_of(self, day: date) -> datetime:
        """The instant, in UTC, at which a deadline on that day ends."""
        half = self.half_day_ends if self.days.get(day) is DayKind.HALF_DAY else None
        return self._instant(day, half or self.day_ends)

    def start_of(self, day: date) -> datetime:
        """The instant, in UTC, at which the office opens on that day."""
        return self._instant(day, self.day_starts)

    def opens_before(self, due_at: datetime, working_days: int) -> datetime:
        """When a reminder goes out: the opening, in UTC, that many working days before a deadline's last day."""
        day = self.local_day(due_at)
        for _ in range(working_days):
            day -= _ONE_DAY
            while not self.is_working_day(day):
                day -= _ONE_DAY
        return self.start_of(day)

    def _instant(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)


@dataclass(frozen=True)
class Due:
    """A deadline with its reason.

    due_at: aware, UTC; until this instant an answer is in time.
    explanation: every counted day, in Chinese.  calendar_version: that of the calendar.
    provisional: counted in part by weekdays alone; to be counted anew when the year is published.
    """

    due_at: datetime
    explanation: str
    calendar_version: str
    provisional: bool


def deadline(
    start: datetime,
    length: int,
    calendar: WorkCalendar,
    *,
    event: str = "送达",
    unit: ClockUnit = ClockUnit.WORKING_DAYS,
) -> Due:
    """When so many working days or months have gone by since the day of `start`, which itself is not counted.

    start: aware.  length: 1 or more.  event: what happened at the start, for the explanation.
    Raises CalendarTooShort with the first uncovered day, ValueError for a naive start or too short a length.
    Source: 实施口径: 送达当日不计入，最后一日于下班时届满.

    >>> days = {date(2025, 10, 1) + timedelta(days=n): DayKind.HOLIDAY for n in range(8)}
    >>> days[date(2025, 10, 11)] = DayKind.MAKEUP
    >>> year = WorkCalendar("cn", "1", days, frozenset({2025}), frozenset(), time(17, 30))
    >>> deadline(datetime(2025, 9, 28, 2, tzinfo=UTC), 5, year).explanation
    '9月28日送达，5个工作日：29、30日，10月9、10、11日（调休上班）→ 10月11日17:30前'
    """
    if length < 1:
        raise ValueError("a deadline needs at least one working day or month")
    first = calendar.local_day(start)
    opening = f"{event}，{length}{UNIT_WORDS[unit]}"
    if unit is ClockUnit.MONTHS:
        return _months_after(first, length, calendar, opening)
    return _due(first, _working_days_after(first, length, calendar), calendar, opening)


def _months_after(first: date, months: int, calendar: WorkCalendar, opening: str) -> Due:
    """Until the same day of a later month, or its last day where it has no such day; a rest day moves it on.

    Source: 民法典第二百零二条、第二百零三条.
    """
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    month += 1
    named = date(year, month, min(first.day, monthrange(year, month)[1]))
    last = named
    while not calendar.is_working_day(last):
        last += _ONE_DAY
    due_at = calendar.end_of(last)
    moved = "" if last == named else "（休息日，顺延至其后第一个工作日）"
    until = f"{_day_words(last, first)}{due_at.astimezone(calendar.zone):%H:%M}前"
    unpublished = sorted({day.year for day in (first, named, last) if calendar.is_provisional(day)})
    text = f"{_day_words(first, None)}{opening}：至{_day_words(named, first)}{moved}→ {until}"
    return Due(due_at, text + _provisional(unpublished), calendar.version, bool(unpublished))


def remaining_working_days(now: datetime, due_at: datetime, calendar: WorkCalendar) -> int:
    """Whole working days after today up to the day of the deadline; 0 on that day itself and afterwards.

    What is left of today is not counted, so stopping and resuming on one day changes nothing.
    """
    today, last = calendar.local_day(now), calendar.local_day(due_at)
    count, day = 0, today
    while day < last:
        day += _ONE_DAY
        count += calendar.is_working_day(day)
    return count


def resumed_deadline(
    now: datetime, remaining: int, calendar: WorkCalendar, *, event: str = "恢复计算"
) -> Due:
    """The new deadline of a clock that was stopped with this many working days left.

    remaining: 0 or more; with 0 the deadline is the end of today, or of the next working day where today is
    none or has ended.
    """
    if remaining < 0:
        raise ValueError("remaining working days cannot be negative")
    if remaining:
        today = calendar.local_day(now)
        counted = _working_days_after(today, remaining, calendar)
        return _due(today, counted, calendar, f"{event}，剩余{remaining}个工作日")
    today = calendar.local_day(now)
    if calendar.is_working_day(today) and now <= calendar.end_of(today):
        return _due(today, (today,), calendar, f"{event}，当日为最后一日")
    counted = _working_days_after(today, 1, calendar)
    return _due(today, counted, calendar, f"{event}，顺延至下一工作日")


def shifted_deadline(due_at: datetime, working_days: int, calendar: WorkCalendar, *, event: str) -> Due:
    """A deadline so many working days later (or, negative, earlier) than it is.

    event: why, for the explanation.  Raises CalendarTooShort.
    """
    last = calendar.local_day(due_at)
    day, left = last, abs(working_days)
    way = _ONE_DAY if working_days > 0 else -_ONE_DAY
    counted: list[date] = []
    while left:
        day += way
        if calendar.is_working_day(day):
            counted.append(day)
            left -= 1
    word = "顺延" if working_days > 0 else "提前"
    opening = f"{event}，原{_day_words(last, None)}到期，{word}{abs(working_days)}个工作日"
    days = tuple(sorted(counted)) or (last,)
    until = calendar.end_of(day)
    unpublished = sorted({found.year for found in (last, *days) if calendar.is_provisional(found)})
    text = f"{opening}→ {_day_words(day, last)}{until.astimezone(calendar.zone):%H:%M}前{_provisional(unpublished)}"
    return Due(until, text, calendar.version, bool(unpublished))


def not_sooner(due: Due, old_due_at: datetime, now: datetime, calendar: WorkCalendar) -> Due:
    """The deadline, unless an act of the office would let it pass at once or overnight.

    A date that is brought forward leaves at least the next working day, and is never later than it was for that.
    Source: 实施口径: 对测评对象不利的调整不溯及既往.
    """
    if due.due_at >= old_due_at:
        return due
    day = calendar.local_day(now) + _ONE_DAY
    while not calendar.is_working_day(day):
        day += _ONE_DAY
    floor = min(old_due_at, calendar.end_of(day))
    if due.due_at >= floor:
        return due
    until = floor.astimezone(calendar.zone)
    text = f"{due.explanation}；调整不早于次一工作日：{_day_words(until.date(), None)}{until:%H:%M}前"
    return replace(due, due_at=floor, explanation=text)


def _provisional(years: list[int]) -> str:
    if not years:
        return ""
    words = "、".join(f"{year}年" for year in years)
    return f"（暂定：{words}放假安排尚未公布，暂按星期推算）"


def _working_days_after(first: date, count: int, calendar: WorkCalendar) -> tuple[date, ...]:
    found: list[date] = []
    day = first
    while len(found) < count:
        day += _ONE_DAY
        if calendar.is_working_day(day):
            found.append(day)
    return tuple(found)


def _due(first: date, counted: tuple[date, ...], calendar: WorkCalendar, opening: str) -> Due:
    last = counted[-1]
    due_at = calendar.end_of(last)
    unpublished = sorted({day.year for day in (first, *counted) if calendar.is_provisional(day)})
    until = f"{_day_words(last, first)}{due_at.astimezone(calendar.zone):%H:%M}前"
    text = f"{_day_words(first, None)}{opening}：{_days_in_words(counted, first, calendar)}→ {until}"
    text += _provisional(unpublished)
    return Due(due_at, text, calendar.version, bool(unpublished))


def _days_in_words(days: tuple[date, ...], first: date, calendar: WorkCalendar) -> str:
    """Days grouped by month, with what is odd about one said behind it: 29、30日，10月9、10、11日（调休上班）."""
    groups: list[str] = []
    before = first
    for day in days:
        new_month = (day.year, day.month) != (before.year, before.month)
        if new_month or not groups:
            groups.append(_month_words(day, before) if new_month else "")
        else:
            groups[-1] = _joined(groups[-1])
        groups[-1] += f"{day.day}日{_oddity(day, calendar)}"
        before = day
    return "，".join(groups)


def _joined(group: str) -> str:
    # A plain day gives up its 日 to the next one; a day with a remark keeps it.
    return (group.removesuffix("日")) + "、"


def _month_words(day: date, before: date) -> str:
    return f"{day.month}月" if day.year == before.year else f"{day.year}年{day.month}月"


def _day_words(day: date, base: date | None) -> str:
    words = f"{day.month}月{day.day}日"
    return words if base is None or base.year == day.year else f"{day.year}年{words}"


def _oddity(day: date, calendar: WorkCalendar) -> str:
    kind = calendar.days.get(day)
    if kind is DayKind.MAKEUP:
        return "（调休上班）"
    return "（半日）" if kind is DayKind.HALF_DAY else ""

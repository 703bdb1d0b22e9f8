"""How dates, figures and deadlines are written on pages."""

from __future__ import annotations

import re
from datetime import date, datetime
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, current_app, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from portal.clock import OFFICE_ZONE
from portal.notice_words import act_words, notice_state

NOTHING = "—"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _english() -> bool:
    locale = get_locale()
    return locale is not None and locale.language == "en"


def local(instant: datetime) -> datetime:
    """The instant as the office's clock shows it. Refuses a naive one."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return instant.astimezone(OFFICE_ZONE)


def date_zh(value: date | datetime | None) -> str:
    """2026年4月9日; an instant is taken at the office's place. None: a dash."""
    if value is None:
        return NOTHING
    day = local(value) if isinstance(value, datetime) else value
    if _english():
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return f"{day.year}年{day.month}月{day.day}日"


def datetime_zh(value: datetime | None) -> str:
    """2026年4月9日 15:30 at the office's place. None: a dash."""
    if value is None:
        return NOTHING
    return f"{date_zh(value)} {local(value):%H:%M}"


def printed(value: Fraction | int, *, places: int) -> str:
    """The exact value with so many decimal places, half up (away from zero).

    >>> printed(Fraction(3601, 45), places=2)
    '80.02'
    >>> printed(Fraction(1, 200), places=2)
    '0.01'
    >>> printed(Fraction(-1, 200), places=2)
    '-0.01'
    """
    scale = 10**places
    exact = abs(Fraction(value)) * scale
    units = (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
    sign = "-" if value < 0 and units else ""
    return f"{sign}{units // scale}.{units % scale:0{places}d}" if places else f"{sign}{units}"


def score(value: Fraction | int | None) -> str:
    """A figure of a score with two places. None: a dash, for what has no figure yet.

    Where a scheme prints a figure itself, show its `printed` and not this.
    """
    return NOTHING if value is None else printed(value, places=2)


def percent(value: Fraction | None) -> str:
    """A rate between 0 and 1 as 85.00%. None: a dash."""
    return NOTHING if value is None else printed(value * 100, places=2) + "%"


def deadline(due_at: datetime | None, remaining: int | None = None) -> str:
    """When it is due and how many working days are left (negative: overdue by so many)."""
    if due_at is None:
        return NOTHING
    if remaining is None:
        return date_zh(due_at)
    if remaining < 0:
        return _("%(day)s（逾期%(days)s个工作日）", day=date_zh(due_at), days=-remaining)
    if remaining == 0:
        return _("%(day)s（今日到期）", day=date_zh(due_at))
    return _("%(day)s（还有%(days)s个工作日）", day=date_zh(due_at), days=remaining)


@lru_cache(maxsize=256)
def _fingerprint(path: Path, _changed: int) -> str:
    return sha256(path.read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """Address of a static file that changes with its content, so that browsers may keep it for a year."""
    path = Path(current_app.static_folder or "", name)
    return url_for("static", filename=name, v=_fingerprint(path, path.stat().st_mtime_ns))


def printable(value: Any) -> Any:
    """What a page may hold: control characters that a name brought along are no HTML and are left out."""
    if isinstance(value, str) and _CONTROL.search(value):
        clean = _CONTROL.sub("", value)
        return Markup(clean) if isinstance(value, Markup) else clean  # noqa: S704 - it was escaped before
    return value


def init_formats(app: Flask) -> None:
    """Make the formats known to templates."""
    app.jinja_env.finalize = printable
    for filter_ in (date_zh, datetime_zh, score, percent, deadline):
        app.add_template_filter(filter_)
    app.add_template_global(asset)
    app.add_template_global(notice_state)
    app.add_template_global(act_words)

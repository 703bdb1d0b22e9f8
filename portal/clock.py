"""The one place where a door asks for the time; everything below gets it as an argument."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

from flask import current_app

#: Where the office is. China has had one time zone, without summer time, since 1991.
OFFICE_ZONE = timezone(timedelta(hours=8), "Asia/Shanghai")


def now() -> datetime:
    """This moment, aware, in UTC; a test or a simulation may put its own clock under `clock`."""
    clock: Callable[[], datetime] | None = current_app.extensions.get("clock")
    return clock() if clock else datetime.now(UTC)

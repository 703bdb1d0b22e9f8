"""Dates and figures on pages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from flask import Flask
from flask_babel import Babel

from portal.formats import date_zh, datetime_zh, deadline, local, percent, score


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Fraction(3601, 45), "80.02"),
        (Fraction(69995, 1000), "70.00"),
        (Fraction(69994999, 1000000), "69.99"),
        (Fraction(5, 1000), "0.01"),
        (Fraction(-3), "-3.00"),
        (Fraction(-1, 1000), "0.00"),
        (20, "20.00"),
        (None, "—"),
    ],
)
def test_a_score_is_rounded_half_up_once(value: Fraction | None, expected: str) -> None:
    assert score(value) == expected


def test_a_rate_is_shown_in_percent() -> None:
    assert percent(Fraction(137, 150)) == "91.33%"


def test_dates_are_those_of_the_office(tmp_path: object) -> None:
    app = Flask(__name__)
    Babel(app, default_locale="zh_CN")
    evening = datetime(2026, 4, 8, 16, 30, tzinfo=UTC)
    with app.app_context():
        assert date_zh(date(2026, 4, 9)) == "2026年4月9日"
        assert date_zh(evening) == "2026年4月9日"
        assert datetime_zh(evening) == "2026年4月9日 00:30"
        assert deadline(evening, -2) == "2026年4月9日（逾期2个工作日）"
        assert deadline(evening, 0) == "2026年4月9日（今日到期）"
        assert deadline(None) == "—"


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        local(datetime(2026, 4, 9))  # noqa: DTZ001 - the point of the test

"""Values meet texts: replaced once, missing ones noted, conditions answered from what is given."""

from __future__ import annotations

import pytest

from notices.blocks import Numbering
from notices.filling import Filling
from notices.refusal import NoticeRefused


def test_a_value_is_never_read_as_a_template() -> None:
    assert (
        Filling({"unit": "{target}", "target": "甲"}, draft=False).text("{unit}与{target}") == "{target}与甲"
    )


def test_a_missing_value_is_noted_and_marked_only_in_a_draft() -> None:
    draft, issued = Filling({}, draft=True), Filling({}, draft=False)
    assert draft.text("致{unit}") == "致【缺：主送单位】"
    assert issued.text("致{unit}") == "致"
    assert draft.missing == issued.missing == {"unit": "主送单位"}


def test_an_optional_value_may_be_blank_in_a_form_but_not_in_a_sentence() -> None:
    filling = Filling({"cc": ""}, draft=False)
    assert filling.text("{cc}", blank_ok=True) == ""
    assert not filling.missing
    filling.text("理由是{shortfall}。")
    assert set(filling.missing) == {"shortfall"}


@pytest.mark.parametrize(
    ("days", "holds"), [("4", True), ("0", False), ("", False), ("很多", False), ("4.5", True)]
)
def test_conditions_compare_numbers_exactly(days: str, holds: bool) -> None:
    filling = Filling({"overdue_days": days}, draft=False)
    assert filling.holds({">": [{"var": "overdue_days"}, 0]}) is holds


def test_conditions_tell_given_from_blank_and_yes_from_no() -> None:
    filling = Filling({"shortfall": " ", "granted": "否", "plea": "有"}, draft=False)
    assert filling.holds({"missing": ["shortfall"]})
    assert not filling.holds({"missing": ["plea"]})
    assert not filling.holds({"var": "granted"})
    assert filling.holds(None)


def test_rows_are_read_by_column_and_none_at_all_is_missing() -> None:
    filling = Filling({"commended": [{"target": "窗口", "colour": "红"}]}, draft=False)
    assert filling.rows("commended")[0] == {
        "category": "", "rank": "", "unit": "", "target": "窗口", "total": "",
    }  # fmt: skip
    assert Filling({}, draft=False).rows("problems") == []
    empty = Filling({"commended": []}, draft=False)
    empty.rows("commended")
    assert set(empty.missing) == {"commended"}


def test_too_many_rows_are_refused() -> None:
    with pytest.raises(NoticeRefused, match="2000行"):
        Filling({"commended": [{}] * 2001}, draft=False)


def test_levels_count_anew_under_each_higher_level() -> None:
    numbering = Numbering()
    levels = (1, 2, 2, 3, 4, 4, 2, 3, 1, 2, 0)
    assert [numbering.next(level) for level in levels] == [
        "一、", "（一）", "（二）", "1.", "（1）", "（2）", "（三）", "1.", "二、", "（一）", "",
    ]  # fmt: skip

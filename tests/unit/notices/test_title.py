"""Titles break where the author marked sense, and stand as a trapezoid."""

from __future__ import annotations

from notices.title import break_title


def test_a_short_title_is_one_line() -> None:
    assert break_title(["关于限期整改", "的通知"], 20, len) == ("关于限期整改的通知",)


def test_a_long_title_breaks_at_a_marked_place() -> None:
    lines = break_title(["关于限期整改", "青原区民政局婚姻登记处", "办事窗口服务效能问题", "的通知"], 20, len)
    assert lines == ("关于限期整改青原区民政局婚姻登记处", "办事窗口服务效能问题的通知")


def test_no_line_is_wider_than_the_column_whatever_the_title() -> None:
    for length in (21, 39, 41, 60, 130, 1000):
        lines = break_title(["整" * length, "的通知"], 20, len)
        assert max(map(len, lines)) <= 21
        assert "".join(lines) == "整" * length + "的通知"


def test_unmarked_titles_avoid_the_rectangle_and_the_hourglass() -> None:
    for length in range(22, 58):
        lines = break_title(["整" * length], 20, len)
        widths = [len(line) for line in lines]
        if length < 38:
            assert max(widths) - min(widths) >= 2
        if len(widths) == 3:
            assert not widths[0] > widths[1] < widths[2]

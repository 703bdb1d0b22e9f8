"""Chinese lines: filled to the edge, no forbidden mark at either end, nothing lost, whatever the text."""

from __future__ import annotations

import random

import pytest

from notices.galley import HANGING, NO_END, NO_START, Line, Measure, Run, set_paragraph

MEASURE = Measure(width=442.2, size=16, tracking=442.2 / 28 - 16, first_indent=2 * 442.2 / 28)
ALPHABET = "通知整改效能窗口办事服务的，。、；：（）《》“”—…2012年4月AB "


def square(character: str, _style: str) -> float:
    """Every wide character one em, every narrow one half."""
    return 1.0 if ord(character) > 0x2000 else 0.5


def lines_of(text: str) -> tuple[Line, ...]:
    return set_paragraph([Run("fang", text)], MEASURE, square)


def extent(line: Line) -> float:
    """Advance of a line without the opening behind its last character and without a hanging mark.

    A squeezed last mark counts squeezed: its right half is blank.
    """
    cells = [(c, piece.spacing) for piece in line.pieces for c in piece.text]
    if line.hanging:
        cells = cells[:-1]
    return sum(MEASURE.size * square(c, "") + spacing for c, spacing in cells) - max(
        cells[-1][1], MEASURE.tracking
    )


def test_a_page_line_holds_28_characters_and_the_first_26() -> None:
    assert [len(line.text) for line in lines_of("整" * 82)] == [26, 28, 28]


def test_the_last_line_is_not_stretched() -> None:
    last = lines_of("整" * 60)[-1]
    assert not last.full
    assert {round(piece.spacing, 3) for piece in last.pieces} == {round(MEASURE.tracking, 3)}


def test_a_mark_hangs_when_it_alone_would_begin_the_next_line() -> None:
    first = lines_of("整" * 26 + "，" + "改" * 10)[0]
    assert first.hanging
    assert first.text.endswith("，")


def test_two_marks_are_squeezed_in_or_take_a_character_along() -> None:
    for text in ("整、改、通、知、" * 3 + "整改》，改改改改", "整" * 26 + "》，" + "改" * 10):
        for line in lines_of(text)[1:]:
            assert line.text[0] not in NO_START


def test_an_opening_mark_moves_to_the_next_line() -> None:
    first, second = lines_of("整" * 25 + "（改" + "改" * 5)
    assert not first.text.endswith("（")
    assert second.text.startswith("（")


def test_dashes_ellipses_and_numbers_stay_whole() -> None:
    for whole in ("——", "……", "2012", "15%"):
        for lead in range(20, 30):
            assert any(whole in line.text for line in lines_of("整" * lead + whole + "改" * 9))


@pytest.mark.parametrize("seed", range(40))
def test_any_text_is_kept_and_full_lines_meet_the_edge(seed: int) -> None:
    chance = random.Random(seed)
    text = "".join(chance.choice(ALPHABET) for _ in range(chance.randint(1, 400))).strip() or "整"
    lines = lines_of(text)
    assert "".join(line.text for line in lines).replace(" ", "") == text.replace(" ", "")
    for number, line in enumerate(lines):
        room = MEASURE.width - (MEASURE.first_indent if number == 0 else 0)
        assert extent(line) <= room + 16.5
        if line.hanging:
            assert line.text[-1] in HANGING


@pytest.mark.parametrize("text", ["。" * 300, "（" * 300, "A" * 1000, "A，" * 500, "——" * 200, ""])
def test_hostile_text_ends_and_is_kept(text: str) -> None:
    assert "".join(line.text for line in lines_of(text)) == text


def test_ordinary_prose_breaks_no_rule_and_leaves_no_ragged_line() -> None:
    clause = (
        "整改情况基准分为20分，采取倒扣分方法进行，扣完为止。对“测评”中发现的问题"
        "（含《即时监测表》），能按要求整改到位的，不予扣分；"
    )
    for shift in range(30):
        lines = lines_of("督" * shift + clause * 6)
        for number, line in enumerate(lines):
            assert line.text[-1] not in NO_END
            if number:
                assert line.text[0] not in NO_START
            if line.full:
                room = MEASURE.width - (MEASURE.first_indent if number == 0 else 0)
                assert extent(line) == pytest.approx(room, abs=0.8)


def test_a_full_line_that_ends_in_a_number_meets_the_edge() -> None:
    for lead in range(10, 28):
        for number, line in enumerate(lines_of("整" * lead + "2012" + "改" * 40)):
            if line.full:
                room = MEASURE.width - (MEASURE.first_indent if number == 0 else 0)
                assert extent(line) <= room + 0.8


def test_the_number_of_a_document_is_never_divided() -> None:
    for lead in range(10, 28):
        assert any(
            "〔2012〕118号" in line.text for line in lines_of("整" * lead + "效督〔2012〕118号" + "改" * 9)
        )

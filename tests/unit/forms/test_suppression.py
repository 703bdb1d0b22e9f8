"""Guarded counts: whatever is subtracted from whatever, no small group comes to light."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from forms.suppression import SMALLEST, guarded

COLUMNS = ("优", "良", "差")
TABLES = st.dictionaries(
    st.sampled_from("abcdef"),
    st.fixed_dictionaries({column: st.integers(0, 12) for column in COLUMNS}),
    min_size=1,
    max_size=6,
)


@given(TABLES)
def test_no_cell_and_no_difference_shows_a_small_group(table: dict[str, dict[str, int]]) -> None:
    shown = guarded(table)
    for row, cells in shown.rows.items():
        if cells is not None:
            assert cells == table[row]
            assert not any(0 < count < SMALLEST for count in cells.values())
    for total in shown.totals.values():
        assert total is None or total == 0 or total >= SMALLEST
    if shown.together is None:
        return
    visible = [cells for cells in shown.rows.values() if cells is not None]
    for column in COLUMNS:
        # Any shown rows taken from the sum leave the hidden ones and the other shown ones, never few of a cell alone.
        rest = shown.together[column] - sum(cells[column] for cells in visible)
        assert rest == 0 or rest >= SMALLEST
        for count in range(1, len(visible) + 1):
            for taken in combinations(visible, count):
                left = shown.together[column] - sum(cells[column] for cells in taken)
                assert left == 0 or left >= SMALLEST


def test_one_small_row_takes_company() -> None:
    table = {"甲": {"优": 9, "差": 1}, "乙": {"优": 20, "差": 6}, "丙": {"优": 30, "差": 7}}
    shown = guarded(table)
    assert shown.rows["甲"] is None
    assert shown.rows["乙"] is None
    assert shown.rows["丙"] == {"优": 30, "差": 7}
    assert shown.together == {"优": 59, "差": 14}
    assert shown.totals == {"甲": 10, "乙": 26, "丙": 37}


def test_a_lonely_small_table_shows_nothing_but_its_size() -> None:
    shown = guarded({"甲": {"优": 9, "差": 1}})
    assert (shown.rows["甲"], shown.together, shown.totals["甲"]) == (None, None, 10)
